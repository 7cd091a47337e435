/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing pieces of a file with their checksums. */
#include "journal/durable/seals.h"

#include "base/file.h"
#include "base/mem.h"
#include "journal/durable/crc.h"

/* Bytes that are read at once. */
enum { SEALS_READ_SIZE = 1 << 16 };

static void add_piece(struct seals *seals, struct seals_piece piece)
{
	seals->pieces = mem_grow(seals->pieces, seals->count, &seals->capacity, sizeof *seals->pieces);
	seals->pieces[seals->count++] = piece;
}

void seals_add(struct seals *seals, uint64_t begin, uint64_t end, uint32_t crc)
{
	const uint64_t mask = (UINT64_C(1) << 62) - 1;

	if (begin > seals_end(seals))
		add_piece(seals, (struct seals_piece){.end = begin & mask, .state = SEALS_NONE});
	add_piece(seals, (struct seals_piece){.end = end & mask, .crc = crc});
}

bool seals_take(struct seals *seals, const struct note *note, uint64_t begin, uint64_t end)
{
	uint64_t crc;

	if (!note_number(note, "added", &crc) || begin >= end || begin < seals_end(seals))
		return false;
	seals_add(seals, begin, end, (uint32_t)crc);
	return true;
}

int seals_read(int fd, uint64_t begin, uint64_t end, uint32_t *crc)
{
	char bytes[SEALS_READ_SIZE];

	while (begin < end) {
		size_t size = end - begin < sizeof bytes ? (size_t)(end - begin) : sizeof bytes;

		if (file_read_at(fd, begin, bytes, size) < 0)
			return -1;
		*crc = crc_of(*crc, bytes, size);
		begin += size;
	}
	return 0;
}

/* Returns the first piece that ends after a byte. */
static size_t piece_after(const struct seals *seals, uint64_t byte)
{
	size_t low = 0, high = seals->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (seals->pieces[middle].end > byte)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Finds out whether a piece is right. */
static void check_piece(const struct seals *seals, struct seals_piece *piece, int fd)
{
	uint32_t crc = 0;

	if (piece->state == SEALS_UNKNOWN)
		piece->state = seals_read(fd, seals_begin(seals, piece), piece->end, &crc) == 0 && crc == piece->crc
				       ? SEALS_RIGHT
				       : SEALS_WRONG;
}

const struct seals_piece *seals_check(struct seals *seals, int fd, uint64_t begin, uint64_t end)
{
	size_t i;

	for (i = piece_after(seals, begin); i < seals->count && begin < end; i++) {
		check_piece(seals, &seals->pieces[i], fd);
		if (seals->pieces[i].state == SEALS_WRONG)
			return &seals->pieces[i];
		begin = seals->pieces[i].end;
	}
	return NULL;
}

void seals_release(struct seals *seals)
{
	free(seals->pieces);
	*seals = (struct seals){.pieces = NULL};
}
