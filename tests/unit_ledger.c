/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool/ledger and board/board: the account of the chunks that are out, and the memory that is shared with workers. */
#include "unit.h"

#include "ipc/channel.h"
#include "ipc/fd.h"
#include "board/arena.h"
#include "board/board.h"
#include "pool/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { ROWS = 8, SEATS = 3, RING = 4096, TASKS = 5000, CHUNK = 6 };

struct books {
	struct board board;
	struct arena arena;
	struct ledger ledger;
};

static void books_open(struct books *books)
{
	check_int(board_create(&books->board, SEATS, ROWS, RING), 0);
	check_int(arena_init(&books->arena), 0);
	ledger_init(&books->ledger, books->board.queue, &books->arena);
	queue_set_gate(&books->board.queue, QUEUE_OPEN);
}

static void books_close(struct books *books)
{
	ledger_release(&books->ledger);
	arena_release(&books->arena);
	board_release(&books->board);
}

/* Submits tasks whose records are their numbers, in a block of their own. */
static void submit(struct books *books, uint64_t first, uint32_t count)
{
	struct chunk chunk = {.first = first,
			      .count = count,
			      .block = arena_take(&books->arena),
			      .offset = 16,
			      .attempt = 1,
			      .width = 1};
	char *at = arena_block(&books->arena, chunk.block) + chunk.offset;
	uint32_t i;

	for (i = 0; i < count; i++)
		chunk.size += (uint32_t)snprintf(at + chunk.size, 32, "%ju", (uintmax_t)(first + i)) + 1;
	ledger_submit(&books->ledger, &chunk);
}

static bool check_record(struct books *books, size_t row, uint64_t index)
{
	char expected[32];

	snprintf(expected, sizeof expected, "%ju", (uintmax_t)index);
	return check_slice(ledger_task(&books->ledger, row, index).record, slice_of(expected));
}

static void test_life(void)
{
	struct books books;
	size_t row;
	uint64_t next;

	books_open(&books);
	submit(&books, 10, 5);
	submit(&books, 15, 1);
	row = ledger_find(&books.ledger, 12, 1);
	check(row < ROWS && ledger_has(&books.ledger, row, 12, 1) && ledger_has(&books.ledger, row, 14, 1));
	check(!ledger_has(&books.ledger, row, 15, 1) && !ledger_has(&books.ledger, row, 9, 1));
	check(!ledger_has(&books.ledger, ROWS, 12, 1) && !ledger_has(&books.ledger, SIZE_MAX, 12, 1));
	check_int(ledger_find(&books.ledger, 16, 1), QUEUE_NONE);
	check_int(ledger_find(&books.ledger, UINT64_MAX, 1), QUEUE_NONE);
	/* The records are read in order, and again from the beginning. */
	check_record(&books, row, 10);
	check_record(&books, row, 13);
	check_record(&books, row, 13);
	check_record(&books, row, 14);
	check_record(&books, row, 11);
	check_int(ledger_claimed_by(&books.ledger, 7), QUEUE_NONE);
	check_int(queue_claim(&books.ledger.queue, 7), row);
	check_int(ledger_claimed_by(&books.ledger, 7), row);
	check_int(ledger_claimed_by(&books.ledger, 8), QUEUE_NONE);
	ledger_settle(&books.ledger, row, 1);
	ledger_give_back(&books.ledger, row, 11);
	check_int(ledger_claimed_by(&books.ledger, 7), QUEUE_NONE);
	check_int(ledger_withdraw(&books.ledger), row);
	next = ledger_returned(&books.ledger, row);
	check_int(next, 11);
	check_int(arena_used(&books.arena), 2);
	while (next++ < 15)
		ledger_settle(&books.ledger, row, 1);
	check_int(arena_used(&books.arena), 1);
	check(!ledger_has(&books.ledger, row, 12, 1));
	/* All tasks are done, but no result was taken: a row that is given back waits to be settled. */
	row = queue_claim(&books.ledger.queue, 9);
	ledger_give_back(&books.ledger, row, 16);
	check_int(queue_claim(&books.ledger.queue, 9), QUEUE_NONE);
	check_int(ledger_withdraw(&books.ledger), QUEUE_NONE);
	check_record(&books, row, 15);
	ledger_settle(&books.ledger, row, 1);
	check_int(arena_used(&books.arena), 0);
	books_close(&books);
}

