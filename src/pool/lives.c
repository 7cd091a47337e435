/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a worker: what each event does in each state.
 *
 *              HELLO        RUNG    FREED                       HANGUP              EXIT
 *   STARTING   -> ACTIVE    take    -                           -> LEAVING          -
 *   ACTIVE     -            take    -> GONE (to the reserve)    -> LEAVING          -
 *   LEAVING    -            -       -                           -                   -> GONE, give back
 *
 * The channel's end of file and the end of the process are two halves of one end. The channel shows every death, since
 * no other process has its other end; so a process is watched (by a pidfd) only once its channel has closed, and a
 * worker costs the parent, and all that it forks, one descriptor. The process's end is the one that counts: only then
 * is what the worker left in shared memory final. The end of a worker, with the events on both sides:
 *
 *   worker                                    | parent
 *   ------------------------------------------+---------------------------------------------------------------
 *   dies: the kernel closes its channel;      |
 *   its task gets SIGKILL (PR_SET_PDEATHSIG)  |
 *                                             | HANGUP: closes the channel; the process may still be ending
 *                                             | still alive: SIGKILL (the channel alone may have closed); pidfd
 *   process ends: its memory is final         |
 *                                             | EXIT: waits for the process
 *                                             | takes all packets left in the ring, without asking accepts
 *                                             | kills the group of the task that it ran, gives back its rows
 *                                             | frees the seat: only now may the next worker have it
 *
 * A worker may be killed at any point. What the parent then finds, and what happens to the task:
 *
 *   Worker                            Parent finds                      the task
 *   claims a row                      row claimed, nothing begun        given back
 *   seat.task = 0, seat.running = i   running, not begun                given back
 *   starts a process: seat.task       running, begun, a group           lost, its process group killed
 *   its group ends: SEAT_BEGUN        running, begun, no group          lost
 *   or writes output without one      running, begun, no group          lost: its output may have been taken
 *   entry.next = i + 1                running, begun, no group          lost
 *   commits the result to its ring    a result                          counts
 *   seat.running = 0                  a result                          counts
 *
 * After a protocol violation results remain unread in the worker's ring: every task that was begun, has no result and
 * is held by no other worker is lost (lose_unaccounted). The same is done where the dead worker's results and running
 * task do not explain all that was begun of a row, as where other workers began it.
 *
 * Where a command stays (options.refeeds) nothing is lost: whatever was begun and has no result is fed to another
 * command, from the first task of each row without a result on, and output held of it is forgotten.
 */
#include "pool/lives.h"

#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "pool/intake.h"
#include "pool/outcomes.h"
#include "pool/recruiting.h"
#include "pool/roster.h"
#include "pool/shortage.h"
#include "pool/staffing.h"

#include <inttypes.h>

/* How long the end of a task that was killed is waited for: what it has locked is then another's. */
#define GROUP_END_MAX (500 * NSEC_PER_MSEC)

enum worker_event {
	/* The worker is set up. */
	WORKER_HELLO,
	/* The worker has packets, or is idle; possibly before its HELLO is read. */
	WORKER_RUNG,
	/* The worker was asked to leave, and has released everything. */
	WORKER_FREED,
	/* The end of file on its channel. */
	WORKER_HANGUP,
	/* The end of its process. */
	WORKER_EXIT,
	WORKER_EVENTS,
};

static void happen(struct worker *worker, enum worker_event event);

/* Takes packets from a worker, and passes on what they say about it. Returns true if anything was taken. */
static bool take_packets(struct worker *worker, bool ended)
{
	struct worker_intake *found = &worker->intake;
	bool taken = intake_take(worker, ended);
	int starved;

	if (found->progressed) {
		found->progressed = false;
		shortage_progressed(worker->pool);
	}
	if (found->initialized) {
		found->initialized = false;
		shortage_initialized(worker);
	}
	if ((starved = found->starved)) {
		found->starved = 0;
		shortage_starved(worker->pool, starved);
	}
	return taken;
}

