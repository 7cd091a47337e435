/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The past of a run: what its journal says of the tasks that ended in earlier sessions, where their output lies, and
 * what the run's output consists of, in its order.
 *
 *   note                                     | meaning
 *   -----------------------------------------+------------------------------------------------------------------
 *   journal: format, run, command, others    | first: who the run is; all that determines its output
 *   begin: N, pid, at, out, device, inode,   | the N-th session begins; its output is a file ("file", "append"),
 *          base, name, first, ended, outputs | whose first base bytes are not the run's, or a "stream"
 *   begun: I, key, nth                       | the task of index I may begin
 *   skipped: I                               | it has not begun
 *   task: I, key, nth, outcome, status,      | the task of index I has ended; its output of size bytes is at out in
 *         signal, number, size, out or kept  | the output, or at kept in the outputs file
 *   tasks: I, count, outcome, status,        | count tasks from index I on have succeeded; their outputs follow one
 *          tasks' pieces (range.h), out or   | another from there on
 *          kept                              |
 *   placed: I, count, size, out              | the kept outputs of count tasks (1) from I on were copied to the output
 *   moved: N, from, to                       | the output from byte from on, which the N-th task begins, was kept
 *   commit: tasks, failed, running,          | what precedes counts; how far the run is; size and end of the output,
 *           submitted, total, at, size, crc, | size of the outputs, and the checksum of what was added to these
 *           kept, added                      |
 *   sealed: from, end, added                 | in a journal that was written anew: the checksum of a piece of these
 *   end: why                                 | the session has ended in order
 */
#ifndef JOURNAL_DURABLE_PAST_H
#define JOURNAL_DURABLE_PAST_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/ordinals.h"
#include "journal/durable/roll.h"
#include "journal/durable/scroll.h"
#include "journal/durable/seals.h"
#include "journal/key.h"
#include "task/task.h"

/* In place of an outcome: the task may have begun, and has none; and it has not begun. */
enum { PAST_BEGUN = OUTCOMES, PAST_SKIPPED };

/* A task that has ended, or has begun: what the journal says of it. */
struct past_entry {
	/* Its entry in the roll, ROLL_NONE if the journal does not name it. */
	uint32_t in_roll;
	/* Which of the equal tasks of this session it is. */
	uint32_t ordinal;
	/* Where its output begins. */
	uint64_t place;
	uint64_t size;
	int16_t status;
	uint16_t number;
	uint8_t signal;
	/* An enum outcome, PAST_BEGUN or PAST_SKIPPED. */
	uint8_t outcome;
	/* True if place is in the run's output, else it is in the outputs file. */
	bool is_out;
};

/* How a session's output is written. */
enum past_output {
	/* To standard output, which cannot be read back. */
	PAST_STREAM,
	/* To a file of its own. */
	PAST_FILE,
	/* To standard output, which is a file. */
	PAST_APPEND,
};

/* Returns the word for an output in the note "begin". */
const char *past_output_name(enum past_output output);

/* How far a run was at a commit. */
struct past_progress {
	uint64_t done;
	uint64_t failed;
	uint64_t running;
	/* Tasks that had been read, and all there are; 0 if that was not known. */
	uint64_t submitted;
	uint64_t total;
};

struct past {
	struct scroll_reader reader;
	/* The name of the journal, for messages. */
	const char *name;
	struct roll roll;
	/* How many of the equal tasks of this session there were. */
	struct ordinals ordinals;
	/*
	 * The entries whose output the run's output consists of, in its order, and how many these are. NULL as long as
	 * the i-th is that of index i.
	 */
	uint32_t *sequence;
	size_t placed;
	size_t sequence_capacity;
	/* While it is loaded: the offset of the note, the sessions that have begun so far, and the caller's error. */
	uint64_t offset;
	uint64_t sessions;
	struct error *error;
	/* The notes "task" and "begun" that were read, and their bytes. */
	uint64_t task_notes;
	uint64_t task_bytes;
	/* The line of the note "journal", which the next session compares with its own; owned. NULL without one. */
	char *header;
	size_t header_size;
	/* The last session. */
	uint64_t session;
	uint64_t pid;
	uint64_t began;
	uint64_t first_began;
	/* Tasks that had ended before it. */
	uint64_t earlier;
	enum past_output output;
	uint64_t device;
	uint64_t inode;
	uint64_t base;
	/* True if the outputs file has the second of its names. */
	bool is_second;
	/* The name of its output; NULL without one. Owned. */
	char *output_name;
	/* From its last commit. */
	uint64_t size;
	uint64_t crc;
	uint64_t kept;
	uint64_t at;
	/* The checksums of the outputs file. */
	struct seals seals;
	struct past_progress progress;
	/* Why it ended in order; NULL if it did not. Owned. */
	char *end;
	/* The size of the output then, with what belongs to no task; 0 if there was none. */
	uint64_t total;
};

/* Returns the outcome of a name, OUTCOMES if there is none. */
enum outcome past_outcome(struct slice name);

/* Reads the past of a journal. -1 with the error. */
int past_load(struct past *past, const struct scroll *scroll, struct error *error) MUST_CHECK;

/*
 * Counts a task of this session, probably that of index: sets which of the equal ones it is, and what the journal says
 * of it. -1 with the error.
 */
int past_recall(struct past *past, struct key key, uint64_t index, struct past_entry *entry,
		struct error *error) MUST_CHECK;

/* Sets where the output of a task is now. */
void past_locate(const struct past *past, struct past_entry *entry);

/* Returns the entry of the number-th task of the output. */
static inline const struct roll_entry *past_placed(const struct past *past, size_t number)
{
	return &past->roll.entries[past->sequence ? past->sequence[number] : roll_at(&past->roll, number)];
}

/* Moves all of the output from the number-th task on, which begins at from, to the outputs file at to. */
void past_move(struct past *past, size_t number, uint64_t from, uint64_t to);

/* Has notes read again in another file of the same contents. */
void past_attach(struct past *past, const struct scroll *scroll);

void past_release(struct past *past);

#endif
