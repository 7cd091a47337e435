/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing trace events. Times are microseconds with three decimals, from the beginning, so that doubles hold them. */
#include "run/page/trace_file.h"

#include "codec/output_json.h"

#include <inttypes.h>

/* Bytes of a text that a name shows. */
enum { NAME_MAX_SIZE = 120 };

/* Appends a time, nanoseconds. */
static void put_microseconds(struct bytes *out, nsec time)
{
	bytes_append_format(out, "%" PRId64 ".%03" PRId64, time / 1000, time % 1000);
}

/* Returns what a name shows of a text. */
static struct slice cut_name(struct slice text)
{
	text.size = text.size < NAME_MAX_SIZE ? text.size : NAME_MAX_SIZE;
	return text;
}

/* Appends the event that names the process, or with a slot its thread. */
static void put_trace_name(struct bytes *out, const char *event, uint32_t slot, struct slice name)
{
	bytes_append_format(
		out, "{\"ph\":\"M\",\"pid\":1,\"tid\":%" PRIu32 ",\"name\":\"%s\",\"args\":{\"name\":", slot, event);
	output_json_words(out, name);
	bytes_append_text(out, "}}");
}

void trace_file_begin(struct trace_file *trace, struct slice command, nsec began)
{
	*trace = (struct trace_file){.origin = began};
	bytes_append_text(&trace->out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
	put_trace_name(&trace->out, "process_name", 0, cut_name(command));
}

/* Names the slots up to this one. */
static void name_slots(struct trace_file *trace, uint32_t slot)
{
	while (trace->named < slot) {
		char name[32];

		snprintf(name, sizeof name, "slot %" PRIu32, ++trace->named);
		bytes_append_text(&trace->out, ",\n");
		put_trace_name(&trace->out, "thread_name", trace->named, slice_of(name));
	}
}

/* Appends what is known of a task besides its times. */
static void put_trace_arguments(struct bytes *out, const struct page_task *task)
{
	bytes_append_format(out, "{\"seq\":%" PRIu64 ",\"outcome\":\"%s\",\"attempts\":%" PRIu32, task->seq,
			    outcome_name(task->outcome), task->attempts);
	if (task->count > 1)
		bytes_append_format(out, ",\"records\":%" PRIu64, task->count);
	if (task->user_time >= 0 && task->system_time >= 0)
		bytes_append_format(out, ",\"cpu_seconds\":%.6f",
				    (double)(task->user_time + task->system_time) / (double)NSEC_PER_SEC);
	if (task->max_rss)
		bytes_append_format(out, ",\"max_rss\":%" PRIu64, task->max_rss);
	if (page_task_has_failed(task)) {
		bytes_append_text(out, ",\"end\":");
		output_json_words(out, task->ending);
		bytes_append_text(out, ",\"stderr\":");
		output_json_words(out, task->errors);
	}
	bytes_append_text(out, "}");
}

void trace_file_add(struct trace_file *trace, const struct page_task *task)
{
	struct bytes *out = &trace->out;

	if (!task->start || !task->slot)
		return;
	if (!trace->origin)
		trace->origin = task->start;
	name_slots(trace, task->slot);
	bytes_append_format(out, ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%" PRIu32 ",\"cat\":\"%s\",\"ts\":", task->slot,
			    outcome_name(task->outcome));
	/* The clock that says when tasks began may have been set back meanwhile. */
	put_microseconds(out, task->start > trace->origin ? task->start - trace->origin : 0);
	bytes_append_text(out, ",\"dur\":");
	put_microseconds(out, task->duration > 0 ? task->duration : 0);
	bytes_append_text(out, ",\"name\":");
	output_json_words(out, cut_name(task->text));
	bytes_append_text(out, ",\"args\":");
	put_trace_arguments(out, task);
	bytes_append_text(out, "}");
}

void trace_file_end(struct trace_file *trace)
{
	bytes_append_text(&trace->out, "\n]}\n");
}

void trace_file_release(struct trace_file *trace)
{
	bytes_release(&trace->out);
}
