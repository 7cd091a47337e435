/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool: workers that pull chunks from one queue, and what happens to the tasks in these chunks.
 *
 * Every task that is submitted gets exactly one final on_result, whatever dies, unless the pool is closed before.
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
#include "board/leftovers.h"
#include "board/message.h"
#include "pool/reserve.h"

struct pool;

struct pool_options {
	/* The loop that calls the pool, and the memory that chunks lie in. The caller's; both outlive the pool. */
	struct loop *loop;
	struct arena *arena;
	const struct start_method *method;
	/* Where workers come from and return to, which also limits their number; NULL: they end with the pool. */
	struct reserve *reserve;
	/* How many workers are wanted at first. */
	size_t jobs;
	/* The most that pool_set_jobs may ask for. */
	size_t jobs_max;
	/* Tasks after which a worker is replaced; 0: never. */
	uint64_t max_tasks;
	/* Workers have an initializer, so it takes long until they are ready. */
	bool is_slow;
	/* Workers have a finalizer, for which they are waited for. */
	bool finalizes;
	/* A task may be run again: a spare worker may be needed for the head when all others wait for it. */
	bool repeats;
	/* Nanoseconds between a task's SIGTERM and its SIGKILL. */
	nsec grace;
	/* Outcomes (a bit for each) after which a worker waits until its result is taken, as in struct briefing. */
	uint32_t judged;
	/* Workers wait so until pool_acknowledge, not only until the result is taken. */
	bool acknowledges;
	/* Tasks may bring time limits of their own. */
	bool has_limits;
	/* Tasks have the terminal: their worker stops and continues them. */
	bool terminal;
	/*
	 * Workers feed tasks to a command that stays: a worker may claim several chunks, and a task that has no result
	 * when it dies is fed to another, as the same attempt. The results of a chunk come in the order of its tasks.
	 */
	bool refeeds;
	/*
	 * With refeeds: tasks are calls in their workers. What ends a worker is the outcome of the task that it ran; a
	 * SIGKILL, which may come from elsewhere, is so only at the third in a row. Signals and time limits are dealt
	 * with here.
	 */
	bool calls;
	/* With refeeds: each task has to have a result of its own. */
	bool singles;
};

/* The owner's decision about a result. */
enum result_use {
	/* Protocol violation: the worker is killed. */
	RESULT_REFUSED = -1,
	RESULT_TAKEN,
	/* The task is to be run again. */
	RESULT_AGAIN,
};

/* Callbacks of the pool's owner, embedded in it. All are called from within the loop. */
struct pool_owner {
	/* True if output or a result of this task can be taken now. If not, it is offered again by pool_resume. */
	bool (*accepts)(struct pool_owner *owner, uint64_t index);
	/* Returns the lowest index without a result. What precedes that task's packets in a ring is always taken. */
	uint64_t (*head)(struct pool_owner *owner);
	/* Takes a piece of a task's output, from the worker in a slot. -1: protocol violation, the worker is killed. */
	int (*on_output)(struct pool_owner *owner, const struct output_header *header, uint32_t slot,
			 struct slice bytes);
	/* The context of messages about these workers, NULL if none. */
	const struct diag_context *context;
	/*
	 * Takes a task's result; task is valid only during the call. With options.refeeds one result may skip several
	 * tasks, and task is NULL then. Returns RESULT_AGAIN, with nanoseconds in *delay, to have the task run again
	 * after these. Refuses a result for a task that already has one, and changes nothing.
	 */
	enum result_use (*on_result)(struct pool_owner *owner, const struct result *result, const struct task *task,
				     nsec *delay);
	/*
	 * Takes the rest of the output of the tasks that a result covers, and the result, as on_result, but they are
	 * never run again. task is NULL if they are several. NULL without options.refeeds.
	 */
	enum result_use (*on_answers)(struct pool_owner *owner, const struct result *result, const struct task *task,
				      struct slice bytes);
	/*
	 * Drops the output of this attempt at count tasks from this one on, which have no results: it begins anew. Only
	 * of the first there may be any, unless a worker broke the protocol. NULL without options.refeeds.
	 */
	void (*on_forget)(struct pool_owner *owner, uint64_t index, uint64_t count, uint32_t attempt);
	/* Shows the user a command that is run (BRIEFING_VERBOSE), or what an initializer or finalizer wrote. */
	void (*on_words)(struct pool_owner *owner, struct slice words);
	/*
	 * Reports what a worker says of itself, which may be called for each: why tasks are executed, not forked
	 * (PACKET_UNFIT), or that its finalizer failed (PACKET_UNFINISHED).
	 */
	void (*on_report)(struct pool_owner *owner, enum packet_type type, struct slice words);
	/* There may be room for a chunk, or an idle worker. */
	void (*on_room)(struct pool_owner *owner);
	/*
	 * The run cannot continue: no worker can be started, or no task by any worker, or a worker reports why. status
	 * is the exit status that goes with it, 0 for the usual one.
	 */
	void (*on_failure)(struct pool_owner *owner, const struct error *error, unsigned status);
};

/* The cost of a run, for --stats. */
struct pool_tally {
	uint64_t workers_started;
	uint64_t workers_died;
	/* Nanoseconds that workers lived, added up. */
	nsec worker_time;
	/* Nanoseconds that workers ran tasks, added up. */
	nsec task_time;
	uint64_t chunks;
	uint32_t chunk_min;
	uint32_t chunk_max;
};

