/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The workers of a pool.
 *
 * A worker moves by the table of actions at the end. Its channel's end of file and the end of its process are two
 * halves of one end; the process's end is the one that counts, since only then is what it left in shared memory final.
 * It is the channel that tells, of any death: nobody else has its other end. So a process is watched only once its
 * channel has closed, and while workers live each costs the parent, and all that it forks, one descriptor.
 */
#include "pool/roster.h"

#include "base/fault.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "process/signals.h"
#include "pool/intake.h"
#include "pool/recruiting.h"
#include "pool/staffing.h"

#include <errno.h>
#include <inttypes.h>

/* How long after a WAKE could not be sent it is tried again. */
#define WAKE_PERIOD (2 * NSEC_PER_MSEC)

static void happen(struct worker *worker, enum worker_event event);

/* How a worker ended, in words. */
static void describe_end(struct worker *worker, struct bytes *words)
{
	struct process_end end = worker->process.end;

	bytes_append_format(words, "%s (pid %ld) ", worker->process.name, (long)worker->process.pid);
	if (end.signal)
		bytes_append_format(words, "was killed by %s", error_signal(end.signal));
	else if (end.status >= 0)
		bytes_append_format(words, "exited with status %d", end.status);
	else
		bytes_append_text(words, "is gone");
}

/* Tells of the task that died with its worker. */
static void roster_lose(struct worker *worker, size_t row, uint64_t index)
{
	struct pool *pool = worker->pool;
	struct bytes words = {.data = NULL};
	/* A worker's word, too. */
	nsec started = atomic_load(&worker->seat->started), now = clock_now();
	nsec duration = started > 0 && started < now ? now - started : 0;
	struct result result = {
		.index = index,
		.attempt = pool->ledger.rows[row].chunk.attempt,
		.outcome = OUTCOME_LOST,
		.status = -1,
		.ran = true,
		.pid = worker->seat->task,
		.slot = (uint32_t)(worker - pool->workers) + 1,
		.worker = worker->number,
		.start = clock_wall() - duration,
		.duration = duration,
		.user_time = -1,
		.system_time = -1,
	};

	describe_end(worker, &words);
	result.reason = bytes_text(&words);
	if (pool->closing) {
		/* We have ended the worker, and it the task. */
		result.outcome = OUTCOME_SIGNALED;
		result.signal = SIGKILL;
		result.reason = NULL;
	} else if (worker->overdue) {
		result.outcome = OUTCOME_TIMEOUT;
		result.limit = worker->overdue;
		result.reason = NULL;
	}
	trace_event("task_lost", "\"seq\":%" PRIu64 ",\"worker\":\"%s\"", index + 1, worker->process.name);
	/* What runs is a worker's word: a task that has its result cannot be lost any more. */
	(void)!pool_take_result(pool, row, &result);
	bytes_release(&words);
}

/* The tasks a dead worker had: the running one is lost once it had a process, the others go back to the queue. */
static void give_back(struct worker *worker)
{
	struct pool *pool = worker->pool;
	uint64_t running = atomic_load(&worker->seat->running);
	uint32_t attempt = atomic_load(&worker->seat->attempt);
	pid_t task = worker->seat->task;
	size_t row;
	bool denied;

	/* What has its result is not running any more. */
	if (running == worker->last_result && attempt == worker->last_attempt)
		running = 0;
	/* Before it was ready that is its initializer. */
	if (task > 1 && (running || !worker->ready))
		command_signal_group(task, SIGKILL, &denied);
	while ((row = ledger_claimed_by(&pool->ledger, worker->number)) != QUEUE_NONE) {
		const struct chunk chunk = pool->ledger.rows[row].chunk;
		uint64_t end = chunk.first + chunk.count, next = atomic_load(&pool->ledger.queue.entries[row].next);
		/* What we know ourselves bounds what the worker wrote. */
		bool in_chunk = worker->last_result > chunk.first && worker->last_result <= end &&
				worker->last_attempt == chunk.attempt;
		uint64_t floor = in_chunk ? worker->last_result : chunk.first;

		if (next < floor || next > end)
			next = floor;
		if (running > floor && running <= end && attempt == chunk.attempt)
			next = task > 1 ? running : running - 1;
		/* It had work and did none of it: so may the next. */
		worker->early |= !worker->last_result && next == chunk.first;
		ledger_give_back(&pool->ledger, row, next);
	}
	/* Last, since settling a chunk's last task frees its row. The rest of the chunk may be with others already. */
	if (running && task > 1 && (row = ledger_find(&pool->ledger, running - 1, attempt)) != QUEUE_NONE)
		roster_lose(worker, row, running - 1);
}

static void do_hello(struct worker *worker)
{
	struct pool *pool = worker->pool;

	worker->state = WORKER_ACTIVE;
	worker->unfit_before = 0;
	worker->ready = true;
	pool->starting--;
	trace_event("worker_ready", "\"worker\":\"%s\",\"worker_pid\":%ld", worker->process.name,
		    (long)worker->process.pid);
	/* It may sleep by now, and was not to be woken for what has come in meanwhile. */
	pool->unserved = true;
}

