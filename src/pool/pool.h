/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool: workers that pull chunks from one queue, and what becomes of the tasks in them.
 *
 * Every task that is submitted gets exactly one on_result, whatever dies, unless the pool is closed before.
 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include "base/clock.h"
#include "base/dialect.h"
#include "ipc/loop.h"
#include "task/chunk.h"
#include "task/task.h"
#include "process/process.h"
#include "board/arena.h"
#include "board/board.h"
#include "board/message.h"
#include "pool/ledger.h"
#include "pool/reserve.h"
#include "pool/retries.h"

#include <stdatomic.h>

struct pool_options {
	const struct start_method *method;
	/* Workers come from there and go back, and no more are started than it allows; NULL: they end with the pool. */
	struct reserve *reserve;
	/* How many workers at a time, and the most there may ever be (pool_set_jobs). */
	size_t jobs;
	size_t jobs_max;
	/* A worker is replaced after so many tasks; 0: never. */
	uint64_t max_tasks;
	/* Workers take their time before they are ready. */
	bool is_slow;
	/* A task may be run again: then one worker more may be needed for the head when all others wait behind it. */
	bool repeats;
	/* How long a task that was told to end may take. */
	nsec grace;
	/* Outcomes (a bit for each) after which a worker waits until its result has been taken, as in struct briefing.
	 */
	uint32_t judged;
	/* Tasks may bring limits of their own for how long they take. */
	bool has_limits;
	/* Tasks have the terminal: their worker sees to it that they stop and go on. */
	bool terminal;
};

/* What the owner makes of a result. */
enum result_use {
	/* It is a mad worker's. */
	RESULT_REFUSED = -1,
	RESULT_TAKEN,
	/* The task is to be run again. */
	RESULT_AGAIN,
};

/* Whom the pool tells; embedded in its owner. All are called from within the loop. */
struct pool_owner {
	/* Whether output or a result of this task can be taken now. If not, it is offered again at pool_resume. */
	bool (*accepts)(struct pool_owner *owner, uint64_t index);
	/* The lowest task without a result: what comes before its output on the same way is taken even if not accepted.
	 */
	uint64_t (*head)(struct pool_owner *owner);
	/* A piece of a task's output, from the worker in a slot; -1: that cannot be, its worker has gone mad. */
	int (*on_output)(struct pool_owner *owner, const struct output_header *header, uint32_t slot,
			 struct slice bytes);
	/* The context of messages about these workers; NULL if none. */
	const struct diag_context *context;
	/* A task's result; task is a view while on_result runs. RESULT_AGAIN: after so much time in *delay. */
	enum result_use (*on_result)(struct pool_owner *owner, const struct result *result, const struct task *task,
				     nsec *delay);
	/* What is for the user to see: a command that is run (BRIEFING_VERBOSE), or what an initializer wrote. */
	void (*on_words)(struct pool_owner *owner, struct slice words);
	/* Why tasks are executed where they should be forked (BRIEFING_ZYGOTE); each worker that finds it so says it.
	 */
	void (*on_unfit)(struct pool_owner *owner, struct slice why);
	/* Room for a chunk, or an idle worker. */
	void (*on_room)(struct pool_owner *owner);
	/* The pool cannot go on: no worker can be started, or no task by any worker. */
	void (*on_failure)(struct pool_owner *owner, const struct error *error);
};

struct worker;

/* What a run has cost, for --stats. */
struct pool_tally {
	uint64_t workers_started;
	uint64_t workers_died;
	/* Together: how long workers lived, and how long they ran tasks. */
	nsec worker_time;
	nsec task_time;
	uint64_t chunks;
	uint32_t chunk_min;
	uint32_t chunk_max;
};

struct pool {
	struct pool_options options;
	struct pool_owner *owner;
	struct loop *loop;
	struct arena *arena;
	struct board board;
	struct ledger ledger;
	/* What the run is, in memory for the workers. */
	struct shm run;
	struct bytes scratch;
	struct worker *workers;
	/* Workers that live; those of them that are not set up yet. */
	size_t live;
	size_t starting;
	/* Places for workers: one each for the most jobs, and a spare one when tasks may be run again. */
	size_t seats;
	/* How many workers are wanted, and how many of them can be had: fewer after processes or descriptors were
	 * short. */
	size_t jobs;
	size_t limit;
	/* Chunks or workers have changed since it was last seen to that every chunk has a worker coming for it. */
	bool unserved;
	struct retries retries;
	/* Tasks that are due to be run again wait for a row of the ledger. */
	bool retries_wait;
	/* Initializers that failed, while none has done its work yet. */
	size_t unfit;
	struct error unfit_why;
	bool ever_fit;
	uint32_t last_number;
	uint64_t descriptor_limit;
	/* Workers that ended before they had done anything, since the last result. */
	size_t early_ends;
	/* The same of those that a signal has ended: that may be somebody else's doing, for a while. */
	size_t early_kills;
	/* After a worker could not be started: when it is tried again, and since when it fails. */
	nsec retry_at;
	nsec failing_since;
	/* When those that were woken or started should have claimed what waits; 0 when nothing does. */
	nsec claim_by;
	/* When WAKEs that could not be sent are tried again; 0 if none. Written by signal handlers, too. */
	_Atomic nsec wakes_at;
	/* When signals that could not be sent yet are tried again; 0. */
	nsec owed_at;
	/* When it is looked again for tasks whose time has passed; and when the run last went on after it had been
	 * stopped. */
	nsec watch_at;
	nsec thawed_at;
	bool noted;
	bool failed;
	bool closing;
	/* Workers have been told to end, and are not listened to. */
	bool hung_up;
	/* When workers that were told to go are ended; NSEC_FOREVER. */
	nsec close_at;
	struct pool_tally tally;
};

