/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many workers there are.
 *
 * For every waiting chunk one sleeping worker is woken, or else one is started while there are fewer than wanted: once
 * in a step of the loop, when all that fits is published. A woken worker runs at once, in the parent's place. With a
 * wake-up for each chunk the parent would publish one chunk at a time, and each worker would find none and sleep again.
 */
#include "pool/staffing.h"

#include "base/trace.h"
#include "pool/roster.h"
#include "pool/shortage.h"
#include "pool/supervision.h"

enum {
	/* Workers started in one step of the loop: those that run have results, too. */
	STARTS_MAX = 4,
};

/* Nanoseconds in which a worker that was woken or started claims a chunk. One that takes longer is stopped (SIGSTOP),
 * and others are started as if it were not there. */
#define CLAIM_TIME NSEC_PER_SEC

/* True if a worker sleeps, as far as it says so. A worker that has not said HELLO does not count. */
static bool sleeps(const struct worker *worker)
{
	return worker->state == WORKER_ACTIVE && atomic_load(&worker->seat->parked);
}

bool staffing_has_sleeper(const struct pool *pool)
{
	struct marks_walk walk = {.groups = 0};
	size_t seat;

	while (marks_next(&pool->board.sleepers, &walk, &seat)) {
		if (sleeps(&pool->crew.workers[seat]))
			return true;
	}
	return false;
}

/*
 * Wakes one sleeping worker: one that is idle, or else one with records in its persistent command, which could take
 * more. False if no such worker sleeps.
 */
static bool wake_one(struct pool *pool, bool is_idle)
{
	struct marks_walk walk = {.groups = 0};
	size_t seat;

	while (marks_next(&pool->board.sleepers, &walk, &seat)) {
		struct worker *worker = &pool->crew.workers[seat];

		if (sleeps(worker) && !atomic_load(&worker->seat->running) == is_idle &&
		    board_clear_sleeping(&pool->board, seat)) {
			roster_wake(worker);
			return true;
		}
	}
	return false;
}

void staffing_wake_sleepers(struct pool *pool)
{
	struct marks_walk walk = {.groups = 0};
	size_t seat;

	while (marks_next(&pool->board.sleepers, &walk, &seat)) {
		struct worker *worker = &pool->crew.workers[seat];

		if ((worker->state == WORKER_STARTING || worker->state == WORKER_ACTIVE) &&
		    board_clear_sleeping(&pool->board, seat))
			roster_wake(worker);
	}
}

/* True if every worker has packets that are not accepted, and none sleeps. */
static bool all_stalled(const struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		const struct worker *worker = &pool->crew.workers[seat];

		if (worker->state != WORKER_GONE && (!worker->intake.stalled || atomic_load(&worker->seat->parked)))
			return false;
	}
	return true;
}

/* True if staffing_retire decides on a worker. A spare worker leaves by itself after its task, if it gets one. */
static bool is_retirable(const struct worker *worker)
{
	return worker->state != WORKER_GONE && (!worker->spare || worker->pool->closing.begun);
}

void staffing_retire(struct pool *pool, size_t jobs)
{
	size_t left = 0, seat;
	int pass;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		left += is_retirable(worker);
		/* A snapshot: a worker whose task ends between the passes is handled in exactly one of them. */
		worker->is_free = worker->state != WORKER_GONE && !atomic_load(&worker->seat->running);
	}

	/* Workers without a task first: one that runs may take long. */
	for (pass = 0; pass < 2; pass++) {
		for (seat = pool->crew.seats; seat-- > 0;) {
			struct worker *worker = &pool->crew.workers[seat];
			bool retires = left > jobs;

			if (!is_retirable(worker) || worker->is_free != !pass)
				continue;
			left -= retires;
			if (atomic_exchange(&worker->seat->retire, retires) != retires && retires)
				roster_wake(worker);
		}
	}
}

/* True if only the head may start, and no worker has it: nothing continues without one more worker. */
static bool head_waits(const struct pool *pool)
{
	return queue_gate(&pool->ledger.queue) != QUEUE_OPEN && queue_claimable(&pool->ledger.queue, 1);
}

static bool staffing_start(struct pool *pool)
{
	struct error error = {.number = 0};

	if (roster_start(pool, &error) == 0)
		return true;
	shortage_start_failed(pool, head_waits(pool), &error);
	error_release(&error);
	return false;
}

