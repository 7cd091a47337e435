/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many workers there are, and what happens when there cannot be enough.
 *
 * For every chunk that waits one sleeping worker is woken, or else one more started while there are fewer than wanted:
 * once in a step of the loop, when all that fits is published. A worker that is woken runs at once, in the parent's
 * place, and one chunk at a time would be all that the parent got to publish: each would be gone before the next worker
 * looks, and that would sleep again.
 */
#include "pool/staffing.h"

#include "base/diag.h"
#include "base/trace.h"
#include "process/signals.h"
#include "pool/roster.h"
#include "pool/sleepers.h"

#include <errno.h>
#include <inttypes.h>

enum {
	EARLY_ENDS_MIN = 8,
	KILLS_FACTOR = 10,
	/* Workers that are started in a seat, one after the other, whose initializer fails. */
	UNFIT_MAX = 2,
	/* No more workers are started at a time: those that run have something to tell, too. */
	STARTS_MAX = 4,
};

/* Starting workers is tried again this long before it is given up. */
#define RETRY_TIME NSEC_PER_SEC
#define RETRY_PERIOD (50 * NSEC_PER_MSEC)

/* A worker that was woken or started has claimed a chunk after this long, or it is stopped (SIGSTOP), and reckoned with
 * no more. */
#define CLAIM_TIME NSEC_PER_SEC

/* Whether a task of any worker has a process. */
static bool runs_task(const struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->seats; seat++) {
		const struct worker *worker = &pool->workers[seat];

		if (worker->state != WORKER_GONE && atomic_load(&worker->seat->running) && worker->seat->task > 1)
			return true;
	}
	return false;
}

/* Whether every worker has records that are not accepted, and none sleeps. */
static bool all_stalled(const struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->seats; seat++) {
		const struct worker *worker = &pool->workers[seat];

		if (worker->state != WORKER_GONE && (!worker->stalled || atomic_load(&worker->seat->parked)))
			return false;
	}
	return true;
}

void staffing_retire(struct pool *pool, size_t jobs)
{
	size_t left = pool->live, seat;
	int pass;

	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		/* One that was started for the head alone leaves by itself. */
		left -= worker->state != WORKER_GONE && worker->spare;
		/* Looked at once: a worker that goes to sleep between the passes is in one of them all the same. */
		worker->sleeps = worker->state == WORKER_ACTIVE && atomic_load(&worker->seat->parked);
	}

	/* Those that sleep go first: one that runs a task may take its time. */
	for (pass = 0; pass < 2; pass++) {
		for (seat = pool->seats; seat-- > 0;) {
			struct worker *worker = &pool->workers[seat];
			bool retires = left > jobs;

			if (worker->state == WORKER_GONE || worker->spare || worker->sleeps != !pass)
				continue;
			left -= retires;
			if (atomic_exchange(&worker->seat->retire, retires) != retires && retires)
				roster_wake(worker);
		}
	}
}

static void staffing_fail(struct pool *pool, const struct error *error)
{
	if (pool->failed)
		return;
	pool->failed = true;
	pool->owner->on_failure(pool->owner, error);
}

/* Says once that there are fewer workers than asked for. */
static void note_fewer(struct pool *pool, size_t workers, const char *why)
{
	if (!pool->noted)
		diag_note("running with %zu of %zu workers: %s", workers, pool->jobs, why);
	pool->noted = true;
}

/* Whether nothing can go on without one more worker: only the head may start, and nobody has it. */
static bool head_waits(const struct pool *pool)
{
	return queue_gate(&pool->ledger.queue) != QUEUE_OPEN && queue_claimable(&pool->ledger.queue, 1);
}

/* A worker could not be started: it is tried again, for a while only when nothing goes on meanwhile. */
static void handle_start_failure(struct pool *pool, struct error *error)
{
	nsec now = clock_now();

	if (pool->live) {
		note_fewer(pool, pool->live, error_text(error));
		pool->limit = pool->live;
	}
	if (pool->live && !head_waits(pool)) {
		pool->retry_at = now + RETRY_TIME;
	} else {
		if (!pool->failing_since)
			pool->failing_since = now;
		if (now - pool->failing_since >= RETRY_TIME)
			staffing_fail(pool, error);
		else
			pool->retry_at = now + RETRY_PERIOD;
	}
	error_release(error);
}

static bool staffing_start(struct pool *pool)
{
	struct error error = {.number = 0};

	if (roster_start(pool, &error) == 0)
		return true;
	handle_start_failure(pool, &error);
	return false;
}

/*
 * Starts a worker if there may be one more: false when there may not, or it cannot be. late: what waits has been
 * waiting for one that does not come.
 */
static bool start_one(struct pool *pool, bool late)
{
	if (pool->closing || pool->failed || pool->live >= pool->limit || !roster_has_seat(pool, UNFIT_MAX))
		return false;
	/* One that is about to claim looks neither busy nor idle: there are never more workers than tasks all the same.
	 */
	if (!late && pool->live >= pool->ledger.outstanding)
		return false;
	if (pool->options.reserve && !reserve_has_one(pool->options.reserve))
		return false;
	return staffing_start(pool);
}

/* Sees to it that every chunk that can be claimed has a worker coming for it, as far as there are workers. */
static void staffing_serve(struct pool *pool, bool late)
{
	size_t waiting, coming = late && !pool->options.is_slow ? 0 : pool->starting, starts = 0;

	pool->unserved = false;
	/* Mostly all are busy, and what waits need not be counted. */
	waiting =
		pool->live < pool->limit || sleepers_exist(pool) ? queue_claimable(&pool->ledger.queue, pool->jobs) : 0;
	/* Not put off by those that come later: one of them may be stopped as well. */
	if (!waiting)
		pool->claim_by = 0;
	else if (!pool->claim_by)
		pool->claim_by = clock_now() + CLAIM_TIME;
	while (waiting && sleepers_wake_one(pool))
		waiting--;
	waiting -= waiting < coming ? waiting : coming;
	while (starts < waiting && starts < STARTS_MAX && start_one(pool, late))
		starts++;
	if (starts == STARTS_MAX)
		pool->unserved = true;
}

