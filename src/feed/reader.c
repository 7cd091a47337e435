/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One source of records: read into blocks, split in place, and submitted in chunks, only as fast as the session has
 * room.
 *
 * A task may take a group of records. Then the last group of a chunk may be smaller than the others, and what is to go
 * to tasks' standard input stays as it is, one task to a chunk.
 */
#include "feed/feeder.h"

#include "base/mem.h"
#include "base/trace.h"
#include "codec/input.h"
#include "run/verdict.h"
#include "feed/inlet.h"

#include <inttypes.h>
#include <unistd.h>

enum {
	/* With less room than this in a block the next is begun. */
	ROOM_MIN = 4096,
	/* With less unread input than this more is read, so that the end is seen in time for smaller chunks. */
	AHEAD = 65536,
	/* The largest record for a task's standard input. */
	STDIN_MAX = 1 << 30,
};

struct reader {
	struct feeder feeder;
	struct inlet inlet;
	struct input input;
	/* The block being filled, of so many bytes: those up to filled have been read, those up to parsed are records.
	 */
	size_t block;
	size_t size;
	size_t filled;
	size_t parsed;
	/* Whole tasks of this block that have not been submitted yet: open_count of them from open_offset on. */
	size_t open_offset;
	uint32_t open_count;
	/* The group that is not whole yet: so many records from here on, and what they cost of the space for arguments.
	 */
	size_t group_offset;
	uint64_t group_count;
	size_t group_cost;
	size_t group_cost_max;
	/* For guessing how many records the unread bytes hold. */
	uint64_t bytes_seen;
	uint64_t records_seen;
	/* What has been read holds no whole record. */
	bool incomplete;
	/* The end of the input has been read. */
	bool ended;
};

static bool is_for_stdin(const struct reader *reader)
{
	return reader->feeder.session->options->to_stdin;
}

static bool reader_has_more_to_read(const struct reader *reader)
{
	return !reader->inlet.end && reader->feeder.session->phase == SESSION_RUNNING;
}

static void submit_open(struct reader *reader)
{
	struct session *session = reader->feeder.session;
	uint64_t width = reader->feeder.options->group;
	struct chunk chunk = {
		.first = session->submitted,
		.count = reader->open_count,
		.block = reader->block,
		.offset = (uint32_t)reader->open_offset,
		.size = (uint32_t)(reader->group_offset - reader->open_offset),
		.attempt = 1,
		.width = is_for_stdin(reader)   ? CHUNK_RAW
			 : width < CHUNK_WIDEST ? (uint32_t)width
						: CHUNK_WIDEST,
	};

	if (chunk.count) {
		arena_hold(&session->arena, reader->block);
		session_submit(session, &chunk);
	}
	reader->open_offset = reader->group_offset;
	reader->open_count = 0;
}

/* The bytes that have been read and are not records yet. */
static struct slice reader_unread(const struct reader *reader)
{
	const char *bytes;

	if (reader->block == ARENA_NONE)
		return (struct slice){.data = NULL};
	bytes = arena_block(&reader->feeder.session->arena, reader->block);
	return (struct slice){.data = bytes + reader->parsed, .size = reader->filled - reader->parsed};
}

/* A guess how many tasks are still to come, once the end of the input has been read. */
static uint64_t tasks_left(const struct reader *reader)
{
	uint64_t records = reader->filled - reader->parsed;

	if (!reader->inlet.end)
		return UINT64_MAX;
	records = reader->bytes_seen ? records * reader->records_seen / reader->bytes_seen : records;
	return records / reader->feeder.options->group;
}

/* The group is whole, or as large as it gets: it is a task. */
static void close_group(struct reader *reader)
{
	bool cut = reader->group_count < reader->feeder.options->group;
	struct session *session = reader->feeder.session;

	if (!reader->group_count)
		return;
	reader->open_count++;
	reader->group_offset = reader->parsed;
	reader->group_count = 0;
	reader->group_cost = 0;
	if (cut || is_for_stdin(reader) || reader->open_count >= pace_chunk(&session->pace, tasks_left(reader)))
		submit_open(reader);
}

