/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One source of records: read into blocks, split in place, and submitted in chunks, only as fast as the session has
 * room.
 *
 * A task may take a group of records. The last group of a chunk may be smaller than the others. Records for a task's
 * standard input keep their delimiters, one task to a chunk.
 *
 * Where the records are shared among the jobs (FEED_AUTO), no group is begun before the end of the input has been read,
 * or enough for a full command line of each job.
 */
#include "feed/feeder.h"

#include "base/mem.h"
#include "base/trace.h"
#include "codec/input.h"
#include "run/supply.h"
#include "feed/inlet.h"

#include <inttypes.h>
#include <unistd.h>

enum {
	/* Bytes of room for a read at least; with less another block is begun. */
	ROOM_MIN = 4096,
	/* Unread bytes below which more is read, so that the end is seen in time for smaller chunks. */
	AHEAD = 65536,
	/* Unread bytes from which groups of FEED_AUTO are begun in any case. */
	SHARE_BYTES = 1 << 28,
};

struct reader {
	struct feeder feeder;
	struct inlet inlet;
	struct input input;
	/* Unread bytes below which more is read. */
	size_t ahead;
	/* With FEED_AUTO the number of jobs that the rest of the records is for, else 0. */
	uint64_t parts;
	/* The number of all records, once a group is begun after the end of the input; with FEED_AUTO only. */
	uint64_t records_all;
	/* Largest number of records for the packer's group. */
	uint64_t group_most;
	/* Number of records in the packer's group, and bytes that they take of the space for arguments or as input. */
	uint64_t group_count;
	size_t group_cost;
	/* Bytes that a group of several records may take: a record alone may take more. */
	size_t group_cost_max;
	/* Width of the tasks. */
	uint32_t width;
	/* Bytes and records taken, for a guess how many records the unread bytes hold. */
	uint64_t bytes_seen;
	uint64_t records_seen;
	/* True if the unread bytes hold no whole record. */
	bool incomplete;
	/* True if the session has been notified that the input ended. */
	bool ended;
};

static bool is_for_stdin(const struct reader *reader)
{
	return reader->feeder.run->input.to_stdin;
}

/* True while another read could yield tasks. */
static bool reader_has_more_to_read(const struct reader *reader)
{
	return !reader->inlet.end && supply_is_open(reader->feeder.session);
}

static struct slice reader_unread(const struct reader *reader)
{
	struct slice unread;

	unread.data = packer_unread(&reader->feeder.packer, &unread.size);
	return unread;
}

/* Returns a guess how many tasks follow; UINT64_MAX before the end of the input has been read. */
static uint64_t tasks_left(const struct reader *reader)
{
	uint64_t records = packer_unread_size(&reader->feeder.packer);

	if (!reader->inlet.end)
		return UINT64_MAX;
	records = reader->bytes_seen ? records * reader->records_seen / reader->bytes_seen : records;
	return records / reader->feeder.options->group;
}

/* Makes a task of the group, if it has records. A group that is not full ends the chunk. */
static void close_group(struct reader *reader)
{
	bool cut = reader->group_count < reader->feeder.options->group;

	if (!reader->group_count)
		return;
	reader->group_count = 0;
	reader->group_cost = 0;
	packer_close(&reader->feeder.packer, reader->width, tasks_left(reader));
	if (reader->parts > 1 && reader->inlet.end)
		reader->parts--;
	if (cut)
		packer_submit(&reader->feeder.packer);
}

/* Drops unread bytes that no task gets. */
static void reader_drop(struct reader *reader, size_t size)
{
	close_group(reader);
	packer_gap(&reader->feeder.packer, size);
}

/* True if the bytes after the whole records are a record, too: the last one, without its delimiter. */
static bool reader_has_last(const struct reader *reader, size_t size)
{
	return reader->inlet.end && !reader->inlet.failed && input_has_last(&reader->input, size);
}

/* Returns how many records the unread bytes hold, at the end of the input. */
static uint64_t records_left(const struct reader *reader)
{
	struct slice unread = reader_unread(reader);

	return input_count(&reader->input, unread) +
	       reader_has_last(reader, unread.size - input_whole(&reader->input, unread));
}

/* Notifies the session when the end of the input has been read. */
static void end_input(struct reader *reader)
{
	if (!reader->inlet.end || reader->ended)
		return;
	reader->ended = true;
	if (reader->feeder.options->group == 1)
		session_expect(reader->feeder.session, reader->records_seen + records_left(reader));
	else if (reader->feeder.options->group < FEED_AUTO)
		inlet_expect(&reader->inlet, packer_index(&reader->feeder.packer),
			     reader->group_count + records_left(reader), reader->feeder.options->group);
	trace_event("input_end", "\"records\":%" PRIu64, reader->records_seen);
}