void staffing_relieve(struct pool *pool)
{
	if (!pool->options.repeats || pool->closing || pool->failed || pool->live != pool->limit || !pool->limit ||
	    pool->starting)
		return;
	if (!head_waits(pool) || !all_stalled(pool) || !roster_has_seat(pool, UNFIT_MAX))
		return;
	trace_event("worker_relief", "\"live\":%zu", pool->live);
	staffing_start(pool);
}

void staffing_starved(struct pool *pool, int number)
{
	struct error error = {.number = 0};
	nsec now = clock_now();

	error_set_errno(&error, number, "cannot start a task");
	if (!pool->failing_since)
		pool->failing_since = now;
	/* What runs will end, and with it free what is wanting. */
	if (now - pool->failing_since >= RETRY_TIME && !runs_task(pool)) {
		staffing_fail(pool, &error);
	} else if (pool->live > 1) {
		/* Those that are to leave since --jobs was lowered are not reckoned with. */
		if (pool->live - 1 < pool->limit) {
			note_fewer(pool, pool->live - 1, error_text(&error));
			pool->limit = pool->live - 1;
		}
		pool->retry_at = now + RETRY_TIME;
	}
	error_release(&error);
}

/* "exit status 3" */
static void staffing_describe(const struct initialized *initialized, struct error *error)
{
	if (initialized->number)
		error_set_errno(error, initialized->number, "cannot be started");
	else if (initialized->signal)
		error_set(error, "killed by %s", error_signal(initialized->signal));
	else
		error_set(error, "exit status %d", initialized->status);
}

/* Says that there are fewer workers where initializers have failed for good, as soon as it is clear that the run goes
 * on. */
static void note_unfit(struct pool *pool)
{
	size_t fit = pool->jobs, seat;

	for (seat = 0; seat < pool->jobs; seat++)
		fit -= pool->workers[seat].unfit_before >= UNFIT_MAX;
	if (pool->ever_fit && fit && fit < pool->jobs)
		note_fewer(pool, fit, error_text(&pool->unfit_why));
}

void staffing_initialized(struct worker *worker, const struct initialized *initialized, struct slice words)
{
	struct pool *pool = worker->pool;
	size_t wanted = pool->ledger.outstanding < pool->limit ? (size_t)pool->ledger.outstanding : pool->limit;

	if (words.size)
		pool->owner->on_words(pool->owner, words);
	if (!initialized->number && !initialized->status && !initialized->signal) {
		pool->ever_fit = true;
		note_unfit(pool);
		return;
	}
	worker->unfit = true;
	worker->unfit_before++;
	pool->unfit++;
	staffing_describe(initialized, &pool->unfit_why);
	if (!pool->ever_fit && pool->unfit >= UNFIT_MAX * (wanted ? wanted : 1)) {
		error_wrap(&pool->unfit_why, "the initializer failed in every worker");
		staffing_fail(pool, &pool->unfit_why);
		return;
	}
	error_wrap(&pool->unfit_why, "an initializer failed");
	note_unfit(pool);
}

void staffing_worker_ended(struct pool *pool)
{
	struct error error = {.number = 0};
	size_t most = 2 * pool->jobs > EARLY_ENDS_MIN ? 2 * pool->jobs : EARLY_ENDS_MIN;

	/* Those that were still starting have been ended by us. */
	if (pool->closing)
		return;
	if ((pool->early_ends >= most || pool->early_kills >= KILLS_FACTOR * most) && !pool->failed) {
		error_set(&error, "workers end as soon as they are started (%zu in a row)",
			  pool->early_ends + pool->early_kills);
		staffing_fail(pool, &error);
	} else if (!pool->live && !roster_has_seat(pool, UNFIT_MAX)) {
		error_set(&error, "no worker is left whose initializer does not fail");
		staffing_fail(pool, &error);
	}
	error_release(&error);
	pool->unserved = true;
	pool->owner->on_room(pool->owner);
}

void pool_set_jobs(struct pool *pool, size_t jobs)
{
	if (jobs > pool->options.jobs_max)
		jobs = pool->options.jobs_max;
	if (jobs == pool->jobs)
		return;
	trace_event("jobs_changed", "\"from\":%zu,\"to\":%zu", pool->jobs, jobs);
	pool->jobs = pool->limit = jobs;
	staffing_retire(pool, jobs);
	pool->unserved = true;
}

nsec staffing_deadline(const struct pool *pool)
{
	nsec first = pool->retry_at ? pool->retry_at : NSEC_FOREVER;

	if (pool->unserved)
		return 0;
	/* With nothing to do more workers are of no use. */
	if (!pool->ledger.outstanding)
		return NSEC_FOREVER;
	return pool->claim_by && pool->claim_by < first ? pool->claim_by : first;
}

void staffing_tick(struct pool *pool)
{
	nsec now = pool->retry_at || pool->claim_by ? clock_now() : 0;
	bool late = pool->claim_by && now >= pool->claim_by;

	if (pool->retry_at && now >= pool->retry_at) {
		if (pool->limit < pool->jobs)
			pool->limit++;
		pool->retry_at = pool->limit < pool->jobs ? now + RETRY_TIME : 0;
		pool->unserved = true;
	}
	if (late)
		pool->claim_by = 0;
	if (late || pool->unserved)
		staffing_serve(pool, late);
}