static void do_look(struct worker *worker)
{
	intake_look(worker, false);
}

/* Nobody sits there any more, and everything of it is told. */
static void vacate(struct worker *worker)
{
	worker->state = WORKER_GONE;
	worker->pool->live--;
	staffing_worker_ended(worker->pool);
}

static void do_freed(struct worker *worker)
{
	struct pool *pool = worker->pool;

	/* It is not to be woken for what comes in now. */
	(void)!board_clear_sleeping(&pool->board, (size_t)(worker - pool->workers));
	intake_look(worker, true);
	if (!pool->options.reserve || worker->broken || atomic_load(&worker->seat->running) ||
	    ledger_claimed_by(&pool->ledger, worker->number) != QUEUE_NONE) {
		/* It cannot have let go of what it has. */
		roster_kill(worker);
		return;
	}
	loop_forget(pool->loop, &worker->channel);
	trace_event("worker_free", "\"worker\":\"%s\",\"worker_pid\":%ld", worker->process.name,
		    (long)worker->process.pid);
	pool->tally.worker_time += clock_now() - worker->started;
	recruiting_return(worker);
	vacate(worker);
}

static void roster_sentinel_ready(struct watch *watch, unsigned events UNUSED)
{
	happen(container_of(watch, struct worker, sentinel), WORKER_EXIT);
}

static void do_hangup(struct worker *worker)
{
	struct pool *pool = worker->pool;

	/* Makes room for the sentinel. */
	loop_forget(pool->loop, &worker->channel);
	fd_close(&worker->channel.fd);
	if (worker->state == WORKER_STARTING) {
		pool->starting--;
		worker->early = true;
	}
	worker->state = WORKER_LEAVING;
	if (process_is_alive(&worker->process) > 0) {
		/* Of no use without its channel. One that is exiting does so with the status it has. */
		roster_kill(worker);
		worker->sentinel = (struct watch){
			.fd = process_sentinel(&worker->process),
			.ready = roster_sentinel_ready,
			.context = pool->owner->context,
		};
		if (loop_watch(pool->loop, &worker->sentinel, LOOP_INPUT) == 0)
			return;
	}
	/* It has ended; or, where it cannot be watched, is waited for here: it was killed. */
	happen(worker, WORKER_EXIT);
}

static void do_exit(struct worker *worker)
{
	struct pool *pool = worker->pool;

	if (process_join(&worker->process, NSEC_FOREVER) < 0)
		BUG("a worker whose end cannot be taken");
	loop_forget(pool->loop, &worker->sentinel);
	trace_event("worker_exit", "\"worker\":\"%s\",\"worker_pid\":%ld,\"exit\":%d,\"signal\":%d",
		    worker->process.name, (long)worker->process.pid, worker->process.end.status,
		    worker->process.end.signal);
	pool->tally.worker_time += clock_now() - worker->started;
	pool->tally.workers_died += worker->process.end.signal != 0;
	intake_look(worker, true);
	give_back(worker);
	if (worker->early && !worker->unfit)
		*(worker->process.end.signal ? &pool->early_kills : &pool->early_ends) += 1;
	if (process_close(&worker->process) < 0)
		BUG("a worker that ended still runs");
	recruiting_lose(worker);
	vacate(worker);
}

/* What each event does in each state; where there is nothing, it cannot happen. */
static void (*const actions[WORKER_STATES][WORKER_EVENTS])(struct worker *) = {
	[WORKER_STARTING] = {[WORKER_HELLO] = do_hello, [WORKER_CALL] = do_look, [WORKER_HANGUP] = do_hangup},
	[WORKER_ACTIVE] = {[WORKER_CALL] = do_look, [WORKER_FREED] = do_freed, [WORKER_HANGUP] = do_hangup},
	[WORKER_LEAVING] = {[WORKER_EXIT] = do_exit},
};

static void happen(struct worker *worker, enum worker_event event)
{
	if (!actions[worker->state][event])
		BUG("an event that cannot happen in a worker's state");
	actions[worker->state][event](worker);
}

/* A worker has told for all that call, or it may have. */
static void look_at_callers(struct pool *pool)
{
	struct marks_walk walk = doorbells_scan(&pool->board.doorbells);
	size_t seat;

	/* What they say after they were told to end is in their rings, too, and taken at their ends. */
	while (!pool->hung_up && marks_next(&pool->board.doorbells.pending, &walk, &seat)) {
		/* What one left whose channel has closed is taken at its end. */
		if (actions[pool->workers[seat].state][WORKER_CALL])
			happen(&pool->workers[seat], WORKER_CALL);
	}
	if (!pool->hung_up)
		pool_rang(pool);
}

