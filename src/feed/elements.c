/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON as the source of tasks: read into a private buffer, scanned for elements, and packed into blocks. Only the
 * current element and what was read with it is held.
 */
#include "feed/feeder.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "task/frame.h"
#include "codec/input_json.h"
#include "codec/json/json.h"
#include "run/supply.h"
#include "task/shell.h"
#include "worker/executor.h"
#include "feed/inlet.h"

#include <inttypes.h>

enum {
	/* Bytes that are read at a time. */
	AHEAD = 65536,
	/* Bytes of a buffer beyond which its memory is released after use: a large element is rare. */
	LARGE = 1 << 20,
};

struct elements {
	struct feeder feeder;
	struct inlet inlet;
	struct json_input input;
	/* The bytes read; the first done of them have been consumed. */
	struct bytes buffer;
	size_t done;
	/* The bytes of the current element's task. */
	struct bytes task;
	/* Bytes consumed, for a guess how many tasks the unread ones hold. */
	uint64_t bytes_seen;
	/* True if the unread bytes hold no whole element. */
	bool incomplete;
	/* True if everything has been submitted. */
	bool finished;
};

static struct elements *elements_of(struct feeder *feeder)
{
	return container_of(feeder, struct elements, feeder);
}

static struct slice elements_unread(const struct elements *elements)
{
	const char *data = elements->buffer.data;

	return (struct slice){.data = data ? data + elements->done : data,
			      .size = elements->buffer.size - elements->done};
}

/* Ends the input: submits what is open and notifies the session. */
static void elements_finish(struct elements *elements)
{
	uint64_t submitted;

	if (elements->finished)
		return;
	elements->finished = true;
	if (!elements->inlet.end)
		inlet_end(&elements->inlet);
	packer_submit(&elements->feeder.packer);
	submitted = supply_index(elements->feeder.session);
	session_expect(elements->feeder.session, submitted);
	trace_event("input_end", "\"records\":%" PRIu64, submitted);
}

/* Ends malformed input with a message; the elements before count. */
static void elements_refuse(struct elements *elements, struct slice bytes, size_t offset, const char *why)
{
	struct json_place place = json_input_place(&elements->input, bytes, offset);

	diag_error("%s: element %" PRIu64 " (line %" PRIu64 ", column %" PRIu64 "): %s", elements->inlet.source->name,
		   elements->input.element, place.line, place.column, why);
	supply_fail(elements->feeder.session);
	elements_finish(elements);
}

/* Returns a guess how many elements follow; UINT64_MAX before the end of the input has been read. */
static uint64_t elements_left(const struct elements *elements)
{
	if (!elements->inlet.end)
		return UINT64_MAX;
	return elements_unread(elements).size * elements->input.element / (elements->bytes_seen + 1);
}

/* Empties a buffer. */
static void elements_clear(struct bytes *bytes)
{
	if (bytes->capacity > LARGE)
		bytes_release(bytes);
	bytes_clear(bytes);
}

/* Packs what is in elements->task as a task of the given width. Without memory for it the input ends. */
static void elements_pack(struct elements *elements, uint32_t width)
{
	struct packer *packer = &elements->feeder.packer;
	struct bytes *task = &elements->task;
	size_t room;
	char *to = packer_room(packer, task->size, &room);

	if (!to) {
		inlet_fail(&elements->inlet, "memory for the input");
		elements_finish(elements);
		return;
	}
	memcpy(to, task->data, task->size);
	packer_add(packer, task->size, width, elements_left(elements));
	elements_clear(task);
}

/* Converts an element to a task in elements->task, and sets its width. -1 with the problem. */
static int convert(struct elements *elements, struct slice text, uint32_t *width, struct json_problem *problem)
{
	const struct session_options *run = elements->feeder.run;
	struct bytes *task = &elements->task;
	enum json_form form = JSON_FRAME;
	int converted;

	bytes_clear(task);
	if (run->command.executor->takes_json) {
		form = JSON_SCALAR;
		converted = json_as_source(text, task, problem);
	} else if (run->input.to_stdin)
		converted = json_as_text(text, task, problem);
	else if (run->input.brings_commands)
		converted = json_as_command(text, shell_program(run->command.program), task, problem);
	else
		converted = json_as_record(text, task, &form, problem);
	if (run->input.to_stdin)
		bytes_append(task, "\n", 1);
	else if (form == JSON_SCALAR)
		bytes_append(task, "", 1);
	*width = run->input.to_stdin ? CHUNK_RAW : form == JSON_SCALAR ? 1 : CHUNK_FRAMES;
	return converted;
}