/* What follows from having read the end of the input. */
static void end_input(struct reader *reader)
{
	if (!reader->inlet.end || reader->ended)
		return;
	reader->ended = true;
	if (reader->feeder.options->group == 1)
		session_expect(reader->feeder.session,
			       reader->records_seen + input_count(&reader->input, reader_unread(reader)));
	trace_event("input_end", "\"records\":%" PRIu64, reader->records_seen);
}

/* Deals with a record that no task can have; what is open before it goes first, so that indexes follow. */
static void reader_refuse(struct reader *reader, struct input_step step)
{
	char reason[128];

	if (step.event == INPUT_NUL)
		snprintf(reason, sizeof reason,
			 "the record has a NUL in it, which no argument can have (-0 splits at NULs)");
	else
		snprintf(reason, sizeof reason, "the record has %" PRIu64 " bytes, %s at most %" PRIu64, step.size,
			 is_for_stdin(reader) ? "a task's input" : "an argument", reader->input.limit);
	close_group(reader);
	submit_open(reader);
	verdict_refuse(reader->feeder.session, reason);
	reader->parsed += step.consumed;
	reader->open_offset = reader->group_offset = reader->parsed;
}

/* A record of so many bytes, with its delimiter, joins the group. */
static void add_record(struct reader *reader, char *record, size_t size)
{
	size_t cost = 0;

	if (is_for_stdin(reader))
		record[size - 1] = reader->input.delimiter;
	else if (reader->feeder.options->group > 1)
		cost = template_cost(&reader->feeder.session->template, size);
	if (reader->group_cost + cost > reader->group_cost_max)
		close_group(reader);
	reader->parsed += size;
	reader->group_count++;
	reader->group_cost += cost;
	if (reader->group_count == reader->feeder.options->group)
		close_group(reader);
}

/* Takes the next record out of what has been read: false when there is no whole one. */
static bool reader_take_record(struct reader *reader)
{
	char *bytes = arena_block(&reader->feeder.session->arena, reader->block) + reader->parsed;
	struct input_step step = input_next(&reader->input, bytes, reader->filled - reader->parsed);

	reader->bytes_seen += step.consumed;
	reader->incomplete = step.event == INPUT_MORE;
	if (reader->incomplete) {
		/* What was dropped of a record too long is in no chunk. */
		if (step.consumed) {
			close_group(reader);
			submit_open(reader);
			reader->parsed += step.consumed;
			reader->open_offset = reader->group_offset = reader->parsed;
		}
		return false;
	}
	reader->records_seen++;
	if (step.event != INPUT_RECORD)
		reader_refuse(reader, step);
	else
		add_record(reader, bytes, step.consumed);
	return true;
}

/* Makes room to read into: begins the next block when this one is full. -1 when there is no memory. */
static int reader_make_room(struct reader *reader)
{
	struct arena *arena = &reader->feeder.session->arena;
	size_t keep, rest, next, blocks = 1;

	if (reader->block != ARENA_NONE && reader->size - reader->filled >= ROOM_MIN)
		return 0;
	keep = reader->group_count ? reader->group_offset : reader->parsed;
	rest = reader->filled - keep;
	if (reader->block != ARENA_NONE) {
		submit_open(reader);
		/* A record, or a group, that takes most of a block: more of them, with as much room again as it has
		 * now. */
		while (blocks * ARENA_BLOCK_SIZE < 2 * rest)
			blocks *= 2;
		session_expect_size(reader->feeder.session, blocks);
	}
	next = arena_take_run(arena, blocks);
	if (next == ARENA_NONE)
		return -1;
	if (reader->block != ARENA_NONE) {
		memcpy(arena_block(arena, next), arena_block(arena, reader->block) + keep, rest);
		arena_drop(arena, reader->block);
	}
	reader->block = next;
	reader->size = blocks * ARENA_BLOCK_SIZE;
	reader->filled = rest;
	reader->parsed -= keep;
	reader->open_offset = reader->group_offset = 0;
	return 0;
}

