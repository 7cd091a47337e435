/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker: claims a chunk, runs its tasks one by one, commits each result, sleeps when there is nothing to claim (see
 * worker/claim.h). When it is to leave a run it ends, or releases everything and waits to be set up for the next run.
 */
#include "worker/worker.h"

#include "base/diag.h"
#include "base/fault.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "task/chunk.h"
#include "task/frame.h"
#include "process/command.h"
#include "worker/executor.h"
#include "worker/hooks.h"
#include "worker/persistent/keeping.h"
#include "worker/workplace.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>

/* Retries of a start for which resources are short, each after twice the wait of the one before: 1.3 seconds in all. */
enum { STARVED_RETRIES = 7 };
#define STARVED_WAIT (10 * NSEC_PER_MSEC)

const struct executor *const executors[] = {
	&executor_command,   &executor_print, &executor_filter, &executor_coproc,
	&executor_coproc_fd, &executor_block, &executor_plugin, NULL,
};

const struct executor *executor_find(const char *name)
{
	const struct executor *const *executor;

	for (executor = executors; *executor; executor++) {
		if (strcmp((*executor)->name, name) == 0)
			return *executor;
	}
	return NULL;
}

struct worker_state {
	struct workplace place;
	const struct executor *executor;
	void *state;
	uint64_t tasks_done;
	bool leaving;
	bool parent_gone;
};

/* True if the task with the index in *context may not be begun any more. */
static bool may_not_begin(struct workplace *place, void *context)
{
	return !claim_may_begin(place, *(const uint64_t *)context);
}

/* Runs a task, and tries again if processes or descriptors are short. */
static enum executor_end run_patiently(struct worker_state *worker, const struct task *task, struct result *result)
{
	nsec wait = STARVED_WAIT;
	int attempt;

	for (attempt = 0;; attempt++, wait *= 2) {
		enum executor_end end;
		int number;

		*result = (struct result){
			.index = task->index,
			.attempt = task->attempt,
			.slot = worker->place.setup.seat + 1,
			.status = -1,
		};
		worker->place.retrying = attempt > 0;
		end = worker->executor->run(&worker->place, worker->state, task, result);
		number = errno;
		if (end != EXECUTOR_STARVED || attempt == STARVED_RETRIES) {
			errno = number;
			return end;
		}
		workplace_announce_pending(&worker->place);
		if (!workplace_wait_until(&worker->place, may_not_begin, (void *)(uintptr_t)&task->index,
					  clock_now() + wait))
			return EXECUTOR_ABANDONED;
		/* The gate was shut in the meantime, or the worker is to leave. */
		if (!claim_may_begin(&worker->place, task->index))
			return EXECUTOR_HELD;
	}
}

/*
 * Waits for a turn to start a task (--delay, --rate). False when the parent is gone. next_start is when a task may
 * start if all are as far apart as they are on average; a start may be earlier by the slack, but not before now.
 */
static bool wait_for_turn(struct worker_state *worker, const struct task *task)
{
	struct workplace *place = &worker->place;
	nsec turn, even, next = atomic_load(&place->notice->next_start);

	if (!place->briefing.delay)
		return true;
	do {
		nsec now = clock_now();

		even = next > now ? next : now;
		turn = even - place->briefing.slack > now ? even - place->briefing.slack : now;
	} while (!atomic_compare_exchange_weak(&place->notice->next_start, &next, even + place->briefing.delay));
	workplace_announce_pending(place);
	if (clock_now() >= turn)
		return true;
	/* The parent wakes all workers when it shuts the gate. */
	return workplace_wait_until(place, may_not_begin, (void *)(uintptr_t)&task->index, turn);
}

/* Runs one task of a chunk. True if the worker is to continue with the next. */
static bool run_task(struct worker_state *worker, const struct task *task)
{
	struct workplace *place = &worker->place;
	struct result result;
	enum executor_end end = EXECUTOR_HELD;

	if (!wait_for_turn(worker, task)) {
		worker->parent_gone = true;
		return false;
	}
	if (claim_begin(place, task, (nsec)frame_number(task->frame, FIELD_TIMEOUT)))
		end = run_patiently(worker, task, &result);
	switch (end) {
	case EXECUTOR_DONE:
		if (claim_commit(place, &result)) {
			worker->tasks_done++;
			return !place->claim.released;
		}
		worker->parent_gone = true;
		return false;
	case EXECUTOR_STARVED:
		worker->leaving = true;
		worker->parent_gone |= !claim_starve(place, errno);
		break;
	case EXECUTOR_ABANDONED:
		worker->parent_gone = true;
		return false;
	case EXECUTOR_HELD:
		break;
	}
	claim_drop(place);
	claim_return(place);
	return false;
}

