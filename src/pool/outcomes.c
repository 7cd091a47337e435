/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results: given to the owner, who decides whether the task is settled or run again.
 *
 * A task that is to be run again waits without a worker and without a row of the ledger, and becomes a chunk of its own
 * when it is due. The last free row is kept for the head's retry: all other chunks may wait for the head to finish.
 */
#include "pool/outcomes.h"

#include "base/bytes.h"
#include "base/trace.h"
#include "pool/shortage.h"

#include <inttypes.h>
#include <signal.h>

/* Workers that are killed in a row with the same call in work until that is taken for the cause. */
enum { KILLS_MAX = 3 };

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
	ledger_settle(&pool->ledger, row, 1);
	outcomes_submit_retries(pool);
	return 0;
}

int outcomes_take_answers(struct pool *pool, size_t row, const struct result *result, struct slice bytes)
{
	struct task task;

	/* To find a task in its chunk takes time, and several are not looked at. */
	if (!result->further)
		task = ledger_task(&pool->ledger, row, result->index);
	if (pool->owner->on_answers(pool->owner, result, result->further ? NULL : &task, bytes) != RESULT_TAKEN)
		return -1;
	ledger_settle(&pool->ledger, row, (uint32_t)result_count(result));
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

/* Appends how a worker ended. */
static void describe_end(const struct worker *worker, struct bytes *words)
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

void outcomes_lose(struct worker *worker, size_t row, uint64_t index, pid_t pid, nsec started)
{
	struct pool *pool = worker->pool;
	struct bytes words = {.data = NULL};
	nsec now = clock_now(), duration = started > 0 && started < now ? now - started : 0;
	struct result result = {
		.index = index,
		.attempt = pool->ledger.rows[row].chunk.attempt,
		.outcome = OUTCOME_LOST,
		.status = -1,
		.ran = true,
		.pid = pid,
		.slot = (uint32_t)worker_seat(worker) + 1,
		.worker = worker->number,
		.start = clock_wall() - duration,
		.duration = duration,
		.user_time = -1,
		.system_time = -1,
	};

	describe_end(worker, &words);
	result.reason = bytes_text(&words);
	if (pool->closing.begun) {
		/* The pool has ended the worker, and the worker its task. */
		result.outcome = OUTCOME_SIGNALED;
		result.signal = SIGKILL;
		result.reason = NULL;
	} else if (worker->overdue.limit && worker->overdue.index == index &&
		   worker->overdue.attempt == result.attempt) {
		result.outcome = OUTCOME_TIMEOUT;
		result.limit = worker->overdue.limit;
		result.reason = NULL;
	}
	/* A task that has its result already is refused, and cannot be lost any more. */
	if (outcomes_take(pool, row, &result) == 0)
		trace_event("task_lost", "\"seq\":%" PRIu64 ",\"worker\":\"%s\"", index + 1, worker->process.name);
	bytes_release(&words);
}

/* Sets the outcome of a call by the end of its worker. False if that may have had another cause. */
static bool judge_call(const struct worker *worker, struct ledger_row *known, struct result *result)
{
	const struct process_end *end = &worker->process.end;

	result->outcome = end->signal ? OUTCOME_SIGNALED : end->status ? OUTCOME_FAILED : OUTCOME_OK;
	result->status = end->signal ? -1 : end->status;
	result->signal = end->signal;
	if (worker->overdue.limit && worker->overdue.index == result->index &&
	    worker->overdue.attempt == result->attempt) {
		result->outcome = OUTCOME_TIMEOUT;
		result->limit = worker->overdue.limit;
		return true;
	}
	if (end->signal != SIGKILL)
		return end->signal || end->status >= 0;
	known->kills = known->killed == result->index + 1 ? known->kills + 1 : 1;
	known->killed = result->index + 1;
	return worker->is_struck || known->kills == KILLS_MAX;
}

void outcomes_blame(struct worker *worker, size_t row)
{
	struct pool *pool = worker->pool;
	struct ledger_row *known = &pool->ledger.rows[row];
	nsec now = clock_now(), started = atomic_load(&worker->seat->started);
	struct result result = {
		.index = ledger_next(&pool->ledger, row),
		.attempt = known->chunk.attempt,
		.ran = true,
		.pid = worker->process.pid,
		.slot = (uint32_t)worker_seat(worker) + 1,
		.worker = worker->number,
		.duration = started > 0 && started < now ? now - started : 0,
		.user_time = -1,
		.system_time = -1,
	};

	result.start = clock_wall() - result.duration;
	if (!pool->options.calls || atomic_load(&worker->seat->running) != result.index + 1 ||
	    atomic_load(&worker->seat->attempt) != result.attempt || !judge_call(worker, known, &result))
		return;
	worker->last.result = result.index + 1;
	worker->last.attempt = result.attempt;
	pool->tally.task_time += result.duration;
	trace_event("task_blamed", "\"seq\":%" PRIu64 ",\"worker\":\"%s\"", result.index + 1, worker->process.name);
	shortage_progressed(pool);
	/* Nobody else has the row, so the owner cannot have a result. */
	if (outcomes_take(pool, row, &result) < 0)
		BUG("a call whose worker has died has a result");
}

/* Gives a task that is not begun (again) its outcome, and as many further ones; then task is NULL. */
static void skip(struct pool *pool, uint64_t index, uint32_t further, const struct task *task)
{
	struct result result = {.index = index, .further = further, .outcome = OUTCOME_SKIPPED, .status = -1};
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
	skip(pool, task.index, 0, &task);
	arena_drop(pool->options.arena, chunk->block);
}

/* Skips what a withdrawn row has left. The results of tasks before that may still be in rings. */
static void skip_row(struct pool *pool, size_t row)
{
	struct ledger *ledger = &pool->ledger;
	const struct chunk chunk = ledger->rows[row].chunk;
	uint64_t next = ledger_returned(ledger, row), end = chunk.first + chunk.count, index;
	struct task task;

	if (next == end)
		return;
	if (pool->options.refeeds)
		pool->owner->on_forget(pool->owner, next, end - next, chunk.attempt);
	if (pool->options.refeeds && !pool->options.singles && next + 1 < end) {
		skip(pool, next, (uint32_t)(end - next - 1), NULL);
	} else {
		for (index = next; index < end; index++) {
			task = ledger_task(ledger, row, index);
			skip(pool, index, 0, &task);
		}
	}
	ledger_cut(ledger, row, next);
}

void outcomes_skip_waiting(struct pool *pool)
{
	struct retry retry;
	size_t row;

	while ((row = ledger_withdraw(&pool->ledger)) != QUEUE_NONE)
		skip_row(pool, row);
	while (retries_take(&pool->outcomes.retries, NSEC_FOREVER, &retry))
		skip_retry(pool, &retry);
}
