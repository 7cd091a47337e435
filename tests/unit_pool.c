/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool/pool: the pool at instants that no test from outside can choose. */
#include "unit.h"

#include "base/diag.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "pool/intake.h"
#include "pool/outcomes.h"
#include "pool/pool_private.h"
#include "pool/shortage.h"
#include "pool/staffing.h"
#include "process/command.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
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

/* The failure that a test expects; "" if none. */
static const char *expected_failure = "";
static int failures;

static void on_failure(struct pool_owner *owner UNUSED, const struct error *error, unsigned status UNUSED)
{
	failures++;
	check_str(error_text(error), expected_failure);
}

/* Makes a pool whose workers are started by the method. */
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
	pool_hang_up(scene->pool);
	while (!pool_is_empty(scene->pool)) {
		loop_step(&scene->loop, pool_deadline(scene->pool));
		pool_tick(scene->pool);
	}
	pool_free(scene->pool);
	arena_release(&scene->arena);
	loop_release(&scene->loop);
}

/* Submits a chunk of one task. */
static void submit(struct pool *pool)
{
	struct chunk chunk = {
		.count = 1, .block = arena_take(pool->options.arena), .size = 2, .attempt = 1, .width = 1};

	memcpy(arena_block(pool->options.arena, chunk.block), "a", 2);
	pool_submit(pool, &chunk);
}

/* Runs a worker that does nothing until its channel closes. */
static void idle(int fd)
{
	struct message message;

	fd_close_others(&fd, 1);
	while (channel_wait(fd, &message, NSEC_FOREVER) > 0)
		;
	_exit(0);
}

/* The number of workers that were started. The first is dead before its starter returns. */
static size_t born;
static bool refused;

/* Steps until that many workers were started. */
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

static pid_t start_stillborn(const struct role *role UNUSED, const char *name UNUSED, int fd,
			     struct error *error UNUSED)
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

/* A worker that dies at once counts as started: another takes its place, and no lack of workers is reported. */
static void test_stillborn(void)
{
	const struct start_method method = {.name = "stillborn", .prefix = "Stillborn", .start = start_stillborn};
	struct scene scene;

	if (!open_scene(&scene, &method))
		return;
	submit(scene.pool);
	/* Does not wait: there is something to do. */
	check(pool_deadline(scene.pool) <= clock_now());
	pool_tick(scene.pool);
	check_int(scene.pool->crew.live, 1);
	step_until_born(&scene, 2);
	check_int(scene.pool->staffing.limit, JOBS);
	check(!scene.pool->staffing.reported);
	check_int(scene.pool->staffing.retry_at, 0);
	close_scene(&scene);
}

static pid_t start_scarce(const struct role *role UNUSED, const char *name UNUSED, int fd, struct error *error)
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

