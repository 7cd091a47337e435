/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process/process: the contract of a process's life, under every start method. */
#include "unit.h"

#include "base/error.h"
#include "ipc/channel.h"
#include "ipc/fd.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENOUGH (20 * NSEC_PER_SEC)
#define SOON (clock_now() + ENOUGH)

static void check_running(struct process *process)
{

	check_int(process_is_alive(process), 1);
	check_fails(process_close(process), EBUSY);
	check_int(process->state, PROCESS_STARTED);
}

static void check_end(struct process *process, int status, int signal)
{
	check_int(process_join(process, SOON), 0);
	check_int(process_is_alive(process), 0);
	check_int(process->end.status, status);
	check_int(process->end.signal, signal);
	check_int(process->state, PROCESS_STOPPED);
	check_int(process_join(process, 0), 0);
	check_int(process_active_children(NULL, 0), 0);
}

static void test_initial(void)
{
	struct process process, *children[4];

	process_init(&process, "Early-1");
	check_str(process.name, "Early-1");
	check_int(process.state, PROCESS_INITIAL);
	check_int(process_is_alive(&process), 0);
	check_fails(process_join(&process, 0), EINVAL);
	check_fails(process_join(&process, NSEC_FOREVER), EINVAL);
	check_fails(process_sentinel(&process), EINVAL);
	check_fails(process_kill(&process), EINVAL);
	check_fails(process_signal(&process, 0), EINVAL);
	check_int(process_active_children(children, 4), 0);
	check_int(process_close(&process), 0);
}

static void test_closed(void)
{
	struct process process;
	struct error error = {.number = 0};

	process_init(&process, "Closed");
	check_int(process_close(&process), 0);
	check_int(process_close(&process), 0);
	check_int(process.state, PROCESS_CLOSED);
	check_fails(process_is_alive(&process), EBADF);
	check_fails(process_join(&process, 0), EBADF);
	check_fails(process_sentinel(&process), EBADF);
	check_fails(process_kill(&process), EBADF);
	check_int(process_start(&process, &start_fork, role_find(PUPPET_ROLE), 0, &error), -1);
	check_int(error.number, EBADF);
	check(!strstr(error_text(&error), "null"));
	error_release(&error);
}

static void test_life(const struct start_method *method)
{
	struct puppet puppet;
	struct unit_facts facts = {.pid = 0};
	struct process *children[2] = {NULL, NULL};
	size_t before = unit_count_fds();

	if (!puppet_start(&puppet, method))
		return;
	check_running(&puppet.process);
	check_int(puppet.process.parent, getpid());
	check(puppet_ask(&puppet, PUPPET_GATHER, 0, &facts, sizeof facts));
	check_int(facts.pid, puppet.process.pid);
	check_int(process_active_children(children, 2), 1);
	check(children[0] == &puppet.process && !children[1]);
	puppet_order(&puppet, PUPPET_EXIT, 3);
	check_end(&puppet.process, 3, 0);
	fd_close(&puppet.channel);
	check_int(process_close(&puppet.process), 0);
	check_int(process_close(&puppet.process), 0);
	check_fails(process_join(&puppet.process, 0), EBADF);
	check_fails(process_kill(&puppet.process), EBADF);
	forkserver_stop();
	check_int(unit_count_fds(), before);
}

static void test_start_twice(const struct start_method *method)
{
	struct puppet puppet;
	struct error error = {.number = 0};
	pid_t pid;

	if (!puppet_start(&puppet, method))
		return;
	pid = puppet.process.pid;
	check_int(process_start(&puppet.process, method, role_find(PUPPET_ROLE), puppet.channel, &error), -1);
	check_int(error.number, EALREADY);
	check_str(error_text(&error), "cannot start Puppet twice: Operation already in progress");
	check_int(puppet.process.pid, pid);
	check_running(&puppet.process);
	puppet_order(&puppet, PUPPET_EXIT, 0);
	check_end(&puppet.process, 0, 0);
	check_int(process_start(&puppet.process, method, role_find(PUPPET_ROLE), puppet.channel, &error), -1);
	check_int(error.number, EALREADY);
	error_release(&error);
	puppet_release(&puppet);
	forkserver_stop();
}

static void test_deadlines(const struct start_method *method)
{
	struct puppet puppet;
	nsec begun, deadline;

	if (!puppet_start(&puppet, method))
		return;
	begun = clock_now();
	check_fails(process_join(&puppet.process, 0), ETIMEDOUT);
	check_fails(process_join(&puppet.process, -1), ETIMEDOUT);
	check_fails(process_join(&puppet.process, INT64_MIN), ETIMEDOUT);
	check_fails(process_join(&puppet.process, begun - NSEC_PER_SEC), ETIMEDOUT);
	check(clock_now() - begun < ENOUGH);
	deadline = clock_now() + 20 * NSEC_PER_MSEC;
	check_fails(process_join(&puppet.process, deadline), ETIMEDOUT);
	check(clock_now() >= deadline);
	check_running(&puppet.process);
	fd_close(&puppet.channel);
	check_int(process_join(&puppet.process, NSEC_FOREVER), 0);
	check_end(&puppet.process, 0, 0);
	puppet_release(&puppet);
	forkserver_stop();
}

