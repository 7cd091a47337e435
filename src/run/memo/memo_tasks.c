/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking tasks from the memo. */
#include "run/memo/memo.h"

#include "run/report.h"
#include "run/session_private.h"
#include "run/tags/tags.h"
#include "run/verdict.h"

/* How many tasks are taken before the loop is served. */
enum { MEMO_STEP = 4096 };

bool memo_knows(struct session *session, const struct task *task)
{
	struct memo *memo = &session->memo;

	return memo_is_on(memo) && shards_find(memo->shards, key_of_task(&memo->keys, task), &memo->found);
}

/* Puts what the task wrote into the order, and passes it to the recorders. */
static void memo_put_output(struct session *session, const struct result *result, enum stream stream,
			    struct slice bytes)
{
	const struct output_header header = {
		.index = result->index, .attempt = result->attempt, .stream = (uint32_t)stream};
	struct slice none = {.data = NULL};

	if (!bytes.size)
		return;
	logbook_put(session, &header, bytes);
	if (order_put(&session->order, result->index, result->attempt, stream,
		      outlet_drops(&session->outlet, stream) ? none : bytes) < 0)
		BUG("a task of the memo has a result already");
}

/* Sets the tag of the task's lines, or how its result object begins. */
static void memo_put_label(struct session *session, const struct result *result, const struct task *task)
{
	char *label = NULL;

	if (session->outlet.format->is_whole)
		label = report_label(session, task, result->slot);
	else if (session->options->output.tag)
		label = tags_label(session, task, result->slot);
	if (label && order_set_label(&session->order, result->index, result->attempt, label) < 0)
		BUG("a task of the memo has begun");
	free(label);
}

void memo_take(struct session *session, const struct task *task)
{
	struct memo *memo = &session->memo;
	const struct result result = {
		.index = session->tally.submitted++,
		.attempt = 1,
		.outcome = OUTCOME_OK,
		.from_memo = true,
		.output_size = memo->found.parts[0].size,
		.user_time = -1,
		.system_time = -1,
	};
	size_t i;

	memo->is_taking = true;
	memo_put_label(session, &result, task);
	for (i = 0; i < PAGE_PARTS; i++)
		memo_put_output(session, &result, (enum stream)(STREAM_OUTPUT + i), memo->found.parts[i]);
	if (verdict_finish(session, &result, task) < 0)
		BUG("a task of the memo has a result already");
	memo->is_taking = false;
	memo->taken++;
}

void memo_go_on(struct memo *memo)
{
	memo->pause = memo->taken + MEMO_STEP;
}