/* Deaths of a worker that had claimed tasks 10 to 14 (attempt 2), and what follows. */
static void test_claims(void)
{
	const struct chunk chunk = {.first = 10, .count = 5, .attempt = 2};
	const struct {
		const char *death;
		uint64_t next;
		struct claim_facts facts;
		uint64_t rest;
		bool accounted;
	} deaths[] = {
		{"before the first task", 10, {.result = 0}, 10, true},
		{"with a result of another chunk", 10, {.result = 3, .result_attempt = 2}, 10, true},
		{"with a result of another attempt", 10, {.result = 12, .result_attempt = 1}, 10, true},
		{"between two tasks", 12, {.result = 12, .result_attempt = 2}, 12, true},
		{"after all results", 15, {.result = 15, .result_attempt = 2}, 15, true},
		{"before the process", 10, {.running = 11, .running_attempt = 2}, 10, true},
		{"with a process", 10, {.running = 11, .running_attempt = 2, .has_begun = true}, 11, true},
		{"with its process after two results",
		 12,
		 {.running = 13, .running_attempt = 2, .has_begun = true, .result = 12, .result_attempt = 2},
		 13,
		 true},
		{"between next and the result", 11, {.running = 11, .running_attempt = 2, .has_begun = true}, 11, true},
		{"while it ran a task of another chunk",
		 10,
		 {.running = 3, .running_attempt = 2, .has_begun = true},
		 10,
		 true},
		{"while it ran another attempt",
		 10,
		 {.running = 11, .running_attempt = 1, .has_begun = true},
		 10,
		 true},
		{"after others had begun the chunk", 12, {.result = 0}, 12, false},
		{"next is ahead of its results", 14, {.result = 11, .result_attempt = 2}, 14, false},
		{"next is behind its results", 10, {.result = 12, .result_attempt = 2}, 15, false},
		{"next is beyond the chunk", 16, {.result = 0}, 15, false},
		{"broken, after two results", 14, {.result = 12, .result_attempt = 2, .broken = true}, 14, false},
		{"broken, while it ran",
		 13,
		 {.running = 14, .running_attempt = 2, .has_begun = true, .broken = true},
		 14,
		 false},
		{"broken, without a process", 14, {.running = 12, .running_attempt = 2, .broken = true}, 14, false},
	};
	size_t i;

	for (i = 0; i < countof(deaths); i++) {
		struct claim_state claim = claim_judge(&chunk, deaths[i].next, &deaths[i].facts);

		if (!check_int(claim.rest, deaths[i].rest) || !check_int(claim.accounted, deaths[i].accounted))
			check_str(deaths[i].death, "");
	}
}

static void test_room(void)
{
	struct books books;
	uint64_t i;
	size_t row;

	books_open(&books);
	for (i = 0; i < ROWS; i++) {
		check(ledger_has_room(&books.ledger, 0));
		submit(&books, i, 1);
	}
	check(!ledger_has_room(&books.ledger, 0));
	row = queue_claim(&books.ledger.queue, 1);
	ledger_settle(&books.ledger, row, 1);
	check(ledger_has_room(&books.ledger, 0));
	submit(&books, i, 1);
	check(!ledger_has_room(&books.ledger, 0));
	check_int(ledger_find(&books.ledger, i, 1), row);
	books_close(&books);
}

/* Claimers that do some tasks, give back, die: each task is settled once. */
static void test_random(void)
{
	struct unit_random random = unit_random();
	struct books books;
	uint64_t submitted = 0, settled = 0, next, end;
	uint32_t claimer = 0;

	books_open(&books);
	while (settled < TASKS && !unit_failures) {
		uint32_t count = 1 + (uint32_t)unit_below(&random, CHUNK);
		size_t row;

		if (ledger_has_room(&books.ledger, 0) && submitted < TASKS && unit_below(&random, 2)) {
			count = count < TASKS - submitted ? count : (uint32_t)(TASKS - submitted);
			submit(&books, submitted, count);
			submitted += count;
			continue;
		}
		if (unit_below(&random, 4) == 0)
			row = ledger_withdraw(&books.ledger);
		else
			row = queue_claim(&books.ledger.queue, ++claimer);
		if (row == QUEUE_NONE)
			continue;
		next = ledger_returned(&books.ledger, row);
		end = books.ledger.rows[row].chunk.first + books.ledger.rows[row].chunk.count;
		for (; next < end && unit_below(&random, 3); next++) {
			check_record(&books, row, next);
			check_int(ledger_find(&books.ledger, next, 1), row);
			ledger_settle(&books.ledger, row, 1);
			settled++;
		}
		if (next < end)
			ledger_give_back(&books.ledger, row, next);
	}
	check_int(arena_used(&books.arena), 0);
	check_int(queue_ready(&books.ledger.queue), 0);
	books_close(&books);
}

