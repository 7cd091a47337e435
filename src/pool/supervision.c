/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals to running tasks, and workers that let a task exceed its time or are stopped.
 *
 * The kernel writes a task's pid into its worker's seat before the task runs, so a signal finds it there:
 *
 *   seat.running   seat.task   the task's process                 a signal is
 *   0              any         none                               not needed: the worker sees the gate or the notice
 *   set            0           about to be started                owed: tried again every OWED_PERIOD
 *   set            SEAT_BEGUN  ended, and so has its group        not needed
 *   set            set         not yet the leader of its group    owed
 *   set            set         leads its group                    sent to the group
 *   set            set         waited for; the pid is free        sent by number: to what is left of the group
 *   set            set         the pid is another process's       owed, until the worker clears either
 *
 * SEAT_BEGUN is set as soon as the worker finds the group gone. Between its wait for the task and that the pid may
 * become another process's. A pidfd holds on to the process that has the pid now; it is the task, or another task of
 * the worker, if its parent is the worker, or the watcher of an adapter (command_signal_group_of).
 *
 * Freezing runs in a signal handler, at any point of the main code. It reads and writes nothing but
 *
 *   pool->crew.workers, crew.seats       set once by pool_new
 *   worker->state                        set last by roster_start, first by the end of a worker
 *   worker->seat, worker->pool           set by roster_start before the state
 *   worker->process.pid                  set by roster_start before the state
 *   worker->channel.fd                   -1 or open: closed by fd_close, which sets -1 afterwards; a WAKE to a number
 *                                        that is closed in between fails and is remembered
 *   worker->wake_owed, crew.wakes_at     atomic
 *   supervision.thawed_at                written by pool_thaw, read by the check of time limits
 *   the board                            shared with other processes: atomic throughout
 *
 * A worker that a signal stops (a task's kill -STOP $PPID) ends no task and does not die, so nothing else shows it.
 * SIGCHLD announces stops, and costs nothing while there are none; as it announces ends, too, workers are checked
 * STOP_PERIOD later, once for all that happened meanwhile:
 *
 *   a check finds the worker     the worker is
 *   not stopped                  running: its task continues
 *   stopped, for the first time  checked every STOP_PERIOD
 *   stopped for STOP_TIME        reported, once; the SIGCHLD of its SIGCONT brings the next check
 *   stopped, but a check late    counted from now: this process was stopped as well, and workers may be continued later
 */
#include "pool/supervision.h"

#include "base/diag.h"
#include "base/trace.h"
#include "process/command.h"
#include "process/signals.h"
#include "pool/roster.h"

#include <inttypes.h>

/* Nanoseconds between tries to reach a task that is being started. */
#define OWED_PERIOD (2 * NSEC_PER_MSEC)

/* Nanoseconds after a task's limit and grace in which a worker that lives has ended it. */
#define SLACK NSEC_PER_SEC

/*
 * Nanoseconds after the grace time in which a worker that lives has committed the result of a task whose process has
 * ended, if the parent takes its packets: many times what the worker itself allows for leftovers and open pipes.
 */
#define SETTLE_TIME (10 * NSEC_PER_SEC)

/* Nanoseconds between checks of time limits. */
#define WATCH_PERIOD (500 * NSEC_PER_MSEC)
/* Where calls are ended by such a check alone: the least of that, and checks in the time of a limit. */
#define WATCH_PERIOD_MIN (10 * NSEC_PER_MSEC)
enum { WATCHES_PER_LIMIT = 8 };

/* Nanoseconds until workers are checked for stops, and between these checks. */
#define STOP_PERIOD (500 * NSEC_PER_MSEC)

/* Nanoseconds for which a worker is stopped until that is reported. */
#define STOP_TIME (5 * NSEC_PER_SEC)

/* Nanoseconds by which a check of limits or for stops is late if this process was stopped itself (SIGSTOP). */
#define STOP_LATE (500 * NSEC_PER_MSEC)

/* Nanoseconds that count of the time before such a check: it may only have been late, as all are on a busy machine. */
#define STOP_COUNTED (100 * NSEC_PER_MSEC)

/* Returns the process group of the task that a worker runs; 0 if there is none (yet, or any more). */
static pid_t running_task(const struct worker *worker)
{
	if (worker->state == WORKER_GONE || !atomic_load(&worker->seat->running))
		return 0;
	return seat_group(worker->seat);
}

/* Signals a worker itself, and what a call in it has started. True, since it can be reached. */
static bool signal_call(struct worker *worker, int signal)
{
	bool denied;

	worker->is_struck |= signal == SIGKILL;
	(void)!process_signal(&worker->process, signal);
	command_signal_group(worker->process.pid, -1, signal, &denied);
	if (signal != SIGKILL)
		command_signal_group(worker->process.pid, -1, SIGCONT, &denied);
	return true;
}

/* Signals the task that a worker runs. False if its process cannot be reached yet. */
static bool signal_task(struct worker *worker, int signal)
{
	pid_t task = running_task(worker);
	bool denied;

	if (worker->state == WORKER_GONE || !atomic_load(&worker->seat->running))
		return true;
	if (worker->pool->options.calls)
		return signal_call(worker, signal);
	if (!task || !command_signal_group_of(seat_parent(worker->seat, worker->process.pid), task, signal, &denied))
		return worker->seat->task == SEAT_BEGUN;
	/* A stopped process receives it only once it continues. */
	if (signal != SIGKILL)
		command_signal_group_of(seat_parent(worker->seat, worker->process.pid), task, SIGCONT, &denied);
	return true;
}

void supervision_signal(struct pool *pool, int signal)
{
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		worker->signal_owed = signal_task(worker, signal) ? 0 : signal;
		if (worker->signal_owed)
			pool->supervision.owed_at = clock_now() + OWED_PERIOD;
	}
}

