/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary of failures. */
#include "run/display/summary.h"

#include "base/diag.h"
#include "base/quote.h"
#include "run/session_private.h"
#include "worker/executor.h"

#include <inttypes.h>

/* Returns how tasks with an outcome that is a failure have failed. */
static const char *failure_words(const struct session *session, enum outcome outcome)
{
	/* What is answered has no status of its own. */
	if (outcome == OUTCOME_FAILED)
		return session->options->command.executor->answers_each ? "by error" : "by exit status";
	return outcome == OUTCOME_SIGNALED  ? "by signal"
	       : outcome == OUTCOME_TIMEOUT ? "by time limit"
	       : outcome == OUTCOME_LOST    ? "lost"
					    : "not started";
}

/* Appends "2 by exit status, 1 by signal". Returns how many tasks failed. */
static uint64_t append_kinds(const struct session *session, struct bytes *out)
{
	static const enum outcome kinds[] = {
		OUTCOME_FAILED, OUTCOME_SIGNALED, OUTCOME_TIMEOUT, OUTCOME_LOST, OUTCOME_NOT_STARTED,
	};
	uint64_t failed = 0;
	size_t i;

	for (i = 0; i < countof(kinds); i++) {
		uint64_t count = session->tally.outcomes[kinds[i]];

		if (!count)
			continue;
		bytes_append_format(out, "%s%" PRIu64 " %s", failed ? ", " : "", count,
				    failure_words(session, kinds[i]));
		failed += count;
	}
	return failed;
}

/* Appends how many failed tasks have no line, and where they are. */
static void append_others(const struct session *session, uint64_t rest, struct bytes *out)
{
	const struct output_options *output = &session->options->output;
	const char *log = output->log ? output->log : output->joblog;

	bytes_append_format(out, "mpmap: ... and %" PRIu64 " more", rest);
	if (log) {
		bytes_append_text(out, " (see ");
		quote_terminal(out, slice_of(log + (*log == '+')));
		bytes_append_text(out, ")");
	} else if (!session->place.screen) {
		bytes_append_text(out, " (--log=FILE has all)");
	}
	bytes_append_text(out, "\n");
}

void summary_report(const struct session *session)
{
	const struct session_tally *tally = &session->tally;
	/* Of all tasks, as far as known: some may not have been submitted. */
	uint64_t total = tally->total > tally->submitted ? tally->total : tally->submitted, failed;
	bool skipped = tally->outcomes[OUTCOME_SKIPPED] || total > tally->submitted;
	const struct session_reported *reported = &session->reported;
	bool colored = session->progress.is_colored;
	struct bytes kinds = {.data = NULL}, out = {.data = NULL};

	failed = append_kinds(session, &kinds);
	if (failed && !session->options->output.quiet) {
		bytes_append_format(&out, "mpmap: %s", colored ? "\033[31m" : "");
		if (total == 1)
			bytes_append_text(&out, "the only task failed");
		else
			bytes_append_format(&out, "%" PRIu64 " of %" PRIu64 " tasks failed", failed, total);
		bytes_append_format(&out, "%s: %s%s\n", colored ? "\033[m" : "",
				    total == 1 ? bytes_text(&kinds) + sizeof "1" : bytes_text(&kinds),
				    skipped ? "; others were skipped" : "");
		bytes_append(&out, reported->failure_lines.data, reported->failure_lines.size);
		if (reported->failures && failed > reported->failures)
			append_others(session, failed - reported->failures, &out);
		diag_line(bytes_slice(&out));
	}
	if (tally->retried)
		diag_note("%" PRIu64 " task%s needed more than one attempt", tally->retried,
			  tally->retried == 1 ? "" : "s");
	bytes_release(&kinds);
	bytes_release(&out);
}
