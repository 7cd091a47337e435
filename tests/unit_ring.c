/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board/ring: packets arrive whole and in order, at any size, even if their producer is killed. */
#include "unit.h"

#include "ipc/channel.h"
#include "ipc/fd.h"
#include "board/ring.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* The producer's and the consumer's view of one ring. */
struct ends {
	struct ring producer;
	struct ring consumer;
};

static struct ends make_ring(size_t size)
{
	void *memory = unit_share(ring_footprint(size));

	return (struct ends){.producer = ring_at(memory, size), .consumer = ring_at(memory, size)};
}

/* Puts in a packet whose contents are made from its number. False if there is no room. */
static bool put(struct ring *ring, uint32_t number, size_t minimum, size_t size)
{
	size_t room = 0;
	char *to = ring_reserve(ring, minimum, &room);

	if (!to)
		return false;
	check(room >= minimum);
	size = size < room ? size : room;
	unit_fill(to, size, number);
	ring_commit(ring, number, size);
	return true;
}

/* Takes the next packet and checks its number and contents. Returns what ring_peek returned, and in *wakes what
 * ring_release returned. */
static int take(struct ring *ring, uint32_t number, bool *wakes)
{
	static char expected[1 << 20];
	struct slice packet;
	uint32_t type = 0;
	int got = ring_peek(ring, &type, &packet);

	if (got != 1)
		return got;
	unit_fill(expected, packet.size, number);
	check_int(type, number);
	check(slice_equals(packet, (struct slice){.data = expected, .size = packet.size}));
	*wakes = ring_release(ring);
	return 1;
}

static void test_simple(void)
{
	struct ends ends = make_ring(4096);
	struct slice packet;
	uint32_t type;
	bool wakes;

	check_int(ring_peek(&ends.consumer, &type, &packet), 0);
	check(put(&ends.producer, 1, 0, 0));
	check(put(&ends.producer, 2, 5, 5));
	/* Reserved and not committed: the consumer does not see it. */
	check(ring_reserve(&ends.producer, 100, &packet.size) != NULL);
	check_int(take(&ends.consumer, 1, &wakes), 1);
	check(!wakes);
	check_int(ring_peek(&ends.consumer, &type, &packet), 1);
	check_int(packet.size, 5);
	check_int(take(&ends.consumer, 2, &wakes), 1);
	check_int(ring_peek(&ends.consumer, &type, &packet), 0);
	check_int(ring_footprint(4096) % CACHE_LINE, 0);
}

/* Puts and takes packets of random sizes in random order, and makes reservations that are not committed. */
static void play(size_t size, int rounds)
{
	struct ends ends = make_ring(size);
	struct unit_random random = unit_random();
	size_t limit = ring_packet_max(&ends.producer), room;
	uint32_t put_count = 0, taken = 0;
	bool wakes;
	int round;

	for (round = 0; round < rounds && !unit_failures; round++) {
		size_t most = unit_below(&random, 4) ? 200 : limit, minimum = unit_below(&random, most + 1);

		switch (unit_below(&random, 5)) {
		case 0:
			ring_reserve(&ends.producer, unit_below(&random, limit + 1), &room);
			break;
		case 1:
		case 2:
			put_count += put(&ends.producer, put_count, minimum, unit_below(&random, most + 1));
			break;
		default:
			taken += take(&ends.consumer, taken, &wakes) == 1;
		}
		/* An empty ring has room for any packet. */
		if (taken == put_count && unit_below(&random, 3) == 0)
			check(ring_reserve(&ends.producer, limit, &room) != NULL);
	}
	while (take(&ends.consumer, taken, &wakes) == 1)
		taken++;
	check_int(taken, put_count);
	check(put_count > (uint32_t)rounds / 10);
}

static void test_model(void)
{
	play(1024, 100000);
	play(4096, 100000);
	play(65536, 30000);
	play(1 << 20, 3000);
}

static void test_full(void)
{
	struct ends ends = make_ring(4096);
	uint32_t count = 0, taken = 0;
	bool wakes = false;

	while (put(&ends.producer, count, 100, 100))
		count++;
	/* Each takes 104 bytes and a header of 8; at most the length of one packet is wasted. */
	check(count >= 4096 / 112 - 1 && count <= 4096 / 112);
	check(ring_want(&ends.producer, 100));
	check_int(take(&ends.consumer, taken++, &wakes), 1);
	check(wakes);
	check(!ring_want(&ends.producer, 100));
	check(put(&ends.producer, count++, 100, 100));
	while (taken < count) {
		check_int(take(&ends.consumer, taken++, &wakes), 1);
		check(!wakes);
	}
	check(!ring_want(&ends.producer, ring_packet_max(&ends.producer)));
}

