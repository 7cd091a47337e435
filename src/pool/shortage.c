/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handling of a shortage: fewer workers can be started than are wanted.
 *
 * The states (shortage_move):
 *
 *   event                             FULL       SHORT             FAILING           FAILED
 *   one worker fewer can be had       SHORT      SHORT             FAILING           -
 *   nothing continues without more    FAILING    FAILING           FAILING, or       -
 *                                                                  FAILED after 1 s
 *   a result                          FULL       SHORT             SHORT or FULL     -
 *   retry_at                          -          limit + 1: SHORT  limit + 1         -
 *                                                or FULL
 *   another number of jobs            FULL       FULL              FAILING           -
 *   no worker can be used             FAILED     FAILED            FAILED            -
 *
 * In FULL the limit is what is wanted. In SHORT it is lower, and rises by one at retry_at. In FAILING there have been
 * no results since failing_since. FAILED is reported once, and no worker is started any more.
 */
#include "pool/shortage.h"

#include "base/diag.h"
#include "process/signals.h"
#include "pool/roster.h"

#include <errno.h>
#include <inttypes.h>

enum {
	/* Consecutive early ends, at least, and how many times more by signals, after which the pool fails. */
	EARLY_ENDS_MIN = 8,
	KILLS_FACTOR = 10,
};

/* Nanoseconds until one more worker is tried, and after which FAILING becomes FAILED. */
#define RETRY_TIME NSEC_PER_SEC
/* Nanoseconds between tries while nothing continues. */
#define RETRY_PERIOD (50 * NSEC_PER_MSEC)

enum shortage_event {
	/* limit workers can be had for now. */
	SHORTAGE_FEWER,
	/* Nothing continues without one more worker, or no worker can start a task. */
	SHORTAGE_STUCK,
	SHORTAGE_RESULT,
	SHORTAGE_RETRY,
	SHORTAGE_JOBS,
	SHORTAGE_HOPELESS,
};

/* Changes the state after an event; limit is for SHORTAGE_FEWER alone. */
static void shortage_move(struct staffing *staffing, enum shortage_event event, nsec now, size_t limit)
{
	if (staffing->state == STAFFING_FAILED)
		return;
	switch (event) {
	case SHORTAGE_FEWER:
		staffing->limit = limit;
		staffing->retry_at = now + RETRY_TIME;
		break;
	case SHORTAGE_STUCK:
		if (staffing->state != STAFFING_FAILING)
			staffing->failing_since = now;
		staffing->state = STAFFING_FAILING;
		staffing->retry_at = now + RETRY_PERIOD;
		return;
	case SHORTAGE_RESULT:
		staffing->state = STAFFING_FULL;
		staffing->failing_since = 0;
		break;
	case SHORTAGE_RETRY:
		staffing->limit += staffing->limit < staffing->jobs;
		staffing->retry_at = staffing->limit < staffing->jobs ? now + RETRY_TIME : 0;
		break;
	case SHORTAGE_JOBS:
		staffing->limit = staffing->jobs;
		break;
	case SHORTAGE_HOPELESS:
	default:
		staffing->state = STAFFING_FAILED;
		staffing->retry_at = 0;
		return;
	}
	if (staffing->state != STAFFING_FAILING)
		staffing->state = staffing->limit < staffing->jobs ? STAFFING_SHORT : STAFFING_FULL;
}

/* True if no task has continued for RETRY_TIME: more workers are not to be expected. */
static bool is_hopeless(const struct staffing *staffing, nsec now)
{
	return staffing->state == STAFFING_FAILING && now - staffing->failing_since >= RETRY_TIME;
}

/* Reports that the pool cannot continue, once. */
static void shortage_fail(struct pool *pool, const struct error *error)
{
	if (pool->staffing.state == STAFFING_FAILED)
		return;
	shortage_move(&pool->staffing, SHORTAGE_HOPELESS, 0, 0);
	pool->owner->on_failure(pool->owner, error, 0);
}

/* Reports once that there are fewer workers than wanted. */
static void report_fewer(struct pool *pool, size_t workers, const char *why)
{
	if (!pool->staffing.reported)
		diag_note("running with %zu of %zu workers: %s", workers, pool->staffing.jobs, why);
	pool->staffing.reported = true;
}

/* True if a task of any worker has begun. */
static bool runs_task(const struct pool *pool)
{
	size_t seat;

	for (seat = 0; seat < pool->crew.seats; seat++) {
		const struct worker *worker = &pool->crew.workers[seat];

		if (worker->state != WORKER_GONE && atomic_load(&worker->seat->running) && worker->seat->task)
			return true;
	}
	return false;
}

