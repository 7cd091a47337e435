/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Batch mode: reads the source into blocks, splits it into records in place, and submits them in chunks, only as fast as
 * the session has room.
 */
#include "front/batch.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "codec/input.h"
#include "run/session.h"
#include "front/source.h"
#include "process/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum {
	/* With less room than this in a block the next is begun. */
	ROOM_MIN = 4096,
	/* With less unread input than this more is read, so that the end is seen in time for smaller chunks. */
	AHEAD = 65536,
	/* How often one that reads the terminal is stopped in the background before it goes on all the same. */
	STOPS_MAX = 16,
};

struct batch {
	struct session session;
	struct source source;
	struct input input;
	struct watch watch;
	/* The block being filled: bytes up to filled have been read, those up to parsed are records. */
	size_t block;
	size_t filled;
	size_t parsed;
	/* Records of this block that have not been submitted yet: count of them from offset on. */
	size_t open_offset;
	uint32_t open_count;
	/* For guessing how many records the unread bytes hold. */
	uint64_t bytes_seen;
	uint64_t records_seen;
	/* What has been read holds no whole record. */
	bool incomplete;
	bool end;
	/* What is read is a terminal. */
	bool is_terminal;
};

static bool has_more_to_read(const struct batch *batch)
{
	return !batch->end && batch->session.phase == SESSION_RUNNING;
}

static void submit_open(struct batch *batch)
{
	struct chunk chunk = {
		.first = batch->session.submitted,
		.count = batch->open_count,
		.block = batch->block,
		.offset = (uint32_t)batch->open_offset,
		.size = (uint32_t)(batch->parsed - batch->open_offset),
		.attempt = 1,
	};

	if (chunk.count) {
		arena_hold(&batch->session.arena, batch->block);
		session_submit(&batch->session, &chunk);
	}
	batch->open_offset = batch->parsed;
	batch->open_count = 0;
}

/* How many records the unread bytes hold: each has its delimiter. */
static uint64_t count_unread(const struct batch *batch)
{
	const char *at, *end;
	uint64_t count = 0;

	if (batch->block == ARENA_NONE)
		return 0;
	at = arena_block(&batch->session.arena, batch->block);
	end = at + batch->filled;
	for (at += batch->parsed; (at = memchr(at, batch->input.delimiter, (size_t)(end - at))); at++)
		count++;
	return count;
}

static void end_input(struct batch *batch)
{
	batch->end = true;
	loop_forget(&batch->session.loop, &batch->watch);
	source_close(&batch->source);
	session_expect(&batch->session, batch->records_seen + count_unread(batch));
	trace_event("input_end", "\"records\":%" PRIu64, batch->records_seen);
}

/* A guess how many records are still to come, once the end of the input has been read. */
static uint64_t records_left(const struct batch *batch)
{
	uint64_t unread = batch->filled - batch->parsed;

	if (!batch->end)
		return UINT64_MAX;
	return batch->bytes_seen ? unread * batch->records_seen / batch->bytes_seen : unread;
}

/* Deals with a record that cannot be an argument; what is open before it goes first, so that indexes follow. */
static void refuse(struct batch *batch, struct input_step step)
{
	char reason[128];

	if (step.event == INPUT_NUL)
		snprintf(reason, sizeof reason, "the record has a NUL in it, which no argument can have (-0 splits at NULs)");
	else
		snprintf(reason, sizeof reason, "the record has %" PRIu64 " bytes, an argument at most %d", step.size, RECORD_MAX);
	submit_open(batch);
	session_refuse(&batch->session, reason);
	batch->parsed += step.consumed;
	batch->open_offset = batch->parsed;
}

/* Takes the next record out of what has been read: false when there is no whole one. */
static bool take_record(struct batch *batch)
{
	char *bytes = arena_block(&batch->session.arena, batch->block) + batch->parsed;
	struct input_step step = input_next(&batch->input, bytes, batch->filled - batch->parsed);

	batch->bytes_seen += step.consumed;
	batch->incomplete = step.event == INPUT_MORE;
	if (batch->incomplete) {
		/* What was dropped of a record too long is in no chunk. */
		if (step.consumed) {
			submit_open(batch);
			batch->parsed += step.consumed;
			batch->open_offset = batch->parsed;
		}
		return false;
	}
	batch->records_seen++;
	if (step.event != INPUT_RECORD) {
		refuse(batch, step);
		return true;
	}
	batch->parsed += step.consumed;
	batch->open_count++;
	if (batch->open_count >= pace_chunk(&batch->session.pace, records_left(batch)))
		submit_open(batch);
	return true;
}

/* Makes room to read into: begins the next block when this one is full. -1 when there is no memory. */
static int make_room(struct batch *batch)
{
	struct arena *arena = &batch->session.arena;
	size_t rest = batch->filled - batch->parsed, next;

	if (batch->block != ARENA_NONE && ARENA_BLOCK_SIZE - batch->filled >= ROOM_MIN)
		return 0;
	next = arena_take(arena);
	if (next == ARENA_NONE)
		return -1;
	if (batch->block != ARENA_NONE) {
		submit_open(batch);
		memcpy(arena_block(arena, next), arena_block(arena, batch->block) + batch->parsed, rest);
		arena_drop(arena, batch->block);
	}
	batch->block = next;
	batch->filled = rest;
	batch->parsed = batch->open_offset = 0;
	return 0;
}

