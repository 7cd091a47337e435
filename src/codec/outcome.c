/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outcomes in words. */
#include "codec/outcome.h"

#include "base/error.h"

#include <inttypes.h>

static void describe_time(nsec time, struct bytes *out)
{
	bytes_append_format(out, time % NSEC_PER_SEC ? "%.3g s" : "%.0f s", (double)time / (double)NSEC_PER_SEC);
}

void outcome_explain(const struct result *result, struct bytes *out)
{
	switch (result->outcome) {
	case OUTCOME_SIGNALED:
		if (result->wanted_terminal)
			bytes_append_text(out, "ended because it wanted the terminal (--tty gives it to tasks)");
		break;
	case OUTCOME_NOT_STARTED:
		bytes_append_text(out, result->astray ? "its folder cannot be entered: " : "");
		bytes_append_text(out, result->reason ? result->reason : strerror(result->number));
		break;
	case OUTCOME_LOST:
		bytes_append_text(out, result->reason ? result->reason : "its worker is gone");
		break;
	case OUTCOME_TIMEOUT:
		bytes_append_text(out, "timed out after ");
		describe_time(result->limit, out);
		break;
	case OUTCOME_FAILED:
		bytes_append_text(out, result->reason ? result->reason : "");
		break;
	case OUTCOME_OK:
	case OUTCOME_SKIPPED:
	case OUTCOMES:
	default:
		break;
	}
}

void outcome_describe(const struct result *result, struct bytes *out)
{
	struct bytes why = {.data = NULL};

	outcome_explain(result, &why);
	/* What does not exit has failed for another reason. */
	if ((result->outcome == OUTCOME_OK || result->outcome == OUTCOME_FAILED) && result->status >= 0)
		bytes_append_format(out, "exit status %d", result->status);
	else if (result->outcome == OUTCOME_SIGNALED && !result->wanted_terminal)
		bytes_append_format(out, "killed by %s", error_signal(result->signal));
	else if (result->outcome == OUTCOME_NOT_STARTED)
		bytes_append_text(out, "not started: ");
	else if (result->outcome == OUTCOME_LOST)
		bytes_append_text(out, "lost: ");
	else if (result->outcome == OUTCOME_SKIPPED)
		bytes_append_text(out, outcome_name(result->outcome));
	bytes_append(out, why.data, why.size);
	bytes_release(&why);
	if (result->out_of_memory)
		bytes_append_text(out, " (out of memory: the kernel's OOM killer was at work)");
	if (result->attempt > 1)
		bytes_append_format(out, " (attempt %" PRIu32 ")", result->attempt);
}

enum outcome outcome_shown(const struct result *result)
{
	/* With --dry-run nothing ran, and succeeded. */
	bool is_dry = result->outcome == OUTCOME_OK && !result->ran && !result->from_memo;

	return is_dry ? OUTCOME_SKIPPED : result->outcome;
}

void outcome_put_time(struct bytes *out, nsec time)
{
	bytes_append_format(out, "%" PRId64 ".%06" PRId64, time / NSEC_PER_SEC, time % NSEC_PER_SEC / NSEC_PER_USEC);
}
