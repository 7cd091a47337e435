/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard output and error of a run. */
#include "run/outlet.h"

#include "base/diag.h"
#include "base/mem.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The outlet that messages pass, in their turn among the tasks' standard error. NULL if there is no such outlet. */
static struct outlet *diag_outlet;

/* Writes to standard error, after what was written before. */
static void put_errors(struct outlet *outlet, struct slice bytes)
{
	if (!bytes.size)
		return;
	if (outlet->clear)
		outlet->clear(outlet);
	outlet->within_line = bytes.data[bytes.size - 1] != '\n';
	writer_put(outlet->errors, bytes);
}

static void outlet_put_diag(struct slice line)
{
	put_errors(diag_outlet, line);
}

bool outlet_takes_frame(const struct outlet *outlet)
{
	return !outlet->within_line && writer_is_idle(outlet->errors);
}

void outlet_put_frame(struct outlet *outlet, struct slice frame)
{
	writer_put(outlet->errors, frame);
}

static void output_changed(struct writer *writer)
{
	struct outlet *outlet = container_of(writer, struct outlet, output);

	if (writer->error)
		outlet->failed(outlet, writer->error);
}

/* The sink of the order: everything passes in its final order. */

static bool sink_has_room(struct order_sink *sink)
{
	const struct outlet *outlet = container_of(sink, struct outlet, sink);

	if (outlet->screen && !outlet->screen->has_room(outlet->screen))
		return false;
	return !writer_is_full(&outlet->output) && !writer_is_full(outlet->errors);
}

/*
 * Writes formatted bytes: to the screen, unless a file takes them, or to the stream's writer. Everything of the tasks
 * passes here once.
 */
static void outlet_write(struct outlet *outlet, enum stream stream, struct slice bytes)
{
	if (!bytes.size)
		return;
	if (outlet->stage && outlet->stage->is_taking && stream == STREAM_OUTPUT) {
		stage_put(outlet->stage, bytes);
		return;
	}
	if (outlet->screen && !(stream == STREAM_OUTPUT && outlet->has_file)) {
		outlet->screen->put(outlet->screen, outlet->index, stream, bytes);
		return;
	}
	if (stream == STREAM_OUTPUT && outlet->errors != &outlet->output)
		writer_put(&outlet->output, bytes);
	else
		put_errors(outlet, bytes);
}

/* Writes what a format has appended to the buffer. */
static void write_formatted(struct outlet *outlet, enum stream stream)
{
	outlet_write(outlet, stream, bytes_slice(&outlet->formatted));
	bytes_clear(&outlet->formatted);
}

static void sink_begin(struct order_sink *sink, const struct result *result, const char *label, unsigned text)
{
	struct outlet *outlet = container_of(sink, struct outlet, sink);

	outlet->index = result->index;
	if (result->is_recalled)
		return;
	if (outlet->stage)
		stage_begin(outlet->stage, result, outlet->voids(outlet, result));
	else if (outlet->format->join)
		outlet->format->join(&outlet->state, &outlet->formatted);
	if (!outlet->format->begin)
		return;
	outlet->format->begin(&outlet->state, result, label, text, &outlet->formatted);
	write_formatted(outlet, STREAM_OUTPUT);
}

static void sink_data(struct order_sink *sink, uint64_t index, const char *label, enum stream stream,
		      struct slice bytes)
{
	struct outlet *outlet = container_of(sink, struct outlet, sink);
	const struct output_format *format = outlet->format;

	outlet->index = index;
	outlet->current_bytes += bytes.size;
	if (!format->data || (format->is_table && stream == STREAM_ERRORS)) {
		outlet_write(outlet, stream, bytes);
		return;
	}
	format->data(&outlet->state, label, stream, bytes, &outlet->formatted);
	write_formatted(outlet, format->is_whole ? STREAM_OUTPUT : stream);
}

static void sink_lost(struct order_sink *sink)
{
	container_of(sink, struct outlet, sink)->state.is_lost = true;
}

