/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages between the parent and its workers, to the byte.
 *
 * On the channel: HELLO, SETUP, WAKE, RING, FREE. In a worker's ring: packets. Every put has its take; a take returns
 * -1 for anything that its put does not make, so that a broken peer can end only itself.
 */
#ifndef BOARD_MESSAGE_H
#define BOARD_MESSAGE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"
#include "task/template.h"
#include "process/signals.h"

/* Raised when any layout in this file, or of the shared memory, changes: both sides must be of the same build. */
enum { MESSAGE_VERSION = 28 };

enum message_type {
	/* Worker: it is set up. No payload. */
	MESSAGE_HELLO = 1,
	/* Parent, first, and whenever a worker is free: struct setup, with the descriptors of the board, the arena and
	   the run. */
	MESSAGE_SETUP,
	/* Parent: the worker is to check for work, room in its ring, the gate. No payload. */
	MESSAGE_WAKE,
	/* Worker: some workers have packets, or have become idle: the parent is to scan. No payload. See
	   board/doorbell.h. */
	MESSAGE_RING,
	/* Worker, after it was to leave a run: it has released all of it, and waits for the next. No payload. */
	MESSAGE_FREE,
};

enum packet_type {
	/* struct output_header, then the bytes. */
	PACKET_OUTPUT = 1,
	/* A result. */
	PACKET_RESULT,
	/* A worker gives up because it cannot start tasks: a 32-bit errno. */
	PACKET_STARVED,
	/* The outcome of the initializer: struct hook_end, then what it wrote. Before HELLO. */
	PACKET_INITIALIZED,
	/* Bytes to be written to standard error, as they are. */
	PACKET_WORDS,
	/* Why COMMAND cannot be a zygote, in words: its tasks are executed. */
	PACKET_UNFIT,
	/* How the finalizer of the worker, or a teardown, failed, in words. */
	PACKET_UNFINISHED,
	/* Why the worker cannot work, in words: it ends. Before HELLO. */
	PACKET_UNABLE,
	/* Why the run cannot go on: its exit status (32 bits, 0 for the usual one), then words. It ends. */
	PACKET_FAILURE,
	/* struct answers_header, then the rest of the output of its records: with it they are done, and ok. */
	PACKET_ANSWERS,
	/* struct output_header: what was sent of this task's output is void, since the task begins anew. */
	PACKET_FORGET,
};

/* A worker's place in a run. */
struct setup {
	/* Its number, from 1, by which it claims. No two workers of a run have the same. */
	uint32_t number;
	/* Its seat on the board; its slot is one more. */
	uint32_t seat;
	/* The number of seats on the board. */
	uint32_t seats;
	uint32_t queue_rows;
	uint64_t ring_size;
	/* The number of tasks after which it ends; 0 if there is no limit. */
	uint64_t max_tasks;
	/* The soft limit on descriptors of its tasks (RLIMIT_NOFILE). */
	uint64_t descriptor_limit;
	/* True if it waits for another run after this one; else it ends. */
	bool stays;
	char *name;
};

void setup_put(struct bytes *bytes, const struct setup *setup);
/* Returns -1 if the bytes are not a setup, else 0 with setup->name the caller's (free). */
int setup_take(struct cursor *cursor, struct setup *setup) MUST_CHECK;

enum briefing_flags {
	/* The words are literal and the record is appended (TEMPLATE_LITERAL). */
	BRIEFING_LITERAL = 1,
	/* Tasks write to our own standard output and error. */
	BRIEFING_UNGROUPED = 2,
	/* Each command is printed before it runs. */
	BRIEFING_VERBOSE = 4,
	/* Only errors are reported. */
	BRIEFING_QUIET = 8,
	/* Each task has the terminal. */
	BRIEFING_TERMINAL = 16,
	/* Records are put together in groups (TEMPLATE's is_grouped). */
	BRIEFING_GROUPED = 32,
	/* The words have columns with names. */
	BRIEFING_NAMED = 64,
	/* Records go to the tasks' standard input instead of into their command lines. */
	BRIEFING_STDIN = 128,
	/* Records have names for their values, each its own (TEMPLATE's names_vary). */
	BRIEFING_NAMES_VARY = 256,
	/* Results report what tasks cost exactly. */
	BRIEFING_MEASURED = 512,
	/* Tasks are forked from the command, which is started once in each worker, where that is possible. */
	BRIEFING_ZYGOTE = 1024,
	/* A task is done when its group is empty and its pipes are closed. */
	BRIEFING_WAITS = 2048,
	/* What a task leaves in its group is ended. */
	BRIEFING_CLEARS = 4096,
	/* There is a processor for each worker: a zygote and what waits in it remain on their worker's. */
	BRIEFING_PROCESSORS = 8192,
	/* Each record has a result of its own: the output needs that. */
	BRIEFING_SINGLES = 16384,
	/* The words are taken as they stand: nothing in them is replaced, and nothing is appended. */
	BRIEFING_AS_IS = 32768,
	/* Results carry what functions return (STREAM_VALUE). */
	BRIEFING_VALUES = 65536,
	/* Records come from JSON. */
	BRIEFING_JSON = 131072,
	/* A command that stays has one record at a time, so that all it writes meanwhile is that record's. */
	BRIEFING_ALONE = 262144,
	/* Standard error of tasks goes to the pipe of their standard output. */
	BRIEFING_MERGED = 524288,
	/* The files that tasks' standard output goes to are stored (fsync) before the result counts. */
	BRIEFING_STORED = 1048576,
};

