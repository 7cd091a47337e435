/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message authentication codes (HMAC, RFC 2104) by the names that multiprocessing.connection has for the digests. */
#ifndef STATE_PYAUTH_MAC_H
#define STATE_PYAUTH_MAC_H

#include "base/dialect.h"
#include "base/slice.h"

enum { PYMAC_SIZE_MAX = 64 };

/* A digest that both sides may use. */
struct pymac {
	const char *name;
	const struct nettle_hash *hash;
};

/* Returns the digest of that name, or NULL if there is none or it is not allowed. */
const struct pymac *pymac_find(struct slice name);

/* Stores the code of a message. Returns its size. */
size_t pymac_compute(const struct pymac *mac, struct slice key, struct slice message, char code[PYMAC_SIZE_MAX]);

/* True if it is the code of the message; takes as long whichever bytes differ. */
bool pymac_verify(const struct pymac *mac, struct slice key, struct slice message, struct slice code);

/* Returns the size of its codes. */
size_t pymac_size(const struct pymac *mac);

#endif
