/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ring of packets in shared memory, from one producer to one consumer, without locks.
 *
 * A packet becomes visible as a whole, by one store; what a producer has committed before its death remains readable,
 * and what it had not committed never shows. The consumer trusts nothing it reads: lengths are checked before use.
 *
 * A producer that finds the ring full sleeps, and the consumer wakes it. Neither can miss the other:
 *
 *   producer (ring_want)           | consumer (ring_release)
 *   -------------------------------+-------------------------------
 *   wanting = 1                    | released = position
 *   fence                          | fence
 *   room after all? wanting = 0    | wanting? wanting = 0, wake
 *
 * If the producer does not see the room, its wanting was stored before the consumer's fence, so the consumer sees it.
 *
 * Packets are contiguous. While the ring is empty the producer begins again at its start, so a ring that is never
 * full touches (and costs) few pages, whatever its size.
 */
#ifndef BOARD_RING_H
#define BOARD_RING_H

#include "base/dialect.h"
#include "base/slice.h"

#include <stdatomic.h>

/* The part in shared memory; the packets' bytes follow it. Positions count bytes since the beginning and only grow. */
struct ring_shared {
	/* Packets before this position can be read. Written by the producer. */
	_Alignas(CACHE_LINE) _Atomic uint64_t committed;
	/* Bytes before this position can be written again. Written by the consumer. */
	_Alignas(CACHE_LINE) _Atomic uint64_t released;
	/* 1 if the producer waits for room. Set by the producer, cleared by the consumer, which then wakes it. */
	_Alignas(CACHE_LINE) _Atomic uint32_t wanting;
};

/* The producer's or the consumer's view of a ring. size is a power of two. */
struct ring {
	struct ring_shared *shared;
	char *data;
	size_t size;
	/* This side's own position, which the other side cannot damage: committed, or released. */
	uint64_t position;
	/* Producer: where the reserved packet begins: at position, or at the ring's start after it. */
	uint64_t reserved;
};

/* Returns the bytes of shared memory for a ring with size bytes of packets, a multiple of CACHE_LINE. */
size_t ring_footprint(size_t size);

/* Returns a side's view of the ring in memory. Zeroed memory is an empty ring. */
struct ring ring_at(void *memory, size_t size);

/* Returns the longest packet that an empty ring has room for, wherever its position is. */
size_t ring_packet_max(const struct ring *ring);

/*
 * Producer: reserves room for a packet of at least minimum bytes. Returns where its bytes go, with their greatest
 * number in *room; NULL if there is no room now.
 */
char *ring_reserve(struct ring *ring, size_t minimum, size_t *room);

/* Producer: makes the reserved packet visible, with its type and its actual size. */
void ring_commit(struct ring *ring, uint32_t type, size_t size);

/*
 * Producer: sets wanting, then checks once more. False if a packet of minimum bytes fits now; if true, the consumer's
 * ring_release will return true.
 */
bool ring_want(struct ring *ring, size_t minimum);

/*
 * Consumer: finds the next packet, in place. Returns 1, 0 if the ring is empty, -1 if the producer broke the protocol.
 */
int ring_peek(struct ring *ring, uint32_t *type, struct slice *packet);

/*
 * Consumer: finds the packet at *position (first the ring's own position), after any padding, releases nothing, and
 * moves *position after it. Returns as ring_peek does.
 */
int ring_look_ahead(const struct ring *ring, uint64_t *position, uint32_t *type, struct slice *packet);

/*
 * Consumer, after the producer's death: commits a packet that the producer had reserved at a position. Returns where
 * its bytes are, or NULL if no such packet can have been reserved.
 */
char *ring_inherit(struct ring *ring, uint64_t reserved, uint32_t type, size_t size);

/* Consumer: releases the packet that was peeked. True if the producer waits for room: it has to be woken. */
bool ring_release(struct ring *ring);

#endif