/* Refuses a record that cannot be a value. */
static void reader_refuse(struct reader *reader, struct input_step step)
{
	char reason[INPUT_REASON_MAX];

	input_explain(&reader->input, &step, reason, sizeof reason);
	reader_drop(reader, step.consumed);
	feeder_refuse(&reader->feeder, reason);
}

/* Adds a record to the group: with its delimiter if it is for standard input, else with a NUL. */
static void add_record(struct reader *reader, char *record, const struct input_step *step)
{
	size_t size = is_for_stdin(reader) ? step->consumed : (size_t)step->size + 1, cost = size;

	if (is_for_stdin(reader))
		record[step->size] = reader->input.delimiter;
	else if (reader->feeder.options->group > 1)
		cost = template_cost(supply_template(reader->feeder.session), size);
	if (reader->group_cost + cost > reader->group_cost_max)
		close_group(reader);
	packer_take_part(&reader->feeder.packer, size, step->consumed);
	reader->group_count++;
	reader->group_cost += cost;
	if (reader->group_count == reader->group_most || reader->group_cost >= reader->group_cost_max)
		close_group(reader);
}

/* True if the input has ended within a quoted field, whose quote is in the line. */
static bool reader_is_unclosed(const struct reader *reader, uint64_t *line)
{
	return reader->inlet.end && !reader->inlet.failed && input_is_quoted(&reader->input, line);
}

/* Ends the input at a quote that is not closed. The records before it count. */
static void reader_end_at_quote(struct reader *reader, const struct input_step *step)
{
	struct error error = {.number = 0};

	source_is_unclosed(reader->inlet.source, step->line, step->event == INPUT_MORE, &error);
	inlet_refuse(&reader->inlet, &error);
	packer_cut(&reader->feeder.packer, 0);
	/* Nothing is left to be scanned, and no quote is open. */
	reader->input = source_input(reader->inlet.source);
}

/* Takes a record that has its end. */
static void settle_step(struct reader *reader, char *bytes, const struct input_step *step)
{
	reader->bytes_seen += step->consumed;
	reader->records_seen++;
	if (step->event != INPUT_RECORD)
		reader_refuse(reader, *step);
	else
		add_record(reader, bytes, step);
}

/* Takes the last record, which the input ends in without a delimiter of several bytes. False if it does not. */
static bool reader_take_last(struct reader *reader)
{
	struct packer *packer = &reader->feeder.packer;
	size_t size = packer_unread_size(packer), room;
	struct input_step step;
	char *end;

	if (!reader_has_last(reader, size))
		return false;
	end = packer_room(packer, DELIMITER_MAX, &room);
	if (!end) {
		inlet_fail(&reader->inlet, "memory for the input");
		packer_cut(packer, 0);
		return false;
	}
	step = input_last(&reader->input, end - size, size);
	packer_fill(packer, step.consumed - size);
	settle_step(reader, end - size, &step);
	return true;
}

/* True if unread records may be taken: with FEED_AUTO no group is begun while it would be smaller than it can be. */
static bool reader_may_take(const struct reader *reader)
{
	return !reader->parts || reader->group_count || reader->inlet.end ||
	       packer_unread_size(&reader->feeder.packer) >= reader->ahead;
}

/* Sets how many records the next group has, where they are shared and their number is known. */
static void share_records(struct reader *reader)
{
	uint64_t left;

	if (!reader->parts || reader->group_count || !reader->inlet.end)
		return;
	if (!reader->records_all)
		reader->records_all = reader->records_seen + records_left(reader);
	left = reader->records_all - reader->records_seen;
	reader->group_most = left / reader->parts + (left % reader->parts != 0);
}

/* Takes the next record from the unread bytes. False when they hold no whole one. */
static bool reader_take_record(struct reader *reader)
{
	size_t size;
	char *bytes = packer_unread(&reader->feeder.packer, &size);
	struct input_step step = input_next(&reader->input, bytes, size);

	if (step.event == INPUT_UNCLOSED || (step.event == INPUT_MORE && reader_is_unclosed(reader, &step.line))) {
		reader_end_at_quote(reader, &step);
		return false;
	}
	reader->incomplete = step.event == INPUT_MORE;
	if (!reader->incomplete) {
		settle_step(reader, bytes, &step);
		return true;
	}
	/* The beginning of a record that is too long. */
	reader->bytes_seen += step.consumed;
	if (step.consumed)
		reader_drop(reader, step.consumed);
	return reader_take_last(reader);
}

/* Reads once. False when nothing can be read now, or ever. */
static bool reader_read_more(struct reader *reader)
{
	struct packer *packer = &reader->feeder.packer;
	size_t room, got = 0;
	char *to = packer_room(packer, ROOM_MIN, &room);

	if (to)
		got = inlet_read(&reader->inlet, to, room);
	else
		inlet_fail(&reader->inlet, "memory for the input");
	packer_fill(packer, got);
	/* The whole records before the failure count, a part of one does not. */
	if (reader->inlet.failed)
		packer_cut(packer, input_whole(&reader->input, reader_unread(reader)));
	end_input(reader);
	return got > 0;
}