/* All wanted workers are started again in time, not one more than there were. */
static void test_scarce(void)
{
	const struct start_method method = {.name = "scarce", .prefix = "Scarce", .start = start_scarce};
	struct scene scene;
	int i;

	if (!open_scene(&scene, &method))
		return;
	/* The message is tested elsewhere. */
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

static pid_t start_idle(const struct role *role UNUSED, const char *name UNUSED, int fd, struct error *error UNUSED)
{
	pid_t pid;

	born++;
	pid = fork();
	if (pid == 0)
		idle(fd);
	return pid;
}

/* A worker that gives up, of many that are to leave anyway, does not raise the limit above the wanted number. */
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

/* Freezes and thaws the pool, as SIGTTOU does in a run. heard is the first message that the worker receives. */
static struct pool *stopping;
static volatile uint32_t *heard;

static void stop_and_go_on(int number UNUSED)
{
	pool_freeze(stopping);
	pool_thaw(stopping);
}

static pid_t start_stopped(const struct role *role UNUSED, const char *name UNUSED, int fd, struct error *error UNUSED)
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

/* A worker waits until its run continues: a worker that is being started is woken as well. */
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

/* Starts one worker for one task, in the first seat. */
static struct worker *start_one(struct scene *scene)
{
	submit(scene->pool);
	pool_tick(scene->pool);
	check_int(scene->pool->crew.live, 1);
	return &scene->pool->crew.workers[0];
}

static const struct start_method method_idle = {.name = "idle", .prefix = "Idle", .start = start_idle};

/* The other end of the ring that a test writes into, and the packets that were taken from it. */
static struct ring producer;
static int packets_left, packets_taken;

static void write_packet(uint32_t type, struct slice bytes)
{
	size_t room;
	char *to = ring_reserve(&producer, bytes.size, &room);

	if (!check(to != NULL))
		return;
	memcpy(to, bytes.data, bytes.size);
	ring_commit(&producer, type, bytes.size);
}

static void write_words(void)
{
	static char words[1000];

	write_packet(PACKET_WORDS, (struct slice){.data = words, .size = sizeof words});
}

/* Writes the next packet as soon as one is taken. */
static void on_words(struct pool_owner *owner UNUSED, struct slice words UNUSED)
{
	packets_taken++;
	if (packets_left-- > 0)
		write_words();
}

static void test_fast_producer(void)
{
	struct scene scene;
	struct worker *worker;

	if (!open_scene(&scene, &method_idle))
		return;
	scene.owner.on_words = on_words;
	worker = start_one(&scene);
	producer = board_ring(&scene.pool->board, 0);
	packets_left = 3 * (int)(producer.size / 1000);
	write_words();
	check(intake_take(worker, false));
	check(packets_taken <= (int)(producer.size / 1000) + 1);
	check(packets_left > 0);
	/* No packet is lost. */
	while (packets_left >= 0 && intake_take(worker, false))
		;
	check_int(packets_left, -1);
	close_scene(&scene);
}

static enum result_use on_result(struct pool_owner *owner UNUSED, const struct result *result UNUSED,
				 const struct task *task UNUSED, nsec *delay UNUSED)
{
	return RESULT_TAKEN;
}

static bool accepts(struct pool_owner *owner UNUSED, uint64_t index UNUSED)
{
	return true;
}

/* Takes one result. Returns the count that the worker sees afterwards. */
static uint32_t count_taken(uint32_t judged)
{
	struct result result = {.attempt = 1, .ran = true};
	struct bytes bytes = {.data = NULL};
	struct scene scene;
	struct worker *worker;
	uint32_t taken;

	if (!open_scene(&scene, &method_idle))
		return 0;
	scene.owner.on_result = on_result;
	scene.owner.accepts = accepts;
	scene.pool->options.judged = judged;
	worker = start_one(&scene);
	producer = board_ring(&scene.pool->board, 0);
	result_put(&bytes, &result, (uint32_t)ledger_find(&scene.pool->ledger, 0, 1));
	write_packet(PACKET_RESULT, bytes_slice(&bytes));
	check(intake_take(worker, false));
	check_int(scene.pool->ledger.outstanding, 0);
	taken = atomic_load(&worker->seat->taken);
	bytes_release(&bytes);
	close_scene(&scene);
	return taken;
}

static void test_taken(void)
{
	check_int(count_taken(0), 0);
	check_int(count_taken(UINT32_MAX), 1);
}

static pid_t start_dying(const struct role *role UNUSED, const char *name UNUSED, int fd UNUSED,
			 struct error *error UNUSED)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	return pid;
}

/* Steps until the pool has failed. */
static void step_until_failed(struct scene *scene)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	while (!failures && clock_now() < deadline) {
		nsec next = pool_deadline(scene->pool);

		loop_step(&scene->loop, next < deadline ? next : deadline);
		pool_tick(scene->pool);
	}
	check_int(failures, 1);
	check_int(scene->pool->staffing.state, STAFFING_FAILED);
}

static void test_dying(void)
{
	const struct start_method method = {.name = "dying", .prefix = "Dying", .start = start_dying};
	struct scene scene;

	if (!open_scene(&scene, &method))
		return;
	expected_failure = "workers end as soon as they are started (8 in a row)";
	/* The reason of a worker before the last that had a result. */
	error_set(&scene.pool->staffing.unable_why, "no /dev/null");
	shortage_progressed(scene.pool);
	submit(scene.pool);
	step_until_failed(&scene);
	close_scene(&scene);
}

static void test_unfit(void)
{
	struct scene scene;
	size_t seat;

	if (!open_scene(&scene, &method_idle))
		return;
	expected_failure = "no worker is left whose initializer does not fail";
	scene.pool->staffing.ever_fit = true;
	for (seat = 0; seat < scene.pool->crew.seats; seat++)
		scene.pool->crew.workers[seat].fitness.unfit_in_row = SHORTAGE_UNFIT_MAX;
	shortage_check_ends(scene.pool);
	check_int(failures, 1);
	check_int(scene.pool->staffing.state, STAFFING_FAILED);
	submit(scene.pool);
	pool_tick(scene.pool);
	check_int(scene.pool->crew.live, 0);
	close_scene(&scene);
}