/* Starts a worker: false if there may be no other, or if it fails. late: woken workers have not claimed in time. */
static bool start_one(struct pool *pool, bool late)
{
	if (pool->closing.begun || pool->staffing.state == STAFFING_FAILED || pool->crew.live >= pool->staffing.limit ||
	    !roster_has_seat(pool, SHORTAGE_UNFIT_MAX))
		return false;
	/* A worker about to claim counts as neither busy nor idle: so the tasks limit the workers, too. */
	if (!late && pool->crew.live >= pool->ledger.outstanding)
		return false;
	if (pool->options.reserve && !reserve_has_one(pool->options.reserve))
		return false;
	return staffing_start(pool);
}

/* Wakes or starts one worker for each unclaimed chunk, as far as there are workers. */
static void staff_waiting_chunks(struct pool *pool, bool late)
{
	struct staffing *staffing = &pool->staffing;
	size_t waiting, coming = late && !pool->options.is_slow ? 0 : pool->crew.starting, starts = 0;

	staffing->unserved = false;
	/* Mostly all workers are busy, and waiting chunks need not be counted. */
	waiting = pool->crew.live < staffing->limit || staffing_has_sleeper(pool)
			  ? queue_claimable(&pool->ledger.queue, staffing->jobs)
			  : 0;
	/* Not moved on by later chunks: one of their workers may be stopped as well. */
	if (!waiting)
		staffing->claim_by = 0;
	else if (!staffing->claim_by)
		staffing->claim_by = clock_now() + CLAIM_TIME;
	while (waiting && wake_one(pool, true))
		waiting--;
	waiting -= waiting < coming ? waiting : coming;
	while (starts < waiting && starts < STARTS_MAX && start_one(pool, late))
		starts++;
	while (starts < waiting && wake_one(pool, false))
		waiting--;
	if (starts == STARTS_MAX)
		staffing->unserved = true;
}

void staffing_relieve(struct pool *pool)
{
	if (!pool->options.repeats || pool->closing.begun || pool->staffing.state == STAFFING_FAILED ||
	    pool->crew.live != pool->staffing.limit || !pool->staffing.limit || pool->crew.starting)
		return;
	if (!head_waits(pool) || !all_stalled(pool) || !roster_has_seat(pool, SHORTAGE_UNFIT_MAX))
		return;
	trace_event("worker_relief", "\"live\":%zu", pool->crew.live);
	staffing_start(pool);
}

void staffing_scanned(struct pool *pool)
{
	/* A worker that sleeps now leaves in place of a busy worker. */
	if (pool->options.reserve && pool->crew.live > pool->staffing.jobs && !pool->closing.begun)
		staffing_retire(pool, pool->staffing.jobs);
	pool->staffing.unserved = true;
	pool->owner->on_room(pool->owner);
}

void staffing_worker_ended(struct pool *pool)
{
	/* Workers that were still starting have been ended by the pool. */
	if (pool->closing.begun)
		return;
	shortage_check_ends(pool);
	pool->staffing.unserved = true;
	pool->owner->on_room(pool->owner);
}

void staffing_set_jobs(struct pool *pool, size_t jobs)
{
	struct staffing *staffing = &pool->staffing;

	if (jobs > pool->options.jobs_max)
		jobs = pool->options.jobs_max;
	if (jobs == staffing->jobs)
		return;
	trace_event("jobs_changed", "\"from\":%zu,\"to\":%zu", staffing->jobs, jobs);
	staffing->jobs = jobs;
	shortage_set_limit(pool);
	staffing_retire(pool, jobs);
	staffing->unserved = true;
}

nsec staffing_deadline(const struct pool *pool)
{
	const struct staffing *staffing = &pool->staffing;
	nsec first = staffing->retry_at ? staffing->retry_at : NSEC_FOREVER;

	if (staffing->unserved)
		return 0;
	/* Without tasks more workers are of no use. */
	if (!pool->ledger.outstanding)
		return NSEC_FOREVER;
	return staffing->claim_by && staffing->claim_by < first ? staffing->claim_by : first;
}

void staffing_tick(struct pool *pool)
{
	struct staffing *staffing = &pool->staffing;
	nsec now = staffing->retry_at || staffing->claim_by ? clock_now() : 0;
	bool late = staffing->claim_by && now >= staffing->claim_by;

	if (staffing->retry_at && now >= staffing->retry_at) {
		shortage_retry(pool, now);
		staffing->unserved = true;
	}
	if (late) {
		staffing->claim_by = 0;
		/* A worker may have been stopped when it was in the reserve. */
		supervision_suspect(pool);
	}
	if (late || staffing->unserved)
		staff_waiting_chunks(pool, late);
}
