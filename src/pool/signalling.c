/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals to running tasks, whose pids the kernel writes into their workers' seats before they run. */
#include "pool/signalling.h"

#include "process/command.h"
#include "process/signals.h"
#include "pool/roster.h"

/* How often it is tried to reach a task that is being started. */
#define OWED_PERIOD (2 * NSEC_PER_MSEC)

/* The process of the task that a worker runs; 0 when there is none (yet). */
static pid_t running_task(const struct worker *worker)
{
	pid_t task;

	if (worker->state == WORKER_GONE || !atomic_load(&worker->seat->running))
		return 0;
	/* Read once: what is checked is what is used. 1 and -1 would signal every process. */
	task = worker->seat->task;
	return task > 1 ? task : 0;
}

/* Signals the task a worker runs: false when it is about to start one that cannot be reached yet. */
static bool signal_task(struct worker *worker, int signal)
{
	pid_t task = running_task(worker);
	bool denied;

	if (worker->state == WORKER_GONE || !atomic_load(&worker->seat->running))
		return true;
	/* No process yet, or not the leader of its group yet. */
	if (!task || !command_signal_group(task, signal, &denied))
		return false;
	/* A stopped process gets it only once it goes on. */
	if (signal != SIGKILL)
		command_signal_group(task, SIGCONT, &denied);
	return true;
}

void pool_signal_tasks(struct pool *pool, int signal)
{
	size_t seat;

	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		worker->owed = signal_task(worker, signal) ? 0 : signal;
		if (worker->owed)
			pool->owed_at = clock_now() + OWED_PERIOD;
	}
}

nsec signalling_deadline(const struct pool *pool)
{
	return pool->owed_at ? pool->owed_at : NSEC_FOREVER;
}

void signalling_tick(struct pool *pool)
{
	size_t seat;

	if (!pool->owed_at || clock_now() < pool->owed_at)
		return;
	pool->owed_at = 0;
	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (worker->owed && signal_task(worker, worker->owed))
			worker->owed = 0;
		if (worker->owed)
			pool->owed_at = clock_now() + OWED_PERIOD;
	}
}

/* Sends a signal to every task that has a process. Async-signal-safe. */
static void signal_started(struct pool *pool, int signal)
{
	size_t seat;
	bool denied;

	for (seat = 0; seat < pool->seats; seat++) {
		pid_t task = running_task(&pool->workers[seat]);

		if (task && (signal != SIGSTOP || atomic_load(&pool->workers[seat].seat->executed)))
			command_signal_group(task, signal, &denied);
	}
}

void signalling_wake_all(struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (worker->state != WORKER_GONE && worker->channel.fd >= 0)
			roster_wake(worker);
	}
}

void pool_freeze(struct pool *pool)
{
	struct notice *notice = board_notice(&pool->board);

	/* A worker that starts a task in this moment sees it, and stops that itself. */
	if (!atomic_load(&notice->stopped_at))
		atomic_store(&notice->stopped_at, clock_now());
	if (!pool->options.terminal)
		signal_started(pool, SIGSTOP);
}

void pool_thaw(struct pool *pool)
{
	struct notice *notice = board_notice(&pool->board);
	int64_t since = atomic_load(&notice->stopped_at);

	if (!since)
		return;
	atomic_fetch_add(&notice->stopped_for, clock_now() - since);
	pool->thawed_at = clock_now();
	atomic_store(&notice->stopped_at, 0);
	if (!pool->options.terminal)
		signal_started(pool, SIGCONT);
	signalling_wake_all(pool);
}

void pool_set_timeout(struct pool *pool, nsec timeout)
{
	struct notice *notice = board_notice(&pool->board);
	int64_t before = atomic_exchange(&notice->timeout, timeout);

	/* Whoever waits without a limit, or with a longer one, has to look at it anew. */
	if (timeout && (!before || timeout < before))
		signalling_wake_all(pool);
}