static pid_t start_deaf(const struct role *role UNUSED, const char *name UNUSED, int fd, struct error *error UNUSED)
{
	pid_t pid = fork();

	if (pid == 0) {
		fd_close_others(&fd, 1);
		for (;;)
			pause();
	}
	return pid;
}

static void test_late(void)
{
	const struct start_method method = {.name = "deaf", .prefix = "Deaf", .start = start_deaf};
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;
	struct scene scene;

	if (!open_scene(&scene, &method))
		return;
	start_one(&scene);
	pool_hang_up(scene.pool);
	check(pool_deadline(scene.pool) > clock_now());
	pool_tick(scene.pool);
	check_int(scene.pool->crew.live, 1);
	/* Its time is over. */
	scene.pool->closing.kill_at = clock_now();
	pool_tick(scene.pool);
	while (!pool_is_empty(scene.pool) && clock_now() < deadline)
		loop_step(&scene.loop, deadline);
	check(pool_is_empty(scene.pool));
	check_int(scene.pool->tally.workers_died, 1);
	close_scene(&scene);
}

/* The task of a worker that start_with_task has started, and a pipe that hangs up when it ends. */
static volatile pid_t *task_pid;
static int task_ends[2];

static pid_t start_task(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTERM, SIG_DFL);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	return pid;
}

static pid_t start_with_task(const struct role *role UNUSED, const char *name UNUSED, int fd,
			     struct error *error UNUSED)
{
	pid_t pid = fork();

	if (pid == 0) {
		fd_close_others((const int[]){fd, task_ends[1]}, 2);
		*task_pid = start_task();
		idle(fd);
	}
	fd_close(&task_ends[1]);
	return pid;
}

/* Ticks until the signal that is owed is sent, or until the deadline. */
static void tick_while_owed(struct scene *scene, const struct worker *worker, nsec deadline)
{
	while (worker->signal_owed && clock_now() < deadline) {
		loop_step(&scene->loop, pool_deadline(scene->pool));
		pool_tick(scene->pool);
	}
}

static void test_owed(void)
{
	const struct start_method method = {.name = "with-task", .prefix = "Tasked", .start = start_with_task};
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;
	struct scene scene;
	struct worker *worker;

	task_pid = unit_share(sizeof *task_pid);
	check_int(fd_pipe(task_ends), 0);
	if (!open_scene(&scene, &method))
		return;
	worker = start_one(&scene);
	/* A task that has no process yet. */
	atomic_store(&worker->seat->running, 1);
	pool_signal_tasks(scene.pool, SIGTERM);
	check_int(worker->signal_owed, SIGTERM);
	check(pool_deadline(scene.pool) < deadline);
	while (!*task_pid && clock_now() < deadline)
		;
	worker->seat->task = *task_pid;
	tick_while_owed(&scene, worker, deadline);
	check_int(worker->signal_owed, 0);
	unit_wait_for_hangup(task_ends[0]);
	/* Its process has ended, and so has its group: there is nothing to signal. */
	worker->seat->task = SEAT_BEGUN;
	pool_signal_tasks(scene.pool, SIGTERM);
	check_int(worker->signal_owed, 0);
	worker->seat->task = 0;
	atomic_store(&worker->seat->running, 0);
	fd_close(&task_ends[0]);
	close_scene(&scene);
}

/* A seat names a process that is not its worker's child: the task has ended, and its pid is used again. */
static void test_reused_pid(void)
{
	struct scene scene;
	struct worker *worker;
	pid_t other;
	int pidfd;

	if (!open_scene(&scene, &method_idle))
		return;
	other = start_task();
	worker = start_one(&scene);
	atomic_store(&worker->seat->running, 1);
	worker->seat->task = other;
	pidfd = command_open(other);
	/* Before Linux 6.13 a process's parent is not known. */
	if (ioctl(pidfd, _IOWR(0xff, 11, char[64]), &(char[64]){0}) == 0) {
		pool_signal_tasks(scene.pool, SIGKILL);
		check_int(worker->signal_owed, SIGKILL);
		tick_while_owed(&scene, worker, clock_now() + 20 * NSEC_PER_MSEC);
		check_int(worker->signal_owed, SIGKILL);
		check_int(waitpid(other, NULL, WNOHANG), 0);
	}
	atomic_store(&worker->seat->running, 0);
	tick_while_owed(&scene, worker, clock_now() + 20 * NSEC_PER_SEC);
	check_int(worker->signal_owed, 0);
	fd_close(&pidfd);
	kill(other, SIGKILL);
	check_int(unit_wait(other), 1000 + SIGKILL);
	worker->seat->task = 0;
	close_scene(&scene);
}

