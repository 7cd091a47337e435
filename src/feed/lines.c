/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One source of records for persistent commands: whole records with their delimiters, as many as a chunk should have
 * bytes, as they were read.
 *
 * Nothing is done for each record: a chunk ends where the last delimiter is, which is searched for backwards, and its
 * delimiters are counted many at a time. Only --chunksize needs to know where records begin.
 */
#include "feed/feeder.h"

#include "base/count.h"
#include "base/mem.h"
#include "base/trace.h"
#include "codec/input.h"
#include "run/supply.h"
#include "feed/inlet.h"

#include <inttypes.h>

enum {
	/* Bytes of room for a read at least; with less another block is begun. */
	LINES_ROOM = 4096,
	/* Bytes of a record at most. */
	LINE_MAX_SIZE = 1 << 30,
};

struct lines {
	struct feeder feeder;
	struct inlet inlet;
	char delimiter;
	/* Records of a chunk at most; 0: as many as it has bytes for. */
	uint64_t chunk_max;
	/* Bytes of whole records that the unread bytes begin with. */
	size_t whole;
	/* Bytes of the current record that were dropped because it is too long, 0 if none. */
	uint64_t dropped;
	/* Bytes submitted. */
	uint64_t submitted;
	/* True if the source may be read once without waiting. */
	bool readable;
	/* True if the session has been notified that the input ended. */
	bool ended;
};

/* True if item has a byte that would end its record early. */
static bool is_divided(const char *item, char delimiter)
{
	return delimiter && strchr(item, delimiter);
}

static int prepare_lines(struct feeder *feeder, struct error *error)
{
	const struct source_options *source = &feeder->options->sources[0];
	size_t i;

	for (i = 0; source->items && i < source->item_count; i++) {
		if (!is_divided(source->items[i], source->delimiter.bytes[0]))
			continue;
		error_set(error,
			  "item %zu of the command line has the byte in it that ends a record (-0 ends records "
			  "with NUL, which no item has)",
			  i + 1);
		error->is_usage = true;
		return -1;
	}
	return 0;
}

/* True while another read could yield records. */
static bool lines_may_follow(const struct lines *lines)
{
	return !lines->inlet.end && supply_is_open(lines->feeder.session);
}

/* True if the end of the input is looked for without room, since it is shown; as far as that takes no other block. */
static bool lines_look_ahead(const struct lines *lines)
{
	return supply_foresees(lines->feeder.session) && packer_space(&lines->feeder.packer) >= LINES_ROOM;
}

/* Returns how many bytes the next chunk should have. left is how many are to be divided, SIZE_MAX if not known. */
static size_t lines_wanted(const struct lines *lines, size_t left)
{
	return supply_chunk_bytes(lines->feeder.session, lines->submitted, left);
}

/* Returns the size of the records that the unread bytes begin with, about as much as wanted; there is a whole one. */
static size_t lines_measure(const struct lines *lines, const char *unread, size_t wanted)
{
	const char *last;

	if (wanted >= lines->whole)
		return lines->whole;
	last = memrchr(unread, lines->delimiter, wanted);
	if (!last)
		last = memchr(unread + wanted, lines->delimiter, lines->whole - wanted);
	return (size_t)(last + 1 - unread);
}

/* Returns the size of the first count of these records, or of all of them if they are fewer. */
static size_t lines_first(const struct lines *lines, const char *records, size_t size, uint64_t count)
{
	const char *at = records, *end = records + size;

	for (; count && at < end; count--)
		at = (const char *)memchr(at, lines->delimiter, (size_t)(end - at)) + 1;
	return (size_t)(at - records);
}

/* Prefetches the next count records, if there are so many. */
static void lines_prefetch(struct lines *lines, struct chunk_reader *ahead, size_t count)
{
	struct task task;

	while (count-- && chunk_next(ahead, &task))
		supply_prefetch(lines->feeder.session, &task);
}

/* Gives a record that need not be answered, and that the unread bytes begin with, its index. Returns its size. */
static size_t lines_pass(struct lines *lines, const struct task *task)
{
	supply_take(lines->feeder.session, task);
	packer_gap(&lines->feeder.packer, task->bytes.size);
	return task->bytes.size;
}

/*
 * Passes over the records that size bytes begin with and that need not be answered, up to a number of them, submits
 * those that follow up to the next such record, and passes over that. Returns how many bytes these took. There may be
 * no room for another chunk after that.
 */
