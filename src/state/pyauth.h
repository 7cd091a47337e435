/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The handshake of Python's multiprocessing.connection, as Listener or as Client: each side proves that it has the key.
 *
 * | from     | frame                                       | modern (Python 3.12)        | legacy (to 3.11)       |
 * |----------|---------------------------------------------|-----------------------------|------------------------|
 * | Listener | "#CHALLENGE#" and a message                 | "{sha256}" and 40 bytes     | 20 bytes               |
 * | Client   | the code of the whole message, with the key | "{sha256}" and HMAC-SHA-256 | HMAC-MD5, without name |
 * | Listener | "#WELCOME#" or "#FAILURE#"                  |                             |                        |
 *
 * Then the same with the roles exchanged. A legacy peer answers a modern challenge with HMAC-MD5, too; Pythons in which
 * MD5 is forbidden answer a legacy challenge with HMAC-SHA-256.
 *
 * It has no descriptors: it is fed with what came, and says what is to be sent. A peer has ten seconds for all of it.
 */
#ifndef STATE_PYAUTH_H
#define STATE_PYAUTH_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

enum {
	/* Bytes of a frame of the handshake, at most. */
	PYAUTH_FRAME_MAX = 256,
	/* Random bytes of a challenge. */
	PYAUTH_NONCE_SIZE = 40,
	PYAUTH_LEGACY_SIZE = 20,
	PYAUTH_MESSAGE_MAX = 8 + PYAUTH_NONCE_SIZE,
};

#define PYAUTH_TIME (10 * NSEC_PER_SEC)

enum pyauth_verdict {
	/* The handshake is not at its end. */
	PYAUTH_UNDECIDED,
	/* Both sides have the key. What the input has left is not of the handshake. */
	PYAUTH_PASSED,
	/* The connection is to be closed, once what is to be sent has been sent. */
	PYAUTH_FAILED,
};

enum pyauth_role { PYAUTH_LISTENER, PYAUTH_CLIENT };

/* Which codes are given and accepted. */
enum pyauth_policy {
	/* Both forms; challenges have the modern one, which legacy peers answer as well. */
	PYAUTH_BOTH,
	/* No MD5, so that no peer with Python 3.11 or earlier passes. */
	PYAUTH_MODERN,
	/* Both forms; challenges have the legacy one. */
	PYAUTH_LEGACY,
};

/* What the next frame of the peer has to be. */
enum pyauth_step { PYAUTH_TO_CHALLENGE, PYAUTH_TO_ANSWER, PYAUTH_TO_WELCOME, PYAUTH_NO_MORE };

/* One handshake; see pyauth_begin. */
struct pyauth {
	enum pyauth_role role;
	enum pyauth_policy policy;
	/* The caller's, who keeps it until the end. */
	struct slice key;
	nsec deadline;
	enum pyauth_step step;
	enum pyauth_verdict verdict;
	/* Why it failed, or NULL. */
	const char *reason;
	/* The message of its own challenge: what the peer's code is of. */
	char message[PYAUTH_MESSAGE_MAX];
	size_t message_size;
};

/* Fills *nonce with random bytes. Returns 0, or -1 with errno. */
int pyauth_draw(char nonce[PYAUTH_NONCE_SIZE]) MUST_CHECK;

/* Begins a handshake of *auth, whose role, policy and key are set. Appends what is sent first. */
void pyauth_begin(struct pyauth *auth, const char nonce[PYAUTH_NONCE_SIZE], nsec now, struct bytes *out);

/* Consumes what came from the peer, as far as it belongs to the handshake, and appends what is to be sent. */
enum pyauth_verdict pyauth_feed(struct pyauth *auth, struct bytes *in, struct bytes *out, nsec now);

/* Tells of the end of the connection. */
enum pyauth_verdict pyauth_end(struct pyauth *auth, struct slice rest);

#endif
