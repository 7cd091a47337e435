/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of a session that its feeder uses. */
#include "run/supply.h"

#include "run/durable/recall.h"
#include "run/report.h"
#include "run/session_private.h"
#include "run/verdict.h"
#include "worker/executor.h"

enum {
	/* The least number of blocks of input in use that are enough. */
	BLOCKS_MIN = 24,
	/* The number of blocks from which tasks of several blocks are not read ahead. */
	BLOCKS_AHEAD = 256,
	/* Blocks for each job whose command persists: those that it has been given, and the next; and their most. */
	BLOCKS_PER_JOB = 5,
	BLOCKS_PERSISTENT = 96,
	/* Tasks of earlier sessions that are taken at once. */
	KNOWN_AT_ONCE = 256,
};

uint64_t supply_index(const struct session *session)
{
	return session->tally.submitted;
}

bool supply_is_open(const struct session *session)
{
	return ending_permits(session)->submits;
}

uint32_t supply_chunk_size(const struct session *session, uint64_t remaining)
{
	return pace_chunk(&session->pace, remaining);
}

size_t supply_chunk_bytes(const struct session *session, uint64_t submitted, size_t left)
{
	const struct session_tally *tally = &session->tally;
	double time = (double)(clock_now() - session->started) / (double)NSEC_PER_SEC, answered = 0;

	if (tally->submitted && time > 0)
		answered = (double)submitted * (double)tally->finished / (double)tally->submitted / time;
	return pace_bytes(&session->pace, (uint64_t)answered, left, ARENA_BLOCK_SIZE);
}

struct arena *supply_arena(struct session *session)
{
	return &session->arena;
}

/* Returns how many blocks of small tasks are enough. */
static size_t blocks_wanted(const struct session *session)
{
	size_t jobs = pool_jobs(session->pool), least = jobs + 8 > BLOCKS_MIN ? jobs + 8 : BLOCKS_MIN, blocks;

	if (!session->options->command.executor->persists)
		return least;
	blocks = BLOCKS_PER_JOB * jobs + 8;
	if (blocks > BLOCKS_PERSISTENT)
		blocks = BLOCKS_PERSISTENT;
	return blocks > least ? blocks : least;
}

/*
 * A block for each job and 8 more are enough, more where a command persists. Tasks of several blocks take as many times
 * that up to BLOCKS_AHEAD, and then only as much as jobs of them and one more take: each may have 1 GiB.
 */
bool supply_is_ahead(const struct session *session)
{
	size_t jobs = pool_jobs(session->pool), blocks = blocks_wanted(session);
	size_t each = session->task_blocks ? session->task_blocks : 1, ahead = blocks * each;

	blocks = (jobs + 1) * each > blocks ? (jobs + 1) * each : blocks;
	if (ahead > BLOCKS_AHEAD)
		ahead = BLOCKS_AHEAD;
	return arena_used(&session->arena) >= (blocks > ahead ? blocks : ahead);
}

const struct template *supply_template(const struct session *session)
{
	return &session->template;
}

struct loop *supply_loop(const struct session *session)
{
	return session->place.loop;
}

const struct diag_context *supply_context(const struct session *session)
{
	return session->place.context;
}

bool supply_may_know(const struct session *session)
{
	return memo_is_on(&session->memo) || recall_is_on(session) || logged_is_on(&session->logged) ||
	       session->products.is_on;
}

size_t supply_known_at_once(const struct session *session)
{
	/* The memo has their output, which may be large. */
	return memo_is_on(&session->memo) ? 1 : KNOWN_AT_ONCE;
}

bool supply_may_prefetch(const struct session *session)
{
	return recall_may_prefetch(session);
}

void supply_prefetch(struct session *session, const struct task *task)
{
	recall_prefetch(session, task);
}

bool supply_knows(struct session *session, const struct task *task)
{
	/* All tasks of the run have their files noted, also those that are recalled. */
	bool is_found = products_find(session, task);

	return recall_knows(session, task) || logged_knows(session, task) || is_found || memo_knows(session, task);
}

void supply_take(struct session *session, const struct task *task)
{
	if (session->durable.is_known)
		recall_take(session, task);
	else if (session->logged.is_known)
		logged_take(session, task);
	else if (products_has_found(&session->products))
		products_take(session, task);
	else
		memo_take(session, task);
}

bool supply_foresees(const struct session *session)
{
	/* Tasks may add to a queue until the last of them ends. */
	return progress_is_on(&session->progress) && !session->options->state.queue;
}

void supply_foresee(struct session *session, uint64_t total, bool is_counted)
{
	session->progress.gauge.foreseen = total;
	session->progress.gauge.is_counted = is_counted;
}

void supply_flush(struct session *session)
{
	outlet_flush(&session->outlet);
}

void supply_fail(struct session *session)
{
	ending_note_trouble(session);
}

void supply_refuse(struct session *session, const char *reason)
{
	struct result result = {
		.index = session->tally.submitted,
		.outcome = OUTCOME_NOT_STARTED,
		.status = -1,
		.reason = reason,
	};
	char *line = report_wants(session, &result) ? report_line(session, &result, NULL) : NULL;

	recall_refuse(session);
	session->tally.submitted++;
	result.line = line;
	if (verdict_finish(session, &result, NULL) < 0)
		BUG("refused record already has a result");
	free(line);
}
