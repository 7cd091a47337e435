/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seats of a pool and the workers in them.
 *
 * A WAKE may not be lost: its sender has cleared the flag that made it necessary (parked, the ring's wanting), so that
 * no other WAKE would be sent.
 *
 *   sendmsg of a WAKE    the worker                               the parent
 *   0                    receives it                              -
 *   EPIPE                is gone                                  receives the channel's end of file
 *   EAGAIN               has unread messages, which wake it       -
 *   ENOBUFS, ENOMEM ...  sleeps                                   sets wake_owed, tries again after WAKE_PERIOD
 */
#include "pool/roster.h"

#include "base/fault.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "pool/recruiting.h"

#include <errno.h>

/* Nanoseconds until a WAKE that could not be sent is tried again. */
#define WAKE_PERIOD (2 * NSEC_PER_MSEC)

/* Returns the first free seat of those where the fewest consecutive workers were unfit, NULL if none. */
static struct worker *free_seat(const struct pool *pool)
{
	struct worker *best = NULL;
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		if (worker->state == WORKER_GONE &&
		    (!best || worker->fitness.unfit_in_row < best->fitness.unfit_in_row))
			best = worker;
	}
	return best;
}

bool roster_has_seat(const struct pool *pool, unsigned unfit_max)
{
	const struct worker *worker = free_seat(pool);

	return worker && worker->fitness.unfit_in_row < unfit_max;
}

/* Finds a process for a worker, watches its channel, and sends its setup. -1 with the error. */
static int roster_begin(struct worker *worker, struct error *error)
{
	struct pool *pool = worker->pool;

	if (recruiting_find(worker, error) < 0)
		return -1;
	worker->channel.ready = pool->crew.channel_ready;
	worker->channel.context = pool->owner->context;
	if (loop_watch(pool->options.loop, &worker->channel, LOOP_INPUT) < 0)
		return error_set_errno(error, errno, "%s", worker->process.name);
	/* A worker that was killed before it received anything has been started: its end shows in the loop. */
	if (recruiting_instruct(worker) < 0 && errno != EPIPE)
		return error_set_errno(error, errno, "%s", worker->process.name);
	return 0;
}

/* Undoes what roster_begin had done before it failed. */
static void undo(struct worker *worker)
{
	loop_forget(worker->pool->options.loop, &worker->channel);
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
	*worker = (struct worker){.pool = pool,
				  .channel.fd = -1,
				  .sentinel.fd = -1,
				  .fitness.unfit_in_row = worker->fitness.unfit_in_row,
				  .spare = pool->crew.live >= pool->staffing.limit};
	seat = worker_seat(worker);
	board_reset(&pool->board, seat);
	worker->seat = board_seat(&pool->board, seat);
	worker->ring = board_ring(&pool->board, seat);
	worker->started = clock_now();
	/* Before it can receive anything: it may have this process stopped (SIGTTOU), and is woken by the thaw. */
	worker->state = WORKER_STARTING;
	if (roster_begin(worker, error) < 0) {
		undo(worker);
		worker->state = WORKER_GONE;
		return -1;
	}
	pool->crew.last_number = worker->number;
	pool->crew.live++;
	pool->crew.starting++;
	return 0;
}

void roster_wake(struct worker *worker)
{
	if (!fault_at("wake") &&
	    channel_send(worker->channel.fd, MESSAGE_WAKE, (struct slice){.data = NULL}, NULL, 0) == 0)
		return;
	if (errno == EPIPE || errno == EAGAIN)
		return;
	atomic_store(&worker->wake_owed, true);
	atomic_store(&worker->pool->crew.wakes_at, clock_now() + WAKE_PERIOD);
}

void roster_wake_all(struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		if (worker->state != WORKER_GONE && worker->channel.fd >= 0)
			roster_wake(worker);
	}
}

void roster_acknowledge(struct worker *worker, bool waits)
{
	if (worker->intake.unacknowledged)
		atomic_fetch_add(&worker->seat->taken, worker->intake.unacknowledged);
	worker->intake.unacknowledged = 0;
	if (waits)
		roster_wake(worker);
}

void roster_acknowledge_all(struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		if (worker->state != WORKER_GONE && worker->intake.unacknowledged)
			roster_acknowledge(worker, worker->channel.fd >= 0);
	}
}

nsec roster_deadline(const struct pool *pool)
{
	nsec at = atomic_load(&pool->crew.wakes_at);

	return at ? at : NSEC_FOREVER;
}

void roster_tick(struct pool *pool)
{
	nsec at = atomic_load(&pool->crew.wakes_at);
	size_t seat;

	if (!at || clock_now() < at)
		return;
	/* Cleared before the flags are read: a WAKE that fails meanwhile sets it again. */
	atomic_store(&pool->crew.wakes_at, 0);
	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

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

void roster_kill_all(struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		if (pool->crew.workers[seat].state != WORKER_GONE)
			roster_kill(&pool->crew.workers[seat]);
	}
}
