/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runs of an interactive session, on one pool of workers that outlives them. */
#ifndef INTERACTIVE_RUNS_RUNS_H
#define INTERACTIVE_RUNS_RUNS_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "journal/archive.h"
#include "pool/reserve.h"
#include "interactive/runs/run.h"
#include "interactive/runs/shares.h"

/* Callbacks of the owner of runs, embedded in it. */
struct runs_owner {
	/* As in struct outlet_screen. Without put, a run's output goes to standard output, and signals end the run. */
	bool (*has_room)(struct runs_owner *owner);
	void (*put)(struct runs_owner *owner, struct run *run, uint64_t index, enum stream stream, struct slice bytes);
	void (*task_ended)(struct runs_owner *owner, struct run *run, uint64_t index);
	/* Called when a run is done. */
	void (*run_ended)(struct runs_owner *owner, struct run *run);
};

struct runs_options {
	/* How many workers there may be. */
	size_t workers;
	/* Limits of the archive in bytes: in memory, and on disk in the directory. */
	uint64_t memory;
	uint64_t disk;
	const char *directory;
	/* A mask of the standard descriptors that were closed at the start. */
	unsigned closed;
};

struct runs {
	struct runs_options options;
	struct loop loop;
	struct reserve reserve;
	struct archive archive;
	struct runs_owner *owner;
	/* All known runs, the oldest first. */
	struct list list;
	uint64_t last_number;
	size_t known;
	/* How many runs are not done. */
	size_t active;
	/* True if a run was begun or changed since the last step: it may be over without any event. */
	bool changed;
	/* The sharing of the workers. */
	struct runs_sharing {
		/* The runs that want workers, by their turns. */
		struct run **claimants;
		size_t room;
		/* True if a run wants workers and has none. */
		bool is_crowded;
		uint64_t last_turn;
	} sharing;
};

/* Returns -1 with the error; runs_close is to be called also then. */
int runs_open(struct runs *runs, const struct runs_options *options, struct runs_owner *owner,
	      struct error *error) MUST_CHECK;

/* Waits for events until the deadline, handles them, and shares out the workers. */
void runs_step(struct runs *runs, nsec deadline);

/* Returns the run of that number, NULL if it is unknown. */
struct run *runs_find(const struct runs *runs, uint64_t number);

/* Returns the run that was begun last, NULL if there are no runs. */
struct run *runs_last(const struct runs *runs);

/* Returns the run after another, the oldest one after NULL; NULL at the end. */
struct run *runs_next(const struct runs *runs, const struct run *run);

/* Sets how many workers there may be, 1 or more. */
void runs_set_workers(struct runs *runs, size_t workers);

/* Stops all tasks with SIGSTOP. */
void runs_freeze(struct runs *runs);

/* Continues what runs_freeze has stopped. */
void runs_thaw(struct runs *runs);

/* Notes that a worker may have stopped or continued (SIGCHLD). */
void runs_child_changed(struct runs *runs);

/* Kills all tasks, ends all workers and releases everything. */
void runs_close(struct runs *runs);

#endif
