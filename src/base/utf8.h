/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking whether bytes that arrive in pieces are UTF-8 (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/dialect.h"
#include "base/slice.h"

/* The state of a check; all zero before the first piece. */
struct utf8 {
	/* How many bytes the current character still lacks. */
	uint8_t need;
	/* The least and the greatest value of the next byte. */
	uint8_t low;
	uint8_t high;
	/* True if the bytes are not UTF-8. */
	bool broken;
};

/* Takes the first byte of a character. */
static inline void utf8_begin(struct utf8 *utf8, uint8_t byte)
{
	utf8->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	utf8->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	utf8->need = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	utf8->broken = (byte >= 0x80 && byte < 0xc2) || byte > 0xf4;
}

/* Takes the next piece. */
static inline void utf8_follow(struct utf8 *utf8, struct slice piece)
{
	const uint8_t *at = (const uint8_t *)piece.data, *end = at + piece.size;
	uint64_t word;

	while (at < end && !utf8->broken) {
		if (!utf8->need && end - at >= 8) {
			memcpy(&word, at, sizeof word);
			if (!(word & UINT64_C(0x8080808080808080))) {
				at += sizeof word;
				continue;
			}
		}
		if (!utf8->need) {
			utf8_begin(utf8, *at++);
			continue;
		}
		utf8->broken = *at < utf8->low || *at > utf8->high;
		utf8->need--;
		utf8->low = 0x80;
		utf8->high = 0xbf;
		at++;
	}
}

/* True if everything taken so far is UTF-8 and ends with a complete character. */
static inline bool utf8_is_whole(const struct utf8 *utf8)
{
	return !utf8->broken && !utf8->need;
}

#endif
