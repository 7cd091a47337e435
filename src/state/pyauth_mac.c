/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message authentication codes, by nettle. */
#include "state/pyauth_mac.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>

static const struct pymac macs[] = {
	{"sha256", &nettle_sha256},     {"md5", &nettle_md5},           {"sha384", &nettle_sha384},
	{"sha3_256", &nettle_sha3_256}, {"sha3_384", &nettle_sha3_384},
};

/* The state of any of them. */
union mac_state {
	struct md5_ctx md5;
	struct sha256_ctx sha256;
	struct sha512_ctx sha384;
	struct sha3_256_ctx sha3_256;
	struct sha3_384_ctx sha3_384;
};

const struct pymac *pymac_find(struct slice name)
{
	for (size_t i = 0; i < countof(macs); i++) {
		if (slice_equals(name, slice_of(macs[i].name)))
			return &macs[i];
	}
	return NULL;
}

size_t pymac_compute(const struct pymac *mac, struct slice key, struct slice message, char code[PYMAC_SIZE_MAX])
{
	union mac_state outer, inner, state;
	const struct nettle_hash *hash = mac->hash;

	hmac_set_key(&outer, &inner, &state, hash, key.size, (const uint8_t *)key.data);
	hmac_update(&state, hash, message.size, (const uint8_t *)message.data);
	hmac_digest(&outer, &inner, &state, hash, hash->digest_size, (uint8_t *)code);
	return hash->digest_size;
}

bool pymac_verify(const struct pymac *mac, struct slice key, struct slice message, struct slice code)
{
	char expected[PYMAC_SIZE_MAX];
	size_t size = pymac_compute(mac, key, message, expected);

	return size == code.size && memeql_sec(expected, code.data, size);
}

size_t pymac_size(const struct pymac *mac)
{
	return mac->hash->digest_size;
}
