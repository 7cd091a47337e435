/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seats as the server sees them, and the owners of attempts. */
#include "state/server/attempts.h"

#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>

struct attempt {
	/* Link in the run's list. */
	struct list link;
	struct attempt_key key;
	struct owner *owner;
	/* True if it owns nothing any more, and its verdict is awaited. */
	bool is_over;
};

static struct run *run_in(struct list *link)
{
	return container_of(link, struct run, link);
}

static struct attempt *attempt_at(struct list *link)
{
	return container_of(link, struct attempt, link);
}

void attempts_run_began(struct server *server, const struct control_run *run, const struct board *board)
{
	struct run *began = mem_new(1, sizeof *began);
	size_t seat;

	began->number = run->number;
	began->id = mem_string(run->id);
	began->board = *board;
	began->calls = run->calls;
	began->is_atomic = run->is_atomic;
	began->marks = mem_new(board->seats, sizeof *began->marks);
	for (seat = 0; seat < board->seats; seat++)
		began->marks[seat].memory.fd = -1;
	/* Until it says what is to come. */
	began->jobs = began->remaining = UINT64_MAX;
	list_init(&began->attempts);
	list_init(&began->link);
	list_append(&server->runs, &began->link);
	server->run_count++;
}

struct run *attempts_run(const struct server *server, uint64_t number)
{
	struct list *link;

	for (link = server->runs.next; link != &server->runs; link = link->next) {
		if (run_in(link)->number == number && !run_in(link)->has_ended)
			return run_in(link);
	}
	return NULL;
}

/* Ends the owner of an attempt. */
static void attempt_end(struct server *server, struct attempt *attempt, bool well)
{
	list_remove(&attempt->link);
	server->attempt_ended(server, attempt->owner, well);
	free(attempt);
}

void attempts_run_ended(struct server *server, struct run *run)
{
	size_t seat;

	while (!list_is_empty(&run->attempts))
		attempt_end(server, attempt_at(run->attempts.next), false);
	for (seat = 0; seat < run->board.seats; seat++)
		shm_release(&run->marks[seat].memory);
	free(run->marks);
	run->marks = NULL;
	board_release(&run->board);
	run->has_ended = true;
	server->run_count--;
}

void attempts_release(struct server *server)
{
	while (!list_is_empty(&server->runs)) {
		struct run *run = run_in(server->runs.next);

		if (!run->has_ended)
			attempts_run_ended(server, run);
		list_remove(&run->link);
		free(run->id);
		free(run);
	}
}

bool attempts_ends(const struct attempt_key *key, const struct run *run, const struct control_end *end)
{
	return key->run == run && key->index >= end->index && key->index - end->index < end->count &&
	       (!end->attempt || key->number <= end->attempt);
}

/* True if an end is that of this attempt: a record whose process ended before its answer came has had others since. */
static bool attempt_counts(const struct attempt *attempt, const struct control_end *end)
{
	return !attempt->key.is_record || !end->process || attempt->key.process == end->process;
}

void attempts_end(struct server *server, struct run *run, const struct control_end *end)
{
	struct list *link = run->attempts.next;

	while (link != &run->attempts) {
		struct attempt *attempt = attempt_at(link);

		link = link->next;
		if (attempts_ends(&attempt->key, run, end))
			attempt_end(server, attempt, end->well && attempt_counts(attempt, end));
	}
}

/* An attempt does nothing more: it owns nothing from now on. */
static void attempt_over(struct server *server, struct attempt *attempt)
{
	if (attempt->key.run->is_atomic) {
		attempt->is_over = true;
		server->attempt_over(server, attempt->owner);
	} else {
		attempt_end(server, attempt, true);
	}
}

/* Drops what other processes did for a record: it is with a new one because they ended before they had answered. */
static void attempts_void(struct server *server, const struct attempt_key *key)
{
	struct list *link = key->run->attempts.next;

	while (key->is_record && link != &key->run->attempts) {
		struct attempt *attempt = attempt_at(link);

		link = link->next;
		if (attempt->key.index == key->index && attempt->key.number == key->number &&
		    attempt->key.process != key->process)
			attempt_end(server, attempt, false);
	}
}

