/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doorbells' state machine, as the table in the header has it. */
#include "board/doorbell.h"

size_t doorbells_size(size_t seats)
{
	return sizeof(struct doorbell_shared) + marks_size(seats);
}

struct doorbells doorbells_at(void *memory, size_t seats)
{
	return (struct doorbells){
		.shared = memory,
		.pending = marks_at((char *)memory + sizeof(struct doorbell_shared), seats),
	};
}

void doorbell_init(struct doorbell *bell, const struct doorbells *all, size_t seat)
{
	*bell = (struct doorbell){.all = *all, .seat = seat};
}

bool doorbell_ring(struct doorbell *bell)
{
	uint64_t scans;

	bell->state = DOORBELL_RUNG;
	bell->since = clock_now();
	/* Before scans is read: every scan that begins after that sees the bit. */
	marks_set(&bell->all.pending, bell->seat);
	scans = atomic_load(&bell->all.shared->scans);
	bell->asks_for = scans + 1;
	return atomic_load(&bell->all.shared->rung_for) != bell->asks_for;
}

void doorbell_rung(struct doorbell *bell)
{
	atomic_store(&bell->all.shared->rung_for, bell->asks_for);
}

void doorbell_failed(struct doorbell *bell)
{
	bell->state = DOORBELL_PENDING;
}
