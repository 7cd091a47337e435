/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of output formats, the text format, and outcomes in words. */
#include "codec/output.h"

#include <inttypes.h>
#include <signal.h>

const struct output_format *const output_formats[] = {
	&output_text,
	NULL,
};

static void text_data(struct output_target *target, uint64_t index UNUSED, enum stream stream, struct slice bytes)
{
	target->put(target, stream, bytes);
}

static void text_result(struct output_target *target UNUSED, const struct result *result UNUSED)
{
}

const struct output_format output_text = {.name = "text", .data = text_data, .result = text_result};

static void describe_time(nsec time, struct bytes *out)
{
	bytes_append_format(out, time % NSEC_PER_SEC ? "%.3g s" : "%.0f s", (double)time / (double)NSEC_PER_SEC);
}

static void describe_signal(int number, struct bytes *out)
{
	const char *abbreviation = sigabbrev_np(number);

	if (abbreviation)
		bytes_append_format(out, "killed by SIG%s", abbreviation);
	else if (number >= SIGRTMIN && number <= SIGRTMAX)
		bytes_append_format(out, "killed by SIGRTMIN+%d", number - SIGRTMIN);
	else
		bytes_append_format(out, "killed by signal %d", number);
}

void output_describe(const struct result *result, struct bytes *out)
{
	switch (result->outcome) {
	case OUTCOME_OK:
	case OUTCOME_FAILED:
		bytes_append_format(out, "exit status %d", result->status);
		break;
	case OUTCOME_SIGNALED:
		if (result->wanted_terminal)
			bytes_append_text(out, "ended, since it wanted the terminal (--tty gives it)");
		else
			describe_signal(result->signal, out);
		break;
	case OUTCOME_NOT_STARTED:
		bytes_append_format(out, "not started: %s%s", result->astray ? "its folder cannot be entered: " : "",
				    result->reason ? result->reason : strerror(result->number));
		break;
	case OUTCOME_LOST:
		bytes_append_format(out, "lost: %s", result->reason ? result->reason : "its worker is gone");
		break;
	case OUTCOME_TIMEOUT:
		bytes_append_text(out, "timed out after ");
		describe_time(result->limit, out);
		break;
	case OUTCOME_SKIPPED:
	case OUTCOMES:
	default:
		bytes_append_text(out, outcome_name(result->outcome));
	}
	if (result->out_of_memory)
		bytes_append_text(out, " (out of memory: the kernel's OOM killer was at work)");
	if (result->attempt > 1)
		bytes_append_format(out, " (attempt %" PRIu32 ")", result->attempt);
}
