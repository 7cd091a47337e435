/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pool and its workers, as the files of this folder see them.
 *
 * Calls go down only:
 *
 *   pool          what other rooms call
 *   lives         the events of a worker's life
 *   intake        packets from workers        staffing      how many workers
 *   outcomes      results, retries            supervision   signals and time limits
 *   shortage      what if there cannot be enough
 *   roster        starting, waking, killing   recruiting    processes of workers
 *   ledger retries reserve                    what knows no pool
 *
 * What a lower file finds out (a worker has starved, its initializer has failed) it notes in struct worker, and lives
 * passes it on.
 */
#ifndef POOL_POOL_PRIVATE_H
#define POOL_POOL_PRIVATE_H

#include "base/dialect.h"
#include "ipc/shm.h"
#include "board/board.h"
#include "board/ring.h"
#include "pool/ledger.h"
#include "pool/pool.h"
#include "pool/retries.h"

#include <stdatomic.h>

/* The state of a seat's worker; lives.c has the table of what happens in each. */
enum worker_state {
	/* No worker has the seat. */
	WORKER_GONE,
	/* Started, not set up yet. */
	WORKER_STARTING,
	/* Set up: claims chunks, or sleeps. */
	WORKER_ACTIVE,
	/* Its channel has closed: its process ends, or is ended. */
	WORKER_LEAVING,
	WORKER_STATES,
};

/* The worker in a seat. One per seat, used again for the next worker there. */
struct worker {
	struct pool *pool;
	enum worker_state state;
	/* As the claimer of rows; never used twice. */
	uint32_t number;
	struct process process;
	struct watch channel;
	/* The end of its process, watched once its channel has closed. */
	struct watch sentinel;
	struct seat *seat;
	struct ring ring;
	/* Monotonic time. */
	nsec started;
	/* What intake has found in its ring. */
	struct worker_intake {
		/* Packets were not accepted, and remain in the ring. */
		bool stalled;
		/* It broke the protocol: nothing more is read from its ring. */
		bool broken;
		/* Results were taken. Taken by lives. */
		bool progressed;
		/* It gave up for want of resources, for this errno; 0 if not. Taken by lives. */
		int starved;
		/* Its initializer has ended, in this way. Taken by lives. */
		bool initialized;
		struct initialized initializer;
	} intake;
	/* The last result that was taken from it. */
	struct worker_progress {
		/* The task's index plus one; 0 if none. */
		uint64_t result;
		uint32_t attempt;
	} last;
	/* How it fares as a worker. */
	struct worker_fitness {
		/* It has said HELLO. */
		bool ready;
		/* It ended before it had done anything. */
		bool early;
		/* Its initializer failed. */
		bool unfit;
		/* Consecutive workers in this seat whose initializer failed. */
		unsigned unfit_in_row;
	} fitness;
	/* An extra worker, for one task of the head only. */
	bool spare;
	/* Was asleep in the snapshot that staffing_retire takes. */
	bool sleeps;
	/* A WAKE that could not be sent. Written by signal handlers, too. */
	_Atomic bool wake_owed;
	/* A signal for its task, which had no process yet when it was to be sent; 0 if none. */
	int signal_owed;
	/* The time limit that its task exceeded, for which it was killed, in nanoseconds; 0 if none. */
	nsec overdue;
};

/* Whether the pool has the workers that are wanted; shortage.c has the table. */
enum staffing_state {
	STAFFING_FULL,
	STAFFING_SHORT,
	STAFFING_FAILING,
	STAFFING_FAILED,
};

struct pool {
	struct pool_options options;
	struct pool_owner *owner;
	struct board board;
	struct ledger ledger;
	/* The briefing, in memory for the workers. */
	struct shm briefing;
	/* For messages that are put together. */
	struct bytes scratch;

	/* The workers. */
	struct crew {
		struct worker *workers;
		/* Places for workers: one for each job, and a spare one if tasks may be run again. */
		size_t seats;
		/* Workers that live. */
		size_t live;
		/* Of these, workers that are not set up yet. */
		size_t starting;
		/* The number of the newest worker, without a reserve. */
		uint32_t last_number;
		/* The soft limit that tasks find. */
		uint64_t descriptor_limit;
		/* What a message on a worker's channel does: in lives, which lies above those who start workers. */
		void (*channel_ready)(struct watch *watch, unsigned events);
		/* When WAKEs that could not be sent are tried again; 0 if none. Written by signal handlers, too. */
		_Atomic nsec wakes_at;
	} crew;

	struct staffing {
		enum staffing_state state;
		/* How many workers are wanted. */
		size_t jobs;
		/* How many of these can be had: fewer after processes or descriptors were short. */
		size_t limit;
		/* Chunks or workers have changed: staffing_tick is to wake or start workers for unclaimed chunks. */
		bool unserved;
		/* While SHORT or FAILING: when one more worker is tried; 0 if not. */
		nsec retry_at;
		/* While FAILING: since when. 0 if not. */
		nsec failing_since;
		/* When waiting chunks should have been claimed by the workers that were woken or started; 0 if none. */
		nsec claim_by;
		/* That there are fewer workers than wanted has been reported. */
		bool reported;
		/* Consecutive workers that ended before they had done anything. */
		size_t early_ends;
		/* The same for workers that a signal ended, perhaps somebody else's for a while. */
		size_t early_kills;
		/* Initializers that failed. */
		size_t unfit;
		struct error unfit_why;
		/* An initializer has done its work once. */
		bool ever_fit;
	} staffing;

	/* Tasks to be run again. */
	struct outcomes {
		struct retries retries;
		/* Due ones wait for a row of the ledger. */
		bool waiting;
	} outcomes;

	struct supervision {
		/* When signals that could not be sent yet are tried again; 0 if none. */
		nsec owed_at;
		/* The next check of time limits. */
		nsec watch_at;
		/* When the run last continued after it was stopped; 0 if never. */
		nsec thawed_at;
	} supervision;

	struct closing {
		/* Workers have been dismissed. */
		bool begun;
		/* Their channels have been shut: messages are not read any more. */
		bool hung_up;
		/* When those that still live are killed: NSEC_FOREVER if never. */
		nsec kill_at;
	} closing;

	struct pool_tally tally;
};

/* The number of a worker's seat, from 0. */
static inline size_t worker_seat(const struct worker *worker)
{
	return (size_t)(worker - worker->pool->crew.workers);
}

#endif