static size_t lines_sift(struct lines *lines, const char *bytes, size_t size)
{
	struct packer *packer = &lines->feeder.packer;
	struct chunk_reader reader =
		chunk_read((struct slice){.data = bytes, .size = size}, packer_index(packer), UINT32_MAX, CHUNK_LINES);
	struct chunk_reader ahead = reader;
	struct session *session = lines->feeder.session;
	bool prefetches = supply_may_prefetch(session);
	size_t open = 0, passed = 0, left = supply_known_at_once(session);
	bool is_known = false;
	uint32_t count = 0;
	struct task task;

	if (prefetches)
		lines_prefetch(lines, &ahead, SUPPLY_AHEAD - 1);
	while (left && !(is_known && count) && chunk_next(&reader, &task)) {
		if (prefetches)
			lines_prefetch(lines, &ahead, 1);
		is_known = supply_knows(session, &task);
		if (is_known && !count) {
			passed += lines_pass(lines, &task);
			left--;
		} else if (!is_known) {
			open += task.bytes.size;
			count++;
		}
	}
	if (count)
		packer_close_lines(packer, open, count);
	if (is_known && count)
		passed += lines_pass(lines, &task);
	return open + passed;
}

/* Submits a chunk of whole records, about as many bytes as wanted. */
static void lines_submit(struct lines *lines, size_t wanted)
{
	struct packer *packer = &lines->feeder.packer;
	size_t unread;
	const char *bytes = packer_unread(packer, &unread);
	size_t size = lines_measure(lines, bytes, wanted);

	if (lines->chunk_max)
		size = lines_first(lines, bytes, size, lines->chunk_max);
	if (supply_may_know(lines->feeder.session))
		size = lines_sift(lines, bytes, size);
	else
		packer_close_lines(packer, size, (uint32_t)count_bytes(bytes, size, lines->delimiter));
	lines->whole -= size;
	lines->submitted += size;
}

/* Submits a chunk if there is enough for one, or its block is full, or the input has ended. */
static bool lines_take(struct lines *lines)
{
	bool complete = lines->inlet.end || packer_space(&lines->feeder.packer) < LINES_ROOM;
	size_t wanted;

	if (!lines->whole)
		return false;
	wanted = lines_wanted(lines, lines->inlet.end ? lines->whole : SIZE_MAX);
	if (lines->whole < wanted && !complete)
		return false;
	lines_submit(lines, wanted);
	return true;
}

/* Submits what has come, divided among the workers that wait for it, while nothing else comes. */
static void lines_flush(struct lines *lines)
{
	struct session *session = lines->feeder.session;

	if (!lines->whole || !session_has_room(session) || !session_is_hungry(session) || !inlet_is_idle(&lines->inlet))
		return;
	while (lines->whole && session_has_room(session))
		lines_submit(lines, lines_wanted(lines, lines->whole));
}

/* Refuses the record that the unread bytes begin with, of which size bytes with the delimiter are there. */
static void lines_refuse(struct lines *lines, size_t size)
{
	const struct input input = {.limit = LINE_MAX_SIZE, .allows_nul = true};
	const struct input_step step = {.event = INPUT_TOO_LONG, .size = lines->dropped + size - 1};
	char reason[INPUT_REASON_MAX];

	input_explain(&input, &step, reason, sizeof reason);
	lines->dropped = 0;
	packer_gap(&lines->feeder.packer, size);
	feeder_refuse(&lines->feeder, reason);
}

/* Handles a record that may be too long: before of its bytes were unread, got bytes followed. */
static void lines_check_length(struct lines *lines, size_t before, size_t got)
{
	size_t unread;
	const char *bytes = packer_unread(&lines->feeder.packer, &unread);
	const char *end = memchr(bytes + before, lines->delimiter, got);
	size_t size = end ? (size_t)(end + 1 - bytes) : unread;

	if (!lines->dropped && size - (end != NULL) <= LINE_MAX_SIZE)
		return;
	if (end) {
		lines_refuse(lines, size);
		return;
	}
	/* The bytes of a record that is too long are only counted. */
	lines->dropped += size;
	packer_gap(&lines->feeder.packer, size);
}