/* Writes what the format ends each of a task's streams with. */
static void sink_end_streams(struct outlet *outlet)
{
	enum stream stream, last = outlet->format->is_whole ? STREAM_OUTPUT : STREAM_ERRORS;

	for (stream = STREAM_OUTPUT; stream <= last; stream++) {
		outlet->format->end(&outlet->state, stream, &outlet->formatted);
		write_formatted(outlet, stream);
	}
}

/* A finished task, and where its output ends in each writer (writer.total). */
struct outlet_unsettled {
	/* Within outlet.unsettled. */
	struct list link;
	/* A copy without the views. */
	struct result result;
	uint64_t output_end;
	uint64_t errors_end;
};

/* True if output has been lost. */
static bool outlet_has_lost(const struct outlet *outlet)
{
	return outlet->output.error || outlet->errors->error;
}

/* Returns the oldest task to be settled, NULL if there is none. */
static struct outlet_unsettled *oldest_unsettled(const struct outlet *outlet)
{
	return outlet->unsettled_count ? container_of(outlet->unsettled.next, struct outlet_unsettled, link) : NULL;
}

/* True if the kernel has accepted a task's output, or a screen has it. */
static bool is_accepted(const struct outlet *outlet, const struct outlet_unsettled *task)
{
	return outlet->output.total >= task->output_end && outlet->errors->total >= task->errors_end;
}

/* Removes the oldest task to be settled. */
static void drop_oldest_unsettled(struct outlet *outlet)
{
	struct outlet_unsettled *task = oldest_unsettled(outlet);

	list_remove(&task->link);
	outlet->unsettled_count--;
	free(task);
}

/* Settles the tasks whose output has been accepted. After a loss of output the others are dropped. */
static void settle_tasks(struct outlet *outlet)
{
	struct outlet_unsettled *task;

	while ((task = oldest_unsettled(outlet)) && is_accepted(outlet, task)) {
		struct result result = task->result;

		drop_oldest_unsettled(outlet);
		outlet->settled(outlet, &result);
	}
	while (outlet->unsettled_count && outlet_has_lost(outlet))
		drop_oldest_unsettled(outlet);
}

/* Writes what the writers hold, as far as their readers take it. */
static void flush_writers(struct outlet *outlet)
{
	writer_flush(&outlet->output);
	writer_flush(outlet->errors);
}

/*
 * Has a finished task settled by the next outlet_flush after its output was accepted, never at once: its result is not
 * recorded yet. If there are many such tasks their output is written now as far as possible: if too much remains, a
 * writer waits for its reader, and the loop reports when that has progressed.
 */
static void await_settlement(struct outlet *outlet, const struct result *result)
{
	struct outlet_unsettled *task;

	if (outlet_has_lost(outlet))
		return;
	task = mem_new(1, sizeof *task);
	*task = (struct outlet_unsettled){
		.result = *result,
		.output_end = writer_end(&outlet->output),
		.errors_end = writer_end(outlet->errors),
	};
	task->result.reason = task->result.line = NULL;
	list_append(&outlet->unsettled, &task->link);
	if (++outlet->unsettled_count >= OUTLET_UNSETTLED_MOST)
		flush_writers(outlet);
}

bool outlet_is_behind(const struct outlet *outlet)
{
	return outlet->unsettled_count >= OUTLET_UNSETTLED_MOST && !outlet_has_lost(outlet) &&
	       !is_accepted(outlet, oldest_unsettled(outlet));
}

static void sink_result(struct order_sink *sink, const struct result *result)
{
	struct outlet *outlet = container_of(sink, struct outlet, sink);

	outlet->index = result->index;
	if (outlet->format->end && !result->is_recalled)
		sink_end_streams(outlet);
	if (outlet->stage && !result->is_recalled)
		stage_end(outlet->stage, result);
	if (outlet->finished(outlet, result))
		await_settlement(outlet, result);
	if (outlet->screen)
		outlet->screen->ended(outlet->screen, result->index);
	outlet->current_bytes = 0;
}

