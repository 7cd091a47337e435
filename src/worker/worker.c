/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker: claims a chunk, runs its tasks one by one, commits each result, sleeps when there is nothing to claim.
 *
 * Told to leave, it ends, or lets go of everything and waits to be set up for the next run.
 *
 * It can be killed at any instant. What it has committed counts; the task that its seat names is lost if a process was
 * started for it; everything else of its chunk the parent gives to others.
 */
#include "worker/worker.h"

#include "base/diag.h"
#include "base/fault.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "task/chunk.h"
#include "task/frame.h"
#include "process/command.h"
#include "worker/executor.h"
#include "worker/initializer.h"
#include "worker/workplace.h"

#include <errno.h>
#include <inttypes.h>

/* Retries of a start that wants for resources, each after twice the wait of the one before: 1.3 seconds in all. */
enum { STARVED_RETRIES = 7 };
#define STARVED_WAIT (10 * NSEC_PER_MSEC)

const struct executor *const executors[] = {
	&executor_command,
	&executor_print,
	NULL,
};

const struct executor *executor_find(const char *name)
{
	const struct executor *const *executor;

	for (executor = executors; *executor; executor++) {
		if (strcmp((*executor)->name, name) == 0)
			return *executor;
	}
	return NULL;
}

struct worker_state {
	struct workplace place;
	const struct executor *executor;
	void *state;
	uint64_t tasks_done;
	/* Results committed; wraps, as the parent's count does. */
	uint32_t results;
	bool leaving;
	bool parent_gone;
};

/* Gives the chunk in hand, or what is left of it, back to the queue. */
static void return_chunk(struct worker_state *worker)
{
	struct workplace *place = &worker->place;
	struct queue *queue = &place->board.queue;

	if (place->shared)
		return;
	place->shared = true;
	trace_event("chunk_return", "\"worker\":\"%s\",\"first\":%" PRIu64, place->setup.name,
		    atomic_load(&queue->entries[place->row].next) + 1);
	queue_return(queue, place->row);
}

/* Gives up: tells the parent why this worker cannot start tasks. */
static void starve(struct worker_state *worker, int number)
{
	int32_t value = number;

	worker->leaving = true;
	if (!workplace_send(&worker->place, PACKET_STARVED,
			    (struct slice){.data = (char *)&value, .size = sizeof value}))
		worker->parent_gone = true;
	workplace_announce(&worker->place);
}

/* Runs a task, patiently where processes or descriptors are short. */
static enum executor_end run_patiently(struct worker_state *worker, const struct task *task, struct result *result)
{
	nsec wait = STARVED_WAIT;
	int attempt;

	for (attempt = 0;; attempt++, wait *= 2) {
		enum executor_end end;
		int number;

		*result = (struct result){
			.index = task->index,
			.attempt = task->attempt,
			.slot = worker->place.setup.seat + 1,
			.status = -1,
		};
		worker->place.retrying = attempt > 0;
		end = worker->executor->run(&worker->place, worker->state, task, result);
		number = errno;
		if (end != EXECUTOR_STARVED || attempt == STARVED_RETRIES) {
			errno = number;
			return end;
		}
		workplace_announce_pending(&worker->place);
		worker->place.woken = false;
		if (!workplace_wait(&worker->place, clock_now() + wait))
			return EXECUTOR_ABANDONED;
		/* What was told to end meanwhile is not to be begun again. */
		if (task->index >= queue_gate(&worker->place.board.queue))
			return EXECUTOR_HELD;
	}
}

/* Waits until the parent has taken the last result, or only some tasks may start anyway. False when it is gone. */
static bool wait_for_judgement(struct worker_state *worker)
{
	struct workplace *place = &worker->place;

	workplace_announce(place);
	while (atomic_load(&place->seat->taken) != worker->results && queue_gate(&place->board.queue) == QUEUE_OPEN) {
		place->woken = false;
		/* Looked at again: what was done before the mark was cleared wakes nobody. */
		if (atomic_load(&place->seat->taken) == worker->results)
			break;
		if (!workplace_wait(place, NSEC_FOREVER))
			return false;
	}
	return true;
}

