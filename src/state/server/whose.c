/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the seat that a process belongs to. */
#include "state/server/whose.h"

#include "base/number.h"
#include "state/server/origin.h"

static struct run *run_of(struct list *link)
{
	return container_of(link, struct run, link);
}

/* Returns in which generation the process, or its group, is found; the most if in none. */
static size_t origin_generation(const struct origin *origin, pid_t process, bool is_group)
{
	size_t i;

	for (i = 0; process > SEAT_BEGUN && i < origin->count; i++) {
		if (origin->pids[i] == process || (is_group && origin->groups[i] == process))
			return i;
	}
	return ORIGIN_GENERATIONS;
}

/* Finds the seat of a run that is nearest to a process: at least as near as generation *nearest. */
static void whose_in_run(const struct origin *origin, struct run *run, size_t *nearest, struct attempt_key *key)
{
	size_t i;

	for (i = 0; i < run->board.seats; i++) {
		const struct seat *seat = board_seat(&run->board, i);
		pid_t process = run->calls ? seat->worker : seat->task;
		size_t generation = origin_generation(origin, process, !run->calls);

		/* A worker may have been in another run before. */
		if (generation > *nearest || generation == ORIGIN_GENERATIONS ||
		    (generation == *nearest && !atomic_load(&seat->running)))
			continue;
		*nearest = generation;
		*key = (struct attempt_key){.run = run, .seat = i, .process = process};
	}
}

/* Returns whose the seat of a key is now: WHOSE_NOBODY if it is at another task than before. */
static enum whose whose_in_seat(struct attempt_key *key)
{
	pid_t process = key->process;

	if (attempts_at(key->run, key->seat, key))
		return key->process == process ? WHOSE_ATTEMPT : WHOSE_NOBODY;
	return key->is_record ? WHOSE_NONE_NOW : WHOSE_NOBODY;
}

/* Returns the number in a variable of an environment, 0 if there is none. */
static uint64_t variable_number(struct bytes *environment, const char *name)
{
	const char *text = origin_variable(environment, name);
	uint64_t number = 0;

	return text && number_parse(text, UINT64_MAX, &number) == 0 ? number : 0;
}

/* Returns whose a process is that no seat has, by what its environment says of a run. */
static enum whose whose_left(struct run *run, uint64_t seq, uint64_t number, struct attempt_key *key)
{
	size_t i;

	for (i = 0; !run->has_ended && i < run->board.seats; i++) {
		const struct seat *seat = board_seat(&run->board, i);

		if (atomic_load(&seat->running) == seq && atomic_load(&seat->attempt) == number) {
			*key = (struct attempt_key){.run = run, .seat = i, .index = seq - 1};
			key->number = (uint32_t)number;
			return WHOSE_ATTEMPT;
		}
	}
	*key = (struct attempt_key){.run = run, .index = seq - 1};
	return WHOSE_ENDED;
}

/* True if what an attempt adds may have to be dropped. */
static bool whose_may_be_atomic(const struct server *server)
{
	struct list *link;

	for (link = server->runs.next; link != &server->runs; link = link->next) {
		if (!run_of(link)->has_ended && run_of(link)->is_atomic)
			return true;
	}
	return false;
}

/* Returns whose a process is that no seat has, by its environment. */
static enum whose whose_by_environment(const struct server *server, pid_t pid, struct attempt_key *key)
{
	struct bytes environment = {.data = NULL};
	enum whose found = WHOSE_NOBODY;
	uint64_t seq, number;
	struct list *link;
	const char *id;

	origin_environment(pid, &environment);
	id = origin_variable(&environment, "MPMAP_RUN_ID=");
	seq = variable_number(&environment, "MPMAP_SEQ=");
	number = variable_number(&environment, "MPMAP_ATTEMPT=");
	for (link = server->runs.next; id && seq && number && link != &server->runs; link = link->next) {
		if (strcmp(run_of(link)->id, id) == 0) {
			found = whose_left(run_of(link), seq, number, key);
			break;
		}
	}
	/* Tasks have one, unless they have ended. */
	if (!environment.size && whose_may_be_atomic(server))
		found = WHOSE_GONE;
	bytes_release(&environment);
	return found;
}

enum whose whose_is(const struct server *server, pid_t pid, struct attempt_key *key)
{
	size_t nearest = ORIGIN_GENERATIONS;
	struct origin origin;
	struct list *link;

	*key = (struct attempt_key){.run = NULL};
	if (list_is_empty(&server->runs))
		return WHOSE_NOBODY;
	origin_find(&origin, pid);
	for (link = server->runs.next; link != &server->runs; link = link->next) {
		if (!run_of(link)->has_ended)
			whose_in_run(&origin, run_of(link), &nearest, key);
	}
	if (key->run) {
		enum whose whose = whose_in_seat(key);

		if (whose != WHOSE_NOBODY)
			return whose;
	}
	*key = (struct attempt_key){.run = NULL};
	return whose_by_environment(server, pid, key);
}

enum whose whose_now(const struct server *server, pid_t pid, struct attempt_key *key)
{
	struct run *run = key->run;
	const struct seat *seat = run->has_ended ? NULL : board_seat(&run->board, key->seat);

	if (!seat || (run->calls ? seat->worker : seat->task) != key->process)
		return whose_is(server, pid, key);
	return whose_in_seat(key) == WHOSE_ATTEMPT ? WHOSE_ATTEMPT : whose_is(server, pid, key);
}

bool whose_worker(const struct server *server, pid_t pid, struct attempt_key *key)
{
	const struct attempt_key asked = *key;
	bool is_found = false;
	struct list *link;
	size_t i;

	/* One that was in several runs is in that where it is at the task, or in the newest. */
	for (link = server->runs.next; pid > 1 && link != &server->runs; link = link->next) {
		struct run *run = run_of(link);

		for (i = 0; !run->has_ended && !run->calls && i < run->board.seats; i++) {
			const struct seat *seat = board_seat(&run->board, i);

			if (seat->worker != pid)
				continue;
			key->run = run;
			key->seat = i;
			key->process = pid;
			is_found = true;
			if (atomic_load(&seat->running) == asked.index + 1 &&
			    atomic_load(&seat->attempt) == asked.number)
				return true;
		}
	}
	return is_found;
}
