/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs of an interactive session, on one pool of workers that outlives them. */
#ifndef INTERACTIVE_RUNS_RUNS_H
#define INTERACTIVE_RUNS_RUNS_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "journal/archive.h"
#include "pool/reserve.h"
#include "interactive/runs/run.h"

/* Whom the jobs tell; embedded in its owner. */
struct jobs_owner {
	/* As in struct outlet_screen. Without put, a job's output goes to standard output, and signals end the job. */
	bool (*has_room)(struct jobs_owner *owner);
	void (*put)(struct jobs_owner *owner, struct job *job, uint64_t index, enum stream stream, struct slice bytes);
	void (*task_ended)(struct jobs_owner *owner, struct job *job, uint64_t index);
	/* A job is done. */
	void (*job_ended)(struct jobs_owner *owner, struct job *job);
};

struct jobs_options {
	/* How many workers. */
	size_t workers;
	/* Limits for what is kept of jobs, and where the part on disk goes. */
	uint64_t memory;
	uint64_t disk;
	const char *directory;
	unsigned closed;
};

struct jobs {
	struct jobs_options options;
	struct loop loop;
	struct reserve reserve;
	struct archive archive;
	struct jobs_owner *owner;
	/* All that are known, the oldest first. */
	struct list list;
	uint64_t last_number;
	size_t known;
	/* Those that are not done. */
	size_t active;
	/* For sharing workers out: who wants how many, and gets them. */
	struct claim {
		struct job *job;
		size_t wanted;
		size_t part;
	} * claims;
	size_t claim_room;
	/* Some job wants workers and has none. */
	bool is_crowded;
	uint64_t last_turn;
	/* A job was begun and has not been looked at since. */
	bool begun;
	/* The job that is being taken a step on, whose messages come now; NULL. */
	struct job *current;
};

/* -1 with the error. */
int jobs_open(struct jobs *jobs, const struct jobs_options *options, struct jobs_owner *owner,
	      struct error *error) MUST_CHECK;

/* Waits for something to happen until the deadline, and deals with it. */
void jobs_step(struct jobs *jobs, nsec deadline);

/* The job of that number, or NULL; the last one that was begun, or NULL. */
struct job *jobs_find(const struct jobs *jobs, uint64_t number);
struct job *jobs_last(const struct jobs *jobs);

/* One after the other, the oldest first: the first after NULL; NULL at the end. */
struct job *jobs_next(const struct jobs *jobs, const struct job *job);

/* How many workers there may be from now on, 1 or more. */
void jobs_set_workers(struct jobs *jobs, size_t workers);

/* All tasks are stopped, and go on. */
void jobs_freeze(struct jobs *jobs);
void jobs_thaw(struct jobs *jobs);

/* Kills what runs and ends all workers. */
void jobs_close(struct jobs *jobs);

#endif