/* The part of a run that its workers get, the same for all of them, in memory that they share. */
struct briefing {
	/* The executor's name. */
	char *executor;
	/* BRIEFING_... */
	uint32_t flags;
	int32_t nice;
	/* Signals that tasks find ignored. */
	signal_mask ignored;
	/* The time from SIGTERM to SIGKILL for a task's group. */
	nsec grace;
	/* The outcomes (a bit for each) after which a worker waits until its result was taken. */
	uint32_t judged;
	/* The process that adapters are forked from, 0 if there is none. */
	uint32_t prototype;
	/* The time between starts of tasks (--delay, --rate), and how much sooner one may start after a longer time. */
	nsec delay;
	nsec slack;
	/* Resident memory above which a command that stays is replaced, bytes; 0 if there is no limit. */
	uint64_t max_rss;
	/* The scripts that sh runs in each new worker, and in each that leaves; NULL if none. */
	char *initializer;
	char *finalizer;
	/* Identifies the run to its tasks. */
	char *id;
	/* The folder of the tasks; NULL if it is the one the worker was started in. */
	char *directory;
	/* The value of PATH in which commands are searched. */
	char *path;
	/* The file that each task has as its standard input, NULL if none. */
	char *input;
	/* The path of a command that is the same for all tasks, NULL if it is searched for each task. */
	char *command;
	/* The command line's words. */
	char **words;
	uint32_t word_count;
	/* How records are put into the words: see struct template_options. replace and separator may be NULL. */
	char *replace;
	char *separator;
	char csv;
	char **names;
	uint32_t name_count;
	uint32_t *widths;
	uint32_t width_count;
	uint32_t value_count;
	/* Variables (NAME=VALUE) that each task finds. */
	char **variables;
	uint32_t variable_count;
	/* Variables with a value for each slot (NAME=V1,V2,...). */
	char **slot_variables;
	uint32_t slot_variable_count;
	/* The socket of the state server, NULL if there is none. */
	char *state;
	/* The number of the connection to it that each task inherits, 0 if it inherits none. */
	uint32_t state_number;
	/* The text before each of a task's lines, with replacement strings, NULL if none. */
	char *tag;
	/* The name of the file that a task's standard output goes to, with replacement strings, NULL if none. */
	char *product;
};

/* Returns the options that compile a run's words; views of the briefing. */
struct template_options briefing_template(const struct briefing *briefing);
/* Returns the options that compile a run's tag, which must not be NULL. */
struct template_options briefing_tag_template(const struct briefing *briefing);

void briefing_put(struct bytes *bytes, const struct briefing *briefing);
/* Returns -1 if the bytes are not a briefing. What it holds is the caller's (briefing_release, also after a failure).
 */
int briefing_take(struct cursor *cursor, struct briefing *briefing) MUST_CHECK;
void briefing_release(struct briefing *briefing);

/* True if the briefing has a variable of the name that this one (NAME=VALUE) has. */
bool briefing_sets(const struct briefing *briefing, const char *variable);

/* The header of a piece of output; in the machine's own representation, since the bytes after it are read in place. */
struct output_header {
	uint64_t index;
	uint32_t stream;
	uint32_t attempt;
};

_Static_assert(sizeof(struct output_header) == 16, "raise MESSAGE_VERSION when a layout changes");

/* The header of the answers of a filter to consecutive records; in the machine's own representation. */
struct answers_header {
	/* The first record. */
	uint64_t index;
	/* Number of records after it. */
	uint32_t further;
	uint32_t attempt;
	/* The queue row that the records came from. */
	uint32_t row;
	/* The process that answered. */
	int32_t pid;
	/* When the first record was fed, UTC. */
	int64_t start;
	/* Time from then to the answer, nanoseconds. */
	int64_t duration;
};

_Static_assert(sizeof(struct answers_header) == 40, "raise MESSAGE_VERSION when a layout changes");

/* How a worker's initializer or finalizer ended, in the machine's own representation. All 0 if it succeeded. */
struct hook_end {
	/* Why it could not be started (errno). */
	int32_t number;
	/* Its exit status. */
	int32_t status;
	/* The signal that ended it. */
	int32_t signal;
};

_Static_assert(sizeof(struct hook_end) == 12, "raise MESSAGE_VERSION when a layout changes");

/* True if a hook succeeded. */
static inline bool hook_succeeded(const struct hook_end *end)
{
	return !end->number && !end->status && !end->signal;
}

/* Sets the error to how a hook failed: "exit status 3". */
void hook_describe(const struct hook_end *end, struct error *error);

/*
 * Encode and decode a result as a packet, with the queue row that its task came from. result->line is not sent;
 * result->reason is a view of the packet.
 */
void result_put(struct bytes *bytes, const struct result *result, uint32_t queue_row);
int result_take(struct cursor *cursor, struct result *result, uint32_t *queue_row) MUST_CHECK;

#endif