/* The outcome of the last result. */
static enum outcome last_outcome;

static enum result_use note_outcome(struct pool_owner *owner UNUSED, const struct result *result,
				    const struct task *task UNUSED, nsec *delay UNUSED)
{
	last_outcome = result->outcome;
	return RESULT_TAKEN;
}

/* Lets a worker run its task for longer than the limit, then moves on to the time at which limits are checked. */
static void exceed(struct worker *worker, nsec limit)
{
	atomic_store(&worker->seat->limit, limit);
	worker->pool->supervision.watch_at = 0;
	pool_tick(worker->pool);
}

/*
 * Opens a scene with time limits, in which a worker runs task 0; task is its process, or SEAT_BEGUN. Returns the
 * worker, or NULL if there is no scene.
 */
static struct worker *open_running(struct scene *scene, pid_t task)
{
	struct worker *worker;

	if (!open_scene(scene, &method_idle))
		return NULL;
	last_outcome = OUTCOME_OK;
	scene->owner.on_result = note_outcome;
	scene->pool->options.has_limits = true;
	worker = start_one(scene);
	check(queue_claim(&scene->pool->ledger.queue, worker->number) != QUEUE_NONE);
	atomic_store(&worker->seat->attempt, 1);
	atomic_store(&worker->seat->started, clock_now());
	worker->seat->task = task;
	atomic_store(&worker->seat->running, 1);
	return worker;
}

/* Closes a scene once its worker has ended. Returns the outcome of its task. */
static enum outcome close_running(struct scene *scene)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	while (!pool_is_empty(scene->pool) && clock_now() < deadline)
		loop_step(&scene->loop, deadline);
	close_scene(scene);
	return last_outcome;
}

/* Returns the outcome of a task whose worker was killed because the task with that index had exceeded its time. */
static enum outcome outcome_if_overdue(uint64_t index)
{
	struct scene scene;
	/* A number that no process has. */
	struct worker *worker = open_running(&scene, INT32_MAX);

	if (!worker)
		return OUTCOME_OK;
	atomic_store(&worker->seat->started, 1);
	exceed(worker, SEAT_UNLIMITED);
	check_int(worker->overdue.limit, 0);
	exceed(worker, NSEC_PER_MSEC);
	check_int(worker->overdue.limit, NSEC_PER_MSEC);
	check_int(worker->overdue.index, 0);
	check_int(worker->overdue.attempt, 1);
	worker->overdue.index = index;
	return close_running(&scene);
}

static void test_overdue(void)
{
	check_int(outcome_if_overdue(0), OUTCOME_TIMEOUT);
	check_int(outcome_if_overdue(1), OUTCOME_LOST);
}

/* Time in which this process was stopped itself does not count for tasks that run, nor for those that have ended. */
static void test_stopped_parent(void)
{
	struct scene scene;
	struct worker *worker = open_running(&scene, INT32_MAX);

	if (!worker)
		return;
	atomic_store(&worker->seat->started, clock_now() - 30 * NSEC_PER_SEC);
	atomic_store(&worker->seat->limit, NSEC_PER_SEC);
	scene.pool->supervision.watch_at = clock_now() - 30 * NSEC_PER_SEC;
	pool_tick(scene.pool);
	check_int(worker->overdue.limit, 0);
	check_int(scene.pool->crew.live, 1);
	worker->seat->task = SEAT_BEGUN;
	exceed(worker, SEAT_UNLIMITED);
	check(worker->settling.since > 0);
	worker->settling.since -= 30 * NSEC_PER_SEC;
	scene.pool->supervision.watch_at = clock_now() - 30 * NSEC_PER_SEC;
	pool_tick(scene.pool);
	check_int(scene.pool->crew.live, 1);
	/* From then on it counts. */
	worker->settling.since -= 30 * NSEC_PER_SEC;
	exceed(worker, SEAT_UNLIMITED);
	check_int(close_running(&scene), OUTCOME_LOST);
}