/* True if the worker has run as many tasks as it may (--max-tasks-per-worker). */
static bool is_used_up(const struct worker_state *worker)
{
	return worker->place.setup.max_tasks && worker->tasks_done >= worker->place.setup.max_tasks;
}

/* Runs the tasks of the claimed chunk that are not done yet. */
static void run_chunk(struct worker_state *worker)
{
	struct workplace *place = &worker->place;
	struct chunk_reader reader = claim_read(place);
	struct task task;

	while (chunk_next(&reader, &task)) {
		/* Another worker ran this task before it gave the chunk back. */
		if (task.index < place->claim.next)
			continue;
		task.attempt = place->claim.attempt;
		worker->leaving |= is_used_up(worker);
		if (worker->leaving || !claim_may_begin(place, task.index)) {
			claim_return(place);
			return;
		}
		if (!run_task(worker, &task))
			return;
	}
	if (reader.next != reader.end)
		BUG("a chunk with fewer tasks than it should have");
}

static void work(struct worker_state *worker)
{
	struct workplace *place = &worker->place;

	while (!worker->leaving && !worker->parent_gone) {
		bool claimed;

		if (atomic_load(&place->seat->retire))
			return;
		claimed = claim_take(place);
		/* Reaps daemons that tasks left and that have ended since. */
		command_reap_orphans();
		if (claimed)
			run_chunk(worker);
		else if (!claim_park(place))
			return;
		worker->leaving |= is_used_up(worker);
	}
}

/* Takes part in the run by an executor that claims chunks itself. */
static void serve(struct worker_state *worker)
{
	enum executor_service end = worker->executor->serve(&worker->place, worker->state);

	worker->leaving = end == SERVICE_USED_UP;
	worker->parent_gone = end == SERVICE_ABANDONED;
}

/* Takes part in the run until this worker leaves it, then finalizes. */
static void take_tasks(struct worker_state *worker)
{
	if (worker->executor->serve)
		serve(worker);
	else
		work(worker);
	worker->executor->close(&worker->place, worker->state);
	if (!worker->parent_gone)
		worker->parent_gone = !hooks_finalize(&worker->place);
}

/* Ends what tasks left if the parent is dead, and so does not. */
static void end_leftovers(struct workplace *place)
{
	const struct leftovers *leftovers = &place->board.leftovers;

	if (!leftovers_is_unused(leftovers) && !workplace_listen(place) && !atomic_load(&place->notice->dismissed))
		leftovers_signal(leftovers, SIGKILL);
}

/* Releases a run. True if the worker waits for another; else it ends with *status. */
static bool worker_leave(struct worker_state *worker, int *status)
{
	struct workplace *place = &worker->place;
	bool stays = place->setup.stays && !worker->leaving && !worker->parent_gone;

	*status = worker->parent_gone;
	/* A worker that ends leaves the rest to its exit, for which the parent waits. */
	if (!stays || workplace_close(place) < 0)
		return false;
	*status = claim_leave(place) < 0;
	return !*status;
}

/* Takes part in a run, from its setup on. True if the worker waits for another; else it ends with *status. */
static bool worker_take_part(int channel, int *status)
{
	/* Static, so that tools which search for leaks find what a worker leaves to its exit. */
	static struct worker_state worker;
	bool is_ready;
	int opened;

	worker = (struct worker_state){.tasks_done = 0};
	opened = workplace_open(&worker.place, channel);
	*status = opened < 0;
	if (opened <= 0)
		return false;
	*status = 1;
	diag_set_level(worker.place.briefing.flags & BRIEFING_QUIET ? DIAG_ERRORS : DIAG_NOTES);
	worker.executor = executor_find(worker.place.briefing.executor);
	if (!worker.executor || worker.executor->open(&worker.place, &worker.state) < 0)
		return false;
	if (!worker.executor->persists)
		keeping_end();
	worker.place.seat->worker = getpid();
	/* Not earlier: a worker that ends before its HELLO counts as unusable. */
	is_ready = hooks_initialize(&worker.place) && claim_hello(&worker.place) == 0;
	if (is_ready)
		take_tasks(&worker);
	end_leftovers(&worker.place);
	return is_ready && worker_leave(&worker, status);
}

int worker_main(int channel)
{
	int status;

	while (worker_take_part(channel, &status))
		;
	keeping_end();
	return status;
}
