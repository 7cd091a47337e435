/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool: how many workers there are, and what happens when there cannot be enough.
 *
 * For every chunk that is submitted one sleeping worker is woken, or else one more started while there are fewer than
 * jobs. A worker's end is the only other occasion to wake or start: then for every chunk that waits.
 */
#include "pool/pool.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "process/signals.h"
#include "pool/roster.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>

enum {
	/* Bytes of rings in all that many workers share; and the bounds of one. */
	RINGS_TOTAL = 8 * 1024 * 1024,
	RING_MIN = 16 * 1024,
	RING_MAX = 256 * 1024,
	/* Descriptors that the parent needs besides those for workers. */
	SPARE_DESCRIPTORS = 64,
	EARLY_ENDS_MIN = 8,
};

/* Starting workers is tried again this long before it is given up. */
#define RETRY_TIME NSEC_PER_SEC
#define RETRY_PERIOD (50 * NSEC_PER_MSEC)
/* How often it is tried to reach a task that is being started. */
#define OWED_PERIOD (2 * NSEC_PER_MSEC)
/* How long workers may take to end what they run when the pool closes. */
#define CLOSE_TIME (5 * NSEC_PER_SEC)

static size_t ring_size(size_t jobs)
{
	size_t size = RING_MAX;

	while (size > RING_MIN && size_multiply(size, jobs) > RINGS_TOTAL)
		size /= 2;
	return size;
}