/* Tries the signals that are owed again. */
static void pay_signals(struct pool *pool)
{
	size_t seat;

	if (!pool->supervision.owed_at || clock_now() < pool->supervision.owed_at)
		return;
	pool->supervision.owed_at = 0;
	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		if (worker->signal_owed && signal_task(worker, worker->signal_owed))
			worker->signal_owed = 0;
		if (worker->signal_owed)
			pool->supervision.owed_at = clock_now() + OWED_PERIOD;
	}
}

/* Sends a signal to every task that has a process. Async-signal-safe. */
static void signal_started(struct pool *pool, int signal)
{
	size_t seat;
	bool denied;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];
		pid_t task = running_task(worker);

		if (pool->options.calls && worker->state != WORKER_GONE &&
		    (signal != SIGSTOP || atomic_load(&worker->seat->running)))
			command_signal_group(worker->process.pid, -1, signal, &denied);
		if (task && (signal != SIGSTOP || atomic_load(&worker->seat->executed)))
			command_signal_group_of(seat_parent(worker->seat, worker->process.pid), task, signal, &denied);
	}
}

void supervision_freeze(struct pool *pool)
{
	struct notice *notice = board_notice(&pool->board);

	/* A worker that starts a task in this moment sees it, and stops that itself. */
	if (!atomic_load(&notice->stopped_at))
		atomic_store(&notice->stopped_at, clock_now());
	if (!pool->options.terminal)
		signal_started(pool, SIGSTOP);
}

void supervision_thaw(struct pool *pool)
{
	struct notice *notice = board_notice(&pool->board);
	int64_t since = atomic_load(&notice->stopped_at);

	if (!since)
		return;
	atomic_fetch_add(&notice->stopped_for, clock_now() - since);
	pool->supervision.thawed_at = clock_now();
	atomic_store(&notice->stopped_at, 0);
	if (!pool->options.terminal)
		signal_started(pool, SIGCONT);
	roster_wake_all(pool);
}

void supervision_set_timeout(struct pool *pool, nsec timeout)
{
	int64_t before = atomic_exchange(&board_notice(&pool->board)->timeout, timeout);

	/* A worker that waits without a limit, or with a longer one, has to check it again. */
	if (timeout && (!before || timeout < before))
		roster_wake_all(pool);
}

