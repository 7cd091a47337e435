/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line to type. */
#include "run/durable/durable.h"

#include "base/diag.h"
#include "run/session_private.h"

void durable_report(const struct durable *durable)
{
	const struct session *session = durable->session;
	bool is_complete;

	if (!durable->options || !durable->options->again || session->place.screen)
		return;
	is_complete = session->ending.phase == ENDING_RUNNING;
	if (!is_complete)
		diag_note("to go on: %s", durable->options->again);
	else if (durable->stage.interrupted)
		diag_note("to run what was interrupted again: %s --retry-interrupted", durable->options->again);
	else if (session->tally.finished > session->tally.outcomes[OUTCOME_OK])
		diag_note("to run what failed again: %s --retry-failed", durable->options->again);
}