static void test_statuses(const struct start_method *method)
{
	static const int given[] = {0, 1, 7, 255, 256, -1, 257}, expected[] = {0, 1, 7, 255, 0, 255, 1};
	struct puppet puppet;
	size_t i;

	for (i = 0; i < countof(given); i++) {
		if (!puppet_start(&puppet, method))
			return;
		puppet_order(&puppet, PUPPET_EXIT, given[i]);
		check_end(&puppet.process, expected[i], 0);
		puppet_release(&puppet);
	}
	forkserver_stop();
}

static void test_signals(const struct start_method *method)
{
	static const int signals[] = {SIGABRT, SIGKILL, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGALRM};
	struct puppet puppet;
	size_t i;

	for (i = 0; i < countof(signals); i++) {
		if (!puppet_start(&puppet, method))
			return;
		puppet_order(&puppet, PUPPET_RAISE, signals[i]);
		check_end(&puppet.process, -1, signals[i]);
		puppet_release(&puppet);
	}
	forkserver_stop();
}

static void test_ending(const struct start_method *method)
{
	static const int signals[] = {SIGTERM, SIGKILL, SIGINT};
	struct puppet puppet;
	size_t i;

	for (i = 0; i < countof(signals); i++) {
		if (!puppet_start(&puppet, method))
			return;
		/* An answer proves that its role runs. */
		check(puppet_ask(&puppet, PUPPET_OPEN, 0, NULL, 0));
		check_int(process_signal(&puppet.process, signals[i]), 0);
		check_end(&puppet.process, -1, signals[i]);
		check_int(process_signal(&puppet.process, SIGTERM), 0);
		check_int(process_kill(&puppet.process), 0);
		check_end(&puppet.process, -1, signals[i]);
		puppet_release(&puppet);
	}
	forkserver_stop();
}

/* A zombie: a signal has no effect, and closing takes its end. */
static void test_ended_unnoticed(const struct start_method *method)
{
	struct puppet puppet;
	struct fd_wait wait = {.want_input = true};

	if (!puppet_start(&puppet, method))
		return;
	puppet_order(&puppet, PUPPET_EXIT, 5);
	wait.fd = process_sentinel(&puppet.process);
	check_int(fd_wait(&wait, 1, SOON), 1);
	check_int(puppet.process.state, PROCESS_STARTED);
	check_int(process_active_children(NULL, 0), 0);
	check_int(puppet.process.state, PROCESS_STARTED);
	check_int(process_kill(&puppet.process), 0);
	check_int(process_close(&puppet.process), 0);
	check_int(process_active_children(NULL, 0), 0);
	fd_close(&puppet.channel);
	forkserver_stop();
}

/* The sentinel reports the end of the process itself while a grandchild lives. */
static void test_sentinel(const struct start_method *method)
{
	struct puppet puppet;
	struct fd_wait wait = {.want_input = true}, grandchild = {.want_input = true};

	if (!puppet_start(&puppet, method))
		return;
	wait.fd = process_sentinel(&puppet.process);
	check(wait.fd >= 0);
	check(puppet_ask(&puppet, PUPPET_LINGER, 0, NULL, 0));
	check_int(fd_wait(&wait, 1, clock_now() + 20 * NSEC_PER_MSEC), 0);
	puppet_order(&puppet, PUPPET_EXIT, 0);
	check_int(fd_wait(&wait, 1, SOON), 1);
	check_end(&puppet.process, 0, 0);
	/* The grandchild has the other end of the channel. */
	grandchild.fd = puppet.channel;
	check_int(fd_wait(&grandchild, 1, 0), 0);
	puppet_release(&puppet);
	forkserver_stop();
}

/* Without process_sentinel a process takes no descriptor, and is joined even where none is free. */
static void test_without_sentinel(const struct start_method *method)
{
	struct puppet puppet;
	struct rlimit limit, none;
	size_t before;

	if (!puppet_start(&puppet, method))
		return;
	before = unit_count_fds();
	check_running(&puppet.process);
	check_int(unit_count_fds(), before);
	check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	check_int(setrlimit(RLIMIT_NOFILE, &none), 0);
	check_fails(process_sentinel(&puppet.process), EMFILE);
	check_fails(process_join(&puppet.process, SOON), EMFILE);
	check_fails(process_join(&puppet.process, 0), ETIMEDOUT);
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	puppet_order(&puppet, PUPPET_EXIT, 5);
	check_int(process_join(&puppet.process, NSEC_FOREVER), 0);
	check_int(unit_count_fds(), before);
	/* Its pid may be that of another process. */
	check_fails(process_sentinel(&puppet.process), ESRCH);
	check_end(&puppet.process, 5, 0);
	puppet_release(&puppet);
	forkserver_stop();
}

