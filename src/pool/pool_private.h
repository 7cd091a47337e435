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
 * A lower file notes in struct worker what it finds (a worker has starved, its initializer has failed); lives passes it
 * on.
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
	/* The findings of intake in the worker's ring. */
	struct worker_intake {
		/* True if packets were not accepted, and remain in the ring. */
		bool stalled;
		/* True if the worker broke the protocol: nothing more is read from its ring. */
		bool broken;
		/* True while its first packet waits for what other workers' rings hold (intake_catch_up). */
		bool catching_up;
		/* True if results were taken. Cleared by lives. */
		bool progressed;
		/* The errno for which the worker gave up for want of resources, 0 if it did not. Cleared by lives. */
		int starved;
		/* True if its initializer has ended. Cleared by lives. */
		bool initialized;
		/* Number of results that were taken and are to be acknowledged. */
		uint32_t unacknowledged;
		/* How the initializer ended. */
		struct hook_end initializer;
	} intake;
	/* The last result that was taken from it. */
	struct worker_progress {
		/* The task's index plus one, 0 if none; the last of several. */
		uint64_t result;
		uint32_t attempt;
		/* With refeeds: the latest time at which one of its tasks had ended, UTC. */
		nsec ended;
	} last;
	/* How far the worker has come. */
	struct worker_fitness {
		/* True if it ended before it had run a task. */
		bool early;
		/* True if its initializer failed. */
		bool unfit;
		/* Consecutive workers in this seat whose initializer failed. */
		unsigned unfit_in_row;
	} fitness;
	/* True for an extra worker, for one task of the head only. */
	bool spare;
	/* True if it ran no task in the snapshot that staffing_retire takes. */
	bool is_free;
	/* True if a WAKE could not be sent. Written by signal handlers, too. */
	_Atomic bool wake_owed;
	/* The signal that could not be sent to its task yet, 0 if none. */
	int signal_owed;
	/* With calls: true if it was sent SIGKILL for the task that it ran, which is to end. */
	bool is_struck;
	/* The task that exceeded its time, for which the worker was killed. */
	struct worker_overdue {
		/* The time limit that it exceeded, in nanoseconds; 0 if no task did. */
		nsec limit;
		uint64_t index;
		uint32_t attempt;
	} overdue;
	/* The task whose process has ended, when a check first saw it so; since is 0 if there is none. */
	struct worker_settling {
		uint64_t running;
		uint32_t attempt;
		nsec since;
	} settling;
	/* The time that does not count for an attempt, since this process was stopped itself. */
	struct worker_excuse {
		uint64_t running;
		uint32_t attempt;
		nsec time;
	} excuse;
	/* Its stop by a signal such as SIGSTOP. */
	struct worker_stop {
		/* When a check first found it stopped; 0 if the last check did not. */
		nsec since;
		/* True if a stop of this worker was reported. */
		bool reported;
	} stop;
};

/* How many of the wanted workers there can be; shortage.c has the table. */
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
		/* The callback for a worker's channel: in lives, which lies above the files that start workers. */
		void (*channel_ready)(struct watch *watch, unsigned events);
		/* When WAKEs that could not be sent are tried again; 0 if none. Written by signal handlers, too. */
		_Atomic nsec wakes_at;
	} crew;

	struct staffing {
		enum staffing_state state;
		/* How many workers are wanted. */
		size_t jobs;
		/* How many of these there can be: fewer after processes or descriptors were short. */
		size_t limit;
		/* Chunks or workers have changed: staffing_tick is to wake or start workers for unclaimed chunks. */
		bool unserved;
		/* While SHORT or FAILING: when one more worker is tried, else 0. */
		nsec retry_at;
		/* While FAILING: the time of its beginning, else 0. */
		nsec failing_since;
		/* When the workers that were woken or started should have claimed the waiting chunks, 0 if none wait.
		 */
		nsec claim_by;
		/* True if fewer workers than wanted have been reported. */
		bool reported;
		/* Consecutive workers that ended before they had done anything. */
		size_t early_ends;
		/* Of these, consecutive workers that a signal ended, possibly another program's for a while. */
		size_t early_kills;
		/* Why the last worker that ended so could not work, if it said so. */
		struct error unable_why;
		/* Initializers that failed. */
		size_t unfit;
		struct error unfit_why;
		/* True if an initializer has succeeded. */
		bool ever_fit;
	} staffing;

	/* Tasks to be run again. */
	struct outcomes {
		struct retries retries;
		/* True if due tasks wait for a row of the ledger. */
		bool waiting;
	} outcomes;

	struct supervision {
		/* When signals that could not be sent yet are tried again, 0 if none. */
		nsec owed_at;
		/* The next check of time limits. */
		nsec watch_at;
		/* When the run last continued after it was stopped; 0 if never. */
		nsec thawed_at;
		/* The next check for stopped workers, 0 if there is no reason for one. */
		nsec stops_at;
		/* Workers that the last check knew to be stopped for STOP_TIME. */
		size_t stopped;
	} supervision;

	struct closing {
		/* True if workers have been dismissed. */
		bool begun;
		/* True if their channels have been shut: messages are not read any more. */
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
