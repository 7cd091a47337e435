/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of earlier sessions: many tasks are one entry of the order. */
#include "run/recalled/recalled.h"

#include "run/report.h"
#include "run/session_private.h"

/* Gives the order a result, and counts it. */
static void recalled_finish(struct session *session, const struct result *result)
{
	uint64_t count = result_count(result);

	if (order_finish(&session->order, result) < 0)
		BUG("a task that was done before has a result already");
	session->tally.finished += count;
	session->tally.outcomes[result->outcome] += count;
	session->tally.recalled[result->outcome] += count;
}

void recalled_flush(struct session *session)
{
	struct recalled *recalled = &session->recalled;
	struct result result = {
		.index = recalled->first,
		.further = (uint32_t)(recalled->count - 1),
		.outcome = OUTCOME_OK,
		.is_recalled = true,
	};

	if (!recalled->count)
		return;
	recalled->count = 0;
	recalled_finish(session, &result);
}

/* Gives the order the result of a single task. */
static void put_single(struct session *session, const struct result *result, const struct task *task)
{
	struct result single = *result;
	char *line = report_wants(session, result) ? report_line(session, result, task) : NULL;

	recalled_flush(session);
	single.line = line;
	recalled_finish(session, &single);
	free(line);
}

void recalled_put(struct session *session, const struct result *result, const struct task *task)
{
	struct recalled *recalled = &session->recalled;

	/* A task with settings of its own has a place in the order already. */
	if (result->outcome != OUTCOME_OK || session->options->input.brings_commands) {
		put_single(session, result, task);
		return;
	}
	if (recalled->first + recalled->count != result->index || recalled->count == UINT32_MAX)
		recalled_flush(session);
	if (!recalled->count++)
		recalled->first = result->index;
}
