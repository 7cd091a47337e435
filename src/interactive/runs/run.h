/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job: one run among several on the pool of an interactive session, from the line that asked for it to what is left
 * of it. */
#ifndef INTERACTIVE_RUNS_RUN_H
#define INTERACTIVE_RUNS_RUN_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "journal/archive.h"
#include "run/session.h"
#include "feed/feeder.h"

struct jobs;

/* What options point into: shared by jobs that are the same run again. */
struct job_text {
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
struct job_options {
	struct session_options run;
	struct feed_options feed;
	/* How many workers it may have at most; 0: all there are. */
	size_t most;
	struct job_text *text;
	/* The line that asked for it, for people: its own. */
	char *line;
};

/* A text of words, which it owns from now on, for one use. */
struct job_text *job_text_new(char **words);

/* The same options for another use, with a line of their own. */
struct job_options job_options_share(const struct job_options *options, const char *line);
void job_options_release(struct job_options *options);

/* How many tasks a job has, and what came of them. */
struct job_counts {
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

enum job_state {
	JOB_RUNNING,
	/* Tasks that run go on, no others begin. */
	JOB_PAUSED,
	/* It ends before its time. */
	JOB_CANCELLED,
	JOB_DONE,
};

enum {
	/* Tasks are counted by how long they took: below 1 us, below 2, below 4 ... */
	JOB_BUCKETS = 48,
};

struct job {
	struct list link;
	struct jobs *jobs;
	/* From 1. */
	uint64_t number;
	enum job_state state;
	/* It was cancelled at some time. */
	bool cancelled;
	struct job_options options;
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
	uint64_t buckets[JOB_BUCKETS];
	/* How long its tasks ran, together, and how long the longest did. */
	nsec task_time;
	nsec longest;
	/* When it is done: what it ended with, and the last of its counts. */
	int status;
	int signal;
	struct job_counts counts;
};

/*
 * Begins a job with options that are its own from now on, also when it cannot begin, as is feeder: what feeds it; NULL:
 * made from the options. NULL with the error.
 */
struct job *job_begin(struct jobs *jobs, struct job_options *options, struct feeder *feeder,
		      struct error *error) MUST_CHECK;

/* Takes it a step on after the loop has; it may be done then. */
void job_advance(struct job *job);

/* When that is due without anything happening. */
nsec job_deadline(const struct job *job);

struct job_counts job_counts(const struct job *job);

/* What a running job does in seat (below job->session.pool.seats); false when that is nothing. As pool_running_at. */
bool job_running_at(struct job *job, size_t seat, struct running_task *task);

void job_pause(struct job *job);
void job_resume(struct job *job);

/* No task is begun any more, those that run are told to end, and killed after the grace time; when it is done again, at
 * once. */
void job_cancel(struct job *job);

/* A job that is done is forgotten, with all it has kept. */
void job_free(struct job *job);

#endif
