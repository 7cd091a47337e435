/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The archive: the output and the results of tasks of several runs, in memory and then in one nameless file. It keeps
 * the attempt that counts.
 *
 * What the tape holds of a task, among the pieces of others (journal/chain.h):
 *
 *   ... bytes | trailer ... bytes | trailer ... | ending | reason | line | command | record | ...
 *                                                 chain, result, sizes     each with its NUL, or absent
 *
 * When there is no room, the oldest bytes are dropped. A task fades as they go:
 *
 *   dropped                        presence   known
 *   nothing                        KEPT       all
 *   some of its output             KEPT       result and the rest of the output; how much is missing
 *   its ending                     DROPPED    outcome: a byte a task, in a quarter of the memory (archive_next)
 *   its page of the census         DROPPED    counted by outcome (archive_counted);
 *                                  UNKNOWN    the same, if a task of the page was missing
 *
 * The tables of tasks are part of the memory, about 14 bytes a task. Bytes of forgotten runs and of attempts that do
 * not count make room only when they are the oldest, or when no run is left.
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

/* The least value of archive_options.memory; smaller ones are raised to it. */
#define ARCHIVE_MEMORY_MIN (UINT64_C(512) * 1024)

/* The index of no task. */
#define ARCHIVE_NONE UINT64_MAX

struct archive_options {
	/* The limit in bytes. The tables' entries of open tasks may exceed it. */
	uint64_t memory;
	/* The limit of the file in bytes; no file if less than TAPE_BLOCK. */
	uint64_t disk;
	/* The folder of the file; outlives the archive. */
	const char *directory;
};

/* The tasks of one run. */
struct archive_run;

struct archive {
	uint64_t memory;
	struct tape tape;
	struct census census;
	struct list runs;
	/* The chain whose piece is at the end of the tape, without its trailer yet. NULL if all pieces have one. */
	struct chain *writer;
	/* The run of the task that wrote last. */
	struct archive_run *writer_run;
	/* The stream of that piece. */
	enum stream stream;
	/* The bytes of that piece so far. */
	uint32_t size;
	/* The first error of the file. After a write error there is only memory. */
	struct error error;
};

void archive_init(struct archive *archive, const struct archive_options *options);
/* Frees all runs, too. */
void archive_release(struct archive *archive);

/* Returns a run without tasks; the archive's. */
struct archive_run *archive_begin(struct archive *archive);
/* Frees a run. */
void archive_forget(struct archive_run *run);

/* Adds output of an attempt, from 1. Ignored after a later attempt or this attempt's result. */
void archive_put(struct archive_run *run, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes);

/* Forgets the output of an open task, whose attempt begins anew. */
void archive_restart(struct archive_run *run, uint64_t index);

/* A task in words. */
struct archive_words {
	/* The command line, for people. */
	struct slice command;
	/* The task's bytes in its chunk. */
	struct slice record;
	/* The width of that chunk. */
	uint32_t width;
};

/*
 * Adds the result that counts, and the words; all is copied, but no text if they would take half of the limit. Attempt
 * 0: the last one. Ignored after a later attempt or this attempt's result.
 */
void archive_finish(struct archive_run *run, const struct result *result, const struct archive_words *words);

enum archive_presence {
	/* No output and no result yet, or counted. */
	ARCHIVE_UNKNOWN,
	/* Has output, but no result. */
	ARCHIVE_OPEN,
	/* Its result is kept, and at least some of its output. */
	ARCHIVE_KEPT,
	/* Ended; its result and output were dropped. */
	ARCHIVE_DROPPED,
};

enum archive_presence archive_presence(const struct archive_run *run, uint64_t index);

/* The result of a kept task. The texts are views of memory, each followed by a NUL. */
struct archive_task {
	struct result result;
	struct archive_words words;
	/* Bytes of its output, by stream - 1. */
	uint64_t written[CHAIN_STREAMS];
	char *memory;
};

/* Reads the result of a task. -1 if it is not kept, or cannot be read (archive->error). */
int archive_look(struct archive_run *run, uint64_t index, struct archive_task *task) MUST_CHECK;
void archive_task_release(struct archive_task *task);

/*
 * Passes the kept output of an open or kept task to reading->take, in the order of writing; take must not change the
 * archive. -1 with the error if the task is neither, or its output cannot be read.
 */
int archive_read(struct archive_run *run, uint64_t index, struct chain_reading *reading,
		 struct error *error) MUST_CHECK;

/* Returns the first finished task from an index on with an outcome in the mask (bits 1 << outcome), or ARCHIVE_NONE. */
uint64_t archive_next(const struct archive_run *run, uint64_t from, unsigned outcomes);

/* Returns how many finished tasks with outcomes in the mask archive_next no longer finds. */
uint64_t archive_counted(const struct archive_run *run, unsigned outcomes);

/* Returns how many finished tasks were dropped to make room. */
uint64_t archive_dropped(const struct archive *archive);

/* Returns the bytes of memory in use. */
uint64_t archive_memory(const struct archive *archive);

#endif