/* Lets time pass until a check of limits is late by a second. */
static void check_late(struct worker *worker)
{
	struct pool *pool = worker->pool;

	atomic_fetch_sub(&worker->seat->started, 3 * NSEC_PER_SEC / 2);
	pool->supervision.watch_at = clock_now() - NSEC_PER_SEC;
	pool_tick(pool);
}

/* Where all checks are late, as on a machine with too much to do, a limit is enforced nevertheless. */
static void test_late_checks(void)
{
	struct scene scene;
	struct worker *worker = open_running(&scene, INT32_MAX);
	int checks;

	if (!worker)
		return;
	atomic_store(&worker->seat->limit, NSEC_PER_SEC);
	for (checks = 0; checks < 100 && !worker->overdue.limit; checks++)
		check_late(worker);
	check_int(worker->overdue.limit, NSEC_PER_SEC);
	/* Its limit and a second, of which each check lets a tenth pass. */
	check(checks > 10);
	check_int(close_running(&scene), OUTCOME_TIMEOUT);
}

/* A worker that hangs after its task's process has ended is killed; the task is lost, not timed out. */
static void test_stuck_settling(void)
{
	struct scene scene;
	struct worker *worker = open_running(&scene, SEAT_BEGUN);

	if (!worker)
		return;
	exceed(worker, SEAT_UNLIMITED);
	check(worker->settling.since > 0);
	worker->settling.since -= NSEC_PER_SEC;
	exceed(worker, SEAT_UNLIMITED);
	check_int(scene.pool->crew.live, 1);
	/* Another attempt at the same task has a time of its own. */
	worker->settling.since -= 20 * NSEC_PER_SEC;
	atomic_store(&worker->seat->attempt, 2);
	exceed(worker, SEAT_UNLIMITED);
	check_int(scene.pool->crew.live, 1);
	atomic_store(&worker->seat->attempt, 1);
	exceed(worker, SEAT_UNLIMITED);
	worker->settling.since -= 20 * NSEC_PER_SEC;
	exceed(worker, SEAT_UNLIMITED);
	check_int(close_running(&scene), OUTCOME_LOST);
}

/* A spare worker leaves by itself after its task, but one that sleeps has none when the pool is dismissed. */
static void test_spare(void)
{
	struct reserve reserve;
	struct scene scene;
	struct worker *worker;

	if (!open_scene(&scene, &method_idle))
		return;
	reserve_init(&reserve, &scene.loop, JOBS);
	scene.pool->options.reserve = &reserve;
	worker = start_one(&scene);
	worker->spare = true;
	atomic_store(&worker->seat->parked, true);
	staffing_retire(scene.pool, 0);
	check(!atomic_load(&worker->seat->retire));
	pool_dismiss(scene.pool);
	check(atomic_load(&worker->seat->retire));
	close_scene(&scene);
}

/* Messages that mention a stop. */
static int stops_reported;

static void count_stop(struct slice line)
{
	stops_reported += memmem(line.data, line.size, " is stopped", 11) != NULL;
}

/* Checks for stopped workers late nanoseconds after a check was due, and ages the stop of the worker by time. */
static void check_stop(struct worker *worker, nsec time, nsec late)
{
	struct pool *pool = worker->pool;

	if (worker->stop.since)
		worker->stop.since -= time;
	pool_child_changed(pool);
	check(pool_deadline(pool) < clock_now() + NSEC_PER_SEC);
	pool->supervision.stops_at = clock_now() - late;
	pool_tick(pool);
}

/* Sends a signal to a worker, and waits until the kernel says that it is stopped, or not. */
static void change(struct worker *worker, int signal, bool stopped)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	check_int(process_signal(&worker->process, signal), 0);
	while (process_is_stopped(&worker->process) != stopped && clock_now() < deadline)
		loop_step(worker->pool->options.loop, clock_now() + NSEC_PER_MSEC);
	check_int(pool_stopped_at(worker->pool, worker_seat(worker)) != NULL, stopped);
}

