/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers in a packet that is not committed yet, and what a dead worker had of them. */
#include "board/prepared.h"

void prepared_begin(struct prepared *prepared, struct seat *seat, const struct ring *ring, char *packet,
		    const struct answers_header *header)
{
	*prepared = (struct prepared){.seat = seat, .packet = packet};
	memcpy(packet, header, sizeof *header);
	atomic_store_explicit(&seat->prepared_at, ring->reserved, memory_order_release);
}

/* Sets how many records a packet answers, and how long that took. */
static void set_header(char *packet, uint32_t count, nsec duration)
{
	struct answers_header header;

	memcpy(&header, packet, sizeof header);
	header.further = count - 1;
	header.duration = duration;
	memcpy(packet, &header, sizeof header);
}

void prepared_complete(struct prepared *prepared, nsec duration)
{
	set_header(prepared->packet, prepared->count, duration);
}

void prepared_end(struct prepared *prepared)
{
	prepared->packet = NULL;
	prepared->size = prepared->count = 0;
	atomic_store_explicit(&prepared->seat->prepared, 0, memory_order_release);
}

void prepared_inherit(const struct seat *seat, struct ring *ring)
{
	uint64_t prepared = atomic_load(&seat->prepared);
	uint32_t count = (uint32_t)(prepared >> 32);
	size_t size = sizeof(struct answers_header) + (uint32_t)prepared;
	char *packet = count ? ring_inherit(ring, atomic_load(&seat->prepared_at), PACKET_ANSWERS, size) : NULL;

	/* When the last of them was done is not known. */
	if (packet)
		set_header(packet, count, 0);
}
