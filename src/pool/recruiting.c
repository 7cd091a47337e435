/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes of workers: taken from the reserve and returned to it, or started. */
#include "pool/recruiting.h"

#include "base/fault.h"
#include "base/number.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "worker/worker.h"
#include "pool/pool_private.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>

/* Descriptors that the parent needs besides those for workers. */
enum { SPARE_DESCRIPTORS = 64 };

/* Starts the process, with a channel to it. -1 with the error. */
static int start_process(struct worker *worker, struct error *error)
{
	const struct start_method *method = worker->pool->options.method;
	char name[64];
	int ends[2], started;

	/* As multiprocessing names them. Not printed: see number_print. */
	number_print(stpcpy(stpcpy(name, method->prefix), "Worker-"), worker->number);
	process_init(&worker->process, name);
	if (channel_pair(ends) < 0)
		return error_set_errno(error, errno, "socketpair");
	worker->channel.fd = ends[0];
	if (fault_at("worker_start"))
		started = error_set_errno(error, errno, "cannot start %s", name);
	else
		started = process_start(&worker->process, method, role_find(WORKER_ROLE), ends[1], error);
	fd_close(&ends[1]);
	if (started < 0)
		return -1;
	worker->pool->tally.workers_started++;
	trace_event("worker_start", "\"worker\":\"%s\",\"worker_pid\":%ld,\"method\":\"%s\"", name,
		    (long)worker->process.pid, method->name);
	return 0;
}

int recruiting_find(struct worker *worker, struct error *error)
{
	struct pool *pool = worker->pool;
	struct reserve *reserve = pool->options.reserve;
	struct recruit recruit;

	if (!reserve || !reserve_take(reserve, pool->options.method, worker_seat(worker), &recruit)) {
		worker->number = reserve ? reserve_engage(reserve) : pool->crew.last_number + 1;
		return start_process(worker, error);
	}
	worker->number = recruit.number;
	worker->channel.fd = recruit.channel;
	process_move(&worker->process, &recruit.process);
	trace_event("worker_take", "\"worker\":\"%s\",\"worker_pid\":%ld", worker->process.name,
		    (long)worker->process.pid);
	return 0;
}

int recruiting_instruct(struct worker *worker)
{
	struct pool *pool = worker->pool;
	const int fds[] = {pool->board.shm.fd, pool->options.arena->shm.fd, pool->briefing.fd};
	struct setup setup = {
		.number = worker->number,
		.seat = (uint32_t)worker_seat(worker),
		.seats = (uint32_t)pool->board.seats,
		.queue_rows = (uint32_t)pool->board.queue.rows,
		.ring_size = pool->board.ring_size,
		.max_tasks = worker->spare ? 1 : pool->options.max_tasks,
		.descriptor_limit = pool->crew.descriptor_limit,
		.stays = pool->options.reserve != NULL,
		.name = worker->process.name,
	};

	bytes_clear(&pool->scratch);
	setup_put(&pool->scratch, &setup);
	return channel_send(worker->channel.fd, MESSAGE_SETUP, bytes_slice(&pool->scratch), fds, countof(fds));
}

void recruiting_return(struct worker *worker)
{
	struct reserve *reserve = worker->pool->options.reserve;
	struct recruit recruit = {
		.method = worker->pool->options.method,
		.channel = worker->channel.fd,
		.number = worker->number,
		.seat = worker_seat(worker),
	};

	process_move(&recruit.process, &worker->process);
	reserve_return(reserve, &recruit);
}

void recruiting_lose(struct worker *worker)
{
	if (worker->pool->options.reserve)
		reserve_lose(worker->pool->options.reserve);
}

uint64_t recruiting_raise_limit(size_t jobs)
{
	/* From the first pool: a later one finds the limit that the first has raised. */
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