/* Room for two descriptors per worker, as far as the hard limit goes. Returns the soft limit that was found. */
static uint64_t raise_descriptor_limit(size_t jobs)
{
	struct rlimit limit;
	rlim_t found, wanted = 2 * jobs + SPARE_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return RLIM_INFINITY;
	found = limit.rlim_cur;
	if (wanted > limit.rlim_max)
		wanted = limit.rlim_max;
	if (wanted > found) {
		limit.rlim_cur = wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return found;
}

/* Puts what the run is where every worker can read it. */
static int share_run(struct pool *pool, const struct run *run)
{
	bytes_clear(&pool->scratch);
	run_put(&pool->scratch, run);
	if (shm_create(&pool->run, "mpmap-run", pool->scratch.size) < 0)
		return -1;
	memcpy(pool->run.base, pool->scratch.data, pool->scratch.size);
	bytes_release(&pool->scratch);
	return 0;
}

int pool_init(struct pool *pool, struct loop *loop, struct arena *arena, const struct pool_options *options,
	      const struct run *run, struct pool_owner *owner, struct error *error)
{
	*pool = (struct pool){.options = *options, .owner = owner, .loop = loop, .arena = arena, .limit = options->jobs};
	pool->run.fd = pool->board.shm.fd = -1;
	pool->descriptor_limit = raise_descriptor_limit(options->jobs);
	/* Ready chunks for every worker, one in each worker's hands, and some whose results are still under way. */
	if (board_create(&pool->board, options->jobs, 4 * options->jobs + 8, ring_size(options->jobs)) < 0 ||
	    share_run(pool, run) < 0)
		return error_set_errno(error, errno, "shared memory");
	ledger_init(&pool->ledger, pool->board.queue, arena);
	queue_set_gate(&pool->ledger.queue, QUEUE_OPEN);
	pool->workers = mem_new(options->jobs, sizeof *pool->workers);
	return 0;
}

bool pool_has_room(const struct pool *pool)
{
	return ledger_has_room(&pool->ledger) && queue_ready(&pool->ledger.queue) < 2 * pool->options.jobs;
}

bool pool_is_hungry(const struct pool *pool)
{
	return pool->live < pool->limit || pool->starting > queue_ready(&pool->ledger.queue) || roster_has_idle(pool);
}

static void fail(struct pool *pool, const struct error *error)
{
	if (pool->failed)
		return;
	pool->failed = true;
	pool->owner->on_failure(pool->owner, error);
}

/* Says once that there are fewer workers than asked for. */
static void note_fewer(struct pool *pool, size_t workers, const char *why)
{
	if (!pool->noted)
		diag_note("running with %zu of %zu workers: %s", workers, pool->options.jobs, why);
	pool->noted = true;
}

/* Whether nothing can go on without one more worker: only the head may start, and nobody has it. */
static bool head_waits(const struct pool *pool)
{
	return queue_gate(&pool->ledger.queue) != QUEUE_OPEN && queue_claimable(&pool->ledger.queue, 1);
}

/* A worker could not be started: it is tried again, for a while only when nothing goes on meanwhile. */
static void handle_start_failure(struct pool *pool, struct error *error)
{
	nsec now = clock_now();

	if (pool->live) {
		note_fewer(pool, pool->live, error_text(error));
		pool->limit = pool->live;
	}
	if (pool->live && !head_waits(pool)) {
		pool->retry_at = now + RETRY_TIME;
	} else {
		if (!pool->failing_since)
			pool->failing_since = now;
		if (now - pool->failing_since >= RETRY_TIME)
			fail(pool, error);
		else
			pool->retry_at = now + RETRY_PERIOD;
	}
	error_release(error);
}

/* Starts a worker if there may be one more: false when there may not, or it cannot be. */
static bool start_one(struct pool *pool)
{
	struct error error = {.number = 0};

	if (pool->closing || pool->failed || pool->live >= pool->limit)
		return false;
	/* One that is about to claim looks neither busy nor idle: there are never more workers than tasks all the same. */
	if (pool->live >= pool->ledger.outstanding)
		return false;
	if (roster_start(pool, &error) == 0)
		return true;
	handle_start_failure(pool, &error);
	return false;
}

/* Sees to it that every chunk that can be claimed has a worker coming for it, as far as there are workers. */
static void serve_waiting(struct pool *pool)
{
	size_t waiting = queue_claimable(&pool->ledger.queue, pool->options.jobs);

	while (waiting && roster_wake_one(pool))
		waiting--;
	for (waiting -= waiting < pool->starting ? waiting : pool->starting; waiting && start_one(pool); waiting--)
		;
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
	if (!roster_wake_one(pool))
		start_one(pool);
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
		serve_waiting(pool);
}

void pool_resume(struct pool *pool)
{
	roster_resume(pool);
}

void pool_skip_waiting(struct pool *pool)
{
	uint64_t next;
	size_t slot;

	while ((slot = ledger_withdraw(&pool->ledger, &next)) != QUEUE_NONE) {
		const struct chunk chunk = pool->ledger.rows[slot].chunk;

		for (; next < chunk.first + chunk.count; next++) {
			struct result result = {.index = next, .outcome = OUTCOME_SKIPPED, .status = -1};

			if (pool->owner->on_result(pool->owner, &result, ledger_record(&pool->ledger, slot, next)) < 0)
				BUG("a waiting task that has a result");
			ledger_settle(&pool->ledger, slot);
		}
	}
}

/* Signals the task a worker runs: false when it is about to start one that cannot be reached yet. */
static bool signal_task(struct worker *worker, int signal)
{
	bool denied;
	pid_t task;

	if (worker->state == WORKER_GONE || !atomic_load(&worker->seat->running))
		return true;
	task = worker->seat->task;
	/* No process yet, or not the leader of its group yet. */
	if (task <= 1 || !command_signal_group(task, signal, &denied))
		return false;
	/* A stopped process gets it only once it goes on. */
	if (signal != SIGKILL)
		command_signal_group(task, SIGCONT, &denied);
	return true;
}

void pool_signal_tasks(struct pool *pool, int signal)
{
	size_t seat;

	for (seat = 0; seat < pool->options.jobs; seat++) {
		struct worker *worker = &pool->workers[seat];

		worker->owed = signal_task(worker, signal) ? 0 : signal;
		if (worker->owed)
			pool->owed_at = clock_now() + OWED_PERIOD;
	}
}

/* Sends signals that could not be sent before. */
static void send_owed(struct pool *pool)
{
	size_t seat;

	pool->owed_at = 0;
	for (seat = 0; seat < pool->options.jobs; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (worker->owed && signal_task(worker, worker->owed))
			worker->owed = 0;
		if (worker->owed)
			pool->owed_at = clock_now() + OWED_PERIOD;
	}
}

void pool_rang(struct pool *pool)
{
	serve_waiting(pool);
	pool->owner->on_room(pool->owner);
}

void pool_starved(struct pool *pool, int number)
{
	struct error error = {.number = 0};
	nsec now = clock_now();

	error_set_errno(&error, number, "cannot start a task");
	if (!pool->failing_since)
		pool->failing_since = now;
	/* What runs will end, and with it free what is wanting. */
	if (now - pool->failing_since >= RETRY_TIME && !roster_runs_task(pool)) {
		fail(pool, &error);
	} else if (pool->live > 1) {
		note_fewer(pool, pool->live - 1, error_text(&error));
		pool->limit = pool->live - 1;
		pool->retry_at = now + RETRY_TIME;
	}
	error_release(&error);
}

void pool_worker_ended(struct pool *pool)
{
	struct error error = {.number = 0};
	size_t most = 2 * pool->options.jobs > EARLY_ENDS_MIN ? 2 * pool->options.jobs : EARLY_ENDS_MIN;

	if (pool->early_ends >= most && !pool->failed) {
		error_set(&error, "workers end as soon as they are started (%zu in a row)", pool->early_ends);
		fail(pool, &error);
		error_release(&error);
	}
	if (pool->closing)
		return;
	serve_waiting(pool);
	pool->owner->on_room(pool->owner);
}

nsec pool_deadline(const struct pool *pool)
{
	nsec retry = pool->retry_at ? pool->retry_at : NSEC_FOREVER, owed = pool->owed_at ? pool->owed_at : NSEC_FOREVER;

	return retry < owed ? retry : owed;
}

void pool_tick(struct pool *pool)
{
	nsec now = clock_now();

	if (pool->owed_at && now >= pool->owed_at)
		send_owed(pool);
	if (!pool->retry_at || now < pool->retry_at)
		return;
	pool->retry_at = 0;
	if (pool->limit < pool->options.jobs)
		pool->limit++;
	serve_waiting(pool);
}

void pool_close(struct pool *pool)
{
	nsec deadline = clock_now() + CLOSE_TIME;
	bool killed = false;
	size_t seat;

	pool->closing = true;
	for (seat = 0; seat < pool->options.jobs; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (worker->state == WORKER_GONE)
			continue;
		loop_forget(pool->loop, &worker->channel);
		fd_close(&worker->channel.fd);
	}
	while (pool->live) {
		loop_step(pool->loop, deadline);
		if (!killed && clock_now() >= deadline) {
			for (seat = 0; seat < pool->options.jobs; seat++) {
				if (pool->workers[seat].state != WORKER_GONE)
					roster_kill(&pool->workers[seat]);
			}
			killed = true;
			deadline = NSEC_FOREVER;
		}
	}
}

void pool_release(struct pool *pool)
{
	free(pool->workers);
	pool->workers = NULL;
	ledger_release(&pool->ledger);
	board_release(&pool->board);
	shm_release(&pool->run);
	bytes_release(&pool->scratch);
}