/* Commits a task's result: from here on it counts, whatever happens to this process. */
static bool commit(struct worker_state *worker, const struct result *result)
{
	struct workplace *place = &worker->place;
	nsec before;

	bytes_clear(&place->scratch);
	result_put(&place->scratch, result, (uint32_t)place->row);
	/* Before the result: once that is seen the row may hold another chunk. The seat still names the task
	 * meanwhile. */
	if (!place->shared)
		atomic_store_explicit(&place->board.queue.entries[place->row].next, result->index + 1,
				      memory_order_release);
	fault_at("result");
	if (!workplace_send(place, PACKET_RESULT, bytes_slice(&place->scratch)))
		return false;
	trace_event("task_end", "\"seq\":%" PRIu64 ",\"worker\":\"%s\",\"outcome\":\"%s\",\"status\":%d",
		    result->index + 1, place->setup.name, outcome_name(result->outcome), result->status);
	atomic_store_explicit(&place->seat->running, 0, memory_order_release);
	worker->results++;
	worker->tasks_done++;
	if (place->briefing.judged >> result->outcome & 1)
		return wait_for_judgement(worker);
	before = place->doorbell.since;
	doorbell_committed(&place->doorbell);
	workplace_announce_if_due(place);
	/* While tasks are short nothing else asks whether the parent is there. */
	return place->doorbell.since == before || place->listened || workplace_listen(place);
}

/* Waits for a turn to start a task (--delay). False when the parent is gone. */
static bool wait_for_turn(struct worker_state *worker, const struct task *task)
{
	struct workplace *place = &worker->place;
	nsec turn, next = atomic_load(&place->notice->next_start);

	if (!place->briefing.delay)
		return true;
	do {
		nsec now = clock_now();

		turn = next > now ? next : now;
	} while (!atomic_compare_exchange_weak(&place->notice->next_start, &next, turn + place->briefing.delay));
	workplace_announce_pending(place);
	/* Whoever shuts the gate wakes us. */
	while (clock_now() < turn && task->index < queue_gate(&place->board.queue) &&
	       !atomic_load(&place->seat->retire)) {
		place->woken = false;
		if (!workplace_wait(place, turn))
			return false;
	}
	return true;
}

/* Whether the task may still be begun, after waiting for its turn. */
static bool may_go_on(const struct worker_state *worker, const struct task *task)
{
	const struct workplace *place = &worker->place;

	if (place->briefing.delay && atomic_load(&place->seat->retire))
		return false;
	return task->index < queue_gate(&place->board.queue);
}

/* Runs one task of a chunk: true to go on with the next. */
static bool run_task(struct worker_state *worker, const struct task *task)
{
	struct result result;

	if (!wait_for_turn(worker, task)) {
		worker->parent_gone = true;
		return false;
	}
	worker->place.listened = false;
	worker->place.seat->task = 0;
	atomic_store_explicit(&worker->place.seat->attempt, task->attempt, memory_order_relaxed);
	atomic_store_explicit(&worker->place.seat->started, clock_now(), memory_order_relaxed);
	atomic_store_explicit(&worker->place.seat->limit, (nsec)frame_number(task->frame, FIELD_TIMEOUT),
			      memory_order_relaxed);
	atomic_store(&worker->place.seat->running, task->index + 1);
	/* Looked at again now that whoever shuts it can see what is being begun. */
	if (!may_go_on(worker, task)) {
		atomic_store(&worker->place.seat->running, 0);
		return_chunk(worker);
		return false;
	}
	switch (run_patiently(worker, task, &result)) {
	case EXECUTOR_DONE:
		if (commit(worker, &result))
			return !worker->place.shared;
		worker->parent_gone = true;
		return false;
	case EXECUTOR_HELD:
		atomic_store(&worker->place.seat->running, 0);
		return_chunk(worker);
		return false;
	case EXECUTOR_STARVED:
		starve(worker, errno);
		atomic_store(&worker->place.seat->running, 0);
		return_chunk(worker);
		return false;
	case EXECUTOR_ABANDONED:
	default:
		worker->parent_gone = true;
		return false;
	}
}

/* Whether this worker may begin a task now; else it gives the chunk back. */
static bool may_begin(struct worker_state *worker, const struct task *task)
{
	uint64_t most = worker->place.setup.max_tasks;

	if (most && worker->tasks_done >= most)
		worker->leaving = true;
	if (worker->leaving || atomic_load(&worker->place.seat->retire))
		return false;
	return task->index < queue_gate(&worker->place.board.queue);
}

/* A view of a chunk's bytes, which may lie where this process has not mapped yet. Empty when the entry is nonsense. */
static struct slice chunk_bytes(struct workplace *place, const struct queue_entry *entry)
{
	uint64_t start = entry->block + entry->offset_in_block, end = start + entry->size;

	if (shm_follow(&place->arena, (size_t)end) < 0)
		return (struct slice){.data = NULL};
	return (struct slice){.data = place->arena.base + start, .size = (size_t)entry->size};
}

