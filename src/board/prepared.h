/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers that a worker prepares in its ring, one after another, before it commits them together: a record that has
 * been answered need not be run again when the next one ends the worker.
 *
 *   step        | worker                                      | if it dies after that
 *   ------------+---------------------------------------------+-------------------------------------------------
 *   begin       | reserves a packet, writes its header there, | nothing is prepared
 *               | and then its position into the seat         |
 *   add         | the bytes after those before; then their    | the parent commits the answers up to this one
 *               | size and number in one store                |
 *   commit      | the packet                                  | it is in the ring; what the seat says of it is of
 *               |                                             | a position that has been committed, and void
 *   end         | size and number 0                           | nothing is prepared
 */
#ifndef BOARD_PREPARED_H
#define BOARD_PREPARED_H

#include "base/dialect.h"
#include "base/slice.h"
#include "board/board.h"
#include "board/message.h"

/* The answers that a worker prepares. No packet is reserved if packet is NULL. */
struct prepared {
	struct seat *seat;
	/* The packet in the ring: its header, then the answers. */
	char *packet;
	/* Bytes of the answers, and their number. */
	uint32_t size;
	uint32_t count;
};

/* Worker: begins with the packet that was just reserved in its ring. */
void prepared_begin(struct prepared *prepared, struct seat *seat, const struct ring *ring, char *packet,
		    const struct answers_header *header);

/* Worker: returns where the bytes of the next answer go. */
static inline char *prepared_end_of(const struct prepared *prepared)
{
	return prepared->packet + sizeof(struct answers_header) + prepared->size;
}

/* Worker: adds an answer, whose bytes are there. */
static inline void prepared_add(struct prepared *prepared, size_t size)
{
	prepared->size += (uint32_t)size;
	prepared->count++;
	atomic_store_explicit(&prepared->seat->prepared, (uint64_t)prepared->count << 32 | prepared->size,
			      memory_order_release);
}

/* Worker: completes the packet's header, as far as it knows how many answers there are, before it is committed. */
void prepared_complete(struct prepared *prepared, nsec duration);

/* Worker: ends with the packet, which has been committed or has no answers. */
void prepared_end(struct prepared *prepared);

/* Parent: commits what a dead worker had prepared. */
void prepared_inherit(const struct seat *seat, struct ring *ring);

#endif
