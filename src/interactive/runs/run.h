/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run, from the line that began it to the figures that are kept when it is done. */
#ifndef INTERACTIVE_RUNS_RUN_H
#define INTERACTIVE_RUNS_RUN_H

#include "base/diag.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "journal/archive.h"
#include "run/session.h"
#include "run/times/times.h"
#include "feed/feeder.h"

struct runs;

/* The strings that options point into, shared by a run and those that repeat its tasks. */
struct run_text {
	size_t uses;
	/* The words of the line; ends with NULL. */
	char **words;
	struct source_options *sources;
	/* The folder of its tasks; NULL if the options have that. */
	char *folder;
	/* The words of a function's adapter, NULL if none. */
	char **function;
	/* The line that resumes the run, in two parts; NULL without a journal. */
	char *again;
	char *again_rest;
	/* Names and widths of columns, set after a header was read. */
	char **names;
	size_t name_count;
	uint32_t *widths;
};

/* Configuration of a run. */
struct run_options {
	struct session_options settings;
	struct feed_options feed;
	/* How many workers it may have; 0 if only the pool limits them. */
	size_t most;
	struct run_text *text;
	/* How many of the words of the text come before its operands. */
	size_t first_operand;
	/* The line that began the run, for display. */
	char *line;
};

/* Returns a new text for one use, which owns words. */
struct run_text *run_text_new(char **words);

/* Returns the same options for one more use, with a copy of line. */
struct run_options run_options_share(const struct run_options *options, const char *line);

/* Ends a use; releases what nothing else uses. */
void run_options_release(struct run_options *options);

/* Gives a run the folder base in which it was asked for, since workers may have been started in another; NULL: none. */
void run_options_settle(struct run_options *run, const char *base);

/* Figures of a run. */
struct run_counts {
	/* Tasks read so far. */
	uint64_t submitted;
	/* Tasks in all, 0 while unknown. */
	uint64_t total;
	uint64_t finished;
	uint64_t outcomes[OUTCOMES];
	size_t running;
	size_t workers;
	/* The time since the run began, up to its end. */
	nsec time;
	/* The sum of the times for which workers were with the run. */
	nsec worker_time;
	/* The part of worker_time in which they ran tasks. */
	nsec task_time;
};

enum run_state {
	RUN_RUNNING,
	/* Running tasks continue, no others begin. */
	RUN_PAUSED,
	/* No task begins any more; running tasks are ended. */
	RUN_CANCELLED,
	RUN_DONE,
};

struct run {
	struct list link;
	struct runs *runs;
	/* The number of the run, from 1. */
	uint64_t number;
	/* The context of its messages. */
	struct diag_context context;
	enum run_state state;
	/* True if the run was cancelled, whatever its state is now. */
	bool cancelled;
	struct run_options options;
	/* How many workers it may have; SIZE_MAX if only the pool limits them. */
	size_t most;
	struct {
		/* Its place in the rotation, the lowest first. */
		uint64_t turn;
		/* When it last got workers; 0 if it has none. */
		nsec served_since;
	} sharing;
	/* How many retries still read the run's tasks from the archive. */
	size_t uses;
	/* Parts of a run that is not done. */
	struct session *session;
	struct session_owner owner;
	struct feeder *feeder;
	struct recorder recorder;
	struct outlet_screen screen;
	/* Output and results of its tasks, in the archive. */
	struct archive_run *kept;
	/* Durations of its tasks. */
	struct times times;
	/* The end of a run that is done. */
	struct {
		int status;
		/* The signal that ended it, 0 if none. */
		int signal;
		struct run_counts counts;
	} end;
};

/*
 * Begins a run and takes ownership of options and feeder, also on failure. feeder may be NULL: the options say what
 * feeds the run then. Returns NULL with the error.
 */
struct run *run_begin(struct runs *runs, struct run_options *options, struct feeder *feeder,
		      struct error *error) MUST_CHECK;

/* Continues the run after a step of the loop; it may be done then. */
void run_advance(struct run *run);

/* Returns when run_advance is due even without an event. */
nsec run_deadline(const struct run *run);

struct run_counts run_counts(const struct run *run);

/* Stores the task that runs in a seat (below pool_counts' seats). Returns false if the seat has none. */
bool run_running_at(struct run *run, size_t seat, struct running_task *task);

/* Sets how many workers a run that is not done may have. */
void run_set_workers(struct run *run, size_t workers);

/* Notifies a run that is not done that the reserve may have workers for it. */
void run_offer_workers(struct run *run);

/* Holds back the tasks that have not begun. No effect unless the run is running. */
void run_pause(struct run *run);

/* Ends run_pause. */
void run_resume(struct run *run);

/*
 * Begins no further task and ends the running ones: with SIGTERM, and with SIGKILL after the grace time, or at once
 * when called again.
 */
void run_cancel(struct run *run);

/* Forgets a run that is done, and what is kept of it. */
void run_free(struct run *run);

#endif