/* Makes a task of the element that the unread bytes begin with, or refuses it. */
static void elements_take(struct elements *elements, struct slice bytes, struct slice text)
{
	struct json_problem problem = {.offset = 0};
	uint64_t retries;
	struct slice field;
	uint32_t width;

	if (convert(elements, text, &width, &problem) < 0) {
		if (problem.is_cut && elements->input.framing == JSON_LINES)
			error_set(&problem.error,
				  "the value has to end on its line (--json reads values over several)");
		elements_refuse(elements, bytes, problem.offset, error_text(&problem.error));
		error_release(&problem.error);
		return;
	}
	elements->done += text.size;
	elements->bytes_seen += text.size;
	json_input_consume(&elements->input, &bytes, text.size);
	if (width == 1 && elements->task.size > RECORD_MAX + 1) {
		char reason[128];

		snprintf(reason, sizeof reason, "the record has %zu bytes, an argument at most %d",
			 elements->task.size - 1, RECORD_MAX);
		feeder_refuse(&elements->feeder, reason);
		return;
	}
	if (width == CHUNK_FRAMES && elements->feeder.run->input.brings_commands &&
	    frame_find(bytes_slice(&elements->task), FIELD_RETRIES, &field)) {
		retries = frame_number(bytes_slice(&elements->task), FIELD_RETRIES);
		session_expect_retries(elements->feeder.session, packer_index(&elements->feeder.packer), retries);
	}
	elements_pack(elements, width);
}

/* Handles the next element of the unread bytes. False when they hold no whole one, and at the end. */
static bool take_element(struct elements *elements)
{
	struct slice bytes = elements_unread(elements);
	size_t before = bytes.size;
	struct json_step step = json_input_next(&elements->input, &bytes, elements->inlet.end);

	elements->done += before - bytes.size;
	elements->bytes_seen += before - bytes.size;
	elements->incomplete = step.event == JSON_MORE;
	if (step.event == JSON_ELEMENT)
		elements_take(elements, bytes, step.text);
	else if (step.event == JSON_REFUSED)
		elements_refuse(elements, bytes, step.offset, step.why);
	else if (step.event == JSON_END)
		elements_finish(elements);
	return step.event == JSON_ELEMENT;
}

/* True while another read could yield tasks. */
static bool elements_has_more_to_read(const struct elements *elements)
{
	return !elements->inlet.end && supply_is_open(elements->feeder.session);
}

/* Removes what is consumed from the buffer. */
static void drop_consumed(struct elements *elements)
{
	struct bytes *buffer = &elements->buffer, rest = {.data = NULL};
	struct slice unread = elements_unread(elements);

	if (buffer->capacity > LARGE && unread.size <= AHEAD) {
		bytes_append(&rest, unread.data, unread.size);
		bytes_release(buffer);
		*buffer = rest;
	} else {
		bytes_consume(buffer, elements->done);
	}
	elements->done = 0;
}

/* Reads once. False when nothing can be read now, or ever. */
static bool elements_read_more(struct elements *elements)
{
	size_t got;

	if (elements->done)
		drop_consumed(elements);
	got = inlet_read(&elements->inlet, bytes_reserve(&elements->buffer, AHEAD), AHEAD);
	elements->buffer.size += got;
	/* A part of an element does not count. */
	if (elements->inlet.failed)
		elements_finish(elements);
	return got > 0 || elements->inlet.end;
}

/* True if reading is of use now: no element is whole, and the session has room for more. */
static bool elements_wants_input(const struct elements *elements)
{
	const struct session *session = elements->feeder.session;
	/* The end is looked for a little ahead where that is shown. */
	bool looks_ahead = supply_foresees(session) && elements_unread(elements).size < AHEAD;

	return elements_has_more_to_read(elements) &&
	       (looks_ahead || (elements->incomplete && session_has_room(session)));
}

static void feed_elements(struct feeder *feeder)
{
	struct elements *elements = elements_of(feeder);
	struct session *session = feeder->session;

	while (!elements->finished && session_has_room(session)) {
		if (take_element(elements) || elements->finished)
			continue;
		if (!inlet_has_bytes(&elements->inlet) || !elements_has_more_to_read(elements) ||
		    !elements_read_more(elements))
			break;
	}
	feeder_flush(feeder, false);
	inlet_foresee(&elements->inlet, packer_index(&feeder->packer), elements_unread(elements).size);
	inlet_watch(&elements->inlet, elements_wants_input(elements));
	if (elements->inlet.failed)
		elements_finish(elements);
}

static void elements_source_ready(struct watch *watch, unsigned events UNUSED)
{
	struct elements *elements = container_of(container_of(watch, struct inlet, watch), struct elements, inlet);

	if (elements_wants_input(elements))
		elements_read_more(elements);
	feed_elements(&elements->feeder);
}

static bool elements_are_fed(struct feeder *feeder)
{
	return elements_of(feeder)->finished;
}

static void begin_elements(struct feeder *feeder)
{
	struct elements *elements = elements_of(feeder);

	elements->input.framing = feeder->options->framing == FEED_JSON_LINES ? JSON_LINES : JSON_VALUES;
	inlet_open(&elements->inlet, feeder->session, &feeder->sources[0], elements_source_ready);
}

static void close_elements(struct feeder *feeder)
{
	struct elements *elements = elements_of(feeder);

	bytes_release(&elements->buffer);
	bytes_release(&elements->task);
}

static const struct feeder_kind elements_kind = {
	.begin = begin_elements,
	.feed = feed_elements,
	.is_fed = elements_are_fed,
	.close = close_elements,
};

struct feeder *elements_new(void)
{
	struct elements *elements = mem_new(1, sizeof *elements);

	elements->feeder.kind = &elements_kind;
	elements->incomplete = true;
	return &elements->feeder;
}