/* True if another worker runs this task, or has packets about it that are still to be taken. */
static bool is_held_by_other(const struct worker *dead, uint64_t index)
{
	const struct crew *crew = &dead->pool->crew;
	size_t seat;

	for (seat = 0; seat < crew->seats; seat++) {
		const struct worker *worker = &crew->workers[seat];

		if (worker != dead && worker->state != WORKER_GONE && intake_has_task(worker, index))
			return true;
	}
	return false;
}

/* Loses every task of all rows that was begun, has no result, and is held by no worker but the dead one. */
static void lose_unaccounted(struct worker *worker)
{
	struct ledger *ledger = &worker->pool->ledger;
	size_t row;

	for (row = 0; row < ledger->queue.rows; row++) {
		const struct chunk chunk = ledger->rows[row].chunk;
		uint64_t index, end = chunk.count ? ledger_begun(ledger, row) : 0;

		for (index = chunk.first; index < end; index++) {
			/* The row may be freed meanwhile, and hold another chunk. */
			if (ledger_has(ledger, row, index, chunk.attempt) && !is_held_by_other(worker, index))
				outcomes_lose(worker, row, index, 0, 0);
		}
	}
}

/* Publishes a row anew from its first task without a result. */
static void refeed_row(struct pool *pool, size_t row)
{
	const struct ledger_row *known = &pool->ledger.rows[row];
	uint64_t next = ledger_next(&pool->ledger, row);

	pool->owner->on_forget(pool->owner, next, known->outstanding, known->chunk.attempt);
	ledger_give_back(&pool->ledger, row, next);
}

/* Publishes the rows anew that a worker returned after answers which nobody can read. */
static void refeed_returned(struct worker *worker)
{
	struct ledger *ledger = &worker->pool->ledger;
	size_t row;

	for (row = 0; row < ledger->queue.rows; row++) {
		uint64_t returned = ledger->rows[row].chunk.count ? ledger_returned(ledger, row) : 0;

		if (!returned)
			continue;
		intake_catch_up(worker, row, returned);
		/* A worker that has claimed it meanwhile is replaced after its first result. */
		if (ledger->rows[row].chunk.count && ledger_next(ledger, row) < returned && ledger_retract(ledger, row))
			refeed_row(worker->pool, row);
	}
}

/* Returns all tasks without results that a dead worker had claimed: other workers feed them to their commands. */
static void refeed(struct worker *worker)
{
	struct ledger *ledger = &worker->pool->ledger;
	pid_t group = seat_group(worker->seat);
	size_t row;

	/* Its command waits for records even where none is in work. */
	if (group)
		command_end_group(group, GROUP_END_MAX);
	while ((row = ledger_claimed_by(ledger, worker->number)) != QUEUE_NONE) {
		intake_catch_up(worker, row, ledger_returned(ledger, row));
		outcomes_blame(worker, row);
		/* Whatever it has fed: a command may kill its worker each time. */
		worker->fitness.early |= !worker->last.result;
		if (ledger_claimed_by(ledger, worker->number) == row)
			refeed_row(worker->pool, row);
	}
	if (worker->intake.broken)
		refeed_returned(worker);
}