/* Reads once. False when nothing can be read now, or ever. */
static bool reader_read_more(struct reader *reader)
{
	size_t got = 0;

	if (reader_make_room(reader) < 0) {
		inlet_fail(&reader->inlet, "memory for the input");
	} else {
		char *to = arena_block(&reader->feeder.session->arena, reader->block) + reader->filled;

		got = inlet_read(&reader->inlet, to, reader->size - reader->filled);
	}
	reader->filled += got;
	/* A record that was cut off is none; the whole ones before it count. */
	if (reader->inlet.failed)
		reader->filled = reader->parsed + input_whole(&reader->input, reader_unread(reader));
	end_input(reader);
	return got > 0;
}

/* Whether reading is of use now: the records at hand run out, and there will be room for more. */
static bool reader_wants_input(const struct reader *reader)
{
	bool runs_out = reader->incomplete || reader->filled - reader->parsed < AHEAD;

	return runs_out && reader_has_more_to_read(reader) && session_has_room(reader->feeder.session);
}

static void feed_reader(struct feeder *feeder)
{
	struct reader *reader = container_of(feeder, struct reader, feeder);
	struct session *session = feeder->session;

	while (session_has_room(session)) {
		if (reader->block != ARENA_NONE && reader_take_record(reader))
			continue;
		if (!inlet_is_at_hand(&reader->inlet) || !reader_has_more_to_read(reader) || !reader_read_more(reader))
			break;
	}
	if (reader->inlet.end && reader->parsed == reader->filled && session_has_room(session)) {
		close_group(reader);
		submit_open(reader);
		session_expect(session, session->submitted);
	} else if (reader->open_count && session_has_room(session) && session_is_hungry(session)) {
		submit_open(reader);
	}
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

	if (feeder->session->phase != SESSION_RUNNING)
		return true;
	return reader->inlet.end && reader->parsed == reader->filled && !reader->open_count && !reader->group_count;
}

/* What is left of the space for arguments beside the words. */
static size_t space_for_arguments(const struct session *session)
{
	size_t space = session->options->argument_space, taken = template_fixed_cost(&session->template);

	return space > taken ? space - taken : 1;
}

static int prepare_reader(struct feeder *feeder UNUSED, const struct session_options *run UNUSED,
			  struct error *error UNUSED)
{
	return 0;
}

static void begin_reader(struct feeder *feeder)
{
	struct reader *reader = container_of(feeder, struct reader, feeder);
	const struct source_options *source = &feeder->options->sources[0];

	reader->input = (struct input){
		.delimiter = source_delimiter(&feeder->sources[0]),
		.limit = is_for_stdin(reader) ? STDIN_MAX : RECORD_MAX,
		.allows_nul = is_for_stdin(reader),
	};
	reader->group_cost_max = feeder->options->group > 1 ? space_for_arguments(feeder->session) : SIZE_MAX;
	if (source->items && feeder->options->group == 1)
		session_expect(feeder->session, source->item_count - feeder->options->has_header);
	inlet_open(&reader->inlet, feeder->session, &feeder->sources[0], reader_source_ready);
}

static void close_reader(struct feeder *feeder UNUSED)
{
}

static const struct feeder_kind reader_kind = {
	.prepare = prepare_reader,
	.begin = begin_reader,
	.feed = feed_reader,
	.is_fed = reader_is_fed,
	.close = close_reader,
};

struct feeder *reader_new(void)
{
	struct reader *reader = mem_new(1, sizeof *reader);

	reader->feeder.kind = &reader_kind;
	reader->block = ARENA_NONE;
	return &reader->feeder;
}
