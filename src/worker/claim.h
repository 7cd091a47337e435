/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The protocol of a seat: how the worker in it gets chunks, reports results, sleeps and leaves, whatever runs the
 * tasks. It can be killed at any instant; the parent then knows from the board what is done, lost, or to be given back.
 *
 *   step            | call          | on the board                                  | if the process dies after it
 *   ----------------+---------------+-----------------------------------------------+---------------------------------
 *   ready           | claim_hello   | (HELLO on the channel)                        | it counts as a usable worker
 *   take a chunk    | claim_take    | row: ready -> claimed by its number           | the chunk is given back
 *   begin a task    | claim_begin   | seat: attempt, started, limit; then running   | given back while task is 0
 *   start a process | (executor)    | seat: task, written by the kernel             | lost; its group is killed
 *   end the process | (executor)    | seat: limit; then task without a group        | lost
 *   drop the task   | claim_drop    | seat: running = 0                             | given back
 *   finish a task   | claim_commit  | row: next + 1; ring: result; running = 0      | counts once in the ring
 *   share the rest  | claim_share   | row: next; row: claimed -> ready              | other workers have the rest
 *   give the rest   | claim_return  | row: claimed -> ready                         | other workers have the rest
 *   sleep           | claim_park    | seat: parked                                  | the mark is cleared by a reset
 *   leave the run   | claim_leave   | (FREE on the channel)                         | the seat is free
 *
 * The order within a step matters, and is explained where it is kept. From claim_take until the chunk ends, call only
 * claim_begin, claim_commit, claim_drop, claim_share and claim_return: for one task at a time, in the order of indexes.
 */
#ifndef WORKER_CLAIM_H
#define WORKER_CLAIM_H

#include "base/dialect.h"
#include "task/chunk.h"
#include "task/task.h"
#include "board/message.h"

struct workplace;

/* The chunk that a worker has claimed. */
struct claim {
	size_t row;
	/* The index after its last task. */
	uint64_t end;
	/* The first task that was not done when the row was claimed. */
	uint64_t next;
	/* The attempt at its tasks, from 1. */
	uint32_t attempt;
	/* True if the rest of it, or all of it, was given back to the queue. */
	bool released;
	/* The number of results committed by this worker; wraps, as the parent's count does. */
	uint32_t results;
};

/* Announces that the worker is set up. Returns -1 with errno when the parent is gone. */
int claim_hello(struct workplace *place) MUST_CHECK;

/* Claims the ready chunk with the lowest index. False if no chunk is ready. */
bool claim_take(struct workplace *place);

/*
 * Returns a reader of the claimed chunk's tasks, also of those below claim.next, which are done. It shows no task if
 * the chunk's memory cannot be reached.
 */
struct chunk_reader claim_read(struct workplace *place);

/* True if a task of the claimed chunk may be begun: the gate is not below it, and the worker is not to retire. */
bool claim_may_begin(const struct workplace *place, uint64_t index);

/*
 * Shows in the seat that a task begins, with the limit that it brings (0 if none). False if the gate has been shut in
 * the meantime, or the worker is to retire: the task is dropped then.
 */
bool claim_begin(struct workplace *place, const struct task *task, nsec limit) MUST_CHECK;

/* Shows that the task which was begun is not run here, but returned. */
void claim_drop(struct workplace *place);

/*
 * Commits the current task's result, which counts from then on, and announces it in time. Waits for the parent's
 * judgement if the run wants that for its outcome. False when the parent is gone.
 */
bool claim_commit(struct workplace *place, const struct result *result) MUST_CHECK;

/*
 * Commits the answers to consecutive records of the claimed chunk, as claim_commit does a result: both count from then
 * on. header->row is filled in. False when the parent is gone.
 */
bool claim_answer(struct workplace *place, struct answers_header *header, struct slice bytes) MUST_CHECK;

/*
 * The same for a packet of that many bytes which was reserved in the ring (workplace_reserve), with its header, and the
 * row in it.
 */
bool claim_answer_in_place(struct workplace *place, const char *packet, size_t size) MUST_CHECK;

/* True if there are tasks after this one in its chunk that other workers cannot claim yet. */
bool claim_can_share(const struct workplace *place, uint64_t index);

/* Gives the tasks after this one, which takes long, back to the queue. */
void claim_share(struct workplace *place, uint64_t index);

/* Gives what is left of the chunk back to the queue, unless that has been done. */
void claim_return(struct workplace *place);

/* Reports that this worker cannot start tasks (errno). False when the parent is gone. */
bool claim_starve(struct workplace *place, int number) MUST_CHECK;

/* Sleeps until there may be a chunk to claim. False when no chunk will come, or the parent is gone. */
bool claim_park(struct workplace *place) MUST_CHECK;

/* The outcome of a search for a chunk by a worker that waits for other things as well. */
enum claim_seek {
	/* There may be a chunk to claim now. */
	CLAIM_READY,
	/* There is none; the seat is marked as sleeping, and the parent sends a WAKE with the next. */
	CLAIM_WAITS,
	/* No chunk will come. */
	CLAIM_OVER,
};

/*
 * Marks the seat as sleeping and checks the queue once more, as claim_park does before it sleeps. place->woken has to
 * be cleared before. Before it claims a chunk, the worker has to call claim_stay_awake.
 */
enum claim_seek claim_seek(struct workplace *place);

/* Clears the mark of a seat that does not sleep. */
void claim_stay_awake(struct workplace *place);

/* True if the run is ending: no task is begun any more. */
bool claim_is_over(const struct workplace *place);

/* Waits until the deadline, or until the run is ending or the worker is to retire. False when the parent is gone. */
bool claim_wait(struct workplace *place, nsec deadline) MUST_CHECK;

/* Waits while the run is stopped (SIGTSTP). False when the parent is gone. */
bool claim_pause(struct workplace *place) MUST_CHECK;

/* Reports on the channel that the worker has released everything of a run (after workplace_close). -1 with errno. */
int claim_leave(const struct workplace *place) MUST_CHECK;

#endif
