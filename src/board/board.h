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
#include "board/doorbell.h"
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
	/* Before this no further task is started (--delay). Moved on by the worker that takes a turn. */
	_Alignas(CACHE_LINE) _Atomic int64_t next_start;
	/* 1: tasks take long, as far as is known: what a worker makes of its first task. Written by workers. */
	_Atomic uint32_t long_tasks;
};

/* The status of the worker in a seat. The parent resets every field (board_reset) before it starts a new worker there.
 */
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

/*
 * All processes of a run are of one build, but may be of different binaries on one machine (--start-method=spawn while
 * a new version is installed): raise MESSAGE_VERSION when one of these sizes, or the order of fields, changes.
 */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
	       "atomics in shared memory must not need a lock, which another process would not see");
_Static_assert(sizeof(_Atomic uint64_t) == 8 && sizeof(_Atomic int64_t) == 8 && sizeof(_Atomic uint32_t) == 4,
	       "an atomic is as large as its value");
_Static_assert(sizeof(struct notice) == 2 * CACHE_LINE && _Alignof(struct notice) == CACHE_LINE, "struct notice");
_Static_assert(sizeof(struct seat) == 2 * CACHE_LINE && _Alignof(struct seat) == CACHE_LINE, "struct seat");
_Static_assert(sizeof(struct doorbell_shared) == 2 * CACHE_LINE && _Alignof(struct doorbell_shared) == CACHE_LINE,
	       "struct doorbell_shared");
_Static_assert(sizeof(struct queue_shared) == CACHE_LINE && _Alignof(struct queue_shared) == CACHE_LINE,
	       "struct queue_shared");
_Static_assert(sizeof(struct queue_entry) == CACHE_LINE && _Alignof(struct queue_entry) == CACHE_LINE,
	       "struct queue_entry");
_Static_assert(sizeof(struct ring_shared) == 3 * CACHE_LINE && _Alignof(struct ring_shared) == CACHE_LINE,
	       "struct ring_shared");

struct board {
	struct shm shm;
	struct queue queue;
	/* The seats where somebody may sleep. */
	struct marks sleepers;
	struct doorbells doorbells;
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
 * Worker: marks its seat as sleeping, before its last check for work. The mark may remain after its worker was killed;
 * a worker that sleeps always has one, or is being woken.
 */
void board_sleep(const struct board *board, size_t seat);

/* Parent, or the worker itself: clears the seat's sleeping flag; returns whether it was set. */
bool board_clear_sleeping(const struct board *board, size_t seat);

/* A view of a seat's ring; positions begin at 0 after board_reset. */
struct ring board_ring(const struct board *board, size_t seat);

/* Parent: makes a seat without a worker, its doorbell and its ring as new: every field. */
void board_reset(struct board *board, size_t seat);

void board_release(struct board *board);

#endif
