/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The board: what a pool and its workers share in memory. The queue, the notice that the parent puts up for all, and
 * for each seat (a place for one worker at a time) its status and its ring of packets.
 */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "base/clock.h"
#include "base/dialect.h"
#include "ipc/shm.h"
#include "board/queue.h"
#include "board/ring.h"

#include <stdatomic.h>

/* What holds for all workers now. Written by the parent, except where it says otherwise; times are monotonic. */
struct notice {
	/* How long a task may take, in nanoseconds; 0: as long as it likes (so far). */
	_Alignas(CACHE_LINE) _Atomic int64_t timeout;
	/* Since when the run is stopped (SIGTSTP), 0 while it goes on; and how long it was stopped before, in all. */
	_Atomic int64_t stopped_at;
	_Atomic int64_t stopped_for;
	/* 1: no other tasks will come. Who finds none left leaves, while others still run theirs. Set by the parent,
	 * once. */
	_Atomic uint32_t last_call;
	/* How often the parent has begun to look at those who call, and when it did last (monotonic). See board_call.
	 */
	_Atomic uint64_t looks;
	_Atomic int64_t looked_at;
	/* Before this no further task is started (--delay). Moved on by the worker that takes a turn. */
	_Alignas(CACHE_LINE) _Atomic int64_t next_start;
	/* 1: tasks take long, as far as is known: what a worker makes of its first task. Written by workers. */
	_Atomic uint32_t long_tasks;
	/* One more than looks was when a worker told the parent last (0: none has yet). Written by workers. */
	_Atomic uint64_t told;
};

/* A worker's status. "Worker" is the one in the seat; the parent resets it all before it starts a new one. */
struct seat {
	/*
	 * 1: the worker sleeps until it is woken. Set by the worker before its last look at the queue; taken by whoever
	 * wakes it, or by the worker when that look found something. See board_sleep.
	 */
	_Alignas(CACHE_LINE) _Atomic uint32_t parked;
	/* How many results have been taken. Written by the parent. */
	_Atomic uint32_t taken;
	/* 1: the worker is to leave after the task in hand. Set and cleared by the parent. */
	_Atomic uint32_t retire;
	/*
	 * The index plus one of the task being run, 0 between tasks. Set by the worker before it starts a process and
	 * cleared after the result is committed: a result that is there counts, whatever this says.
	 */
	_Alignas(CACHE_LINE) _Atomic uint64_t running;
	/* Which attempt that is, and when it began (monotonic); set before. */
	_Atomic uint32_t attempt;
	_Atomic int64_t started;
	/* How long it may take, where it brings a limit of its own; 0. */
	_Atomic int64_t limit;
	/* That task's process: zeroed by the worker before each start, written by the kernel before the process runs.
	 */
	volatile pid_t task;
	/*
	 * 1: that process has executed, and may be stopped: before, it has its worker's memory, and would hold that.
	 * Cleared by the worker before each start; set after it and before its look at notice->stopped_at, which the
	 * parent sets before its look here.
	 */
	_Atomic uint32_t executed;
};

struct board {
	struct shm shm;
	struct queue queue;
	/* The seats where somebody may sleep. */
	struct marks sleepers;
	/* The seats whose worker has something to be looked at. */
	struct marks callers;
	size_t seats;
	size_t ring_size;
};

/* A new board; -1 with errno. ring_size is a power of two. */
int board_create(struct board *board, size_t seats, size_t queue_rows, size_t ring_size) MUST_CHECK;

/* The same board in another process; takes over fd. -1 with errno when the memory is not as large as it should be. */
int board_attach(struct board *board, int fd, size_t seats, size_t queue_rows, size_t ring_size) MUST_CHECK;

struct notice *board_notice(const struct board *board);

struct seat *board_seat(const struct board *board, size_t seat);

/*
 * Worker: says that it is about to sleep. A mark may stay where nobody sleeps (its worker was killed); whoever sleeps
 * has one, or is being roused.
 */
void board_sleep(const struct board *board, size_t seat);

/* Parent, or the worker itself: whoever sleeps there does not any more, and was told to be asleep until now: true. */
bool board_rouse(const struct board *board, size_t seat);

/*
 * Worker: says that there is something of it to be looked at, at the next look, for whomever that is. Whether all that
 * was before has been looked at.
 */
bool board_mark(const struct board *board, size_t seat);

/* Worker: whether that look has not begun yet. If it has, all that was committed before is taken by it. */
bool board_is_marked(const struct board *board, size_t seat);

/*
 * Worker: likewise, and now. Whether the parent has to be told (a RING, then board_told with
 * *look): not when a RING is under way that no look has followed yet, whoever sent it, since that look will see this
 * worker's mark, too. Who is stopped or dies before its board_told keeps nobody from telling: until then its RING does
 * not count.
 */
bool board_call(const struct board *board, size_t seat, uint64_t *look) MUST_CHECK;
void board_told(const struct board *board, uint64_t look);

/* Parent, told by a worker: begins to look at all callers, of whom each is none any more before it is looked at. */
struct marks_walk board_look(const struct board *board) MUST_CHECK;

/* A view of a seat's ring; positions begin at 0 after board_reset. */
struct ring board_ring(const struct board *board, size_t seat);

/* Parent: makes a seat and its ring as new, when nobody sits in it. */
void board_reset(struct board *board, size_t seat);

void board_release(struct board *board);

#endif
