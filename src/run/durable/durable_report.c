/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line to type. */
#include "run/durable/durable.h"

#include "base/diag.h"
#include "run/session_private.h"

void durable_report(const struct durable *durable)
{
	const struct durable_options *options = durable->options;
	const struct session *session = durable->session;

	if (!options || !options->again)
		return;
	if (!ending_is_complete(session))
		diag_note("to go on: %s%s", options->again, options->again_rest);
	else if (durable->stage.interrupted)
		diag_note("to run what was interrupted again: %s --retry-interrupted%s", options->again,
			  options->again_rest);
	else if (session->tally.finished > session->tally.outcomes[OUTCOME_OK])
		diag_note("to run what failed again: %s%s%s", options->again,
			  options->retries_failed ? "" : " --retry-failed", options->again_rest);
}
