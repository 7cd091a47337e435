/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parent and its workers tell each other, to the byte.
 *
 * On the channel: HELLO, SETUP, WAKE, RING, FREE. In a worker's ring: OUTPUT and RESULT packets. Every put has its
 * take; a take fails softly on anything that is not what its put makes, so a broken peer can end nobody but itself.
 */
#ifndef BOARD_MESSAGE_H
#define BOARD_MESSAGE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "task/task.h"
#include "task/template.h"
#include "process/signals.h"

/* Raised when any layout in this file, or of the shared memory, changes: both sides must be of the same build. */
enum { MESSAGE_VERSION = 10 };

enum message_type {
	/* Worker: it is set up. No payload. */
	MESSAGE_HELLO = 1,
	/* Parent, first, and whenever a worker is free: struct setup, with the descriptors of the board, the arena and
	   the run. */
	MESSAGE_SETUP,
	/* Parent: there is something to look at (work, room). No payload. */
	MESSAGE_WAKE,
	/* Worker: some workers have packets, or have become idle: the parent is to scan. No payload. See
	   board/doorbell.h. */
	MESSAGE_RING,
	/* Worker, after it was told to leave a run: it has nothing of that any more, and waits for the next. No
	   payload. */
	MESSAGE_FREE,
};

enum packet_type {
	/* struct output_header, then the bytes. */
	PACKET_OUTPUT = 1,
	/* A result. */
	PACKET_RESULT,
	/* A worker gives up because it cannot start tasks: a 32-bit errno. */
	PACKET_STARVED,
	/* What came of the initializer: struct initialized, then what it wrote. Before HELLO. */
	PACKET_INITIALIZED,
	/* For the user to see on standard error, as it is. */
	PACKET_WORDS,
	/* Why COMMAND cannot be a zygote, in words: its tasks are executed. */
	PACKET_UNFIT,
};

/* Where a new worker finds everything. */
struct setup {
	/* Its number, from 1: its claims bear it. Never another worker's in a run. */
	uint32_t number;
	/* Which seat of the board it has; its slot is one more. */
	uint32_t seat;
	/* What it takes to find one's way on the board. */
	uint32_t seats;
	uint32_t queue_rows;
	uint64_t ring_size;
	/* It ends itself after so many tasks; 0: never. */
	uint64_t max_tasks;
	/* The soft limit on descriptors that its tasks are to find (RLIMIT_NOFILE). */
	uint64_t descriptor_limit;
	/* Told to leave the run, it waits for another, and ends otherwise. */
	bool stays;
	char *name;
};

void setup_put(struct bytes *bytes, const struct setup *setup);
/* 0; -1 when it is not one. setup->name is the caller's (free) when it succeeds. */
int setup_take(struct cursor *cursor, struct setup *setup) MUST_CHECK;

enum briefing_flags {
	/* The words are literal and the record is appended (TEMPLATE_LITERAL). */
	BRIEFING_LITERAL = 1,
	/* Tasks write to our own standard output and error. */
	BRIEFING_UNGROUPED = 2,
	/* Each command is printed before it runs. */
	BRIEFING_VERBOSE = 4,
	/* Nothing is said that is not an error. */
	BRIEFING_QUIET = 8,
	/* Each task has the terminal. */
	BRIEFING_TERMINAL = 16,
	/* Records are put together in groups (TEMPLATE's is_grouped). */
	BRIEFING_GROUPED = 32,
	/* The words have columns with names. */
	BRIEFING_NAMED = 64,
	/* Records go to the tasks' standard input, and are no values. */
	BRIEFING_STDIN = 128,
	/* Records have names for their values, each its own (TEMPLATE's names_vary). */
	BRIEFING_NAMES_VARY = 256,
	/* What tasks cost is to be told exactly. */
	BRIEFING_MEASURED = 512,
	/* Tasks are forked from the command, which is started once in each worker, where that is possible. */
	BRIEFING_ZYGOTE = 1024,
};

/* What is to be done with the records: the same for all workers, in memory that they share. */
struct briefing {
	/* The executor's name. */
	char *executor;
	/* RUN_... */
	uint32_t flags;
	int32_t nice;
	/* Signals that tasks find ignored. */
	signal_mask ignored;
	/* How long a group that was told to end may take, before it is killed. */
	nsec grace;
	/* Outcomes (a bit for each) after which a worker waits until its result was taken. */
	uint32_t judged;
	/* Between starts of tasks. */
	nsec delay;
	/* Run by sh in each new worker; NULL. */
	char *initializer;
	/* Identifies the run to its tasks. */
	char *id;
	/* Tasks run here; NULL: where the worker was started. */
	char *directory;
	/* The value of PATH that commands are looked up in. */
	char *path;
	/* Where the fixed command was found; empty when it is looked up for each task. */
	char *command;
	/* The command line's words. */
	char **words;
	uint32_t word_count;
	/* What is put in their place: struct template_options. replace and separator may be NULL. */
	char *replace;
	char *separator;
	char **names;
	uint32_t name_count;
	uint32_t *widths;
	uint32_t width_count;
	uint32_t value_count;
	/* What stands before a task's lines, with replacement strings; NULL: nothing. */
	char *tag;
};

/* What a run's words are compiled by; views of the run. */
struct template_options briefing_template(const struct briefing *briefing);
/* And its tag, which must not be NULL. */
struct template_options briefing_tag_template(const struct briefing *briefing);

void briefing_put(struct bytes *bytes, const struct briefing *briefing);
/* 0; -1 when it is not one. What a run that was taken holds is its own (briefing_release, also after a failure). */
int briefing_take(struct cursor *cursor, struct briefing *briefing) MUST_CHECK;
void briefing_release(struct briefing *briefing);

/* In front of a piece of output; in the machine's own representation, since the bytes behind it are read in place. */
struct output_header {
	uint64_t index;
	uint32_t stream;
	uint32_t attempt;
};

_Static_assert(sizeof(struct output_header) == 16, "raise MESSAGE_VERSION when a layout changes");

/* In front of what an initializer wrote; in the machine's own representation. */
struct initialized {
	/* Why it could not be started (errno), or 0; its exit status, or the signal that ended it. All 0: it did its
	 * work. */
	int32_t number;
	int32_t status;
	int32_t signal;
};

_Static_assert(sizeof(struct initialized) == 12, "raise MESSAGE_VERSION when a layout changes");

/* A result as a packet; slot is the queue row that its task came from. result->reason is not sent. */
void result_put(struct bytes *bytes, const struct result *result, uint32_t queue_row);
int result_take(struct cursor *cursor, struct result *result, uint32_t *queue_row) MUST_CHECK;

#endif