/*
 * A producer that waits for room is woken by the release of a packet. So a reservation that is not committed must not
 * leave the ring without packets and without room.
 */
static void test_want_after_reservations(void)
{
	struct ends ends = make_ring(65536);
	size_t limit = ring_packet_max(&ends.producer), room;
	bool wakes;

	check(put(&ends.producer, 0, 20000, 20000));
	check_int(take(&ends.consumer, 0, &wakes), 1);
	check(ring_reserve(&ends.producer, 10, &room) != NULL);
	check(ring_reserve(&ends.producer, limit, &room) != NULL || !ring_want(&ends.producer, limit));
}

static void test_look_ahead(void)
{
	struct ends ends = make_ring(4096);
	struct slice packet;
	uint32_t count = 0, taken = 0, seen, type;
	bool wakes;
	int round;

	for (round = 0; round < 100; round++) {
		uint64_t position = ends.consumer.position;

		while (put(&ends.producer, count, 10 + count % 700, 10 + count % 700))
			count++;
		for (seen = taken; ring_look_ahead(&ends.consumer, &position, &type, &packet) == 1; seen++) {
			check_int(type, seen);
			check_int(packet.size, 10 + seen % 700);
		}
		check_int(seen, count);
		check_int(ring_look_ahead(&ends.consumer, &position, &type, &packet), 0);
		for (seen = (count - taken) / 2 + 1; seen > 0; seen--)
			check_int(take(&ends.consumer, taken++, &wakes), 1);
	}
}

enum { ACROSS = 20000 };

/* Returns the size of the packet with that number, at most limit. */
static size_t size_of_packet(uint32_t number, size_t limit)
{
	struct unit_random random = {.state = number};

	return unit_below(&random, unit_below(&random, 8) ? 100 : limit);
}

/* Produces packets in a process of its own. Waits on its channel while the ring is full. */
static void NORETURN produce(struct ring *ring, int channel)
{
	size_t limit = ring_packet_max(ring);
	struct message message;
	uint32_t number;

	for (number = 0; number < ACROSS;) {
		size_t size = size_of_packet(number, limit);

		if (put(ring, number, size, size)) {
			number++;
			(void)!channel_send(channel, 1, (struct slice){.data = NULL}, NULL, 0);
		} else if (ring_want(ring, size) && channel_wait(channel, &message, NSEC_FOREVER) != 1) {
			_exit(2);
		}
	}
	_exit(unit_failures != 0);
}

static void test_across_fork(void)
{
	struct ends ends = make_ring(16384);
	struct message message;
	int pair[2] = {-1, -1};
	uint32_t taken = 0;
	bool wakes;
	pid_t pid;

	check_int(channel_pair(pair), 0);
	pid = fork();
	if (pid == 0) {
		fd_close(&pair[0]);
		produce(&ends.producer, pair[1]);
	}
	fd_close(&pair[1]);
	while (taken < ACROSS && !unit_failures) {
		int got = take(&ends.consumer, taken, &wakes);

		if (got == 1) {
			taken++;
			if (wakes)
				(void)!channel_send(pair[0], 1, (struct slice){.data = NULL}, NULL, 0);
		} else if (got < 0 || (channel_wait(pair[0], &message, NSEC_FOREVER) < 0 && taken < ACROSS - 100)) {
			check(!"the producer gave up");
		}
	}
	check_int(unit_wait(pid), 0);
	check_int(taken, ACROSS);
	fd_close(&pair[0]);
}

static void test_killed_producer(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 50; round++) {
		struct ends ends = make_ring(65536);
		uint32_t count = (uint32_t)unit_below(&random, 200), taken = 0;
		bool wakes;
		pid_t pid = fork();

		if (pid == 0) {
			uint32_t i;
			size_t room;

			for (i = 0; i < count; i++)
				put(&ends.producer, i, 100, i);
			memset(ring_reserve(&ends.producer, 100, &room), 'x', 100);
			raise(SIGKILL);
		}
		check_int(unit_wait(pid), 1000 + SIGKILL);
		while (take(&ends.consumer, taken, &wakes) == 1)
			taken++;
		check_int(taken, count);
		munmap(ends.producer.shared, ring_footprint(65536));
	}
}

/* Consumes what random bytes hold. Each packet must lie in the ring. */
static void consume_garbage(struct ring *ring, struct unit_random *random)
{
	struct slice packet;
	uint32_t type;
	int i;

	for (i = 0; i < 100; i++) {
		/* A producer may change a packet after it was committed. */
		if (unit_below(random, 4) == 0)
			unit_fill(ring->data, 64, unit_below(random, 1000));
		if (ring_peek(ring, &type, &packet) != 1)
			return;
		if (!check(packet.data >= ring->data && packet.size <= ring->size &&
			   packet.data + packet.size <= ring->data + ring->size &&
			   ring->position + packet.size < atomic_load(&ring->shared->committed)))
			return;
		if (unit_below(random, 8) == 0)
			memset(ring->data, (int)unit_below(random, 256), ring->size);
		ring_release(ring);
	}
}

