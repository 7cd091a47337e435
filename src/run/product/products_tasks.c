/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results of tasks that make no file. */
#include "run/product/products.h"

#include "run/report.h"
#include "run/session_private.h"
#include "run/verdict.h"

void products_take(struct session *session, const struct task *task)
{
	struct products *products = &session->products;
	bool is_newer_one = products->fate == PRODUCTS_NEWER;
	struct result result = {
		.index = session->tally.submitted++,
		.attempt = 1,
		.outcome = is_newer_one ? OUTCOME_SKIPPED : OUTCOME_NOT_STARTED,
		.status = -1,
		.reason = products->reason,
		.user_time = -1,
		.system_time = -1,
	};
	char *line = report_wants(session, &result) ? report_line(session, &result, task) : NULL, *label = NULL;

	result.line = line;
	if (session->outlet.format->is_whole)
		label = report_label(session, task, 0);
	if (label && order_set_label(&session->order, result.index, result.attempt, label) < 0)
		BUG("a task that was not submitted has begun");
	if (verdict_finish(session, &result, task) < 0)
		BUG("a task that was not submitted has a result");
	free(label);
	free(line);
	free(products->reason);
	products->reason = NULL;
	products->newer += is_newer_one;
	products->taken++;
}