struct owner *attempts_owner(struct server *server, const struct attempt_key *key)
{
	struct attempt *attempt;
	struct list *link;
	char label[64];

	attempts_void(server, key);
	for (link = key->run->attempts.next; link != &key->run->attempts; link = link->next) {
		attempt = attempt_at(link);
		if (attempt->key.index == key->index && attempt->key.number == key->number && !attempt->is_over)
			return attempt->owner;
	}
	snprintf(label, sizeof label, "task %" PRIu64, key->index + 1);
	attempt = mem_new(1, sizeof *attempt);
	attempt->key = *key;
	attempt->owner = store_attempt_began(server->store, label);
	attempt->owner->is_atomic = key->run->is_atomic;
	atomic_store_explicit(&board_seat(&key->run->board, key->seat)->owns, 1, memory_order_relaxed);
	list_init(&attempt->link);
	list_append(&key->run->attempts, &attempt->link);
	return attempt->owner;
}

/* Returns the mark of a seat's adapter, 0 if it has none, or marks nothing. */
static uint64_t run_marked(struct run *run, size_t number, const struct seat *seat)
{
	struct run_mark *mark = &run->marks[number];
	uint32_t fd = atomic_load(&seat->mark_fd);
	pid_t task = seat->task;
	char path[64];

	if (!fd)
		return 0;
	if (mark->number != fd || mark->task != task) {
		shm_release(&mark->memory);
		*mark = (struct run_mark){.memory.fd = -1, .task = task, .number = fd};
		snprintf(path, sizeof path, "/proc/%ld/fd/%" PRIu32, (long)seat->worker, fd - 1);
		/* If it cannot be mapped, the oldest record is the one in work. */
		if (shm_attach(&mark->memory, open(path, O_RDWR | O_CLOEXEC)) < 0)
			shm_release(&mark->memory);
	}
	if (!mark->memory.base || mark->memory.size < sizeof(uint64_t))
		return 0;
	return atomic_load((const _Atomic uint64_t *)(const void *)mark->memory.base);
}

bool attempts_at(struct run *run, size_t number, struct attempt_key *key)
{
	const struct seat *seat = board_seat(&run->board, number);
	uint64_t running, marked;
	uint32_t attempt;
	pid_t process;
	bool has_mark;

	do {
		running = atomic_load(&seat->running);
		attempt = atomic_load(&seat->attempt);
		process = seat->task;
		has_mark = atomic_load(&seat->mark_fd);
		marked = has_mark ? run_marked(run, number, seat) : 0;
		if (run->calls)
			process = seat->worker;
	} while (running != atomic_load(&seat->running));
	*key = (struct attempt_key){.run = run, .seat = number, .process = process};
	key->is_record = run->calls || has_mark;
	/* The seat has the attempt at the oldest record without an answer, which need not be the one in work. */
	key->number = has_mark ? 0 : attempt;
	key->index = (marked ? marked : running) - 1;
	return running && !atomic_load(&seat->has_hook);
}

void attempts_check_records(struct server *server)
{
	struct list *run, *link;

	for (run = server->runs.next; run != &server->runs; run = run->next) {
		for (link = run_in(run)->attempts.next; link != &run_in(run)->attempts;) {
			struct attempt *attempt = attempt_at(link);
			struct attempt_key now;
			bool is_busy;

			link = link->next;
			if (!attempt->key.is_record || attempt->is_over)
				continue;
			is_busy = attempts_at(attempt->key.run, attempt->key.seat, &now);
			if (now.process != attempt->key.process || (is_busy && now.index != attempt->key.index))
				attempt_over(server, attempt);
		}
	}
}

bool attempts_have_records(const struct server *server)
{
	struct list *run, *link;

	for (run = server->runs.next; run != &server->runs; run = run->next) {
		for (link = run_in(run)->attempts.next; link != &run_in(run)->attempts; link = link->next) {
			if (attempt_at(link)->key.is_record && !attempt_at(link)->is_over)
				return true;
		}
	}
	return false;
}