/* Seats and rings do not overlap, here or in another process's view; a reset touches one seat only. */
static void test_board(void)
{
	struct board board, other;
	size_t seat;

	check_int(board_create(&board, SEATS, ROWS, RING), 0);
	check_int(board_attach(&other, fcntl(board.shm.fd, F_DUPFD_CLOEXEC, 3), SEATS, ROWS, RING), 0);
	for (seat = 0; seat < SEATS; seat++) {
		struct ring ring = board_ring(&board, seat);
		size_t room;
		char *to = ring_reserve(&ring, 1000, &room);

		board_seat(&board, seat)->task = (pid_t)seat + 100;
		atomic_store(&board_seat(&board, seat)->running, seat + 1);
		atomic_store(&board_seat(&board, seat)->limit, 7);
		atomic_store(&board_seat(&board, seat)->executed, 1);
		memset(to, (int)seat + 1, room);
		ring_commit(&ring, (uint32_t)seat, room);
	}
	check_int(queue_ready(&other.queue), 0);
	board_reset(&board, 1);
	for (seat = 0; seat < SEATS; seat++) {
		struct ring ring = board_ring(&other, seat);
		struct slice record = {.data = NULL};
		uint32_t type = 99;

		check_int(board_seat(&other, seat)->task, seat == 1 ? 0 : (int)seat + 100);
		check_int(atomic_load(&board_seat(&other, seat)->running), seat == 1 ? 0 : seat + 1);
		check_int(atomic_load(&board_seat(&other, seat)->limit), seat == 1 ? 0 : 7);
		check_int(atomic_load(&board_seat(&other, seat)->executed), seat != 1);
		check_int(ring_peek(&ring, &type, &record), seat != 1);
		if (record.size)
			check(record.data[0] == (char)(seat + 1) && record.data[record.size - 1] == (char)(seat + 1));
	}
	board_release(&board);
	board_release(&other);
}

enum { ROUNDS = 300000, SLEEPER = 1 };

/* Time after which no more rounds are begun. */
#define LONGEST (10 * NSEC_PER_SEC)

/* Sleeps whenever all its work is done, until the channel wakes it. */
static void sleeper(const struct board *board, _Atomic uint64_t *wanted, _Atomic uint64_t *done, int channel)
{
	struct message message;

	while (atomic_load(done) < ROUNDS) {
		uint64_t seen = atomic_load(wanted);

		if (seen != atomic_load(done)) {
			atomic_store(done, seen);
			continue;
		}
		board_sleep(board, SLEEPER);
		if (atomic_load(wanted) != seen)
			(void)!board_clear_sleeping(board, SLEEPER);
		else if (channel_wait(channel, &message, NSEC_FOREVER) < 0)
			_exit(1);
	}
	_exit(0);
}

/* Wakes all sleepers. Returns how many there were. */
static size_t wake(const struct board *board, int channel)
{
	struct marks_walk walk = {.groups = 0};
	size_t woken = 0, seat;

	while (marks_next(&board->sleepers, &walk, &seat)) {
		check_int(seat, SLEEPER);
		if (board_clear_sleeping(board, seat)) {
			woken++;
			/* A worker with enough wake-ups already has no room for another. */
			(void)!channel_send(channel, 1, slice_of(""), NULL, 0);
		}
	}
	return woken;
}

/*
 * A request followed by a scan for sleepers misses no sleeper that did not see the request, however many others scan.
 */
