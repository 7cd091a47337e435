/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board/prepared: what a worker had of its answers when it died is committed once, and nothing else is. */
#include "unit.h"

#include "board/prepared.h"

enum { RING = 4096, ROOM = 700 };

/* A worker that answers, and what its parent has of it. */
struct pair {
	struct seat *seat;
	struct ring producer;
	struct ring consumer;
	struct prepared prepared;
	/* Records answered, and those whose answers the parent has taken. */
	uint64_t answered;
	uint64_t taken;
};

static struct pair make_pair(void)
{
	static _Alignas(CACHE_LINE) char memory[sizeof(struct ring_shared) + RING];
	static struct seat seat;

	memset(memory, 0, sizeof memory);
	memset(&seat, 0, sizeof seat);
	return (struct pair){
		.seat = &seat,
		.producer = ring_at(memory, RING),
		.consumer = ring_at(memory, RING),
		.prepared = {.seat = &seat},
	};
}

/* Reserves a packet for answers from the next record on. False if there is no room. */
static bool begin(struct pair *pair)
{
	const struct answers_header header = {.index = pair->answered, .attempt = 1, .row = 7, .start = 1000};
	size_t room;
	char *packet = ring_reserve(&pair->producer, sizeof header + ROOM, &room);

	if (packet)
		prepared_begin(&pair->prepared, pair->seat, &pair->producer, packet, &header);
	return packet;
}

/* Adds the next record's answer: its number, as often as the number says. */
static bool add(struct pair *pair)
{
	struct prepared *prepared = &pair->prepared;
	size_t size = pair->answered % 5;

	if (prepared->size + size > ROOM)
		return false;
	memset(prepared_end_of(prepared), (int)(pair->answered % 256), size);
	prepared_add(prepared, size);
	pair->answered++;
	return true;
}

/* Takes a packet of answers, and checks that they are those of the next records. */
static bool take(struct pair *pair)
{
	struct answers_header header;
	struct slice packet;
	uint32_t type;
	size_t at = sizeof header;
	uint64_t end;

	if (ring_peek(&pair->consumer, &type, &packet) != 1)
		return false;
	memcpy(&header, packet.data, sizeof header);
	check_int(type, PACKET_ANSWERS);
	check_int(header.index, pair->taken);
	check_int(header.row, 7);
	for (end = pair->taken + header.further + 1; pair->taken < end; pair->taken++) {
		size_t size = pair->taken % 5;

		check(at + size <= packet.size && (!size || (uint8_t)packet.data[at] == pair->taken % 256));
		at += size;
	}
	check_int(at, packet.size);
	ring_release(&pair->consumer);
	return true;
}

/* The worker is dead: its parent takes all that there is. */
static void bury(struct pair *pair)
{
	while (take(pair))
		;
	prepared_inherit(pair->seat, &pair->consumer);
	while (take(pair))
		;
	check_int(pair->taken, pair->answered);
}

/* Works for some steps; the packet may be committed, and the death be between that and the end. */
static void work(struct pair *pair, struct unit_random *random)
{
	struct prepared *prepared = &pair->prepared;
	size_t steps = unit_below(random, 200);

	while (steps--) {
		if (unit_below(random, 4) == 0)
			take(pair);
		if (!prepared->packet && !begin(pair))
			continue;
		if (unit_below(random, 8) && add(pair))
			continue;
		if (prepared->count) {
			prepared_complete(prepared, 5);
			ring_commit(&pair->producer, PACKET_ANSWERS, sizeof(struct answers_header) + prepared->size);
			if (!steps)
				return;
		}
		prepared_end(prepared);
	}
}

static void test_deaths(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 2000 && !unit_failures; round++) {
		struct pair pair = make_pair();

		work(&pair, &random);
		bury(&pair);
	}
}

/* Whatever a seat says, nothing is committed that was not reserved. */
static void test_garbage(void)
{
	struct unit_random random = unit_random();
	struct slice packet;
	uint32_t type;
	int round;

	for (round = 0; round < 20000 && !unit_failures; round++) {
		struct pair pair = make_pair();

		work(&pair, &random);
		atomic_store(&pair.seat->prepared,
			     unit_below(&random, 3) ? unit_below(&random, UINT64_MAX) : 1ull << 32);
		atomic_store(&pair.seat->prepared_at,
			     unit_below(&random, 2) ? unit_below(&random, UINT64_MAX) : unit_below(&random, 3 * RING));
		prepared_inherit(pair.seat, &pair.consumer);
		while (ring_peek(&pair.consumer, &type, &packet) == 1) {
			check(packet.data >= pair.consumer.data && packet.size <= RING &&
			      packet.data + packet.size <= pair.consumer.data + RING);
			ring_release(&pair.consumer);
		}
	}
}

const struct unit_test unit_prepared[] = {
	{.name = "a dead worker's answers are taken once", .run = test_deaths},
	{.name = "a seat with random words", .run = test_garbage},
	{.name = NULL},
};
