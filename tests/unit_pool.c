/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool/pool: what becomes of workers that end at instants which no outside test can choose. */
#include "unit.h"

#include "ipc/fd.h"
#include "pool/pool.h"

#include <sys/wait.h>
#include <unistd.h>

enum { JOBS = 2 };

/* How many workers were started; the first is dead before its starter goes on. */
static size_t born;

static pid_t start_stillborn(const struct role *role UNUSED, int fd, struct error *error UNUSED)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0 && !born)
		_exit(0);
	if (pid == 0) {
		fd_close_others(&fd, 1);
		unit_wait_for_hangup(fd);
		_exit(0);
	}
	if (!born++)
		check_int(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

static void on_room(struct pool_owner *owner UNUSED)
{
}

static void on_failure(struct pool_owner *owner UNUSED, const struct error *error)
{
	check_str(error_text(error), "");
}

/* A chunk of one task. */
static void submit(struct pool *pool)
{
	struct chunk chunk = {.count = 1, .block = arena_take(pool->arena), .size = 2, .attempt = 1, .width = 1};

	memcpy(arena_block(pool->arena, chunk.block), "a", 2);
	pool_submit(pool, &chunk);
}

/* It counts as one that was started: another takes its place at once, and nobody is told of a want of workers. */
static void test_stillborn(void)
{
	static char name[] = "print";
	const struct start_method method = {.name = "stillborn", .prefix = "Stillborn", .start = start_stillborn};
	const struct pool_options options = {.method = &method, .jobs = JOBS, .jobs_max = JOBS};
	const struct run run = {.executor = name, .id = name, .path = name, .command = name};
	struct pool_owner owner = {.on_room = on_room, .on_failure = on_failure};
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;
	struct error error = {.number = 0};
	struct arena arena;
	struct loop loop;
	struct pool pool;

	unit_skip_under_valgrind();
	check_int(loop_init(&loop), 0);
	check_int(arena_init(&arena), 0);
	if (!check_int(pool_init(&pool, &loop, &arena, &options, &run, &owner, &error), 0))
		return;
	submit(&pool);
	check_int(pool.live, 1);
	while (born < 2 && clock_now() < deadline)
		loop_step(&loop, deadline);
	check_int(born, 2);
	check_int(pool.limit, JOBS);
	check(!pool.noted);
	check_int(pool.retry_at, 0);
	pool_close(&pool);
	pool_release(&pool);
	arena_release(&arena);
	loop_release(&loop);
}

const struct unit_test unit_pool[] = {
	{.name = "a worker that is dead before it is told what to do", .run = test_stillborn},
	{.name = NULL},
};