static void test_strangers(const struct start_method *method)
{
	struct puppet puppet;
	pid_t pid;

	if (!puppet_start(&puppet, method))
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		check_int(process_active_children(NULL, 0), 0);
		check_fails(process_join(&puppet.process, NSEC_FOREVER), ECHILD);
		check_fails(process_is_alive(&puppet.process), ECHILD);
		check_fails(process_kill(&puppet.process), ECHILD);
		check_fails(process_close(&puppet.process), EBUSY);
		_exit(unit_failures != 0);
	}
	check_int(unit_wait(pid), 0);
	check_running(&puppet.process);
	puppet_release(&puppet);
	forkserver_stop();
}

static void do_nothing(int number UNUSED)
{
}

/* Signals do not end a join. */
static void test_interrupted_join(const struct start_method *method)
{
	struct itimerval timer = {.it_value.tv_usec = 2000, .it_interval.tv_usec = 2000}, off = {.it_value.tv_usec = 0};
	struct sigaction action = {.sa_handler = do_nothing};
	struct puppet puppet;
	nsec deadline;

	if (!puppet_start(&puppet, method))
		return;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	deadline = clock_now() + 40 * NSEC_PER_MSEC;
	check_fails(process_join(&puppet.process, deadline), ETIMEDOUT);
	check(clock_now() >= deadline);
	setitimer(ITIMER_REAL, &off, NULL);
	puppet_release(&puppet);
	forkserver_stop();
}

/* Its end was taken elsewhere: it does not live, and how it ended is unknown. */
static void test_foreign_wait(const struct start_method *method)
{
	struct puppet puppet;

	if (!puppet_start(&puppet, method))
		return;
	puppet_order(&puppet, PUPPET_EXIT, 5);
	check_int(unit_wait(puppet.process.pid), 5);
	check_int(process_is_alive(&puppet.process), 0);
	check_end(&puppet.process, -1, 0);
	check_int(process_kill(&puppet.process), 0);
	puppet_release(&puppet);
	forkserver_stop();
}

static void test_ignored_sigchld(const struct start_method *method)
{
	struct puppet puppet;

	signal_mask mask = UINT64_C(1) << (SIGCHLD - 1);

	signals_ignore(mask);
	if (!puppet_start(&puppet, method))
		return;
	check_running(&puppet.process);
	puppet_order(&puppet, PUPPET_EXIT, 5);
	check_end(&puppet.process, -1, 0);
	puppet_release(&puppet);
	forkserver_stop();
}

/* Waits until the kernel says that a process is stopped, or not. */
static void await_stop(const struct process *process, bool stopped)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	while (process_is_stopped(process) != stopped && clock_now() < deadline)
		fd_wait(NULL, 0, clock_now() + NSEC_PER_MSEC);
	check_int(process_is_stopped(process), stopped);
}

/* A stop is seen as often as it is asked for, and not when it is over. */
static void test_stops(const struct start_method *method)
{
	struct process unborn;
	struct puppet puppet;

	process_init(&unborn, "Unborn");
	check(!process_is_stopped(&unborn));
	if (!puppet_start(&puppet, method))
		return;
	check(!process_is_stopped(&puppet.process));
	puppet_order(&puppet, PUPPET_RAISE, SIGSTOP);
	await_stop(&puppet.process, true);
	check(process_is_stopped(&puppet.process));
	check_running(&puppet.process);
	check_int(process_signal(&puppet.process, SIGCONT), 0);
	await_stop(&puppet.process, false);
	check_int(process_signal(&puppet.process, SIGSTOP), 0);
	await_stop(&puppet.process, true);
	check_int(process_kill(&puppet.process), 0);
	await_stop(&puppet.process, false);
	check_end(&puppet.process, -1, SIGKILL);
	check(!process_is_stopped(&puppet.process));
	puppet_release(&puppet);
	forkserver_stop();
}

const struct unit_test unit_process[] = {
	{"calls before the start", .run = test_initial},
	{"calls after closing", .run = test_closed},
	{"a process from start to close", .run_with = test_life},
	{"a second start is refused", .run_with = test_start_twice},
	{"joining with deadlines", .run_with = test_deadlines},
	{"exit statuses", .run_with = test_statuses},
	{"ends by signals", .run_with = test_signals},
	{"ending signals, and signals after the end", .run_with = test_ending},
	{"a zombie", .run_with = test_ended_unnoticed},
	{"the sentinel while a grandchild lives", .run_with = test_sentinel},
	{"joining without a sentinel", .run_with = test_without_sentinel},
	{"a process that is not the parent", .run_with = test_strangers},
	{"signals do not end a join", .run_with = test_interrupted_join},
	{"an end that was taken elsewhere", .run_with = test_foreign_wait},
	{"ends with SIGCHLD ignored", .run_with = test_ignored_sigchld},
	{"stops by signals", .run_with = test_stops},
	{.name = NULL},
};