/* Returns the tasks that a dead worker had claimed: those it had not begun to the queue, the others are lost. */
static void give_back(struct worker *worker)
{
	struct pool *pool = worker->pool;
	struct claim_facts facts = {
		.running = atomic_load(&worker->seat->running),
		.running_attempt = atomic_load(&worker->seat->attempt),
		.result = worker->last.result,
		.result_attempt = worker->last.attempt,
		.broken = worker->intake.broken,
	};
	nsec started = atomic_load(&worker->seat->started);
	pid_t group = seat_group(worker->seat);
	bool accounted = !facts.broken;
	size_t row;

	/* A task that has its result does not run any more. */
	if (facts.running == facts.result && facts.running_attempt == facts.result_attempt)
		facts.running = 0;
	facts.has_begun = worker->seat->task != 0;
	if (group && (facts.running || atomic_load(&worker->seat->has_hook)))
		command_end_group(group, GROUP_END_MAX);
	while ((row = ledger_claimed_by(&pool->ledger, worker->number)) != QUEUE_NONE) {
		struct claim_state claim = ledger_judge_claim(&pool->ledger, row, &facts);

		/* It claimed a chunk and began none of it: it counts as an early end. */
		worker->fitness.early |= !worker->last.result && claim.rest == pool->ledger.rows[row].chunk.first;
		accounted &= claim.accounted;
		ledger_give_back(&pool->ledger, row, claim.rest);
	}
	/* Last, since settling a chunk's last task frees its row. The rest of the chunk may be with others already. */
	if (facts.running && facts.has_begun) {
		row = ledger_find(&pool->ledger, facts.running - 1, facts.running_attempt);
		if (row != QUEUE_NONE && facts.running <= ledger_begun(&pool->ledger, row) &&
		    !is_held_by_other(worker, facts.running - 1))
			outcomes_lose(worker, row, facts.running - 1, group, started);
	}
	if (!accounted)
		lose_unaccounted(worker);
}

static void do_hello(struct worker *worker)
{
	struct pool *pool = worker->pool;

	worker->state = WORKER_ACTIVE;
	worker->fitness.unfit_in_row = 0;
	pool->crew.starting--;
	trace_event("worker_ready", "\"worker\":\"%s\",\"worker_pid\":%ld", worker->process.name,
		    (long)worker->process.pid);
	/* The worker may sleep by now, and was not woken for chunks submitted meanwhile. */
	pool->staffing.unserved = true;
}

static void do_take(struct worker *worker)
{
	take_packets(worker, false);
}

/* Frees the seat once all events of its worker are handled. */
static void vacate(struct worker *worker)
{
	worker->state = WORKER_GONE;
	worker->pool->crew.live--;
	staffing_worker_ended(worker->pool);
}

static void do_freed(struct worker *worker)
{
	struct pool *pool = worker->pool;

	/* The worker is not to be woken for chunks submitted from now on. */
	(void)!board_clear_sleeping(&pool->board, worker_seat(worker));
	take_packets(worker, true);
	if (!pool->options.reserve || worker->intake.broken || atomic_load(&worker->seat->running) ||
	    ledger_claimed_by(&pool->ledger, worker->number) != QUEUE_NONE) {
		/* The worker has not released everything. */
		roster_kill(worker);
		return;
	}
	loop_forget(pool->options.loop, &worker->channel);
	trace_event("worker_free", "\"worker\":\"%s\",\"worker_pid\":%ld", worker->process.name,
		    (long)worker->process.pid);
	pool->tally.worker_time += clock_now() - worker->started;
	recruiting_return(worker);
	vacate(worker);
}

static void lives_sentinel_ready(struct watch *watch, unsigned events UNUSED)
{
	happen(container_of(watch, struct worker, sentinel), WORKER_EXIT);
}

static void do_hangup(struct worker *worker)
{
	struct pool *pool = worker->pool;

	/* Makes room for the sentinel. */
	loop_forget(pool->options.loop, &worker->channel);
	fd_close(&worker->channel.fd);
	if (worker->state == WORKER_STARTING) {
		pool->crew.starting--;
		worker->fitness.early = true;
	}
	worker->state = WORKER_LEAVING;
	if (process_is_alive(&worker->process) > 0) {
		/* Useless without its channel. A worker that is exiting keeps its exit status. */
		roster_kill(worker);
		worker->sentinel = (struct watch){
			.fd = process_sentinel(&worker->process),
			.ready = lives_sentinel_ready,
			.context = pool->owner->context,
		};
		if (loop_watch(pool->options.loop, &worker->sentinel, LOOP_INPUT) == 0)
			return;
	}
	/* The process has ended, or was killed and cannot be watched: its end is waited for here. */
	happen(worker, WORKER_EXIT);
}