void shortage_progressed(struct pool *pool)
{
	shortage_move(&pool->staffing, SHORTAGE_RESULT, 0, 0);
	pool->staffing.early_ends = pool->staffing.early_kills = 0;
	if (pool->staffing.unable_why.text)
		error_release(&pool->staffing.unable_why);
}

void shortage_starved(struct pool *pool, int number)
{
	struct staffing *staffing = &pool->staffing;
	struct error error = {.number = 0};
	nsec now = clock_now(), retry_at = staffing->retry_at;
	size_t left = pool->crew.live - 1;

	error_set_errno(&error, number, "cannot start a task");
	shortage_move(staffing, SHORTAGE_STUCK, now, 0);
	/* The worker has waited already: another is tried only where that was decided before, or later. */
	staffing->retry_at = retry_at;
	/* The tasks that run will end, and release what is short. */
	if (is_hopeless(staffing, now) && !runs_task(pool)) {
		shortage_fail(pool, &error);
	} else if (left) {
		/* Workers that leave since --jobs was lowered do not count. */
		if (left < staffing->limit)
			report_fewer(pool, left, error_text(&error));
		shortage_move(staffing, SHORTAGE_FEWER, now, left < staffing->limit ? left : staffing->limit);
	}
	error_release(&error);
}

/* Reports fewer workers where initializers have failed for good, once it is clear that the run continues. */
static void report_unfit_seats(struct pool *pool)
{
	size_t fit = pool->staffing.jobs, seat;

	for (seat = 0; seat < pool->staffing.jobs; seat++)
		fit -= pool->crew.workers[seat].fitness.unfit_in_row >= SHORTAGE_UNFIT_MAX;
	if (pool->staffing.ever_fit && fit && fit < pool->staffing.jobs)
		report_fewer(pool, fit, error_text(&pool->staffing.unfit_why));
}

void shortage_initialized(struct worker *worker)
{
	struct pool *pool = worker->pool;
	struct staffing *staffing = &pool->staffing;
	const struct hook_end *initializer = &worker->intake.initializer;
	size_t wanted = pool->ledger.outstanding < staffing->limit ? (size_t)pool->ledger.outstanding : staffing->limit;

	if (hook_succeeded(initializer)) {
		staffing->ever_fit = true;
		report_unfit_seats(pool);
		return;
	}
	worker->fitness.unfit = true;
	worker->fitness.unfit_in_row++;
	staffing->unfit++;
	hook_describe(initializer, &staffing->unfit_why);
	if (!staffing->ever_fit && staffing->unfit >= SHORTAGE_UNFIT_MAX * (wanted ? wanted : 1)) {
		error_wrap(&staffing->unfit_why, "the initializer failed in every worker");
		shortage_fail(pool, &staffing->unfit_why);
		return;
	}
	error_wrap(&staffing->unfit_why, "an initializer failed");
	report_unfit_seats(pool);
}

void shortage_ended_early(struct pool *pool, bool by_signal)
{
	*(by_signal ? &pool->staffing.early_kills : &pool->staffing.early_ends) += 1;
}

void shortage_check_ends(struct pool *pool)
{
	const struct staffing *staffing = &pool->staffing;
	struct error error = {.number = 0};
	size_t most = 2 * staffing->jobs > EARLY_ENDS_MIN ? 2 * staffing->jobs : EARLY_ENDS_MIN;

	if (staffing->early_ends >= most || staffing->early_kills >= KILLS_FACTOR * most) {
		const char *why = staffing->unable_why.text;

		error_set(&error, "workers end as soon as they are started (%zu in a row)%s%s",
			  staffing->early_ends + staffing->early_kills, why ? ": " : "", why ? why : "");
		shortage_fail(pool, &error);
	} else if (!pool->crew.live && !roster_has_seat(pool, SHORTAGE_UNFIT_MAX)) {
		error_set(&error, "no worker is left whose initializer does not fail");
		shortage_fail(pool, &error);
	}
	error_release(&error);
}

void shortage_start_failed(struct pool *pool, bool is_stuck, struct error *error)
{
	struct staffing *staffing = &pool->staffing;
	nsec now = clock_now();

	if (pool->crew.live) {
		report_fewer(pool, pool->crew.live, error_text(error));
		shortage_move(staffing, SHORTAGE_FEWER, now, pool->crew.live);
	}
	if (pool->crew.live && !is_stuck)
		return;
	shortage_move(staffing, SHORTAGE_STUCK, now, 0);
	if (is_hopeless(staffing, now))
		shortage_fail(pool, error);
}

void shortage_set_limit(struct pool *pool)
{
	shortage_move(&pool->staffing, SHORTAGE_JOBS, 0, 0);
}

void shortage_retry(struct pool *pool, nsec now)
{
	shortage_move(&pool->staffing, SHORTAGE_RETRY, now, 0);
}