static void test_stops(void)
{
	struct scene scene;
	struct worker *worker;

	if (!open_scene(&scene, &method_idle))
		return;
	diag_set_sink(count_stop);
	worker = start_one(&scene);
	check_stop(worker, 0, 0);
	check_int(worker->stop.since, 0);
	check_int(scene.pool->supervision.stops_at, 0);
	change(worker, SIGSTOP, true);
	check_stop(worker, 0, 0);
	check(worker->stop.since > 0 && scene.pool->supervision.stops_at > 0);
	check_stop(worker, 4 * NSEC_PER_SEC, 0);
	check_int(stops_reported, 0);
	/* The pool's own process was stopped as well: the time counts from now. */
	check_stop(worker, 10 * NSEC_PER_SEC, 10 * NSEC_PER_SEC);
	check_int(stops_reported, 0);
	check_int(pool_counts(scene.pool).stopped, 0);
	check_stop(worker, 6 * NSEC_PER_SEC, 0);
	check_int(stops_reported, 1);
	check_int(pool_counts(scene.pool).stopped, 1);
	/* Nothing is checked until the next SIGCHLD. */
	check_int(scene.pool->supervision.stops_at, 0);
	change(worker, SIGCONT, false);
	check_stop(worker, 0, 0);
	check_int(pool_counts(scene.pool).stopped, 0);
	/* Once for each worker. */
	change(worker, SIGSTOP, true);
	check_stop(worker, 0, 0);
	check_stop(worker, 6 * NSEC_PER_SEC, 0);
	check_int(pool_counts(scene.pool).stopped, 1);
	check_int(stops_reported, 1);
	change(worker, SIGCONT, false);
	diag_set_sink(NULL);
	close_scene(&scene);
}

static uint64_t head_seven(struct pool_owner *owner UNUSED)
{
	return 7;
}

static void test_last_row(void)
{
	struct retry retry = {.chunk = {.count = 1, .size = 2, .attempt = 2, .width = 1}};
	struct scene scene;
	struct pool *pool;

	if (!open_scene(&scene, &method_idle))
		return;
	pool = scene.pool;
	scene.owner.head = head_seven;
	while (ledger_has_room(&pool->ledger, 1))
		submit(pool);
	for (retry.chunk.first = 5; retry.chunk.first < 9; retry.chunk.first++) {
		retry.chunk.block = arena_take(pool->options.arena);
		memcpy(arena_block(pool->options.arena, retry.chunk.block), "a", 2);
		retries_add(&pool->outcomes.retries, &retry);
	}
	outcomes_submit_retries(pool);
	check(ledger_find(&pool->ledger, 7, 2) != QUEUE_NONE);
	check_int(ledger_find(&pool->ledger, 5, 2), QUEUE_NONE);
	check(!ledger_has_room(&pool->ledger, 0));
	/* The others wait for a row, not for a time. */
	check_int(pool->outcomes.retries.count, 3);
	check(outcomes_deadline(pool) == NSEC_FOREVER);
	close_scene(&scene);
}

const struct unit_test unit_pool[] = {
	{.name = "a worker that is dead before its setup is sent", .run = test_stillborn},
	{.name = "workers that cannot be started for a moment", .run = test_scarce},
	{.name = "tasks that cannot be started after there were to be fewer workers", .run = test_starved},
	{.name = "stopped while a worker is started", .run = test_stopped},
	{.name = "a worker that writes as fast as its packets are taken", .run = test_fast_producer},
	{.name = "results are counted for a worker only where it waits for that", .run = test_taken},
	{.name = "workers that end in a row as soon as they are started", .run = test_dying},
	{.name = "no seat is left whose initializer does not fail", .run = test_unfit},
	{.name = "a dismissed worker that does not leave is killed", .run = test_late},
	{.name = "a signal for a task that is being started is sent later", .run = test_owed},
	{.name = "a process that has the pid of an ended task is not signalled", .run = test_reused_pid},
	{.name = "a worker that lets a task exceed its time is killed; only that task has timed out",
	 .run = test_overdue},
	{"time in which the parent was stopped does not count for limits", .run = test_stopped_parent},
	{"a limit is enforced where all checks are late", .run = test_late_checks},
	{"a worker that hangs after its task has ended is killed, and the task lost", .run = test_stuck_settling},
	{.name = "a spare worker that sleeps is dismissed with the others", .run = test_spare},
	{.name = "a worker that is stopped is reported once, if only it is", .run = test_stops},
	{.name = "the last row of the ledger is for the head's retry", .run = test_last_row},
	{.name = NULL},
};