static void test_garbage(void)
{
	struct unit_random random = unit_random();
	struct ends ends = make_ring(1024);
	int round;

	for (round = 0; round < 20000 && !unit_failures; round++) {
		struct ring ring = ends.consumer;
		uint64_t position = unit_below(&random, 4096) * 8, committed = position + unit_below(&random, 300) * 8;
		uint32_t *words = (uint32_t *)(void *)ring.data;
		size_t i;

		if (unit_below(&random, 8) == 0)
			committed = unit_below(&random, UINT64_MAX);
		ring.position = position;
		atomic_store(&ring.shared->committed, committed);
		for (i = 0; i < ring.size / sizeof *words; i++)
			words[i] =
				(uint32_t)unit_below(&random, unit_below(&random, 2) ? 128 : (uint64_t)UINT32_MAX + 1);
		consume_garbage(&ring, &random);
	}
}

/* Padding that does not end at the ring's end, or that no packet follows, would hide packets from the consumer. */
static void test_forged_padding(void)
{
	static const struct {
		const char *name;
		/* Packets before the forged one. */
		uint32_t before;
		/* The size that the forged packet claims. */
		uint32_t size;
		/* Packets after the forged one. */
		uint32_t after;
		int got;
	} cases[] = {
		{"in the middle", 1, 100, 2, -1},    {"in the middle, the last packet", 1, 100, 0, -1},
		{"to the ring's end", 1, 408, 1, 1}, {"to the ring's end, the last packet", 1, 408, 0, -1},
		{"the whole ring", 0, 1016, 0, -1},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ends ends = make_ring(1024);
		struct slice packet;
		uint32_t type, *header = (uint32_t *)(void *)ends.consumer.data, k;
		bool wakes;

		for (k = 0; k < cases[i].before; k++)
			check(put(&ends.producer, k, 600, 600));
		for (k = 0; k < cases[i].before; k++)
			check_int(take(&ends.consumer, k, &wakes), 1);
		header += ends.producer.position / sizeof *header;
		if (cases[i].size < 1000)
			check(put(&ends.producer, 7, cases[i].size, cases[i].size));
		else
			atomic_store(&ends.producer.shared->committed, 1024);
		header[0] = cases[i].size;
		header[1] = UINT32_MAX;
		for (k = 0; k < cases[i].after; k++)
			check(put(&ends.producer, 7, 40, 40));
		if (!check_int(ring_peek(&ends.consumer, &type, &packet), cases[i].got))
			printf("# %s\n", cases[i].name);
	}
}

/* Returns how many of the ring's pages have been used. */
static size_t pages_touched(const struct ring *ring)
{
	static unsigned char pages[1024];
	size_t size = ring_footprint(ring->size), count = 0, i;

	check_int(mincore(ring->shared, size, pages), 0);
	for (i = 0; i < (size + 4095) / 4096; i++)
		count += pages[i] & 1;
	return count;
}

static void test_light_traffic(void)
{
	struct ends ends = make_ring(1 << 20);
	uint32_t i;
	bool wakes;

	for (i = 0; i < 100000; i++) {
		check(put(&ends.producer, i, 100 + i % 64, 100 + i % 64));
		if (!check_int(take(&ends.consumer, i, &wakes), 1))
			return;
	}
	check(pages_touched(&ends.consumer) <= 6);
	/* A packet of the largest size passes, too. */
	check(put(&ends.producer, i, ring_packet_max(&ends.producer), SIZE_MAX));
	check_int(take(&ends.consumer, i, &wakes), 1);
}

const struct unit_test unit_ring[] = {
	{"packets come out as they were put in", .run = test_simple},
	{"random packets come out whole and in order", .run = test_model},
	{"a producer that wants room is woken by a release", .run = test_full},
	{"a reservation that is not committed takes no room", .run = test_want_after_reservations},
	{"looking ahead sees every packet and changes nothing", .run = test_look_ahead},
	{"packets pass between processes", .run = test_across_fork},
	{"all that a killed producer committed is there", .run = test_killed_producer},
	{"the consumer stays within a ring of random bytes", .run = test_garbage},
	{"padding that hides packets is refused", .run = test_forged_padding},
	{"a ring that is never full uses few pages", .run = test_light_traffic},
	{.name = NULL},
};