/* True if any task may have a time limit. */
static bool limits_time(const struct pool *pool)
{
	return pool->options.has_limits || atomic_load(&board_notice(&pool->board)->timeout);
}

/* Returns the time between checks of limits: short where nobody else ends a task that takes too long. */
static nsec watch_period(const struct pool *pool)
{
	nsec part = atomic_load(&board_notice(&pool->board)->timeout) / WATCHES_PER_LIMIT;

	if (!pool->options.calls || part > WATCH_PERIOD)
		return WATCH_PERIOD;
	return part < WATCH_PERIOD_MIN ? WATCH_PERIOD_MIN : part;
}

/* Returns the limit that a worker's task has exceeded although the worker should have ended it, 0 if none. */
static nsec exceeded_limit(const struct worker *worker, nsec now)
{
	const struct pool *pool = worker->pool;
	const struct worker_excuse *excuse = &worker->excuse;
	nsec timeout, since, late = pool->options.calls ? 0 : pool->options.grace + SLACK;

	if (pool->options.calls ? !atomic_load(&worker->seat->running) : !running_task(worker))
		return 0;
	timeout = atomic_load(&worker->seat->limit);
	timeout = timeout ? timeout : atomic_load(&board_notice(&pool->board)->timeout);
	/* While the run was stopped, time stood still. */
	since = atomic_load(&worker->seat->started);
	since = since < pool->supervision.thawed_at ? pool->supervision.thawed_at : since;
	if (excuse->running == atomic_load(&worker->seat->running) &&
	    excuse->attempt == atomic_load(&worker->seat->attempt))
		since += excuse->time;
	/* Subtracted, since a limit may be the longest time there is (SEAT_UNLIMITED). */
	return timeout && now - since - late > timeout ? timeout : 0;
}

/* True if the process of the worker's task ended long ago, and its result has not come. */
static bool is_stuck_settling(struct worker *worker, nsec now)
{
	uint64_t running = atomic_load(&worker->seat->running);
	uint32_t attempt = atomic_load(&worker->seat->attempt);
	struct worker_settling *settling = &worker->settling;

	/* In a command that stays a task may wait for others, or for more input: its worker sees to that. */
	if (!running || atomic_load(&worker->seat->limit) != SEAT_UNLIMITED || worker->intake.stalled ||
	    worker->pool->options.refeeds) {
		settling->since = 0;
		return false;
	}
	if (!settling->since || settling->running != running || settling->attempt != attempt ||
	    settling->since < worker->pool->supervision.thawed_at)
		*settling = (struct worker_settling){.running = running, .attempt = attempt, .since = now};
	return now - settling->since > worker->pool->options.grace + SETTLE_TIME;
}

/* Excuses a worker, up to now, for time in which this process was stopped: it may have been stopped as well. */
static void excuse_worker(struct worker *worker, nsec now, nsec time)
{
	struct worker_excuse *excuse = &worker->excuse;
	uint64_t running = atomic_load(&worker->seat->running);
	uint32_t attempt = atomic_load(&worker->seat->attempt);
	nsec age = now - atomic_load(&worker->seat->started);

	if (excuse->running != running || excuse->attempt != attempt)
		*excuse = (struct worker_excuse){.running = running, .attempt = attempt};
	/* The task may have been started after the stop. */
	excuse->time += time < age ? time : age;
	if (worker->settling.since)
		worker->settling.since += time;
}

/* Excuses all workers if the check of limits is late: this process was stopped. */
static void note_own_stop(struct pool *pool, nsec now)
{
	const struct supervision *supervision = &pool->supervision;
	nsec period = watch_period(pool), before = supervision->watch_at - period;
	size_t seat;

	/* The run was stopped, too: that is known. */
	if (before < supervision->thawed_at)
		before = supervision->thawed_at;
	if (!supervision->watch_at || now - before <= period + STOP_LATE)
		return;
	for (seat = 0; seat < pool->crew.seats; seat++) {
		if (pool->crew.workers[seat].state != WORKER_GONE)
			excuse_worker(&pool->crew.workers[seat], now, now - before - STOP_COUNTED);
	}
}

