/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of output formats, the text format, and outcomes in words. */
#include "codec/output.h"

#include "base/error.h"

#include <inttypes.h>

const struct output_format *const output_formats[] = {
	&output_text, &output_json_lines, &output_json, &output_none, NULL,
};

const struct output_format *output_find(const char *name)
{
	const struct output_format *const *format;

	for (format = output_formats; *format; format++) {
		if (strcmp((*format)->name, name) == 0)
			return *format;
	}
	return NULL;
}

static void text_data(struct output_target *target, const char *label UNUSED, enum stream stream, struct slice bytes)
{
	target->put(target, stream, bytes);
}

static void no_data(struct output_target *target UNUSED, const char *label UNUSED, enum stream stream UNUSED,
		    struct slice bytes UNUSED)
{
}

static void no_result(struct output_target *target UNUSED, const struct result *result UNUSED)
{
}

const struct output_format output_text = {.name = "text", .data = text_data, .result = no_result};
const struct output_format output_none = {.name = "none", .is_silent = true, .data = no_data, .result = no_result};

static void lines_data(struct output_target *target, const char *label, enum stream stream, struct slice bytes)
{
	enum stream other = stream == STREAM_OUTPUT ? STREAM_ERRORS : STREAM_OUTPUT;
	struct bytes *out = &target->scratch;

	bytes_clear(out);
	/* A line of one must not go on with what the other says. */
	if (target->is_shared && target->within_line[other]) {
		bytes_append_text(out, "\n");
		target->within_line[other] = false;
	}
	while (bytes.size) {
		const char *newline = memchr(bytes.data, '\n', bytes.size);
		size_t size = newline ? (size_t)(newline - bytes.data) + 1 : bytes.size;

		if (!target->within_line[stream] && label)
			bytes_append_text(out, label);
		bytes_append(out, bytes.data, size);
		target->within_line[stream] = !newline;
		bytes.data += size;
		bytes.size -= size;
	}
	target->put(target, stream, bytes_slice(out));
}

static void lines_result(struct output_target *target, const struct result *result UNUSED)
{
	enum stream stream;

	for (stream = STREAM_OUTPUT; stream <= STREAM_ERRORS; stream++) {
		if (target->within_line[stream])
			target->put(target, stream, slice_of("\n"));
		target->within_line[stream] = false;
	}
}

const struct output_format output_lines = {.name = "lines", .data = lines_data, .result = lines_result};

static void describe_time(nsec time, struct bytes *out)
{
	bytes_append_format(out, time % NSEC_PER_SEC ? "%.3g s" : "%.0f s", (double)time / (double)NSEC_PER_SEC);
}

void output_explain(const struct result *result, struct bytes *out)
{
	switch (result->outcome) {
	case OUTCOME_SIGNALED:
		if (result->wanted_terminal)
			bytes_append_text(out, "ended, since it wanted the terminal (--tty gives it)");
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
	case OUTCOME_OK:
	case OUTCOME_FAILED:
	case OUTCOME_SKIPPED:
	case OUTCOMES:
	default:
		break;
	}
}

void output_describe(const struct result *result, struct bytes *out)
{
	struct bytes why = {.data = NULL};

	output_explain(result, &why);
	if (result->outcome == OUTCOME_OK || result->outcome == OUTCOME_FAILED)
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
