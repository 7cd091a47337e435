/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reserve: workers that no run has. A run of several on one pool takes its workers from here, and they come back
 * when it is over or others need them; so the next run finds them warm.
 *
 * It also knows how many workers there may be in all, those with a run among them.
 */
#ifndef POOL_RESERVE_H
#define POOL_RESERVE_H

#include "base/dialect.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "process/process.h"

/* A worker as it goes to a run and comes back. */
struct recruit {
	struct process process;
	const struct start_method *method;
	/* The line to it; -1: none. Its owner's. */
	int channel;
	/* Never used twice. */
	uint32_t number;
};

struct reserve {
	struct loop *loop;
	/* How many workers there may be. */
	size_t size;
	/* Those with a run; those that wait here, and those that were sent away and have not ended. */
	size_t engaged;
	size_t idle;
	struct list waiting;
	struct list leaving;
	uint32_t last_number;
	/* Whether it was told that one more can be had since somebody last looked. */
	bool changed;
};

/* An empty one. */
void reserve_init(struct reserve *reserve, struct loop *loop, size_t size);

/* How many workers there are now. */
size_t reserve_count(const struct reserve *reserve);

/* Whether a worker can be had: one waits, or one more may be started. */
bool reserve_has_one(const struct reserve *reserve);

/* Takes a worker that was started by the method: false when none waits. It is engaged from now on. */
bool reserve_take(struct reserve *reserve, const struct start_method *method, struct recruit *recruit);

/* The number for a worker that is started now, and engaged. */
uint32_t reserve_engage(struct reserve *reserve);

/* An engaged worker comes back, with its process and its line; it waits here, or is sent away where there are enough.
 */
void reserve_return(struct reserve *reserve, struct recruit *recruit);

/* An engaged worker has ended, or was never started. */
void reserve_lose(struct reserve *reserve);

/* How many there may be from now on: those that wait and are too many go at once. */
void reserve_resize(struct reserve *reserve, size_t size);

/* Sends away all that wait, and waits for their end. None is engaged. */
void reserve_close(struct reserve *reserve);

#endif