/* Kills the workers that let a task exceed its time, and those that do not settle a task that has ended. */
static void check_limits(struct pool *pool)
{
	nsec now = clock_now(), limit;
	size_t seat;

	if (!limits_time(pool) || now < pool->supervision.watch_at)
		return;
	note_own_stop(pool, now);
	pool->supervision.watch_at = now + watch_period(pool);
	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];
		uint64_t running;

		if (worker->state == WORKER_GONE || worker->overdue.limit)
			continue;
		if (is_stuck_settling(worker, now)) {
			trace_event("worker_overdue", "\"worker\":\"%s\"", worker->process.name);
			roster_kill(worker);
			continue;
		}
		/* A worker whose packets are not taken waits for the parent, not the parent for it. */
		if (worker->intake.stalled)
			continue;
		running = atomic_load(&worker->seat->running);
		limit = exceeded_limit(worker, now);
		if (!limit)
			continue;
		/* Read last: if the worker has begun another task by now, it is not stuck. */
		worker->overdue.attempt = atomic_load(&worker->seat->attempt);
		if (atomic_load(&worker->seat->running) != running)
			continue;
		trace_event("worker_overdue", "\"worker\":\"%s\"", worker->process.name);
		worker->overdue.index = running - 1;
		worker->overdue.limit = limit;
		signal_call(worker, SIGKILL);
		roster_kill(worker);
	}
}

void supervision_suspect(struct pool *pool)
{
	/* Workers that leave are killed in time. */
	if (!pool->supervision.stops_at && !pool->closing.begun)
		pool->supervision.stops_at = clock_now() + STOP_PERIOD;
}

static void report_stop(const struct worker *worker)
{
	uint64_t running = atomic_load(&worker->seat->running);
	char task[64] = "";

	if (running)
		snprintf(task, sizeof task, ", so #%" PRIu64 " does not end", running);
	diag_note("%s (pid %ld) is stopped%s; kill -CONT %ld continues it", worker->process.name,
		  (long)worker->process.pid, task, (long)worker->process.pid);
}

/* Checks which workers are stopped, and reports those that have been for STOP_TIME. */
static void check_stops(struct pool *pool)
{
	struct supervision *supervision = &pool->supervision;
	nsec now, late_at = supervision->stops_at + STOP_LATE;
	size_t seat;

	if (!supervision->stops_at || (now = clock_now()) < supervision->stops_at)
		return;
	supervision->stops_at = 0;
	supervision->stopped = 0;
	for (seat = 0; seat < pool->crew.seats && !pool->closing.begun; seat++) {
		struct worker *worker = &pool->crew.workers[seat];
		struct worker_stop *stop = &worker->stop;

		if (worker->state == WORKER_GONE || !process_is_stopped(&worker->process)) {
			stop->since = 0;
			continue;
		}
		if (!stop->since || now >= late_at)
			stop->since = now;
		if (now - stop->since < STOP_TIME) {
			supervision->stops_at = now + STOP_PERIOD;
			continue;
		}
		supervision->stopped++;
		if (!stop->reported)
			report_stop(worker);
		stop->reported = true;
	}
}

nsec supervision_deadline(const struct pool *pool)
{
	nsec owed = pool->supervision.owed_at ? pool->supervision.owed_at : NSEC_FOREVER;
	nsec watch = limits_time(pool) && pool->crew.live ? pool->supervision.watch_at : NSEC_FOREVER;
	nsec stops = pool->supervision.stops_at ? pool->supervision.stops_at : NSEC_FOREVER;

	watch = watch < stops ? watch : stops;
	return owed < watch ? owed : watch;
}

void supervision_tick(struct pool *pool)
{
	pay_signals(pool);
	check_limits(pool);
	check_stops(pool);
}
