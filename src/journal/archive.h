/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The archive: what the tasks of several runs wrote and what came of them, kept to be looked at later, in memory and
 * then in one file without a name. Of an attempt that is followed by another nothing is kept.
 *
 * When there is no room for more, the oldest goes: first the beginning of what tasks wrote, with a task's result, which
 * is kept behind its output, the task as a whole. As what it ended is known longer (archive_next): that takes about a
 * byte for a task, and may take a quarter of the memory. Of the tasks beyond, it is known how many there were
 * (archive_counted), and they may be as if they had never been heard of. The tables of tasks are part of the memory,
 * and what they take the output cannot: with much disk and little memory it is they that say how many tasks are kept,
 * one for about 14 bytes.
 *
 * What is forgotten, and what attempts wrote that do not count, makes room only when it is the oldest, or when no run
 * is left.
 */
#ifndef JOURNAL_ARCHIVE_H
#define JOURNAL_ARCHIVE_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "base/slice.h"
#include "task/task.h"
#include "journal/census.h"
#include "journal/chain.h"
#include "journal/tape.h"

/* What memory is at least, whatever was said. */
#define ARCHIVE_MEMORY_MIN (UINT64_C(512) * 1024)

/* No task. */
#define ARCHIVE_NONE UINT64_MAX

struct archive_options {
	/* Bytes. Tasks that are writing have their place in the tables beyond it, if it comes to that. */
	uint64_t memory;
	/* Bytes; less than TAPE_BLOCK: none. */
	uint64_t disk;
	/* For the file; must outlive the archive. */
	const char *directory;
};

/* The tasks of one run. */
struct archive_run;

struct archive {
	uint64_t memory;
	struct tape tape;
	struct census census;
	struct list runs;
	/* Whose piece is being written at the end of the tape (NULL: nobody's), its stream, and how large it is so far.
	 */
	struct chain *writer;
	enum stream stream;
	uint32_t size;
	/* The first thing that went wrong with the file. When it cannot be written, there is only memory from then on.
	 */
	struct error error;
};

void archive_init(struct archive *archive, const struct archive_options *options);
/* With all its runs. */
void archive_release(struct archive *archive);

struct archive_run *archive_begin(struct archive *archive);
/* The run goes, and all of it. */
void archive_forget(struct archive_run *run);

/* A piece of what a task wrote in an attempt, from 1; ignored when there was a later one, or this one's result. */
void archive_put(struct archive_run *run, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes);

/* A task in words. */
struct archive_words {
	/* The command line, for people. */
	struct slice command;
	/* Its own bytes, as its chunk had them, and the chunk's width. */
	struct slice record;
	uint32_t width;
};

/*
 * The result that counts, with the words. All is copied; of words and texts that would take half of all there is,
 * nothing. Attempt 0 is whichever was last. Ignored when there was a later attempt, or a result of this one.
 */
void archive_finish(struct archive_run *run, const struct result *result, const struct archive_words *words);

enum archive_presence {
	/* Never heard of, or too long ago. */
	ARCHIVE_UNKNOWN,
	/* Has written, and has not ended. */
	ARCHIVE_OPEN,
	ARCHIVE_KEPT,
	/* Ended; what it wrote is gone. */
	ARCHIVE_DROPPED,
};

enum archive_presence archive_presence(const struct archive_run *run, uint64_t index);

/* What came of a task. The texts are views of memory; each has a NUL behind it. */
struct archive_task {
	struct result result;
	struct archive_words words;
	/* Bytes that it wrote, by stream - 1. */
	uint64_t written[CHAIN_STREAMS];
	char *memory;
};

/* What came of a finished task that is kept: -1 when it is not, or cannot be read (archive->error says why). */
int archive_look(struct archive_run *run, uint64_t index, struct archive_task *task) MUST_CHECK;
void archive_task_release(struct archive_task *task);

/*
 * Hands on what is there of what a task, open or kept, wrote so far, in the order in which it was written; take must
 * not change the archive. -1 with the error when the task is neither, or its output cannot be read.
 */
int archive_read(struct archive_run *run, uint64_t index, struct chain_reading *reading,
		 struct error *error) MUST_CHECK;

/* The first finished task from an index on whose outcome is in the mask (bits 1 << outcome), or ARCHIVE_NONE. */
uint64_t archive_next(const struct archive_run *run, uint64_t from, unsigned outcomes);

/* How many finished tasks with outcomes in the mask archive_next does not find any more. */
uint64_t archive_counted(const struct archive_run *run, unsigned outcomes);

/* How many finished tasks have gone to make room, in all. */
uint64_t archive_dropped(const struct archive *archive);

/* Bytes of memory in use. */
uint64_t archive_memory(const struct archive *archive);

#endif
