/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool: chunks in, results out, and its end. */
#include "pool/pool.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/shm.h"
#include "pool/roster.h"
#include "pool/signalling.h"
#include "pool/sleepers.h"
#include "pool/staffing.h"
#include "pool/watchdog.h"

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
	/* With so many tasks waiting to be run again no more are taken in. */
	RETRIES_MAX = 65536,
	/* Chunks that wait, for each job: the parent looks every 8 ms, and later where it has to wait for its turn
	   among many. */
	READY_PER_JOB = 3,
};

/* How long workers may take to end what they run when the pool closes. */
#define CLOSE_TIME (5 * NSEC_PER_SEC)

static size_t ring_size(size_t jobs)
{
	size_t size = RING_MAX;

	while (size > RING_MIN && size_multiply(size, jobs) > RINGS_TOTAL)
		size /= 2;
	return size;
}

/* Room for two descriptors per worker (idle ones have both), as far as the hard limit goes. Returns the soft limit that
 * the program found. */
static uint64_t raise_descriptor_limit(size_t jobs)
{
	/* Of the first pool's time: another finds what that one has made of it. */
	static rlim_t found;
	struct rlimit limit;
	rlim_t wanted = 2 * jobs + SPARE_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return RLIM_INFINITY;
	found = found ? found : limit.rlim_cur;
	if (wanted > limit.rlim_max)
		wanted = limit.rlim_max;
	if (wanted > limit.rlim_cur) {
		limit.rlim_cur = wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return found;
}

/* Puts what the run is where every worker can read it. */
static int share_run(struct pool *pool, const struct briefing *run)
{
	bytes_clear(&pool->scratch);
	briefing_put(&pool->scratch, run);
	if (shm_create(&pool->run, "mpmap-run", pool->scratch.size) < 0)
		return -1;
	memcpy(pool->run.base, pool->scratch.data, pool->scratch.size);
	bytes_release(&pool->scratch);
	return 0;
}

int pool_init(struct pool *pool, struct loop *loop, struct arena *arena, const struct pool_options *options,
	      const struct briefing *run, struct pool_owner *owner, struct error *error)
{
	*pool = (struct pool){
		.options = *options,
		.owner = owner,
		.loop = loop,
		.arena = arena,
		.jobs = options->jobs,
		.limit = options->jobs,
		.seats = options->jobs_max + options->repeats,
		.close_at = NSEC_FOREVER,
	};
	pool->run.fd = pool->board.shm.fd = -1;
	pool->descriptor_limit = raise_descriptor_limit(pool->seats);
	/* Ready chunks for every worker, one in each worker's hands, and as many as it can have done since they were
	 * looked at. */
	if (board_create(&pool->board, pool->seats, 2 * READY_PER_JOB * pool->seats + 8, ring_size(pool->seats)) < 0 ||
	    share_run(pool, run) < 0)
		return error_set_errno(error, errno, "shared memory");
	ledger_init(&pool->ledger, pool->board.queue, arena);
	queue_set_gate(&pool->ledger.queue, QUEUE_OPEN);
	pool->workers = shm_new_unshared(pool->seats, sizeof *pool->workers);
	return 0;
}

bool pool_has_room(const struct pool *pool)
{
	size_t most = READY_PER_JOB * (pool->jobs ? pool->jobs : 1);

	/* One row is kept for the head, should it be run again. */
	return ledger_has_room(&pool->ledger, 1) && pool->retries.count < RETRIES_MAX &&
	       queue_ready(&pool->ledger.queue) < most;
}

bool pool_is_hungry(const struct pool *pool)
{
	bool may_start = !pool->options.reserve || reserve_has_one(pool->options.reserve);

	return (pool->live < pool->limit && may_start) || pool->starting > queue_ready(&pool->ledger.queue) ||
	       sleepers_exist(pool);
}

/* Publishes tasks that are due to be run again. The last row is kept for the head: everything else may wait behind it.
 */
static void submit_retries(struct pool *pool)
{
	nsec now = clock_now();
	struct retry retry;

	while (ledger_has_room(&pool->ledger, 1) && retries_take(&pool->retries, now, &retry)) {
		ledger_submit(&pool->ledger, &retry.chunk);
		pool->unserved = true;
	}
	pool->retries_wait = retries_due(&pool->retries) <= now;
	if (pool->retries_wait && ledger_has_room(&pool->ledger, 0) &&
	    retries_take_task(&pool->retries, now, pool->owner->head(pool->owner), &retry)) {
		ledger_submit(&pool->ledger, &retry.chunk);
		pool->unserved = true;
	}
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
	pool->unserved = true;
}

void pool_last_call(struct pool *pool)
{
	struct notice *notice = board_notice(&pool->board);

	if (pool->options.reserve || pool->options.repeats || pool->options.is_slow || atomic_load(&notice->last_call))
		return;
	atomic_store(&notice->last_call, 1);
	sleepers_wake_all(pool);
}

int pool_take_result(struct pool *pool, size_t row, const struct result *result)
{
	struct task task = ledger_task(&pool->ledger, row, result->index);
	struct retry retry;
	nsec delay = 0;

	switch (pool->owner->on_result(pool->owner, result, &task, &delay)) {
	case RESULT_AGAIN:
		retry.chunk = ledger_single(&pool->ledger, row, result->index);
		retry.chunk.attempt++;
		retry.due = delay ? clock_now() + delay : 0;
		arena_hold(pool->arena, retry.chunk.block);
		trace_event("task_again", "\"seq\":%" PRIu64 ",\"attempt\":%" PRIu32, result->index + 1,
			    retry.chunk.attempt);
		retries_add(&pool->retries, &retry);
		break;
	case RESULT_TAKEN:
		break;
	case RESULT_REFUSED:
	default:
		return -1;
	}
	ledger_settle(&pool->ledger, row);
	submit_retries(pool);
	return 0;
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
		pool->unserved = true;
	else if (!gate || pool->options.judged)
		signalling_wake_all(pool);
}

void pool_resume(struct pool *pool)
{
	roster_resume(pool);
	staffing_relieve(pool);
}

/* Tells of a task that will not be begun (again). */
static void skip(struct pool *pool, const struct task *task)
{
	struct result result = {.index = task->index, .outcome = OUTCOME_SKIPPED, .status = -1};
	nsec delay;

	if (pool->owner->on_result(pool->owner, &result, task, &delay) != RESULT_TAKEN)
		BUG("a waiting task that has a result");
}

void pool_skip_waiting(struct pool *pool)
{
	struct retry retry;
	struct task task;
	uint64_t next;
	size_t row;

	while ((row = ledger_withdraw(&pool->ledger, &next)) != QUEUE_NONE) {
		const struct chunk chunk = pool->ledger.rows[row].chunk;

		for (; next < chunk.first + chunk.count; next++) {
			task = ledger_task(&pool->ledger, row, next);
			skip(pool, &task);
			ledger_settle(&pool->ledger, row);
		}
	}
	while (retries_take(&pool->retries, NSEC_FOREVER, &retry)) {
		const char *bytes = arena_block(pool->arena, retry.chunk.block) + retry.chunk.offset;
		struct chunk_reader reader = chunk_read((struct slice){.data = bytes, .size = retry.chunk.size},
							retry.chunk.first, 1, retry.chunk.width);

		if (!chunk_next(&reader, &task))
			BUG("a task that cannot be read");
		skip(pool, &task);
		arena_drop(pool->arena, retry.chunk.block);
	}
}

void pool_rang(struct pool *pool)
{
	/* Whoever sleeps now leaves in the place of one that is busy. */
	if (pool->options.reserve && pool->live > pool->jobs && !pool->closing)
		staffing_retire(pool, pool->jobs);
	pool->unserved = true;
	pool->owner->on_room(pool->owner);
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
	const struct worker *worker = &pool->workers[seat];
	uint64_t index = worker->state == WORKER_GONE ? 0 : atomic_load(&worker->seat->running);

	if (!index)
		return false;
	*running = (struct running_task){
		.started = atomic_load(&worker->seat->started),
		.pid = worker->seat->task,
		.slot = (uint32_t)seat + 1,
		.worker = &worker->process,
	};
	/* All this is a worker's word, and may have changed in between. */
	return pool_task(pool, index - 1, atomic_load(&worker->seat->attempt), &running->task);
}

size_t pool_running(const struct pool *pool)
{
	size_t seat, count = 0;

	for (seat = 0; seat < pool->seats; seat++) {
		const struct worker *worker = &pool->workers[seat];

		count += worker->state != WORKER_GONE && atomic_load(&worker->seat->running);
	}
	return count;
}

struct pool_tally pool_tally(const struct pool *pool)
{
	struct pool_tally tally = pool->tally;
	nsec now = clock_now();
	size_t seat;

	for (seat = 0; seat < pool->seats; seat++) {
		const struct worker *worker = &pool->workers[seat];

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
	nsec staffing = staffing_deadline(pool), signalling = signalling_deadline(pool);
	nsec retry = pool->retries_wait ? NSEC_FOREVER : retries_due(&pool->retries);
	nsec first = staffing < signalling ? staffing : signalling, watchdog = watchdog_deadline(pool);

	first = retry < first ? retry : first;
	first = pool->close_at < first ? pool->close_at : first;
	first = roster_deadline(pool) < first ? roster_deadline(pool) : first;
	return watchdog < first ? watchdog : first;
}

/* Workers that were told to go and have not. */
static void end_late(struct pool *pool)
{
	size_t seat;

	if (clock_now() < pool->close_at)
		return;
	pool->close_at = NSEC_FOREVER;
	for (seat = 0; seat < pool->seats; seat++) {
		if (pool->workers[seat].state != WORKER_GONE)
			roster_kill(&pool->workers[seat]);
	}
}

void pool_tick(struct pool *pool)
{
	end_late(pool);
	roster_tick(pool);
	submit_retries(pool);
	signalling_tick(pool);
	staffing_tick(pool);
	watchdog_tick(pool);
}

/* The end of file on their channels tells workers to end. */
void pool_hang_up(struct pool *pool)
{
	size_t seat;

	pool->closing = pool->hung_up = true;
	pool->close_at = clock_now() + CLOSE_TIME;
	for (seat = 0; seat < pool->seats; seat++) {
		struct worker *worker = &pool->workers[seat];

		if (worker->state != WORKER_GONE && worker->channel.fd >= 0)
			channel_finish(worker->channel.fd);
	}
}

void pool_dismiss(struct pool *pool)
{
	if (!pool->options.reserve) {
		pool_hang_up(pool);
		return;
	}
	pool->closing = true;
	pool->close_at = clock_now() + CLOSE_TIME;
	staffing_retire(pool, 0);
}

bool pool_is_empty(const struct pool *pool)
{
	return !pool->live;
}

void pool_close(struct pool *pool)
{
	pool_hang_up(pool);
	while (!pool_is_empty(pool)) {
		loop_step(pool->loop, pool->close_at);
		end_late(pool);
	}
}

void pool_look_for_workers(struct pool *pool)
{
	pool->unserved = true;
}

void pool_release(struct pool *pool)
{
	shm_free_unshared(pool->workers, pool->seats, sizeof *pool->workers);
	pool->workers = NULL;
	ledger_release(&pool->ledger);
	retries_release(&pool->retries);
	board_release(&pool->board);
	shm_release(&pool->run);
	bytes_release(&pool->scratch);
	error_release(&pool->unfit_why);
}
