/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet ring: one producer, one consumer, one store to publish. */
#include "board/ring.h"

/* The header of a packet, before its size bytes. The next header is at the next multiple of 8. */
struct header {
	uint32_t size;
	uint32_t type;
};

_Static_assert(sizeof(struct header) == 8, "packets begin at multiples of 8 (raise MESSAGE_VERSION)");

/* The type of a packet that only fills the space to the ring's end. A packet follows it at the ring's start. */
#define PADDING UINT32_MAX

/* An empty ring is begun again once its position has passed this many bytes: the pages before are warm. */
enum { WARM = 16384 };

static size_t span_of(size_t size)
{
	return sizeof(struct header) + (size + 7) / 8 * 8;
}

size_t ring_footprint(size_t size)
{
	return sizeof(struct ring_shared) + size;
}

struct ring ring_at(void *memory, size_t size)
{
	return (struct ring){.shared = memory, .data = (char *)memory + sizeof(struct ring_shared), .size = size};
}

size_t ring_packet_max(const struct ring *ring)
{
	return ring->size / 2 - 2 * sizeof(struct header);
}

static struct header *header_at(const struct ring *ring, uint64_t position)
{
	return (struct header *)(void *)(ring->data + (position & (ring->size - 1)));
}

/* Returns the number of bytes from a position to the end of the ring. */
static size_t to_end(const struct ring *ring, uint64_t position)
{
	return ring->size - (size_t)(position & (ring->size - 1));
}

char *ring_reserve(struct ring *ring, size_t minimum, size_t *room)
{
	uint64_t released = atomic_load_explicit(&ring->shared->released, memory_order_acquire);
	size_t offset = (size_t)(ring->position & (ring->size - 1)), rest = to_end(ring, ring->position);
	size_t unused = ring->size - (size_t)(ring->position - released), contiguous;
	bool again = offset > WARM && unused == ring->size && offset >= span_of(minimum);

	ring->reserved = ring->position;
	if (again || rest < span_of(minimum)) {
		if (unused < rest)
			return NULL;
		unused -= rest;
		ring->reserved += rest;
	}
	contiguous = to_end(ring, ring->reserved);
	contiguous = unused < contiguous ? unused : contiguous;
	if (contiguous < span_of(minimum))
		return NULL;
	*room = contiguous - sizeof(struct header);
	return (char *)(header_at(ring, ring->reserved) + 1);
}

void ring_commit(struct ring *ring, uint32_t type, size_t size)
{
	/* Padding shows only together with the packet after it: so a ring that is not empty always has a packet. */
	if (ring->reserved != ring->position)
		*header_at(ring, ring->position) = (struct header){
			.size = (uint32_t)(ring->reserved - ring->position - sizeof(struct header)),
			.type = PADDING,
		};
	*header_at(ring, ring->reserved) = (struct header){.size = (uint32_t)size, .type = type};
	ring->position = ring->reserved + span_of(size);
	atomic_store_explicit(&ring->shared->committed, ring->position, memory_order_release);
}

bool ring_want(struct ring *ring, size_t minimum)
{
	size_t room;

	atomic_store(&ring->shared->wanting, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (!ring_reserve(ring, minimum, &room))
		return true;
	atomic_store(&ring->shared->wanting, 0);
	return false;
}

/*
 * Reads the header of the packet at a position, after which filled bytes are readable. Returns 0, or -1 if it cannot be
 * true. Padding ends at the ring's end, not at its start, and a packet follows it: a producer cannot hide packets so.
 */
static int ring_read_header(const struct ring *ring, uint64_t position, size_t filled, struct header *header)
{
	size_t rest = to_end(ring, position), span;

	if (filled > ring->size || filled < sizeof *header)
		return -1;
	/* Read once: what is checked is what is used. */
	*header = *(volatile struct header *)header_at(ring, position);
	span = span_of(header->size);
	if (header->size > ring->size || span > filled || span > rest)
		return -1;
	if (header->type == PADDING && (span != rest || span == ring->size || span == filled))
		return -1;
	return 0;
}

int ring_look_ahead(const struct ring *ring, uint64_t *position, uint32_t *type, struct slice *packet)
{
	uint64_t committed = atomic_load_explicit(&ring->shared->committed, memory_order_acquire), at;
	struct header header;

	if (committed == *position)
		return 0;
	do {
		at = *position;
		if (ring_read_header(ring, at, (size_t)(committed - at), &header) < 0)
			return -1;
		*position += span_of(header.size);
	} while (header.type == PADDING);
	*type = header.type;
	*packet = (struct slice){.data = (char *)(header_at(ring, at) + 1), .size = header.size};
	return 1;
}

int ring_peek(struct ring *ring, uint32_t *type, struct slice *packet)
{
	uint64_t position = ring->position;
	int got = ring_look_ahead(ring, &position, type, packet);

	/* Skips padding, so that ring_release begins at the packet. */
	if (got > 0)
		ring->position = position - span_of(packet->size);
	return got;
}

char *ring_inherit(struct ring *ring, uint64_t reserved, uint32_t type, size_t size)
{
	struct ring producer = *ring;

	producer.position = atomic_load_explicit(&ring->shared->committed, memory_order_acquire);
	producer.reserved = reserved;
	if (producer.position - ring->position > ring->size || size > ring_packet_max(ring))
		return NULL;
	if (reserved != producer.position && reserved != producer.position + to_end(ring, producer.position))
		return NULL;
	if (span_of(size) > to_end(ring, reserved) || reserved + span_of(size) - ring->position > ring->size)
		return NULL;
	ring_commit(&producer, type, size);
	return (char *)(header_at(ring, reserved) + 1);
}

bool ring_release(struct ring *ring)
{
	size_t span = span_of(header_at(ring, ring->position)->size), rest = to_end(ring, ring->position);

	/* Checked again, since the producer may have changed it since ring_peek. */
	ring->position += span > rest ? rest : span;
	atomic_store(&ring->shared->released, ring->position);
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&ring->shared->wanting) && atomic_exchange(&ring->shared->wanting, 0);
}
