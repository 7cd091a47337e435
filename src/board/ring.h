/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ring of packets in shared memory, from one producer to one consumer, without locks.
 *
 * A packet becomes visible as a whole, by one store; what a producer that dies has committed stays readable, what it
 * had not committed never shows. The consumer trusts nothing it reads: lengths are checked before use.
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
	/* Producer's: packets before this position can be read. */
	_Alignas(CACHE_LINE) _Atomic uint64_t committed;
	/* Consumer's: bytes before this position can be written again. */
	_Alignas(CACHE_LINE) _Atomic uint64_t released;
	/* Set by the producer when it waits for room, taken by the consumer who then wakes it. */
	_Alignas(CACHE_LINE) _Atomic uint32_t wanting;
};

/* One side's view. size is a power of two. */
struct ring {
	struct ring_shared *shared;
	char *data;
	size_t size;
	/* The side's own position, which the other side cannot damage: what it has committed, or released. */
	uint64_t position;
	/* Producer: where the packet that was reserved begins: at position, or at the ring's start behind it. */
	uint64_t reserved;
};

/* Bytes of shared memory for a ring with size bytes of packets; a multiple of CACHE_LINE. */
size_t ring_footprint(size_t size);

/* A side's view of the ring in memory. Zeroed memory is an empty ring. */
struct ring ring_at(void *memory, size_t size);

/* The longest packet a ring of this size always has room for, once what is in it has been released. */
size_t ring_packet_max(const struct ring *ring);

/*
 * Producer: room for a packet of at least minimum bytes, contiguous: where its bytes go, with *room (at least minimum)
 * set to how many there can be; NULL when there is no room now.
 */
char *ring_reserve(struct ring *ring, size_t minimum, size_t *room);

/* Producer: makes the packet that was reserved visible, with its type and its true size. */
void ring_commit(struct ring *ring, uint32_t type, size_t size);

/*
 * Producer: says that it wants room, before a last look. False when a packet of minimum bytes fits now after all; else
 * the consumer's ring_release will return true.
 */
bool ring_want(struct ring *ring, size_t minimum);

/* Consumer: 1 with the next packet in place, 0 when there is none, -1 when the producer has written nonsense. */
int ring_peek(struct ring *ring, uint32_t *type, struct slice *packet);

/*
 * Consumer: the packet at *position (the ring's own position to begin with) or the next behind padding, releasing
 * nothing; *position moves behind it. Returns like ring_peek.
 */
int ring_look_ahead(const struct ring *ring, uint64_t *position, uint32_t *type, struct slice *packet);

/* Consumer: is done with the packet that was peeked. True when the producer waits for room and is to be woken. */
bool ring_release(struct ring *ring);

#endif
