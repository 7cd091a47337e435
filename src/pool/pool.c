/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool as other rooms see it: its beginning and end, chunks in, figures out. */
#include "pool/pool.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "pool/lives.h"
#include "pool/outcomes.h"
#include "pool/recruiting.h"
#include "pool/roster.h"
#include "pool/staffing.h"
#include "pool/supervision.h"

#include <errno.h>
#include <inttypes.h>

enum {
	/* Bytes of all rings together, if workers are many; and the bounds of one ring. */
	RINGS_TOTAL = 8 * 1024 * 1024,
	RING_MIN = 16 * 1024,
	RING_MAX = 256 * 1024,
	/* While this many tasks wait to be run again, no chunk is accepted. */
	RETRIES_MAX = 65536,
	/* Chunks that wait, for each job: the parent scans every 8 ms, or later if it has to wait for a processor. */
	READY_PER_JOB = 3,
	/* Rows for each worker: chunks that it has, or finishes between two scans; more where it feeds a command. */
	ROWS_PER_JOB = 2 * READY_PER_JOB,
	/* The same where a worker holds many chunks, which may be of one record; and the most of all. */
	ROWS_PER_PERSISTENT_JOB = 1024,
	ROWS_MAX = 8192,
};

/* Nanoseconds in which workers end what they run when the pool closes. */
#define CLOSE_TIME (5 * NSEC_PER_SEC)

static size_t ring_size(size_t jobs)
{
	size_t size = RING_MAX;

	while (size > RING_MIN && size_multiply(size, jobs) > RINGS_TOTAL)
		size /= 2;
	return size;
}

/* Puts the briefing where every worker can read it. -1 with errno. */
static int share_briefing(struct pool *pool, const struct briefing *briefing)
{
	bytes_clear(&pool->scratch);
	briefing_put(&pool->scratch, briefing);
	if (shm_create(&pool->briefing, "mpmap-run", pool->scratch.size) < 0)
		return -1;
	memcpy(pool->briefing.base, pool->scratch.data, pool->scratch.size);
	bytes_release(&pool->scratch);
	return 0;
}

/* Returns how many chunks may be out. */
static size_t rows_for(const struct pool_options *options, size_t seats)
{
	size_t least = ROWS_PER_JOB * seats + 8, many = ROWS_PER_PERSISTENT_JOB * seats;

	many = many < ROWS_MAX ? many : ROWS_MAX;
	return options->refeeds && many > least ? many : least;
}

struct pool *pool_new(const struct pool_options *options, const struct briefing *briefing, struct pool_owner *owner,
		      struct error *error)
{
	struct pool *pool = mem_new(1, sizeof *pool);
	size_t seats = options->jobs_max + options->repeats;
	size_t rows = rows_for(options, seats);

	*pool = (struct pool){
		.options = *options,
		.owner = owner,
		.board.shm.fd = -1,
		.briefing.fd = -1,
		.crew = {.seats = seats, .channel_ready = lives_channel_ready},
		.staffing = {.jobs = options->jobs, .limit = options->jobs},
		.closing.kill_at = NSEC_FOREVER,
	};
	pool->crew.descriptor_limit = recruiting_raise_limit(seats);
	if (board_create(&pool->board, seats, rows, ring_size(seats)) < 0 || share_briefing(pool, briefing) < 0) {
		error_set_errno(error, errno, "shared memory");
		pool_free(pool);
		return NULL;
	}
	ledger_init(&pool->ledger, pool->board.queue, options->arena);
	queue_set_gate(&pool->ledger.queue, QUEUE_OPEN);
	pool->crew.workers = shm_new_unshared(seats, sizeof *pool->crew.workers);
	return pool;
}

bool pool_has_room(const struct pool *pool)
{
	size_t most = READY_PER_JOB * (pool->staffing.jobs ? pool->staffing.jobs : 1);

	/* Keeps one row for another attempt at the head. */
	return ledger_has_room(&pool->ledger, 1) && pool->outcomes.retries.count < RETRIES_MAX &&
	       queue_ready(&pool->ledger.queue) < most;
}

bool pool_is_hungry(const struct pool *pool)
{
	bool may_start = !pool->options.reserve || reserve_has_one(pool->options.reserve);

	return (pool->crew.live < pool->staffing.limit && may_start) ||
	       pool->crew.starting > queue_ready(&pool->ledger.queue) || staffing_has_sleeper(pool);
}