/* No worker is started yet. run is copied. 0, or -1 with the error. */
int pool_init(struct pool *pool, struct loop *loop, struct arena *arena, const struct pool_options *options,
	      const struct briefing *run, struct pool_owner *owner, struct error *error) MUST_CHECK;

/* Whether another chunk should be submitted now, so that workers find work without much lying about. */
bool pool_has_room(const struct pool *pool);

/* Whether a worker has nothing to do, or one more could be started: even a small chunk helps. */
bool pool_is_hungry(const struct pool *pool);

/* Hands a chunk over: its use of its block is the pool's from now on. */
void pool_submit(struct pool *pool, const struct chunk *chunk);

/*
 * Nothing more will be submitted: workers that find nothing to do leave, and are not in the way when the others have
 * done. Should a task be there all the same (its worker died), they are started anew. Not where tasks are run again by
 * design, or workers take long to begin.
 */
void pool_last_call(struct pool *pool);

/* Only tasks with an index below gate may start (QUEUE_OPEN: all). */
void pool_set_gate(struct pool *pool, uint64_t gate);

/* Offers again what was not accepted. */
void pool_resume(struct pool *pool);

/*
 * How many workers there should be from now on; no more than options.jobs_max. With 0 tasks can still be submitted, but
 * none is begun.
 */
void pool_set_jobs(struct pool *pool, size_t jobs);

/* How long a task may take from now on (0: as long as it likes), also those that run. */
void pool_set_timeout(struct pool *pool, nsec timeout);

/*
 * Stops everything that runs, and lets it go on: time-outs stand still meanwhile. Async-signal-safe, so that this
 * process can be stopped wherever it is.
 */
void pool_freeze(struct pool *pool);
void pool_thaw(struct pool *pool);

/* Withdraws all tasks that no worker has: each is told as skipped, as are those
 * that wait to be run again. No others may be submitted afterwards. */
void pool_skip_waiting(struct pool *pool);

/* Sends a signal to every running task's process group. */
void pool_signal_tasks(struct pool *pool, int signal);

/* A task that is out, by its attempt: false when there is none such. A view, valid until the loop's next step. */
bool pool_task(struct pool *pool, uint64_t index, uint32_t attempt, struct task *task);

/* How many tasks run now. */
size_t pool_running(const struct pool *pool);

/* What a worker is doing. */
struct running_task {
	/* A view, valid until the next call or the loop's next step. */
	struct task task;
	/* Monotonic. */
	nsec started;
	/* 0 while it is being started. */
	pid_t pid;
	uint32_t slot;
	const struct process *worker;
};

/* The task that the worker in a seat (below pool->seats) runs; false when there is none. */
bool pool_running_at(struct pool *pool, size_t seat, struct running_task *task);

/* The tally up to now, with the workers that live and the tasks that run. */
struct pool_tally pool_tally(const struct pool *pool);

/* When pool_tick wants to be called; NSEC_FOREVER. */
nsec pool_deadline(const struct pool *pool);
void pool_tick(struct pool *pool);

/*
 * No worker is needed any more. With pool_dismiss, once no task is out, they go back to the reserve; with pool_hang_up,
 * or where there is none, or when they take too long, they end, and with them what they run. pool_is_empty tells when
 * all have gone; until then the loop and pool_tick have to go on.
 */
void pool_dismiss(struct pool *pool);
void pool_hang_up(struct pool *pool);
bool pool_is_empty(const struct pool *pool);

/* Ends all workers, and with them what they run, and waits for them. */
void pool_close(struct pool *pool);

/* There may be workers in the reserve, or room for more, that were not there before. */
void pool_look_for_workers(struct pool *pool);

void pool_release(struct pool *pool);

#endif
