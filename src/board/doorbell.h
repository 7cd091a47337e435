/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How workers make the parent scan their rings: seldom, soon enough, and by as few messages as possible.
 *
 * A worker that commits a packet sets its pending bit. The parent, on any worker's RING message, scans: it clears each
 * pending bit that is set and then reads that worker's ring. So one RING serves all workers, and packets gather for up
 * to DOORBELL_TIME before a worker sends one.
 *
 * The states of one worker's doorbell, and what an event does to them (bit: its pending bit; a scan clears it):
 *
 *   event               | QUIET               | PENDING                        | RUNG
 *   --------------------+---------------------+--------------------------------+--------------------
 *   doorbell_committed  | set bit -> PENDING  | set bit; if it was clear, a    | set bit -> PENDING
 *                       |                     | scan came: gather anew from it |
 *   due, bit clear      | -                   | a scan came -> QUIET           | -
 *   due, bit set        | -                   | doorbell_ring -> RUNG          | -
 *   doorbell_ring       | set bit -> RUNG     | set bit -> RUNG                | set bit -> RUNG
 *   doorbell_failed     | -                   | -                              | -> PENDING
 *
 * No RING is sent while one is in flight that a scan has yet to answer, whichever worker sent it. Why that scan takes
 * our packets, too (all accesses are sequentially consistent):
 *
 *   worker A (rings)           | parent                          | worker B (rings a moment later)
 *   ---------------------------+---------------------------------+---------------------------------------
 *   commit; set bit A          |                                 |
 *   n = scans                  |                                 | commit; set bit B
 *   rung_for != n + 1          |                                 |
 *   send RING                  |                                 |
 *   rung_for = n + 1           |                                 | n = scans; rung_for == n + 1: send none
 *                              | receive RING; scans = n + 1     |
 *                              | clear bit A, read ring A        |
 *                              | clear bit B, read ring B        |
 *
 * B reads scans after it set its bit. If it reads n, scan n + 1 has not begun, so that scan sees bit B. If the scan has
 * begun, B reads n + 1, rung_for is not n + 2, and B sends its own RING. A worker that dies or is stopped between its
 * RING and doorbell_rung() suppresses no RING: until then its RING does not count. A late doorbell_rung() stores an
 * older number, which never equals a later scans + 1.
 */
#ifndef BOARD_DOORBELL_H
#define BOARD_DOORBELL_H

#include "base/clock.h"
#include "base/dialect.h"
#include "board/marks.h"

#include <stdatomic.h>

/* The longest that packets gather before the worker rings, counted from its last ring or from a scan since. */
#define DOORBELL_TIME (8 * NSEC_PER_MSEC)

/* The part in shared memory; the pending bits follow it. */
struct doorbell_shared {
	/* The number of scans that the parent has begun. */
	_Alignas(CACHE_LINE) _Atomic uint64_t scans;
	/* When the last scan began, monotonic. */
	_Atomic int64_t scanned_at;
	/* The scan that the last RING asks for: scans + 1 when it was sent; 0 if none. Written by workers. */
	_Alignas(CACHE_LINE) _Atomic uint64_t rung_for;
};

/* A process's view of all doorbells of a board. */
struct doorbells {
	struct doorbell_shared *shared;
	/* A bit for each seat whose ring holds packets to be taken. */
	struct marks pending;
};

enum doorbell_state {
	/* A scan has taken all that was committed. */
	DOORBELL_QUIET,
	/* Packets are committed that the worker has not rung for. */
	DOORBELL_PENDING,
	/* A RING is in flight, this worker's or another's, that makes the parent take all that was committed. */
	DOORBELL_RUNG,
};

/* A worker's own doorbell; private to it. */
struct doorbell {
	struct doorbells all;
	size_t seat;
	enum doorbell_state state;
	/* When the worker last rang, or a scan took its packets without that; monotonic. */
	nsec since;
	/* The value of rung_for that doorbell_rung() is to store. */
	uint64_t asks_for;
};

/* Returns the bytes of shared memory that the doorbells of that many seats take, a multiple of CACHE_LINE. */
size_t doorbells_size(size_t seats);

/* Returns a view of the doorbells in memory. Zeroed memory holds doorbells that have never rung. */
struct doorbells doorbells_at(void *memory, size_t seats);

/* Parent: begins a scan over the pending bits. Clear each bit (doorbells_clear) before reading that seat's ring. */
static inline struct marks_walk doorbells_scan(const struct doorbells *all)
{
	atomic_store(&all->shared->scanned_at, clock_now());
	atomic_fetch_add(&all->shared->scans, 1);
	return (struct marks_walk){.groups = 0};
}

/* Parent: clears a seat's pending bit. */
static inline void doorbells_clear(const struct doorbells *all, size_t seat)
{
	marks_clear(&all->pending, seat);
}

/* Worker: makes its doorbell quiet. */
void doorbell_init(struct doorbell *bell, const struct doorbells *all, size_t seat);

/* Worker: notes that a scan, caused by another worker's RING, has taken what it committed. */
static inline void doorbell_note_scan(struct doorbell *bell)
{
	bell->state = DOORBELL_QUIET;
	bell->since = atomic_load(&bell->all.shared->scanned_at);
}

/* Worker: notes that a packet was committed. Any scan until the deadline takes it. */
static inline void doorbell_committed(struct doorbell *bell)
{
	if (marks_set(&bell->all.pending, bell->seat) && bell->state == DOORBELL_PENDING)
		doorbell_note_scan(bell);
	/* Also while a RING is in flight: a parent that is gone is noticed where the worker rings. */
	bell->state = DOORBELL_PENDING;
}

/* Returns when the worker has to ring at the latest, monotonic; NSEC_FOREVER if nothing is pending. */
static inline nsec doorbell_deadline(const struct doorbell *bell)
{
	return bell->state == DOORBELL_PENDING ? bell->since + DOORBELL_TIME : NSEC_FOREVER;
}

/* Worker: true if the deadline has passed and no scan has come since the last commit: it has to ring now. */
static inline bool doorbell_is_due(struct doorbell *bell)
{
	if (bell->state != DOORBELL_PENDING || clock_now() < doorbell_deadline(bell))
		return false;
	if (marks_has(&bell->all.pending, bell->seat))
		return true;
	doorbell_note_scan(bell);
	return false;
}

/*
 * Worker: asks for a scan at once. True if a RING must be sent, which doorbell_rung or doorbell_failed has to follow;
 * false if one is in flight already.
 */
bool doorbell_ring(struct doorbell *bell) MUST_CHECK;

/* Worker: its RING was sent: others need not send one before the next scan. */
void doorbell_rung(struct doorbell *bell);

/* Worker: its RING could not be sent: it is due again after DOORBELL_TIME. */
void doorbell_failed(struct doorbell *bell);

#endif
