/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A task that uses the state of its run in every way, while tests/state_proof.py kills it and others at random.
 *
 * It writes what it does to the file $PROOF_LOG, one line for each step, beside the events of mpmap's trace. What it is
 * at it writes to the file $PROOF_SEATS, in the seat of its slot. That it is alone where it should be is proven by
 * record locks in the file $PROOF_PLACES, which the kernel takes from a process that dies.
 */

#define _GNU_SOURCE
#include "tool.h"
#include "tool_share.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOCKS = 3, SEMAPHORES = 2, STEPS = 10, SEATS = 64 };

static uint64_t variable(const char *name)
{
	const char *text = getenv(name);

	if (text == NULL)
		fail("%s is not set", name);
	return number(text);
}

/* The end of an attempt in the middle of something: with success, or not. */
static void give_up_sometimes(void)
{
	if (draw(40) == 0)
		exit(1);
}

static void use_semaphore(void)
{
	int place;

	share.seat->phase = WAITER;
	ask("acquire --of %d s", SEMAPHORES);
	must("acquire", 1);
	share.seat->phase = HOLDER;
	place = take_place("semaphore", LOCKS, SEMAPHORES);
	linger(800);
	give_up_sometimes();
	leave_place(place);
	ask("release s");
	must("release", 1);
}

/* Locks one, or two in one step; holds them for a moment. */
static void use_locks(void)
{
	int first = (int)draw(LOCKS), count = draw(3) == 0 && first + 1 < LOCKS ? 2 : 1, places[2];
	bool by_client = !share.is_alone && draw(12) == 0;
	char name[16];

	snprintf(name, sizeof name, "L%d", first);
	share.seat->phase = WAITER;
	if (by_client) {
		run_client("lock", name);
		count = 1;
	} else {
		ask(count == 2 ? "lock L%d L%d" : "lock L%d", first, first + 1);
	}
	must("lock", 1);
	share.seat->phase = HOLDER;
	for (int i = 0; i < count; i++)
		places[i] = take_place("lock", first + i, 1);
	linger(800);
	give_up_sometimes();
	if (draw(6) == 0)
		use_semaphore();
	for (int i = 0; i < count; i++)
		leave_place(places[i]);
	if (by_client)
		run_client("unlock", name);
	else
		ask(count == 2 ? "unlock L%d L%d" : "unlock L%d", first, first + 1);
	must("unlock", 1);
}

static void push_item(int i)
{
	char item[64];

	/* An item of an attempt of its own, where what a dead one has pushed remains. */
	if (share.is_atomic)
		snprintf(item, sizeof item, "%" PRIu64 ".%d", share.record, i);
	else
		snprintf(item, sizeof item, "%" PRIu64 ".%" PRIu64 ".%d", share.record, share.attempt, i);
	share.seat->phase = PUSHER;
	ask("push q %s", item);
	must("push", 1);
	note("pushed", item);
}

/* Takes an item and does it. False if there was none. */
static bool do_item(const char *wait)
{
	char item[64];

	share.seat->phase = WAITER;
	ask("pop --ack --timeout %s q", wait);
	must("pop", 1 << 0 | 1 << 1 | 1 << 3);
	if (share.status != 0)
		return false;
	snprintf(item, sizeof item, "%.63s", share.value);
	note("pop", item);
	share.seat->phase = POPPER;
	linger(500);
	give_up_sometimes();
	if (draw(10) == 0) {
		note("backing", item);
		ask("back q");
		must("back", 1);
		return true;
	}
	note("doing", item);
	ask("done q");
	must("done", 1);
	note("done", item);
	return true;
}

static void meet(void)
{
	share.seat->phase = MEETER;
	ask("barrier --timeout 0.01 b 2");
	must("barrier", 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4);
	if (share.status == 0)
		return;
	ask("barrier b reset");
	must("reset", 1 << 0 | 1 << 1);
}

static void work(void)
{
	uint64_t first = draw(STEPS), second = draw(STEPS), third = draw(STEPS);

	for (uint64_t step = 0; step < STEPS; step++) {
		share.seat->phase = IDLE;
		if (step == first)
			push_item(0);
		if (step == second)
			push_item(1);
		share.seat->phase = PUSHER;
		if (step == third) {
			ask("append l %" PRIu64, share.record);
			must("append", 1);
			ask("add n 1");
			must("add", 1);
			note("add", "n");
		}
		switch (draw(6)) {
		case 0:
		case 1:
			use_locks();
			break;
		case 2:
			use_semaphore();
			break;
		case 3:
			meet();
			break;
		default:
			do_item("0.01");
		}
	}
}

/* Without --state=atomic: reports that the record is done, as often as it is tried, under a condition. */
static void report_done(void)
{
	ask("lock c");
	must("lock c", 1);
	ask("put done %" PRIu64 " 1", share.record);
	must("put", 1);
	ask("notify c all");
	must("notify", 1);
	ask("unlock c");
	must("unlock c", 1);
}