/* After a read error: a record that was cut off is none; the whole ones before it count. */
static void drop_cut_off(struct batch *batch)
{
	const char *bytes, *last;

	if (batch->block == ARENA_NONE)
		return;
	bytes = arena_block(&batch->session.arena, batch->block) + batch->parsed;
	last = memrchr(bytes, batch->input.delimiter, batch->filled - batch->parsed);
	batch->filled = batch->parsed + (last ? (size_t)(last + 1 - bytes) : 0);
}

/* Reads once. False when nothing can be read now, or ever. */
static bool read_more(struct batch *batch)
{
	struct error error = {.number = 0};
	ssize_t got;

	if (make_room(batch) < 0) {
		error_set_errno(&error, errno, "memory for the input");
		got = -1;
	} else {
		char *to = arena_block(&batch->session.arena, batch->block) + batch->filled;

		got = source_read(&batch->source, to, ARENA_BLOCK_SIZE - batch->filled, &error);
	}
	if (got > 0) {
		batch->filled += (size_t)got;
		return true;
	}
	if (error.text) {
		diag_error("%s", error_text(&error));
		batch->session.failure = EXIT_TROUBLE;
		error_release(&error);
		drop_cut_off(batch);
	}
	if (got == 0 || batch->session.failure)
		end_input(batch);
	return false;
}

/* Whether reading is of use now: the records at hand run out, and there will be room for more. */
static bool wants_input(const struct batch *batch)
{
	bool runs_out = batch->incomplete || batch->filled - batch->parsed < AHEAD;

	return runs_out && has_more_to_read(batch) && session_has_room(&batch->session);
}

/* Whoever reads the terminal in the background is stopped, also while nothing is typed. */
static void wait_for_foreground(const struct batch *batch)
{
	int attempt;

	/* One that cannot be stopped (an orphaned process group) finds no end of it. */
	for (attempt = 0; batch->is_terminal && tcgetpgrp(batch->source.fd) != getpgrp() && attempt < STOPS_MAX; attempt++)
		signals_tell_self(SIGTTIN);
}

static void watch_input(struct batch *batch)
{
	if (batch->end || batch->source.fd < 0)
		return;
	if (wants_input(batch))
		wait_for_foreground(batch);
	/* Forgotten, not watched for nothing: a writer that is gone would be told again and again. */
	if (!wants_input(batch))
		loop_forget(&batch->session.loop, &batch->watch);
	if (!wants_input(batch) || loop_watch(&batch->session.loop, &batch->watch, LOOP_INPUT) == 0)
		return;
	diag_error("cannot wait for %s: %s", batch->source.name, strerror(errno));
	batch->session.failure = EXIT_TROUBLE;
	end_input(batch);
}

/* Submits what there is, as long as there is room for it. */
static void feed(struct batch *batch)
{
	while (session_has_room(&batch->session)) {
		if (batch->block != ARENA_NONE && take_record(batch))
			continue;
		/* Items of the command line are there without waiting. */
		if (batch->source.fd >= 0 || !has_more_to_read(batch) || !read_more(batch))
			break;
	}
	if (batch->open_count && session_has_room(&batch->session) &&
	    (session_is_hungry(&batch->session) || (batch->end && batch->parsed == batch->filled)))
		submit_open(batch);
	watch_input(batch);
}

static void on_room(struct session *session)
{
	feed(container_of(session, struct batch, session));
}

static void source_ready(struct watch *watch, unsigned events UNUSED)
{
	struct batch *batch = container_of(watch, struct batch, watch);

	if (wants_input(batch))
		read_more(batch);
	feed(batch);
}

/* Whether everything that was read has been submitted, and nothing more will be. */
static bool is_fed(const struct batch *batch)
{
	if (batch->session.phase != SESSION_RUNNING)
		return true;
	return batch->end && batch->parsed == batch->filled && !batch->open_count;
}

static int begin(struct batch *batch, const struct options *options, unsigned closed, struct error *error)
{
	if (strcmp(options->run.method->name, start_forkserver.name) == 0 && !options->run.dry_run &&
	    forkserver_prepare(error) < 0)
		return -1;
	if (source_open(&batch->source, &options->source, error) < 0)
		return -1;
	if (batch->source.fd == STDIN_FILENO && closed & 1u << STDIN_FILENO)
		return error_set_errno(error, EBADF, "cannot read standard input");
	if (session_open(&batch->session, &options->run, closed, error) < 0)
		return -1;
	batch->session.on_room = on_room;
	if (options->source.items)
		session_expect(&batch->session, options->source.item_count);
	batch->input.delimiter = source_delimiter(&batch->source);
	batch->watch = (struct watch){.fd = batch->source.fd, .ready = source_ready};
	batch->is_terminal = batch->source.fd >= 0 && isatty(batch->source.fd);
	if (batch->is_terminal)
		diag_note("reading records from the terminal; ^D ends them");
	/* Before the terminal may stop us. */
	outlet_flush(&batch->session.outlet);
	return 0;
}

int batch_run(const struct options *options, unsigned closed)
{
	struct batch *batch = mem_new(1, sizeof *batch);
	struct error error = {.number = 0};
	int status;

	batch->block = ARENA_NONE;
	if (begin(batch, options, closed, &error) < 0) {
		diag_error("%s", error_text(&error));
		error_release(&error);
		free(batch);
		return EXIT_TROUBLE;
	}
	feed(batch);
	outlet_flush(&batch->session.outlet);
	while (!is_fed(batch) || !session_is_settled(&batch->session))
		session_step(&batch->session);
	status = session_close(&batch->session);
	source_close(&batch->source);
	free(batch);
	return status;
}