static void roster_channel_ready(struct watch *watch, unsigned events UNUSED)
{
	struct worker *worker = container_of(watch, struct worker, channel);
	struct pool *pool = worker->pool;
	struct message message;
	/* One at a time: mostly there is one, and the loop tells of the next. */
	int got = channel_receive(watch->fd, &message);

	while (got > 0 && message.fd_count)
		fd_close(&message.fds[--message.fd_count]);
	if (got < 0) {
		happen(worker, WORKER_HANGUP);
		/* Behind nonsense nothing is read, not even that. */
		look_at_callers(pool);
	}
	if (got <= 0 || pool->hung_up)
		return;
	if (message.type == MESSAGE_FREE && worker->state == WORKER_ACTIVE)
		happen(worker, WORKER_FREED);
	else if (message.type == MESSAGE_HELLO && worker->state == WORKER_STARTING)
		happen(worker, WORKER_HELLO);
	else if (message.type == MESSAGE_RING)
		look_at_callers(pool);
}

/* The first free seat, of those where the fewest have failed to set themselves up; NULL. */
static struct worker *free_seat(const struct pool *pool)
{
	struct worker *best = NULL;
	size_t seat;

	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (worker->state == WORKER_GONE && (!best || worker->unfit_before < best->unfit_before))
			best = worker;
	}
	return best;
}

bool roster_has_seat(const struct pool *pool, unsigned unfit_max)
{
	const struct worker *worker = free_seat(pool);

	return worker && worker->unfit_before < unfit_max;
}

/* Finds a process, tells it what it needs, and watches it. */
static int roster_begin(struct worker *worker, struct error *error)
{
	struct pool *pool = worker->pool;

	if (recruiting_find(worker, error) < 0)
		return -1;
	worker->channel.ready = roster_channel_ready;
	worker->channel.context = pool->owner->context;
	if (loop_watch(pool->loop, &worker->channel, LOOP_INPUT) < 0)
		return error_set_errno(error, errno, "%s", worker->process.name);
	/* One that was killed before it has heard anything was started all the same: its end is told by the loop. */
	if (recruiting_instruct(worker) < 0 && errno != EPIPE)
		return error_set_errno(error, errno, "%s", worker->process.name);
	return 0;
}

/* Takes back all that begin had done before it failed. */
static void undo(struct worker *worker)
{
	loop_forget(worker->pool->loop, &worker->channel);
	fd_close(&worker->channel.fd);
	if (worker->process.state == PROCESS_STARTED &&
	    (process_kill(&worker->process) < 0 || process_join(&worker->process, NSEC_FOREVER) < 0))
		BUG("a new worker cannot be ended");
	if (process_close(&worker->process) < 0)
		BUG("a worker that ended still runs");
	recruiting_lose(worker);
}

int roster_start(struct pool *pool, struct error *error)
{
	struct worker *worker = free_seat(pool);
	size_t seat;

	if (!worker)
		BUG("no seat for a worker");
	seat = (size_t)(worker - pool->workers);
	*worker = (struct worker){.pool = pool,
				  .channel.fd = -1,
				  .sentinel.fd = -1,
				  .unfit_before = worker->unfit_before,
				  .spare = pool->live >= pool->limit};
	board_reset(&pool->board, seat);
	worker->seat = board_seat(&pool->board, seat);
	worker->ring = board_ring(&pool->board, seat);
	worker->started = clock_now();
	/* Once it has heard anything it may have this process stopped from within here (SIGTTOU), and is to go on with
	 * it. */
	worker->state = WORKER_STARTING;
	if (roster_begin(worker, error) < 0) {
		undo(worker);
		worker->state = WORKER_GONE;
		return -1;
	}
	pool->last_number = worker->number;
	pool->live++;
	pool->starting++;
	return 0;
}

void roster_resume(struct pool *pool)
{
	bool taken;
	size_t seat;

	/* What one gives may be what another waits for, whichever seat is looked at first. */
	do {
		taken = false;
		for (seat = 0; seat < pool->seats; seat++) {
			struct worker *worker = &pool->workers[seat];

			if (worker->stalled && worker->state != WORKER_GONE)
				taken |= intake_look(worker, false);
		}
	} while (taken);
}

void roster_wake(struct worker *worker)
{
	if (!fault_at("wake") &&
	    channel_send(worker->channel.fd, MESSAGE_WAKE, (struct slice){.data = NULL}, NULL, 0) == 0)
		return;
	/* A worker that is gone needs none, and one with a full channel has unread ones that wake it as well. */
	if (errno == EPIPE || errno == EAGAIN)
		return;
	atomic_store(&worker->wake_owed, true);
	atomic_store(&worker->pool->wakes_at, clock_now() + WAKE_PERIOD);
}

nsec roster_deadline(const struct pool *pool)
{
	nsec at = atomic_load(&pool->wakes_at);

	return at ? at : NSEC_FOREVER;
}

void roster_tick(struct pool *pool)
{
	nsec at = atomic_load(&pool->wakes_at);
	size_t seat;

	if (!at || clock_now() < at)
		return;
	/* Before the flags are read: what fails meanwhile sets it anew. */
	atomic_store(&pool->wakes_at, 0);
	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (atomic_exchange(&worker->wake_owed, false) && worker->state != WORKER_GONE &&
		    worker->channel.fd >= 0)
			roster_wake(worker);
	}
}

void roster_kill(struct worker *worker)
{
	if (worker->process.state == PROCESS_STARTED && process_kill(&worker->process) < 0)
		BUG("a worker that cannot be killed");
}