/* The last record waits until all others are done. */
static void await_all(void)
{
	uint64_t others = share.records - 1;

	share.seat->phase = WAITER;
	if (share.is_atomic) {
		ask("wait n = %" PRIu64, others);
		must("wait", 1);
		ask("wait m = %" PRIu64, others);
		must("wait", 1);
		return;
	}
	ask("lock c");
	must("lock c", 1);
	while (ask("len done") != 0 || number(share.value) < others) {
		ask("await c");
		must("await", 1);
	}
	ask("unlock c");
	must("unlock c", 1);
}

/* Returns how many different records the list has; size is how many values. */
static uint64_t look_at_list(uint64_t *size)
{
	bool *seen = calloc(share.records + 1, sizeof *seen);
	uint64_t different = 0;

	if (seen == NULL)
		fail("out of memory");
	ask("len l");
	must("len", 1);
	*size = number(share.value);
	for (uint64_t i = 0; i < *size; i++) {
		uint64_t record;
		ask("at l %" PRIu64, i);
		must("at", 1);
		record = number(share.value);
		different += record <= share.records && !seen[record];
		seen[record <= share.records ? record : 0] = true;
	}
	free(seen);
	return different;
}

/* Does all that is left, and reports what is there. */
static void conclude(void)
{
	uint64_t size, different, n;

	await_all();
	while (do_item("0"))
		;
	different = look_at_list(&size);
	ask("get n");
	must("get", 1);
	n = number(share.value);
	dprintf(share.log,
		"{\"step\":\"final\",\"n\":%" PRIu64 ",\"size\":%" PRIu64 ",\"different\":%" PRIu64 ",\"seq\":%" PRIu64
		",\"attempt\":%" PRIu64 "}\n",
		n, size, different, share.seq, share.attempt);
}

/* Pushes the pages that a page names. */
static void push_links(uint64_t page)
{
	const uint64_t links[] = {2 * page + 1, 2 * page + 2, page * 7 % share.records};

	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		share.seat->phase = PUSHER;
		if (links[i] >= share.records || ask("get done.%" PRIu64, links[i]) == 0)
			continue;
		must("get", 1 << 0 | 1 << 1);
		ask("push pages %" PRIu64, links[i]);
		must("push", 1);
	}
}

/* A page of a crawl: it is done once, however often it is named. */
static void visit(void)
{
	char page[32];

	snprintf(page, sizeof page, "%" PRIu64, share.record);
	share.seat->phase = WAITER;
	/* Atomic: the lock holds until what the attempt has added is there. */
	ask(share.is_atomic ? "lock page.%s" : "once page.%s", page);
	must("begin a page", 1);
	if (share.is_atomic && ask("get done.%s", page) == 0)
		return;
	if (!share.is_atomic && strcmp(share.value, "done") == 0)
		return;
	note("visit", page);
	share.seat->phase = HOLDER;
	linger(1000);
	give_up_sometimes();
	push_links(share.record);
	note("visiting", page);
	ask(share.is_atomic ? "add done.%s" : "once --done page.%s", page);
	must("end a page", 1);
	note("visited", page);
}

int run_share(int argc, char **argv)
{
	struct seat *seats;

	if (argc < 4)
		fail("usage: tool share MODE SEED RECORDS RECORD");
	share.is_atomic = strcmp(argv[0], "atomic") == 0 || strcmp(argv[0], "crawl") == 0;
	share.records = number(argv[2]);
	share.record = number(argv[3]);
	share.seq = variable("MPMAP_SEQ");
	share.attempt = variable("MPMAP_ATTEMPT");
	share.random = (number(argv[1]) * 1000003 + share.record) * 1000003 + share.attempt;
	share.log = open_named("PROOF_LOG", O_WRONLY | O_APPEND);
	share.places = open_named("PROOF_PLACES", O_RDWR);
	seats = mmap(NULL, SEATS * sizeof *seats, PROT_READ | PROT_WRITE, MAP_SHARED, open_named("PROOF_SEATS", O_RDWR),
		     0);
	if (seats == MAP_FAILED)
		fail("PROOF_SEATS: %s", strerror(errno));
	share.seat = &seats[variable("MPMAP_SLOT") % SEATS];
	*share.seat = (struct seat){.pid = getpid()};
	share.must_own = strcmp(argv[0], "crawl") == 0;
	share_connect();
	if (strncmp(argv[0], "crawl", 5) == 0) {
		visit();
	} else if (share.record == share.records) {
		conclude();
	} else {
		work();
		if (!share.is_atomic)
			report_done();
		/* A request whose answer nobody waits for. */
		if (send(share.socket, "add m 1\n", 8, MSG_NOSIGNAL) != 8)
			lose();
	}
	share.seat->phase = IDLE;
	return 0;
}