void pool_submit(struct pool *pool, const struct chunk *chunk)
{
	struct pool_tally *tally = &pool->tally;

	ledger_submit(&pool->ledger, chunk);
	tally->chunks++;
	if (!tally->chunk_min || chunk->count < tally->chunk_min)
		tally->chunk_min = chunk->count;
	if (chunk->count > tally->chunk_max)
		tally->chunk_max = chunk->count;
	pool->staffing.unserved = true;
}

void pool_last_call(struct pool *pool)
{
	struct notice *notice = board_notice(&pool->board);

	if (pool->options.refeeds && !atomic_load(&notice->no_more)) {
		atomic_store(&notice->no_more, 1);
		staffing_wake_sleepers(pool);
	}
	if (pool->options.reserve || pool->options.repeats || pool->options.is_slow || atomic_load(&notice->last_call))
		return;
	atomic_store(&notice->last_call, 1);
	staffing_wake_sleepers(pool);
}

void pool_set_gate(struct pool *pool, uint64_t gate)
{
	uint64_t before = queue_gate(&pool->ledger.queue);

	if (gate == before)
		return;
	queue_set_gate(&pool->ledger.queue, gate);
	if (before == QUEUE_OPEN)
		trace_event("gate_close", "\"head\":%" PRIu64, gate);
	else if (gate == QUEUE_OPEN)
		trace_event("gate_open", "\"head\":%" PRIu64, before);
	if (gate > before)
		pool->staffing.unserved = true;
	else if (!gate || pool->options.judged)
		roster_wake_all(pool);
}

void pool_resume(struct pool *pool)
{
	lives_resume(pool);
	staffing_relieve(pool);
}

void pool_acknowledge(struct pool *pool)
{
	if (pool->options.acknowledges)
		roster_acknowledge_all(pool);
}

void pool_set_jobs(struct pool *pool, size_t jobs)
{
	staffing_set_jobs(pool, jobs);
}

size_t pool_jobs(const struct pool *pool)
{
	return pool->staffing.jobs;
}

void pool_set_timeout(struct pool *pool, nsec timeout)
{
	supervision_set_timeout(pool, timeout);
}

void pool_freeze(struct pool *pool)
{
	supervision_freeze(pool);
}

void pool_thaw(struct pool *pool)
{
	supervision_thaw(pool);
}

void pool_skip_waiting(struct pool *pool)
{
	outcomes_skip_waiting(pool);
}

void pool_signal_tasks(struct pool *pool, int signal)
{
	supervision_signal(pool, signal);
}

void pool_close_streams(struct pool *pool, unsigned streams)
{
	atomic_fetch_or(&board_notice(&pool->board)->unread, streams);
	roster_wake_all(pool);
}

const struct board *pool_board(const struct pool *pool)
{
	return &pool->board;
}

const struct leftovers *pool_leftovers(const struct pool *pool)
{
	return &pool->board.leftovers;
}

bool pool_task(struct pool *pool, uint64_t index, uint32_t attempt, struct task *task)
{
	size_t row = ledger_find(&pool->ledger, index, attempt);

	if (row == QUEUE_NONE)
		return false;
	*task = ledger_task(&pool->ledger, row, index);
	return true;
}

bool pool_running_at(struct pool *pool, size_t seat, struct running_task *running)
{
	const struct worker *worker = &pool->crew.workers[seat];
	uint64_t index = worker->state == WORKER_GONE ? 0 : atomic_load(&worker->seat->running);

	if (!index)
		return false;
	*running = (struct running_task){
		.started = atomic_load(&worker->seat->started),
		.pid = seat_group(worker->seat),
		.slot = (uint32_t)seat + 1,
		.worker = &worker->process,
	};
	/* All this is written by the worker, and may have changed in between. */
	return pool_task(pool, index - 1, atomic_load(&worker->seat->attempt), &running->task);
}

const struct process *pool_stopped_at(const struct pool *pool, size_t seat)
{
	const struct worker *worker = &pool->crew.workers[seat];

	return worker->state != WORKER_GONE && process_is_stopped(&worker->process) ? &worker->process : NULL;
}

void pool_child_changed(struct pool *pool)
{
	supervision_suspect(pool);
}

