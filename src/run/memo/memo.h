/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --memo: what tasks that succeeded have written is kept in a folder, and taken from there in later runs, for records
 * and commands that have not changed.
 *
 * Before a task joins a chunk its key is looked up (memo_knows). If it is there, its output and result are put into the
 * order as if it had just ended (memo_take), and nothing is submitted. Of the others the output is gathered, and kept
 * when their result counts: memo is one of the run's recorders.
 */
#ifndef RUN_MEMO_MEMO_H
#define RUN_MEMO_MEMO_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "journal/key.h"
#include "journal/memo/shards.h"
#include "journal/recorder.h"
#include "run/memo/gathering.h"

struct session;

struct memo {
	/* Embedded among the session's recorders. */
	struct recorder recorder;
	/* NULL if the run has no memo. */
	struct shards *shards;
	struct key_command keys;
	struct bytes surroundings;
	struct gathering gathering;
	/* The page that memo_knows has found: views. */
	struct page found;
	/* A task is being taken: what recorders get of it is in the folder already. */
	bool is_taking;
	/* Nothing more is kept, since the folder cannot be written to. */
	bool has_failed;
	/* When the pages that wait are written; 0 if there are none. */
	nsec due;
	/* Tasks that were taken, and the number at which the loop is served before the next. */
	uint64_t taken;
	uint64_t pause;
};

/* Opens the folder that the session's options name. Its templates are there. -1 with the error. */
int memo_open(struct memo *memo, struct session *session, struct error *error) MUST_CHECK;

static inline bool memo_is_on(const struct memo *memo)
{
	return memo->shards;
}

/* True if a task is in the folder: then memo_take follows. */
bool memo_knows(struct session *session, const struct task *task);

/* Gives the next index to that task, with the output and result that it had. task is as then. */
void memo_take(struct session *session, const struct task *task);

/* True if so many tasks were taken that the loop is to be served: signals, output, the results of others. */
static inline bool memo_pauses(const struct memo *memo)
{
	return memo->taken && memo->taken >= memo->pause;
}

/* Ends the pause, once that has been done. */

void memo_go_on(struct memo *memo);

/* Returns when the session is to be advanced for its memo. */
nsec memo_deadline(const struct memo *memo);

/* Writes all that is to be kept. */
void memo_finish(struct memo *memo);

void memo_close(struct memo *memo);

#endif