/* Counts bytes that were read as unread, and finds the whole records among them. */
static void lines_fill(struct lines *lines, size_t got)
{
	struct packer *packer = &lines->feeder.packer;
	size_t before = packer_unread_size(packer), unread;
	const char *bytes, *last;

	packer_fill(packer, got);
	/* Nothing is whole then: a block that is full of a part of a record was submitted up to that. */
	if (lines->dropped || before + got - lines->whole > LINE_MAX_SIZE) {
		lines_check_length(lines, before, got);
		before = 0;
	}
	bytes = packer_unread(packer, &unread);
	last = unread > before ? memrchr(bytes + before, lines->delimiter, unread - before) : NULL;
	if (last)
		lines->whole = (size_t)(last + 1 - bytes);
}

/* Ends the items of the command line as records end. */
static void lines_end_items(const struct lines *lines, char *bytes, size_t size)
{
	char *end = bytes + size;

	while (bytes < end && (bytes = memchr(bytes, '\0', (size_t)(end - bytes))))
		*bytes++ = lines->delimiter;
}

/* Notifies the session when the end of the input has been read. */
static void lines_note_end(struct lines *lines)
{
	struct packer *packer = &lines->feeder.packer;
	uint64_t records;
	size_t unread;

	if (!lines->inlet.end || lines->ended)
		return;
	lines->ended = true;
	/* A part of a record that could not be read does not count. */
	packer_cut(packer, lines->whole);
	records = packer_index(packer) + count_bytes(packer_unread(packer, &unread), lines->whole, lines->delimiter);
	session_expect(lines->feeder.session, records);
	trace_event("input_end", "\"records\":%" PRIu64, records);
}

/* Reads once. */
static void lines_read(struct lines *lines)
{
	size_t room, got = 0;
	char *to = packer_room(&lines->feeder.packer, LINES_ROOM, &room);

	lines->readable = false;
	if (to)
		got = inlet_read(&lines->inlet, to, room);
	else
		inlet_fail(&lines->inlet, "memory for the input");
	if (got && lines->inlet.source->options->items)
		lines_end_items(lines, to, got);
	if (got)
		lines_fill(lines, got);
	lines_note_end(lines);
}

static void feed_lines(struct feeder *feeder)
{
	struct lines *lines = container_of(feeder, struct lines, feeder);
	struct session *session = feeder->session;

	while (session_has_room(session)) {
		if (lines_take(lines))
			continue;
		if (!lines_may_follow(lines) || !(lines->readable || inlet_has_bytes(&lines->inlet)))
			break;
		lines_read(lines);
	}
	lines_flush(lines);
	inlet_foresee(&lines->inlet, packer_index(&feeder->packer), packer_unread_size(&feeder->packer));
	inlet_watch(&lines->inlet, lines_may_follow(lines) && (session_has_room(session) || lines_look_ahead(lines)));
	lines_note_end(lines);
}

static void lines_source_ready(struct watch *watch, unsigned events UNUSED)
{
	struct lines *lines = container_of(container_of(watch, struct inlet, watch), struct lines, inlet);

	lines->readable = true;
	if (!session_has_room(lines->feeder.session) && lines_look_ahead(lines))
		lines_read(lines);
	feed_lines(&lines->feeder);
	lines->readable = false;
}

static bool lines_are_fed(struct feeder *feeder)
{
	struct lines *lines = container_of(feeder, struct lines, feeder);

	return lines->inlet.end && packer_is_empty(&feeder->packer);
}

/* Returns how many records a chunk may have, 0 for any number. A worker leaves between chunks only. */
static uint64_t most_records(const struct worker_options *workers)
{
	if (!workers->chunk_size || (workers->max_tasks && workers->max_tasks < workers->chunk_size))
		return workers->max_tasks;
	return workers->chunk_size;
}

static void begin_lines(struct feeder *feeder)
{
	struct lines *lines = container_of(feeder, struct lines, feeder);
	const struct source_options *source = &feeder->options->sources[0];

	lines->delimiter = source->delimiter.bytes[0];
	lines->chunk_max = most_records(&feeder->run->workers);
	if (source->items)
		session_expect(feeder->session, source->item_count);
	inlet_open(&lines->inlet, feeder->session, &feeder->sources[0], lines_source_ready);
	inlet_count(&lines->inlet, 1);
}

static const struct feeder_kind lines_kind = {
	.prepare = prepare_lines,
	.begin = begin_lines,
	.feed = feed_lines,
	.is_fed = lines_are_fed,
};

struct feeder *lines_new(void)
{
	struct lines *lines = mem_new(1, sizeof *lines);

	lines->feeder.kind = &lines_kind;
	return &lines->feeder;
}