static void do_exit(struct worker *worker)
{
	struct pool *pool = worker->pool;

	if (process_join(&worker->process, NSEC_FOREVER) < 0)
		BUG("a worker whose end cannot be taken");
	loop_forget(pool->options.loop, &worker->sentinel);
	trace_event("worker_exit", "\"worker\":\"%s\",\"worker_pid\":%ld,\"exit\":%d,\"signal\":%d",
		    worker->process.name, (long)worker->process.pid, worker->process.end.status,
		    worker->process.end.signal);
	pool->tally.worker_time += clock_now() - worker->started;
	pool->tally.workers_died += worker->process.end.signal != 0;
	take_packets(worker, true);
	if (pool->options.refeeds)
		refeed(worker);
	else
		give_back(worker);
	if (worker->fitness.early && !worker->fitness.unfit)
		shortage_ended_early(pool, worker->process.end.signal != 0);
	if (process_close(&worker->process) < 0)
		BUG("a worker that ended still runs");
	recruiting_lose(worker);
	vacate(worker);
}

/* The table above; an empty cell cannot happen. */
static void (*const actions[WORKER_STATES][WORKER_EVENTS])(struct worker *) = {
	[WORKER_STARTING] = {[WORKER_HELLO] = do_hello, [WORKER_RUNG] = do_take, [WORKER_HANGUP] = do_hangup},
	[WORKER_ACTIVE] = {[WORKER_RUNG] = do_take, [WORKER_FREED] = do_freed, [WORKER_HANGUP] = do_hangup},
	[WORKER_LEAVING] = {[WORKER_EXIT] = do_exit},
};

static void happen(struct worker *worker, enum worker_event event)
{
	if (!actions[worker->state][event])
		BUG("an event that cannot happen in a worker's state");
	actions[worker->state][event](worker);
}

/* Takes packets from every worker that has a mark. After a RING, or when one may have been lost. */
static void scan_callers(struct pool *pool)
{
	struct marks_walk walk = doorbells_scan(&pool->board.doorbells);
	size_t seat;

	/* Packets that were committed after a hang-up are in the rings as well, and are taken at the workers' ends. */
	while (!pool->closing.hung_up && marks_next(&pool->board.doorbells.pending, &walk, &seat)) {
		/* So are those of a worker whose channel has closed. */
		if (actions[pool->crew.workers[seat].state][WORKER_RUNG])
			happen(&pool->crew.workers[seat], WORKER_RUNG);
	}
	if (!pool->closing.hung_up)
		staffing_scanned(pool);
}

void lives_channel_ready(struct watch *watch, unsigned events UNUSED)
{
	struct worker *worker = container_of(watch, struct worker, channel);
	struct pool *pool = worker->pool;
	struct message message;
	/* A single message: mostly there is no other, and the loop reports the next. */
	int got = channel_receive(watch->fd, &message);

	while (got > 0 && message.fd_count)
		fd_close(&message.fds[--message.fd_count]);
	if (got < 0) {
		happen(worker, WORKER_HANGUP);
		/* A RING that followed a malformed message was not read. */
		scan_callers(pool);
	}
	if (got <= 0 || pool->closing.hung_up)
		return;
	if (message.type == MESSAGE_FREE && worker->state == WORKER_ACTIVE)
		happen(worker, WORKER_FREED);
	else if (message.type == MESSAGE_HELLO && worker->state == WORKER_STARTING)
		happen(worker, WORKER_HELLO);
	else if (message.type == MESSAGE_RING)
		scan_callers(pool);
}

void lives_resume(struct pool *pool)
{
	bool taken;
	size_t seat;

	/* Packets of one worker may be what another waits for, in any order of seats. */
	do {
		taken = false;
		for (seat = 0; seat < pool->crew.seats; seat++) {
			struct worker *worker = &pool->crew.workers[seat];

			if (worker->intake.stalled && worker->state != WORKER_GONE)
				taken |= take_packets(worker, false);
		}
	} while (taken);
}
