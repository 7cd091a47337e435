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

struct marks_walk doorbells_scan(const struct doorbells *all)
{
	atomic_store(&all->shared->scanned_at, clock_now());
	atomic_fetch_add(&all->shared->scans, 1);
	return (struct marks_walk){.groups = 0};
}

void doorbells_clear(const struct doorbells *all, size_t seat)
{
	marks_clear(&all->pending, seat);
}

void doorbell_init(struct doorbell *bell, const struct doorbells *all, size_t seat)
{
	*bell = (struct doorbell){.all = *all, .seat = seat};
}

/* A scan, caused by another worker's RING, has taken this worker's packets, too. */
static void doorbell_note_scan(struct doorbell *bell)
{
	bell->state = DOORBELL_QUIET;
	bell->since = atomic_load(&bell->all.shared->scanned_at);
}

void doorbell_committed(struct doorbell *bell)
{
	if (marks_set(&bell->all.pending, bell->seat) && bell->state == DOORBELL_PENDING)
		doorbell_note_scan(bell);
	/* Also while a RING is in flight: a parent that is gone is noticed where the worker rings. */
	bell->state = DOORBELL_PENDING;
}

nsec doorbell_deadline(const struct doorbell *bell)
{
	return bell->state == DOORBELL_PENDING ? bell->since + DOORBELL_TIME : NSEC_FOREVER;
}

bool doorbell_is_due(struct doorbell *bell)
{
	if (bell->state != DOORBELL_PENDING || clock_now() < doorbell_deadline(bell))
		return false;
	if (marks_has(&bell->all.pending, bell->seat))
		return true;
	doorbell_note_scan(bell);
	return false;
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
