/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching for workers that let a task's time pass. */
#include "pool/watchdog.h"

#include "base/trace.h"
#include "pool/roster.h"

#include <inttypes.h>

/* A worker that lives has ended a task so long after its time and its grace were over. */
#define SLACK NSEC_PER_SEC
/* How often it is looked. */
#define PERIOD (500 * NSEC_PER_MSEC)

static bool is_needed(const struct pool *pool)
{
	return pool->options.has_limits || atomic_load(&board_notice(&pool->board)->timeout);
}

nsec watchdog_deadline(const struct pool *pool)
{
	return is_needed(pool) && pool->live ? pool->watch_at : NSEC_FOREVER;
}

void watchdog_tick(struct pool *pool)
{
	nsec now = clock_now();
	size_t seat;

	if (!is_needed(pool) || now < pool->watch_at)
		return;
	pool->watch_at = now + PERIOD;
	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];
		nsec timeout, since;

		if (worker->state == WORKER_GONE || worker->overdue || !atomic_load(&worker->seat->running) ||
		    worker->seat->task <= 1)
			continue;
		timeout = atomic_load(&worker->seat->limit);
		timeout = timeout ? timeout : atomic_load(&board_notice(&pool->board)->timeout);
		/* While the run was stopped time stood still. */
		since = atomic_load(&worker->seat->started);
		since = since < pool->thawed_at ? pool->thawed_at : since;
		if (!timeout || now - since <= timeout + pool->options.grace + SLACK)
			continue;
		/* A worker whose results are not taken waits for us, not we for it. */
		if (worker->stalled)
			continue;
		trace_event("worker_overdue", "\"worker\":\"%s\"", worker->process.name);
		worker->overdue = timeout;
		roster_kill(worker);
	}
}