/* The current figures of a pool. */
struct pool_counts {
	/* Workers that live. */
	size_t live;
	/* Workers that are wanted. */
	size_t jobs;
	/* Places for workers, as pool_running_at counts them. */
	size_t seats;
	/* Tasks that were submitted and have no result. */
	uint64_t outstanding;
	/* Tasks that wait to be run again. */
	size_t retries;
	/* Workers that a signal has stopped, for 5 s at least. */
	size_t stopped;
};

/* Returns a new pool without workers, or NULL with the error. The briefing is copied. */
struct pool *pool_new(const struct pool_options *options, const struct briefing *briefing, struct pool_owner *owner,
		      struct error *error) MUST_CHECK;

/* True if another chunk should be submitted now: workers then find work, and few chunks wait. */
bool pool_has_room(const struct pool *pool);

/* True if a worker is idle, or one more could be started: even a small chunk helps. */
bool pool_is_hungry(const struct pool *pool);

/* Takes a chunk over, with its use of its block. */
void pool_submit(struct pool *pool, const struct chunk *chunk);

/*
 * Announces that nothing more will be submitted: workers that find no work leave, and do not delay the end. Should
 * there be work all the same (a worker died), new ones are started. Does nothing where tasks may be run again or
 * workers start slowly.
 */
void pool_last_call(struct pool *pool);

/* Lets only tasks with an index below gate start (QUEUE_OPEN: all). */
void pool_set_gate(struct pool *pool, uint64_t gate);

/* Offers again what was not accepted. */
void pool_resume(struct pool *pool);

/* With options.acknowledges: lets the workers go on that wait for results which were taken. */
void pool_acknowledge(struct pool *pool);

/* Changes how many workers are wanted, up to options.jobs_max. With 0, chunks can be submitted but no task starts. */
void pool_set_jobs(struct pool *pool, size_t jobs);

/* Returns how many workers are wanted. */
size_t pool_jobs(const struct pool *pool);

/* Changes how long a task may take in nanoseconds (0: no limit), also for tasks that run. */
void pool_set_timeout(struct pool *pool, nsec timeout);

/*
 * Stops all tasks, and continues them: their time limits stand still meanwhile. Async-signal-safe, so that this process
 * can be stopped at any point; supervision.c lists what they read.
 */
void pool_freeze(struct pool *pool);
void pool_thaw(struct pool *pool);

/*
 * Withdraws all tasks that no worker has, and those that wait to be run again: each gets OUTCOME_SKIPPED. No others may
 * be submitted afterwards.
 */
void pool_skip_waiting(struct pool *pool);

/* Sends a signal to the process group of every running task, also of those that are just being started. */
void pool_signal_tasks(struct pool *pool, int signal);

/*
 * Has the pipes of these streams (bits 1 << stream) closed in all workers: from then on a task that writes there gets
 * SIGPIPE.
 */
void pool_close_streams(struct pool *pool, unsigned streams);

/* Returns the board that the pool shares with its workers. */
const struct board *pool_board(const struct pool *pool);

/* Returns the table of what tasks left. */
const struct leftovers *pool_leftovers(const struct pool *pool);

/* Finds a task that is outstanding by its attempt: false if absent. The task is a view until the loop's next step. */
bool pool_task(struct pool *pool, uint64_t index, uint32_t attempt, struct task *task);

/* Returns how many tasks run now. NULL (a run without a pool) is allowed: 0. */
size_t pool_running(const struct pool *pool);

/* Returns the current figures: all 0 for NULL. */
struct pool_counts pool_counts(const struct pool *pool);

/* The task of one worker. */
struct running_task {
	/* A view, valid until the next call or the loop's next step. */
	struct task task;
	/* Monotonic time. */
	nsec started;
	/* 0 while it is being started. */
	pid_t pid;
	/* {%}: the number of the worker's seat, from 1. */
	uint32_t slot;
	const struct process *worker;
};

/* Finds the task that the worker in a seat (below pool_counts' seats) runs: false if none. */
bool pool_running_at(struct pool *pool, size_t seat, struct running_task *task);

/* Returns the worker in a seat (below pool_counts' seats) if a signal has stopped it, else NULL. */
const struct process *pool_stopped_at(const struct pool *pool, size_t seat);

/*
 * Notes that a worker may have stopped or continued (SIGCHLD). A worker that is stopped for 5 s is reported once; what
 * it runs continues when it is continued.
 */
void pool_child_changed(struct pool *pool);

/* Returns the tally up to now, with living workers and running tasks: all 0 for NULL. */
struct pool_tally pool_tally(const struct pool *pool);

/* Returns when pool_tick is due: NSEC_FOREVER if never. */
nsec pool_deadline(const struct pool *pool);

/* Does what is due by now. To be called after each step of the loop. */
void pool_tick(struct pool *pool);

/*
 * Dismisses all workers. pool_dismiss (no task is outstanding) returns them to the reserve; pool_hang_up, or a pool
 * without a reserve, ends them with the tasks they run, as it does with those that take too long. The loop and
 * pool_tick have to continue until pool_is_empty.
 */
void pool_dismiss(struct pool *pool);
void pool_hang_up(struct pool *pool);

/* True after pool_hang_up. */
bool pool_has_hung_up(const struct pool *pool);

/* True once workers have been dismissed. */
bool pool_is_closing(const struct pool *pool);

/* True if no worker is left. */
bool pool_is_empty(const struct pool *pool);

/* Notes that the reserve may have workers, or room for more, that it had not before. */
void pool_look_for_workers(struct pool *pool);

/* Frees a pool without workers. NULL is allowed. */
void pool_free(struct pool *pool);

#endif
