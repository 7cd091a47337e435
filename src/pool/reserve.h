/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reserve: workers without a run. The runs of an interactive session take their workers from it and return them
 * when they end or other runs need them, so that the next run need not start any.
 *
 * It also limits how many workers there may be in all, those with a run included (engaged).
 */
#ifndef POOL_RESERVE_H
#define POOL_RESERVE_H

#include "base/dialect.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "process/process.h"

/* A worker that passes between the reserve and a run. */
struct recruit {
	struct process process;
	const struct start_method *method;
	/* The channel to the worker, the owner's, -1 if none. */
	int channel;
	/* The worker's number as the claimer of rows. Never used twice. */
	uint32_t number;
	/* The seat that it has had. */
	size_t seat;
};

struct reserve {
	struct loop *loop;
	/* How many workers there may be in all. */
	size_t size;
	/* Workers with a run. */
	size_t engaged;
	/* Workers in waiting. */
	size_t idle;
	/* Workers without a run. */
	struct list waiting;
	/* Workers that were dismissed and have not ended. */
	struct list leaving;
	/* The number of the newest worker. */
	uint32_t last_number;
	/* True if a worker may have become available. Cleared by the caller that has checked. */
	bool changed;
};

/* Makes an empty reserve. */
void reserve_init(struct reserve *reserve, struct loop *loop, size_t size);

/* Returns how many workers there are, without those that are leaving. */
size_t reserve_count(const struct reserve *reserve);

/* True if a worker is available: one waits, or one more may be started. */
bool reserve_has_one(const struct reserve *reserve);

/*
 * Takes a waiting worker that was started by the method, which is engaged then. One that has had the seat comes first:
 * it may keep a command with this seat's variables. False if there is no such worker.
 */
bool reserve_take(struct reserve *reserve, const struct start_method *method, size_t seat, struct recruit *recruit);

/* Counts a worker that is started now as engaged. Returns its number. */
uint32_t reserve_engage(struct reserve *reserve);

/* Takes an engaged worker back, with its process and its channel: it waits, or is dismissed if there are enough. */
void reserve_return(struct reserve *reserve, struct recruit *recruit);

/* Notes that an engaged worker has ended, or was never started. */
void reserve_lose(struct reserve *reserve);

/* Changes how many workers there may be. Waiting workers beyond that are dismissed at once. */
void reserve_resize(struct reserve *reserve, size_t size);

/* Dismisses all workers and waits for their ends. No worker may be engaged. */
void reserve_close(struct reserve *reserve);

#endif
