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

/* Whom the runs tell; embedded in its owner. */
struct runs_owner {
	/* As in struct outlet_screen. Without put, a run's output goes to standard output, and signals end the run. */
	bool (*has_room)(struct runs_owner *owner);
	void (*put)(struct runs_owner *owner, struct run *run, uint64_t index, enum stream stream, struct slice bytes);
	void (*task_ended)(struct runs_owner *owner, struct run *run, uint64_t index);
	/* A run is done. */
	void (*run_ended)(struct runs_owner *owner, struct run *run);
};

struct runs_options {
	/* How many workers. */
	size_t workers;
	/* Limits for what is kept of runs, and where the part on disk goes. */
	uint64_t memory;
	uint64_t disk;
	const char *directory;
	unsigned closed;
};

struct runs {
	struct runs_options options;
	struct loop loop;
	struct reserve reserve;
	struct archive archive;
	struct runs_owner *owner;
	/* All that are known, the oldest first. */
	struct list list;
	uint64_t last_number;
	size_t known;
	/* Those that are not done. */
	size_t active;
	/* For sharing workers out: who wants how many, and gets them. */
	struct claim {
		struct run *run;
		size_t wanted;
		size_t part;
	} * claims;
	size_t claim_room;
	/* Some run wants workers and has none. */
	bool is_crowded;
	uint64_t last_turn;
	/* A run was begun and has not been looked at since. */
	bool begun;
};

/* -1 with the error. */
int runs_open(struct runs *runs, const struct runs_options *options, struct runs_owner *owner,
	      struct error *error) MUST_CHECK;

/* Waits for something to happen until the deadline, and deals with it. */
void runs_step(struct runs *runs, nsec deadline);

/* The run of that number, or NULL; the last one that was begun, or NULL. */
struct run *runs_find(const struct runs *runs, uint64_t number);
struct run *runs_last(const struct runs *runs);

/* One after the other, the oldest first: the first after NULL; NULL at the end. */
struct run *runs_next(const struct runs *runs, const struct run *run);

/* How many workers there may be from now on, 1 or more. */
void runs_set_workers(struct runs *runs, size_t workers);

/* All tasks are stopped, and go on. */
void runs_freeze(struct runs *runs);
void runs_thaw(struct runs *runs);

/* Kills what runs and ends all workers. */
void runs_close(struct runs *runs);

#endif
