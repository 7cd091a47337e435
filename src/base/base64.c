/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64, in pieces. */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Appends the four digits of up to three bytes. */
static void put_group(const unsigned char *bytes, unsigned count, struct bytes *out)
{
	char *to = bytes_reserve(out, 4);
	unsigned value =
		(unsigned)bytes[0] << 16 | (count > 1 ? (unsigned)bytes[1] << 8 : 0) | (count > 2 ? bytes[2] : 0);

	to[0] = digits[value >> 18];
	to[1] = digits[value >> 12 & 63];
	to[2] = count > 1 ? digits[value >> 6 & 63] : '=';
	to[3] = count > 2 ? digits[value & 63] : '=';
	out->size += 4;
}

void base64_put(struct base64 *base64, struct slice piece, struct bytes *out)
{
	const unsigned char *data = (const unsigned char *)piece.data;
	size_t at = 0;

	while (base64->count && at < piece.size) {
		if (base64->count < 2) {
			base64->rest[base64->count++] = data[at++];
			continue;
		}
		put_group((const unsigned char[]){base64->rest[0], base64->rest[1], data[at++]}, 3, out);
		base64->count = 0;
	}
	for (; piece.size - at >= 3; at += 3)
		put_group(data + at, 3, out);
	while (at < piece.size)
		base64->rest[base64->count++] = data[at++];
}

void base64_end(struct base64 *base64, struct bytes *out)
{
	if (base64->count)
		put_group(base64->rest, base64->count, out);
	base64->count = 0;
}

int base64_decode(struct slice text, struct bytes *out)
{
	size_t padding = 0, at;
	uint32_t value = 0;

	while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=')
		padding++;
	if (text.size % 4 != 0)
		return -1;
	for (at = 0; at < text.size; at++) {
		const char *digit =
			at < text.size - padding ? memchr(digits, text.data[at], sizeof digits - 1) : digits;

		if (!digit)
			return -1;
		value = value << 6 | (uint32_t)(digit - digits);
		if (at % 4 != 3)
			continue;
		char group[3] = {(char)(value >> 16), (char)(value >> 8), (char)value};

		bytes_append(out, group, at + 1 == text.size ? 3 - padding : 3);
		value = 0;
	}
	return 0;
}
