/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers of a pool, seen from the parent: how each is started, heard, and ended. Private to the pool. */
#ifndef POOL_ROSTER_H
#define POOL_ROSTER_H

#include "ipc/loop.h"
#include "board/ring.h"
#include "pool/pool.h"

enum worker_state {
	/* Nobody sits here. */
	WORKER_GONE,
	/* Started, not set up yet. */
	WORKER_STARTING,
	WORKER_ACTIVE,
	/* Its channel has closed: it ends, or is ended. */
	WORKER_LEAVING,
	WORKER_STATES,
};

enum worker_event {
	/* It is set up. */
	WORKER_HELLO,
	/* It calls, perhaps before its HELLO is read: there are records, or it is idle. */
	WORKER_CALL,
	/* It was told to leave, and has let go of everything. */
	WORKER_FREED,
	/* The end of file on its channel. */
	WORKER_HANGUP,
	/* Its process has ended. */
	WORKER_EXIT,
	WORKER_EVENTS,
};

/* One per seat; used again for the next worker there. */
struct worker {
	struct pool *pool;
	enum worker_state state;
	uint32_t number;
	struct process process;
	struct watch channel;
	/* Of its process, once its channel has closed. */
	struct watch sentinel;
	struct seat *seat;
	struct ring ring;
	/* Records in its ring were not accepted. */
	bool stalled;
	/* It wrote nonsense: nothing more of it is looked at. */
	bool broken;
	/* The index plus one of its last result, and that result's attempt; 0: none yet. */
	uint64_t last_result;
	uint32_t last_attempt;
	/* Its initializer has failed; and so many of those who sat here before in a row. */
	bool unfit;
	/* It has ended before it had done anything. */
	bool early;
	/* It has set itself up. */
	bool ready;
	/* It was started beyond what is wanted, for the head alone. */
	bool spare;
	/* It slept when it was looked for who is to leave. */
	bool sleeps;
	unsigned unfit_before;
	nsec started;
	/* It let a task's time pass, which was so long, and was killed for that; 0. */
	nsec overdue;
	/* A WAKE that could not be sent. Written by signal handlers, too. */
	_Atomic bool wake_owed;
	/* A signal for its task, which had no process yet when it was sent; 0. */
	int owed;
};

/* Starts a worker in a free seat. 0, or -1 with the error. */
int roster_start(struct pool *pool, struct error *error) MUST_CHECK;

/* Whether there is a free seat, where fewer than unfit_max workers in a row have failed to set themselves up. */
bool roster_has_seat(const struct pool *pool, unsigned unfit_max);

/* Offers the records of workers that were stalled again. */
void roster_resume(struct pool *pool);

/* For the roster: workers called; they may have gone idle, or left a part of their chunks to others. */
void pool_rang(struct pool *pool);

/* For the roster: a result of the chunk in row, which has such an attempt at this task. -1: the owner refuses it. */
int pool_take_result(struct pool *pool, size_t row, const struct result *result) MUST_CHECK;

/*
 * Wakes a worker that waits for work, for room in its ring, or for a decision of the parent. A WAKE for which the
 * kernel has no memory is sent again by roster_tick. Async-signal-safe.
 */
void roster_wake(struct worker *worker);

/* When roster_tick is due; NSEC_FOREVER if nothing waits for it. */
nsec roster_deadline(const struct pool *pool);

/* Sends the WAKEs again that could not be sent. */
void roster_tick(struct pool *pool);

/* A worker has to go: it broke the rules, or the pool closes. Its end is told by the loop. */
void roster_kill(struct worker *worker);

#endif