/* True if reading is of use now: unread records run out, and the session has room for more. */
static bool reader_wants_input(const struct reader *reader)
{
	const struct session *session = reader->feeder.session;
	/* Without room the end is looked for where that is shown, as far as it takes no other block. */
	bool looks_ahead = supply_foresees(session) && packer_space(&reader->feeder.packer) >= ROOM_MIN;
	bool runs_out = reader->incomplete || packer_unread_size(&reader->feeder.packer) < reader->ahead;

	return runs_out && reader_has_more_to_read(reader) && (session_has_room(session) || looks_ahead);
}

static void feed_reader(struct feeder *feeder)
{
	struct reader *reader = container_of(feeder, struct reader, feeder);
	struct session *session = feeder->session;
	bool at_end;

	while (session_has_room(session)) {
		share_records(reader);
		if (reader_may_take(reader) && reader_take_record(reader))
			continue;
		if (!inlet_has_bytes(&reader->inlet) || !reader_has_more_to_read(reader))
			break;
		if (!reader_read_more(reader) && !reader->inlet.end)
			break;
	}
	at_end = reader->inlet.end && !packer_unread_size(&feeder->packer) && session_has_room(session);
	if (at_end)
		close_group(reader);
	feeder_flush(feeder, at_end);
	if (at_end)
		session_expect(session, packer_index(&feeder->packer));
	inlet_foresee(&reader->inlet, packer_index(&feeder->packer), packer_unread_size(&feeder->packer));
	inlet_watch(&reader->inlet, reader_wants_input(reader));
	end_input(reader);
}

static void reader_source_ready(struct watch *watch, unsigned events UNUSED)
{
	struct reader *reader = container_of(container_of(watch, struct inlet, watch), struct reader, inlet);

	if (reader_wants_input(reader))
		reader_read_more(reader);
	feed_reader(&reader->feeder);
}

static bool reader_is_fed(struct feeder *feeder)
{
	struct reader *reader = container_of(feeder, struct reader, feeder);
	uint64_t line;

	return reader->inlet.end && packer_is_empty(&feeder->packer) && !reader_is_unclosed(reader, &line);
}

/* Returns the bytes of the space for arguments that the command's words leave free, at least 1. */
static size_t space_for_arguments(const struct reader *reader)
{
	size_t taken = template_fixed_cost(supply_template(reader->feeder.session));
	size_t space = reader->feeder.run->machine.argument_space;

	return space > taken ? space - taken : 1;
}

/* Prepares for records that are shared among the jobs. */
static void expect_shares(struct reader *reader)
{
	uint64_t jobs = reader->feeder.run->workers.jobs;

	reader->parts = jobs;
	reader->ahead = size_multiply(reader->group_cost_max, jobs);
	if (reader->ahead > SHARE_BYTES)
		reader->ahead = SHARE_BYTES;
	if (reader->ahead < AHEAD)
		reader->ahead = AHEAD;
}

static void begin_reader(struct feeder *feeder)
{
	struct reader *reader = container_of(feeder, struct reader, feeder);
	const struct source_options *source = &feeder->options->sources[0];
	uint64_t group = feeder->options->group;

	reader->input = source_input(&feeder->sources[0]);
	if (is_for_stdin(reader))
		reader->input.limit = FEED_STDIN_MAX;
	reader->input.allows_nul = is_for_stdin(reader);
	reader->width = group < CHUNK_WIDEST ? (uint32_t)group : CHUNK_WIDEST;
	reader->group_cost_max = group > 1 ? space_for_arguments(reader) : SIZE_MAX;
	if (is_for_stdin(reader)) {
		reader->width = CHUNK_RAW;
		reader->group_cost_max = feeder->options->block ? feeder->options->block : FEED_STDIN_MAX;
	}
	if (source->items && group == 1)
		session_expect(feeder->session, source->item_count - feeder->options->has_header);
	reader->group_most = group;
	reader->ahead = AHEAD;
	if (group == FEED_AUTO)
		expect_shares(reader);
	inlet_open(&reader->inlet, feeder->session, &feeder->sources[0], reader_source_ready);
	if (group < FEED_AUTO)
		inlet_count(&reader->inlet, group);
}

static const struct feeder_kind reader_kind = {
	.begin = begin_reader,
	.feed = feed_reader,
	.is_fed = reader_is_fed,
};

struct feeder *reader_new(void)
{
	struct reader *reader = mem_new(1, sizeof *reader);

	reader->feeder.kind = &reader_kind;
	return &reader->feeder;
}
