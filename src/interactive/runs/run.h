/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run: one run among several on the pool of an interactive session, from the line that asked for it to what is left
 * of it. */
#ifndef INTERACTIVE_RUNS_RUN_H
#define INTERACTIVE_RUNS_RUN_H

#include "base/diag.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "journal/archive.h"
#include "run/session.h"
#include "feed/feeder.h"

struct runs;

/* What options point into: shared by runs that are the same run again. */
struct run_text {
	size_t uses;
	/* Ends with NULL; each word is its own. */
	char **words;
	struct source_options *sources;
	/* Of columns, once a header was read. */
	char **names;
	size_t name_count;
	uint32_t *widths;
};

/* What is to be run. */
struct run_options {
	struct session_options settings;
	struct feed_options feed;
	/* How many workers it may have at most; 0: all there are. */
	size_t most;
	struct run_text *text;
	/* The line that asked for it, for people: its own. */
	char *line;
};

/* A text of words, which it owns from now on, for one use. */
struct run_text *run_text_new(char **words);

/* The same options for another use, with a line of their own. */
struct run_options run_options_share(const struct run_options *options, const char *line);
void run_options_release(struct run_options *options);

/* How many tasks a run has, and what came of them. */
struct run_counts {
	/* Tasks so far, and in all; 0 while that is not known. */
	uint64_t submitted;
	uint64_t total;
	uint64_t finished;
	uint64_t outcomes[OUTCOMES];
	size_t running;
	size_t workers;
	/* Since it began, up to its end. */
	nsec time;
	/* Together: how long it had workers, and for how much of that they ran tasks. */
	nsec worker_time;
	nsec task_time;
};

enum run_state {
	RUN_RUNNING,
	/* Tasks that run go on, no others begin. */
	RUN_PAUSED,
	/* It ends before its time. */
	RUN_CANCELLED,
	RUN_DONE,
};

enum {
	/* Tasks are counted by how long they took: below 1 us, below 2, below 4 ... */
	RUN_BUCKETS = 48,
};

struct run {
	struct list link;
	struct runs *runs;
	/* From 1. */
	uint64_t number;
	struct diag_context context;
	enum run_state state;
	/* It was cancelled at some time. */
	bool cancelled;
	struct run_options options;
	/* The same; SIZE_MAX: all there are. */
	size_t most;
	/* Which is its turn to have workers (the lowest is first), and since when it has some; 0. */
	uint64_t turn;
	nsec served_since;
	/* Others that still take its tasks. */
	size_t uses;
	/* While it is not done. */
	struct session session;
	struct feeder *feeder;
	struct session_observer observer;
	struct outlet_screen screen;
	/* What its tasks wrote and what came of them. */
	struct archive_run *kept;
	uint64_t buckets[RUN_BUCKETS];
	/* How long its tasks ran, together, and how long the longest did. */
	nsec task_time;
	nsec longest;
	/* When it is done: what it ended with, and the last of its counts. */
	int status;
	int signal;
	struct run_counts counts;
};

/*
 * Begins a run with options that are its own from now on, also when it cannot begin, as is feeder: what feeds it; NULL:
 * made from the options. NULL with the error.
 */
struct run *run_begin(struct runs *runs, struct run_options *options, struct feeder *feeder,
		      struct error *error) MUST_CHECK;

/* Takes it a step on after the loop has; it may be done then. */
void run_advance(struct run *run);

/* When that is due without anything happening. */
nsec run_deadline(const struct run *run);

struct run_counts run_counts(const struct run *run);

/* What a running run does in seat (below run->session.pool.seats); false when that is nothing. As pool_running_at. */
bool run_running_at(struct run *run, size_t seat, struct running_task *task);

/* Sets how many workers a run that is not done may have. */
void run_set_workers(struct run *run, size_t workers);

/* Notifies a run that is not done that the reserve may have workers for it. */
void run_offer_workers(struct run *run);

void run_pause(struct run *run);
void run_resume(struct run *run);

/* No task is begun any more, those that run are told to end, and killed after the grace time; when it is done again, at
 * once. */
void run_cancel(struct run *run);

/* A run that is done is forgotten, with all it has kept. */
void run_free(struct run *run);

#endif
