/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results: given to the owner, who decides whether the task is settled or run again.
 *
 * A task that is to be run again waits without a worker and without a row of the ledger, and becomes a chunk of its own
 * when it is due. The last free row is kept for the head's retry: all other chunks may wait for the head to finish.
 */
#include "pool/outcomes.h"

#include "base/trace.h"

#include <inttypes.h>

/* Adds a task of the chunk in row to those that are run again. */
static void outcomes_repeat(struct pool *pool, size_t row, uint64_t index, nsec delay)
{
	struct retry retry = {
		.chunk = ledger_single(&pool->ledger, row, index),
		.due = delay ? clock_now() + delay : 0,
	};

	retry.chunk.attempt++;
	arena_hold(pool->options.arena, retry.chunk.block);
	trace_event("task_again", "\"seq\":%" PRIu64 ",\"attempt\":%" PRIu32, index + 1, retry.chunk.attempt);
	retries_add(&pool->outcomes.retries, &retry);
}

int outcomes_take(struct pool *pool, size_t row, const struct result *result)
{
	struct task task = ledger_task(&pool->ledger, row, result->index);
	nsec delay = 0;

	switch (pool->owner->on_result(pool->owner, result, &task, &delay)) {
	case RESULT_AGAIN:
		outcomes_repeat(pool, row, result->index, delay);
		break;
	case RESULT_TAKEN:
		break;
	case RESULT_REFUSED:
	default:
		return -1;
	}
	ledger_settle(&pool->ledger, row);
	outcomes_submit_retries(pool);
	return 0;
}

nsec outcomes_deadline(const struct pool *pool)
{
	return pool->outcomes.waiting ? NSEC_FOREVER : retries_due(&pool->outcomes.retries);
}

void outcomes_submit_retries(struct pool *pool)
{
	struct retries *retries = &pool->outcomes.retries;
	struct retry retry;
	nsec now;

	if (!retries->count)
		return;
	now = clock_now();
	while (ledger_has_room(&pool->ledger, 1) && retries_take(retries, now, &retry)) {
		ledger_submit(&pool->ledger, &retry.chunk);
		pool->staffing.unserved = true;
	}
	pool->outcomes.waiting = retries_due(retries) <= now;
	if (pool->outcomes.waiting && ledger_has_room(&pool->ledger, 0) &&
	    retries_take_task(retries, now, pool->owner->head(pool->owner), &retry)) {
		ledger_submit(&pool->ledger, &retry.chunk);
		pool->staffing.unserved = true;
	}
}

/* Gives a task that is not begun (again) its outcome. */
static void skip(struct pool *pool, const struct task *task)
{
	struct result result = {.index = task->index, .outcome = OUTCOME_SKIPPED, .status = -1};
	nsec delay;

	if (pool->owner->on_result(pool->owner, &result, task, &delay) != RESULT_TAKEN)
		BUG("a waiting task that has a result");
}

/* Skips a task that waits to be run again. */
static void skip_retry(struct pool *pool, const struct retry *retry)
{
	const struct chunk *chunk = &retry->chunk;
	const char *bytes = arena_block(pool->options.arena, chunk->block) + chunk->offset;
	struct chunk_reader reader =
		chunk_read((struct slice){.data = bytes, .size = chunk->size}, chunk->first, 1, chunk->width);
	struct task task;

	if (!chunk_next(&reader, &task))
		BUG("a task that cannot be read");
	skip(pool, &task);
	arena_drop(pool->options.arena, chunk->block);
}

void outcomes_skip_waiting(struct pool *pool)
{
	struct retry retry;
	struct task task;
	uint64_t next;
	size_t row;

	while ((row = ledger_withdraw(&pool->ledger, &next)) != QUEUE_NONE) {
		const struct chunk chunk = pool->ledger.rows[row].chunk;

		for (; next < chunk.first + chunk.count; next++) {
			task = ledger_task(&pool->ledger, row, next);
			skip(pool, &task);
			ledger_settle(&pool->ledger, row);
		}
	}
	while (retries_take(&pool->outcomes.retries, NSEC_FOREVER, &retry))
		skip_retry(pool, &retry);
}