/* Writes what the format begins the run's output with. */
static void begin_output(struct outlet *outlet)
{
	struct stage *stage = outlet->stage;

	outlet->state.begun = stage && stage->has_tasks;
	if (outlet->format->open && !(stage && stage->is_opened)) {
		outlet->format->open(&outlet->state, &outlet->formatted);
		write_formatted(outlet, STREAM_OUTPUT);
	}
	if (stage)
		stage_open(stage);
}

/* True if two descriptors are open on one file. */
static bool is_same_file(int a, int b)
{
	struct stat first, second;
	unsigned x, y;

	if (ioctl(a, TIOCGDEV, &x) == 0 && ioctl(b, TIOCGDEV, &y) == 0)
		return x == y;
	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Opens the writers. What a screen shows is not theirs. */
static void open_writers(struct outlet *outlet, struct loop *loop, int output)
{
	writer_init(&outlet->output, loop, output);
	outlet->output.changed = output_changed;
	outlet->output.fails_by_fault = true;
	/* Both streams have one writer if they are one file: it keeps their order. */
	outlet->errors = &outlet->output;
	if (outlet->screen || !is_same_file(output, diag_descriptor())) {
		outlet->errors = &outlet->own_errors;
		writer_init(outlet->errors, loop, outlet->screen ? -1 : diag_descriptor());
	}
}

void outlet_open(struct outlet *outlet, struct loop *loop, const struct outlet_options *options)
{
	outlet->sink = (struct order_sink){
		.has_room = sink_has_room,
		.begin = sink_begin,
		.lost = sink_lost,
		.data = sink_data,
		.result = sink_result,
	};
	outlet->format = options->format;
	list_init(&outlet->unsettled);
	outlet->has_file = outlet->screen && options->output >= 0;
	open_writers(outlet, loop, options->output);
	outlet->state = (struct output_state){
		.worker_prefix = options->worker_prefix,
		.columns = options->columns,
		.column_count = options->column_count,
		.is_shared = outlet->screen ? !outlet->has_file : outlet->errors == &outlet->output,
	};
	/* A screen has messages of its own. */
	if (!outlet->screen) {
		diag_outlet = outlet;
		diag_set_sink(outlet_put_diag);
	}
	begin_output(outlet);
}

bool outlet_drops(const struct outlet *outlet, enum stream stream)
{
	bool is_output = stream == STREAM_OUTPUT || (outlet->format->is_whole && !outlet->format->is_table);

	return outlet->format->is_silent || (is_output ? &outlet->output : outlet->errors)->error;
}

unsigned outlet_lost_streams(const struct outlet *outlet)
{
	bool both = outlet->errors == &outlet->output && !outlet->format->is_whole;

	return 1u << STREAM_OUTPUT | (both ? 1u << STREAM_ERRORS : 0);
}

void outlet_end(struct outlet *outlet)
{
	if (!outlet->format->close)
		return;
	outlet->format->close(&outlet->state, &outlet->formatted);
	write_formatted(outlet, STREAM_OUTPUT);
}

void outlet_flush(struct outlet *outlet)
{
	if (outlet->stage)
		stage_pump(outlet->stage);
	flush_writers(outlet);
	if (outlet->unsettled_count)
		settle_tasks(outlet);
}

bool outlet_is_idle(const struct outlet *outlet)
{
	if (outlet->stage && stage_has_more(outlet->stage))
		return false;
	return writer_is_idle(&outlet->output) && writer_is_idle(outlet->errors);
}

void outlet_close(struct outlet *outlet)
{
	while (outlet->unsettled_count)
		drop_oldest_unsettled(outlet);
	if (!outlet->screen)
		diag_set_sink(NULL);
	if (outlet->errors != &outlet->output)
		writer_release(outlet->errors);
	writer_release(&outlet->output);
	output_release(&outlet->state);
	bytes_release(&outlet->formatted);
}