static void run_chunk(struct worker_state *worker, size_t row)
{
	const struct queue_entry *entry = &worker->place.board.queue.entries[row];
	struct chunk_reader reader =
		chunk_read(chunk_bytes(&worker->place, entry), entry->first, entry->count, entry->width);
	uint64_t next = atomic_load_explicit(&entry->next, memory_order_acquire);
	struct task task;

	worker->place.row = row;
	worker->place.chunk_end = entry->first + entry->count;
	worker->place.shared = false;
	trace_event("chunk_claim", "\"worker\":\"%s\",\"first\":%" PRIu64 ",\"count\":%" PRIu64,
		    worker->place.setup.name, next + 1, entry->first + entry->count - next);
	fault_at("claimed");
	while (chunk_next(&reader, &task)) {
		/* Somebody else has done these before the chunk was given back. */
		if (task.index < next)
			continue;
		task.attempt = entry->attempt;
		if (!may_begin(worker, &task)) {
			return_chunk(worker);
			return;
		}
		if (!run_task(worker, &task))
			return;
	}
	if (reader.next != reader.end)
		BUG("a chunk with fewer tasks than it should have");
}

/* Sleeps until there may be work: false when there will be none, or the parent is gone. */
static bool park(struct worker_state *worker)
{
	struct workplace *place = &worker->place;
	bool parent_there;

	place->woken = false;
	board_sleep(&place->board, place->setup.seat);
	if (atomic_load(&place->notice->last_call) && !queue_has_ready(&place->board.queue))
		return false;
	if (queue_claimable(&place->board.queue, 1)) {
		/* If the parent has roused us its wake-up is under way and wakes us once for nothing. */
		(void)!board_clear_sleeping(&place->board, place->setup.seat);
		return true;
	}
	trace_event("worker_park", "\"worker\":\"%s\"", place->setup.name);
	workplace_announce(place);
	parent_there = workplace_wait(place, NSEC_FOREVER);
	/* A wake-up for all, or one that was late, has roused nobody: who is awake must not look asleep. */
	(void)!board_clear_sleeping(&place->board, place->setup.seat);
	return parent_there;
}

static void work(struct worker_state *worker)
{
	struct queue *queue = &worker->place.board.queue;

	while (!worker->leaving && !worker->parent_gone) {
		size_t row;

		if (atomic_load(&worker->place.seat->retire))
			return;
		row = queue_claim(queue, worker->place.setup.number);

		/* Daemons that tasks have left, and that have ended since. */
		command_reap_orphans();

		if (row != QUEUE_NONE)
			run_chunk(worker, row);
		else if (!park(worker))
			return;
		if (worker->place.setup.max_tasks && worker->tasks_done >= worker->place.setup.max_tasks)
			worker->leaving = true;
	}
}

/* Lets go of a run that was left in good order. Whether the worker waits for another; if not it ends with *status. */
static bool worker_leave(struct worker_state *worker, int *status)
{
	struct workplace *place = &worker->place;
	bool stays = place->setup.stays && !worker->leaving && !worker->parent_gone;

	worker->executor->close(place, worker->state);
	*status = worker->parent_gone;
	/* One that ends leaves the rest to its end: others wait for that. */
	if (!stays || workplace_close(place) < 0)
		return false;
	*status = channel_send(place->channel, MESSAGE_FREE, (struct slice){.data = NULL}, NULL, 0) < 0;
	return !*status;
}

/* Takes part in a run, from its setup on. Whether the worker waits for another. */
static bool worker_take_part(int channel, int *status)
{
	/* Static: what a worker leaves to its end is not lost, as tools see it that look for leaks. */
	static struct worker_state worker;
	int opened;

	worker = (struct worker_state){.tasks_done = 0};
	opened = workplace_open(&worker.place, channel);
	*status = opened < 0;
	if (opened <= 0)
		return false;
	*status = 1;
	diag_set_level(worker.place.briefing.flags & BRIEFING_QUIET ? DIAG_ERRORS : DIAG_NOTES);
	worker.executor = executor_find(worker.place.briefing.executor);
	if (!worker.executor || worker.executor->open(&worker.place, &worker.state) < 0)
		return false;
	if (!initializer_run(&worker.place))
		return false;
	/* Only now: a worker that ends before it says so counts as one that cannot be used. */
	if (channel_send(channel, MESSAGE_HELLO, (struct slice){.data = NULL}, NULL, 0) < 0)
		return false;
	work(&worker);
	return worker_leave(&worker, status);
}

int worker_main(int channel)
{
	int status;

	while (worker_take_part(channel, &status))
		;
	return status;
}