size_t pool_running(const struct pool *pool)
{
	size_t seat, count = 0;

	for (seat = 0; pool && seat < pool->crew.seats; seat++) {
		const struct worker *worker = &pool->crew.workers[seat];

		count += worker->state != WORKER_GONE && atomic_load(&worker->seat->running);
	}
	return count;
}

struct pool_counts pool_counts(const struct pool *pool)
{
	if (!pool)
		return (struct pool_counts){.live = 0};
	return (struct pool_counts){
		.live = pool->crew.live,
		.jobs = pool->staffing.jobs,
		.seats = pool->crew.seats,
		.outstanding = pool->ledger.outstanding,
		.retries = pool->outcomes.retries.count,
		.stopped = pool->supervision.stopped,
	};
}

struct pool_tally pool_tally(const struct pool *pool)
{
	struct pool_tally tally = {.chunks = 0};
	nsec now = clock_now();
	size_t seat;

	if (pool)
		tally = pool->tally;
	for (seat = 0; pool && seat < pool->crew.seats; seat++) {
		const struct worker *worker = &pool->crew.workers[seat];

		if (worker->state == WORKER_GONE)
			continue;
		tally.worker_time += now - worker->started;
		if (atomic_load(&worker->seat->running))
			tally.task_time += now - atomic_load(&worker->seat->started);
	}
	return tally;
}

nsec pool_deadline(const struct pool *pool)
{
	const nsec deadlines[] = {
		staffing_deadline(pool), supervision_deadline(pool), outcomes_deadline(pool),
		roster_deadline(pool),   pool->closing.kill_at,
	};
	nsec first = NSEC_FOREVER;
	size_t i;

	for (i = 0; i < countof(deadlines); i++)
		first = deadlines[i] < first ? deadlines[i] : first;
	return first;
}

/* Kills workers that were dismissed and have not left in time. */
static void end_late(struct pool *pool)
{
	if (pool->closing.kill_at == NSEC_FOREVER || clock_now() < pool->closing.kill_at)
		return;
	pool->closing.kill_at = NSEC_FOREVER;
	roster_kill_all(pool);
}

void pool_tick(struct pool *pool)
{
	end_late(pool);
	roster_tick(pool);
	outcomes_submit_retries(pool);
	supervision_tick(pool);
	staffing_tick(pool);
}

void pool_hang_up(struct pool *pool)
{
	size_t seat;

	pool->closing = (struct closing){.begun = true, .hung_up = true, .kill_at = clock_now() + CLOSE_TIME};
	atomic_store(&board_notice(&pool->board)->dismissed, NOTICE_HUNG_UP);
	/* Workers end at the end of file on their channels. */
	for (seat = 0; seat < pool->crew.seats; seat++) {
		struct worker *worker = &pool->crew.workers[seat];

		if (worker->state != WORKER_GONE && worker->channel.fd >= 0)
			channel_finish(worker->channel.fd);
	}
}

void pool_dismiss(struct pool *pool)
{
	if (!pool->options.reserve && !pool->options.refeeds && !pool->options.finalizes) {
		pool_hang_up(pool);
		return;
	}
	pool->closing.begun = true;
	/* A command may take its time after the end of its input, and so may a finalizer. */
	pool->closing.kill_at =
		pool->options.reserve && !pool->options.finalizes ? clock_now() + CLOSE_TIME : NSEC_FOREVER;
	atomic_store(&board_notice(&pool->board)->dismissed, NOTICE_DISMISSED);
	staffing_retire(pool, 0);
}

bool pool_has_hung_up(const struct pool *pool)
{
	return pool->closing.hung_up;
}

bool pool_is_closing(const struct pool *pool)
{
	return pool->closing.begun;
}

bool pool_is_empty(const struct pool *pool)
{
	return !pool->crew.live;
}

void pool_look_for_workers(struct pool *pool)
{
	pool->staffing.unserved = true;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	if (pool->crew.workers)
		shm_free_unshared(pool->crew.workers, pool->crew.seats, sizeof *pool->crew.workers);
	if (pool->ledger.rows)
		ledger_release(&pool->ledger);
	retries_release(&pool->outcomes.retries);
	board_release(&pool->board);
	shm_release(&pool->briefing);
	bytes_release(&pool->scratch);
	error_release(&pool->staffing.unfit_why);
	error_release(&pool->staffing.unable_why);
	free(pool);
}
