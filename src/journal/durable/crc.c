/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRC-32C by tables, eight bytes at a time. */
#include "journal/durable/crc.h"

#include <endian.h>

/* The polynomial, bits reversed. */
#define POLYNOMIAL UINT32_C(0x82F63B78)

/* tables[i][b] is the checksum of byte b and i bytes of zeros after it. */
static uint32_t tables[8][256];

static void crc_make_tables(void)
{
	uint32_t byte, bit, table;

	for (byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables[0][byte] = crc;
	}
	for (table = 1; table < 8; table++) {
		for (byte = 0; byte < 256; byte++)
			tables[table][byte] = tables[table - 1][byte] >> 8 ^ tables[0][tables[table - 1][byte] & 0xff];
	}
}

uint32_t crc_of(uint32_t crc, const void *data, size_t size)
{
	const unsigned char *at = data;

	if (!tables[0][1])
		crc_make_tables();
	crc = ~crc;
	for (; size >= 8; at += 8, size -= 8) {
		uint32_t low, high;

		memcpy(&low, at, sizeof low);
		memcpy(&high, at + 4, sizeof high);
		low = le32toh(low) ^ crc;
		high = le32toh(high);
		crc = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
		      tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
		      tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
	}
	while (size--)
		crc = crc >> 8 ^ tables[0][(crc ^ *at++) & 0xff];
	return ~crc;
}
