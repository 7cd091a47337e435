/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The board: what a pool and its workers share in memory. It holds the queue, the notice to all workers, the doorbells,
 * and for each seat (a place for one worker at a time) its status and its ring of packets; and what tasks left.
 */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "base/clock.h"
#include "base/dialect.h"
#include "ipc/shm.h"
#include "board/doorbell.h"
#include "board/leftovers.h"
#include "board/queue.h"
#include "board/ring.h"

#include <stdatomic.h>

enum {
	/* Values of notice.dismissed. */
	NOTICE_DISMISSED = 1,
	NOTICE_HUNG_UP = 2,
};

/* The facts for all workers. Written by the parent unless a field says otherwise; times are monotonic. */
struct notice {
	/* The time limit of a task, in nanoseconds; 0 if none (yet). */
	_Alignas(CACHE_LINE) _Atomic int64_t timeout;
	/* When the run was stopped (SIGTSTP); 0 while it runs. */
	_Atomic int64_t stopped_at;
	/* How long the run was stopped before, in all. */
	_Atomic int64_t stopped_for;
	/* 1 if no further tasks will come: a worker that finds none left leaves, while others still run theirs. */
	_Atomic uint32_t last_call;
	/* 1 if nothing more will be submitted, though tasks may be run again: persistent commands are flushed. */
	_Atomic uint32_t no_more;
	/* The streams of tasks that are not received any more: bits 1 << stream. Workers close their pipes. */
	_Atomic uint32_t unread;
	/*
	 * NOTICE_DISMISSED once the parent dismisses its workers: it has ended what tasks left, if that is to end.
	 * NOTICE_HUNG_UP before it closes their channels itself, which else means that it is dead.
	 */
	_Atomic uint32_t dismissed;
	/* The earliest start of the next task (--delay, --rate). Moved by the worker that takes a turn. */
	_Alignas(CACHE_LINE) _Atomic int64_t next_start;
	/* 1 if the last task took long: a new worker follows its first task closely. Written by workers. */
	_Atomic uint32_t long_tasks;
	/* 1 once a worker has said that its command is larger than it may be from its beginning. Written by workers. */
	_Atomic uint32_t large;
};

enum {
	/* seat.task: the task has begun, and there is no group to signal (any more). Not a group: 1 is init. */
	SEAT_BEGUN = 1,
};

/* seat.limit of a task whose process has ended. */
#define SEAT_UNLIMITED NSEC_FOREVER

/* The status of the worker in a seat. The parent resets every field (board_reset) before it starts a new worker there.
 */
struct seat {
	/*
	 * 1 if the worker sleeps until it is woken. Set by the worker before its last check of the queue; cleared by
	 * the parent that wakes it, or by the worker itself. See board_sleep.
	 */
	_Alignas(CACHE_LINE) _Atomic uint32_t parked;
	/* The number of results taken. Written by the parent. */
	_Atomic uint32_t taken;
	/* 1 if the worker is to leave after its current task. Written by the parent. */
	_Atomic uint32_t retire;
	/* The worker's process: written by itself before it says hello. 0 before. */
	volatile pid_t worker;
	/*
	 * The number of the descriptor, in the worker, of the memory in which an adapter says which record is in work,
	 * plus one; 0 while there is none. Eight bytes: the record's index plus one, 0 if none is. By the worker.
	 */
	_Atomic uint32_t mark_fd;
	/*
	 * 1 if the task has something of the run's state, for which others may wait: its end is announced at once. Set
	 * by the state server; cleared by the worker when it has announced.
	 */
	_Atomic uint32_t owns;
	/*
	 * The index plus one of the task being run, 0 between tasks. Set by the worker before it starts a process and
	 * cleared after the result is committed: a committed result counts, whatever this field holds.
	 */
	_Alignas(CACHE_LINE) _Atomic uint64_t running;
	/* The attempt at that task, from 1; set before running. */
	_Atomic uint32_t attempt;
	/* When the task began, monotonic; set before running. */
	_Atomic int64_t started;
	/*
	 * The time limit that the task brings, in nanoseconds; 0 if none. Set before running; SEAT_UNLIMITED once its
	 * process has ended: what then remains is not the task's time.
	 */
	_Atomic int64_t limit;
	/*
	 * 0 while the task has not begun, its process group while that exists, else SEAT_BEGUN. Zeroed by the worker
	 * before each start; the group is written by the kernel before the process runs.
	 */
	volatile pid_t task;
	/* The parent of that process if that is not the worker but a watcher, which a prototype has forked; else 0. */
	volatile pid_t forked_by;
	/*
	 * 1 if the process has executed and may be stopped: until then it shares its worker's memory, and a stop would
	 * suspend the worker, too. Cleared by the worker before each start; set after it and before the worker checks
	 * notice->stopped_at, which the parent sets before it checks this.
	 */
	_Atomic uint32_t executed;
	/* 1 while task is no task's group, but that of the worker's initializer or finalizer. Written by the worker. */
	_Atomic uint32_t has_hook;
	/*
	 * The answers that are prepared in the ring, in the packet at this position, and not committed: their number in
	 * the upper half, their size in the lower; 0 if none (board/prepared.h).
	 */
	_Atomic uint64_t prepared;
	_Atomic uint64_t prepared_at;
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
	/* The seats whose workers may sleep. */
	struct marks sleepers;
	struct doorbells doorbells;
	struct leftovers leftovers;
	size_t seats;
	size_t ring_size;
};

/* Makes a board. Returns -1 with errno. ring_size is a power of two. */
int board_create(struct board *board, size_t seats, size_t queue_rows, size_t ring_size) MUST_CHECK;

/* Maps a board that another process made; takes over fd. Returns -1 with errno, EPROTO if its memory is too small. */
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

/* Returns a view of a seat's ring; positions begin at 0 after board_reset. */
struct ring board_ring(const struct board *board, size_t seat);

/* Parent: makes a seat without a worker, its doorbell and its ring as new: every field. */
void board_reset(struct board *board, size_t seat);

/* Returns the process group of the task that a seat's worker runs or has just run; 0 if there is none to signal. */
static inline pid_t seat_group(const struct seat *seat)
{
	/* Read once: what is checked is what is used. 1 and -1 would signal every process. */
	pid_t task = seat->task;

	return task > SEAT_BEGUN ? task : 0;
}

/* Returns the process whose child the task of a seat's worker is. */
static inline pid_t seat_parent(const struct seat *seat, pid_t worker)
{
	pid_t forked_by = seat->forked_by;

	return forked_by ? forked_by : worker;
}

void board_release(struct board *board);

#endif
