/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool/pool: what becomes of workers at instants that no outside test can choose. */
#include "unit.h"

#include "ipc/channel.h"
#include "ipc/fd.h"
#include "pool/pool_private.h"
#include "pool/shortage.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS = 3 };

struct scene {
	struct loop loop;
	struct arena arena;
	struct pool *pool;
	struct pool_owner owner;
};

static void on_room(struct pool_owner *owner UNUSED)
{
}

static void on_failure(struct pool_owner *owner UNUSED, const struct error *error)
{
	check_str(error_text(error), "");
}

/* A pool whose workers are what start makes them. */
static bool open_scene(struct scene *scene, const struct start_method *method)
{
	static char name[] = "print";
	const struct pool_options options = {
		.loop = &scene->loop, .arena = &scene->arena, .method = method, .jobs = JOBS, .jobs_max = JOBS};
	const struct briefing run = {.executor = name, .id = name, .path = name, .command = name};
	struct error error = {.number = 0};

	unit_skip_under_valgrind();
	scene->owner = (struct pool_owner){.on_room = on_room, .on_failure = on_failure};
	check_int(loop_init(&scene->loop), 0);
	check_int(arena_init(&scene->arena), 0);
	scene->pool = pool_new(&options, &run, &scene->owner, &error);
	return check(scene->pool != NULL);
}

static void close_scene(struct scene *scene)
{
	pool_close(scene->pool);
	pool_free(scene->pool);
	arena_release(&scene->arena);
	loop_release(&scene->loop);
}

/* A chunk of one task. */
static void submit(struct pool *pool)
{
	struct chunk chunk = {
		.count = 1, .block = arena_take(pool->options.arena), .size = 2, .attempt = 1, .width = 1};

	memcpy(arena_block(pool->options.arena, chunk.block), "a", 2);
	pool_submit(pool, &chunk);
}

/* A worker that does nothing until it is to end. */
static void idle(int fd)
{
	struct message message;

	fd_close_others(&fd, 1);
	while (channel_wait(fd, &message, NSEC_FOREVER) > 0)
		;
	_exit(0);
}

/* How many workers were started; the first is dead before its starter goes on. */
static size_t born;
static bool refused;

/* Lets the pool go on until so many were started. */
static void step_until_born(struct scene *scene, size_t count)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	while (born < count && clock_now() < deadline) {
		nsec next = pool_deadline(scene->pool);

		loop_step(&scene->loop, next < deadline ? next : deadline);
		pool_tick(scene->pool);
	}
	check_int(born, count);
}

static pid_t start_stillborn(const struct role *role UNUSED, int fd, struct error *error UNUSED)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0 && !born)
		_exit(0);
	if (pid == 0)
		idle(fd);
	if (!born++)
		check_int(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

/* It counts as one that was started: another takes its place at once, and nobody is told of a want of workers. */
static void test_stillborn(void)
{
	const struct start_method method = {.name = "stillborn", .prefix = "Stillborn", .start = start_stillborn};
	struct scene scene;

	if (!open_scene(&scene, &method))
		return;
	submit(scene.pool);
	/* Not waited for: there is something to do. */
	check(pool_deadline(scene.pool) <= clock_now());
	pool_tick(scene.pool);
	check_int(scene.pool->crew.live, 1);
	step_until_born(&scene, 2);
	check_int(scene.pool->staffing.limit, JOBS);
	check(!scene.pool->staffing.reported);
	check_int(scene.pool->staffing.retry_at, 0);
	close_scene(&scene);
}

static pid_t start_scarce(const struct role *role UNUSED, int fd, struct error *error)
{
	pid_t pid;

	if (born == 1 && !refused) {
		refused = true;
		error_set_errno(error, EAGAIN, "not yet");
		return -1;
	}
	born++;
	pid = fork();
	if (pid == 0)
		idle(fd);
	return pid;
}

/* As many as are wanted are had again in time, not one more than there were. */
static void test_scarce(void)
{
	const struct start_method method = {.name = "scarce", .prefix = "Scarce", .start = start_scarce};
	struct scene scene;
	int i;

	if (!open_scene(&scene, &method))
		return;
	/* What is said of it is tested elsewhere. */
	scene.pool->staffing.reported = true;
	for (i = 0; i < JOBS; i++)
		submit(scene.pool);
	pool_tick(scene.pool);
	check(refused);
	check_int(scene.pool->staffing.limit, 1);
	step_until_born(&scene, JOBS);
	check_int(scene.pool->crew.live, JOBS);
	check_int(scene.pool->staffing.retry_at, 0);
	close_scene(&scene);
}

static pid_t start_idle(const struct role *role UNUSED, int fd, struct error *error UNUSED)
{
	pid_t pid;

	born++;
	pid = fork();
	if (pid == 0)
		idle(fd);
	return pid;
}

/* One that gives up, of many that are to leave anyway, does not bring back more than are wanted. */
static void test_starved(void)
{
	const struct start_method method = {.name = "idle", .prefix = "Idle", .start = start_idle};
	struct scene scene;
	int i;

	if (!open_scene(&scene, &method))
		return;
	for (i = 0; i < JOBS; i++)
		submit(scene.pool);
	pool_tick(scene.pool);
	check_int(scene.pool->crew.live, JOBS);
	pool_set_jobs(scene.pool, 1);
	shortage_starved(scene.pool, EAGAIN);
	check_int(scene.pool->staffing.limit, 1);
	check(!scene.pool->staffing.reported);
	close_scene(&scene);
}

/* As SIGTTOU does it in a run, and the first message that the worker gets. */
static struct pool *stopping;
static volatile uint32_t *heard;

static void stop_and_go_on(int number UNUSED)
{
	pool_freeze(stopping);
	pool_thaw(stopping);
}

static pid_t start_stopped(const struct role *role UNUSED, int fd, struct error *error UNUSED)
{
	struct message message;
	pid_t pid = fork();

	if (pid == 0) {
		*heard = channel_wait(fd, &message, NSEC_FOREVER) > 0 ? message.type : UINT32_MAX;
		idle(fd);
	}
	raise(SIGTTOU);
	return pid;
}

/* A worker waits until its run goes on: also the one that is being started is told. */
static void test_stopped(void)
{
	const struct start_method method = {.name = "stopped", .prefix = "Stopped", .start = start_stopped};
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;
	struct scene scene;

	if (!open_scene(&scene, &method))
		return;
	heard = unit_share(sizeof *heard);
	stopping = scene.pool;
	signals_on_stop(stop_and_go_on);
	submit(scene.pool);
	pool_tick(scene.pool);
	while (!*heard && clock_now() < deadline)
		loop_step(&scene.loop, clock_now() + NSEC_PER_MSEC);
	check_int(*heard, MESSAGE_WAKE);
	close_scene(&scene);
}

const struct unit_test unit_pool[] = {
	{.name = "a worker that is dead before it is told what to do", .run = test_stillborn},
	{.name = "workers that cannot be started for a moment", .run = test_scarce},
	{.name = "tasks that cannot be started after there were to be fewer workers", .run = test_starved},
	{.name = "stopped while a worker is started", .run = test_stopped},
	{.name = NULL},
};