static void test_sleepers(void)
{
	struct board board;
	_Atomic uint64_t *wanted, *done;
	size_t woken = 0;
	int ends[2] = {-1, -1}, looks;
	nsec until = clock_now() + LONGEST;
	pid_t pid;

	check_int(board_create(&board, SEATS, ROWS, RING), 0);
	check_int(channel_pair(ends), 0);
	wanted = &board_seat(&board, 0)->running;
	done = &board_seat(&board, 2)->running;
	pid = fork();
	if (pid == 0) {
		fd_close(&ends[0]);
		sleeper(&board, wanted, done, ends[1]);
	}
	fd_close(&ends[1]);
	/* On a busy machine each round waits for a processor: then there are fewer. */
	while (atomic_load(done) < ROUNDS && clock_now() < until) {
		nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

		for (looks = (int)(atomic_load(done) % 4); looks > 0; looks--)
			woken += wake(&board, ends[0]);
		atomic_fetch_add(wanted, 1);
		woken += wake(&board, ends[0]);
		/* Both processes may have a single processor. */
		while (atomic_load(done) != atomic_load(wanted) && clock_now() < deadline)
			sched_yield();
		if (!check_int(atomic_load(done), atomic_load(wanted)))
			break;
	}
	atomic_store(done, ROUNDS);
	atomic_store(wanted, ROUNDS);
	wake(&board, ends[0]);
	check(woken > 0);
	fd_close(&ends[0]);
	check_int(unit_wait(pid), 0);
	/* No mark remains of a sleeper that was killed. */
	board_sleep(&board, 2);
	board_reset(&board, SLEEPER);
	board_reset(&board, 2);
	check(!marks_any(&board.sleepers));
	check(!board_clear_sleeping(&board, 2));
	board_release(&board);
}

static void test_board_too_small(void)
{
	struct board board, other;

	check_int(board_create(&board, SEATS, ROWS, RING), 0);
	check_fails(board_attach(&other, fcntl(board.shm.fd, F_DUPFD_CLOEXEC, 3), SEATS + 1, ROWS, RING), EPROTO);
	board_release(&other);
	check_fails(board_attach(&other, fcntl(board.shm.fd, F_DUPFD_CLOEXEC, 3), SEATS, ROWS, 2 * RING), EPROTO);
	board_release(&other);
	check_int(board_attach(&other, -1, SEATS, ROWS, RING), -1);
	board_release(&other);
	board_release(&board);
}

/* Records with their delimiters are read in any order, and each makes a chunk of its own. */
static void test_whole_records(void)
{
	static const char text[] = "0\n11\n\n3\0\n";
	static const size_t begins[] = {0, 2, 5, 6, sizeof text - 1};
	static const uint64_t order[] = {2, 3, 0, 1, 3, 3, 1, 2};
	struct books books;
	struct chunk chunk = {.first = 40, .count = 4, .offset = 16, .attempt = 3, .width = CHUNK_LINES};
	size_t i;

	books_open(&books);
	chunk.block = arena_take(&books.arena);
	chunk.size = sizeof text - 1;
	memcpy(arena_block(&books.arena, chunk.block) + chunk.offset, text, chunk.size);
	ledger_submit(&books.ledger, &chunk);
	for (i = 0; i < countof(order); i++) {
		size_t record = order[i], size = begins[record + 1] - begins[record];
		struct slice whole = {.data = text + begins[record], .size = size};
		struct task task = ledger_task(&books.ledger, 0, 40 + record);
		struct chunk single = ledger_single(&books.ledger, 0, 40 + record);
		struct chunk_reader reader;

		check_int(task.index, 40 + record);
		check_int(task.attempt, 3);
		check_slice(task.record, ((struct slice){.data = whole.data, .size = size - 1}));
		check_int(single.first, 40 + record);
		check_int(single.size, size);
		check_int(single.width, CHUNK_LINES);
		reader = chunk_read((struct slice){.data = arena_block(&books.arena, single.block) + single.offset,
						   .size = single.size},
				    single.first, single.count, single.width);
		check(chunk_next(&reader, &task));
		check_slice(task.bytes, whole);
		check(!chunk_next(&reader, &task));
	}
	books_close(&books);
}

const struct unit_test unit_ledger[] = {
	{.name = "what a dead worker leaves of a claim", .run = test_claims},
	{"the life of a chunk", .run = test_life},
	{"room", .run = test_room},
	{"each task once, at random", .run = test_random},
	{.name = "whole records", .run = test_whole_records},
	{"the board", .run = test_board},
	{"no sleeper is missed", .run = test_sleepers},
	{"a board that is too small", .run = test_board_too_small},
	{.name = NULL},
};
