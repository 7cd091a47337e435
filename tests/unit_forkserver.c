/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process/start_forkserver: deaths of the server, which do not affect the children. */
#include "unit.h"

#include "base/error.h"
#include "ipc/channel.h"
#include "ipc/fd.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOON (clock_now() + 20 * NSEC_PER_SEC)

static void test_killed(void)
{
	struct puppet old, new;
	struct error error = {.number = 0};
	pid_t server;
	int i;

	unit_skip_under_valgrind();
	check_int(forkserver_pid(), 0);
	check_int(forkserver_prepare(&error), 0);
	check_int(forkserver_prepare(&error), 0);
	if (!puppet_start(&old, &start_forkserver))
		return;
	for (i = 0; i < 5; i++) {
		server = forkserver_pid();
		check(server > 0 && server != old.process.pid);
		check_int(kill(server, SIGKILL), 0);
		/* At once, and after its end. */
		if (i % 2)
			waitid(P_PID, (id_t)server, &(siginfo_t){.si_pid = 0}, WEXITED | WNOWAIT);
		if (!puppet_start(&new, &start_forkserver))
			return;
		check(forkserver_pid() != server);
		puppet_order(&new, PUPPET_EXIT, 4);
		check_int(process_join(&new.process, SOON), 0);
		check_int(new.process.end.status, 4);
		puppet_release(&new);
	}
	/* A child of an earlier server still runs, and its end is reported. */
	check_int(process_is_alive(&old.process), 1);
	puppet_order(&old, PUPPET_EXIT, 6);
	check_int(process_join(&old.process, SOON), 0);
	check_int(old.process.end.status, 6);
	puppet_release(&old);
	forkserver_stop();
	forkserver_stop();
	check_int(forkserver_pid(), 0);
}

/* Killed during a request: no child is lost, and none is started twice. */
static void test_killed_at_random(void)
{
	struct unit_random random = unit_random();
	struct error error = {.number = 0};
	struct puppet puppet;
	int round;

	unit_skip_under_valgrind();
	for (round = 0; round < 60; round++) {
		uint64_t delay = unit_below(&random, 400);
		pid_t server, killer;

		check_int(forkserver_prepare(&error), 0);
		server = forkserver_pid();
		fflush(stdout);
		killer = fork();
		if (killer == 0) {
			nsec until = clock_now() + (nsec)delay * NSEC_PER_USEC;

			while (clock_now() < until)
				;
			kill(server, SIGKILL);
			_exit(0);
		}
		if (!puppet_start(&puppet, &start_forkserver))
			return;
		puppet_order(&puppet, PUPPET_EXIT, round);
		check_int(process_join(&puppet.process, SOON), 0);
		check_int(puppet.process.end.status, round);
		puppet_release(&puppet);
		check_int(unit_wait(killer), 0);
		if (forkserver_pid() == server)
			forkserver_stop();
		/* The only other child may be a new server. */
		check_int(waitpid(-1, NULL, WNOHANG), forkserver_pid() ? 0 : -1);
	}
	forkserver_stop();
	check_fails(waitpid(-1, NULL, WNOHANG), ECHILD);
}

static void test_stopped(void)
{
	struct puppet puppet;
	struct error error = {.number = 0};
	pid_t server;

	unit_skip_under_valgrind();
	check_int(forkserver_prepare(&error), 0);
	server = forkserver_pid();
	check_int(kill(server, SIGSTOP), 0);
	if (!puppet_start(&puppet, &start_forkserver))
		return;
	check(forkserver_pid() != server);
	puppet_release(&puppet);
	forkserver_stop();
}

#ifdef MPMAP_FAULTS

/* A server that cannot fork reports why, and answers the next request. */
static void test_cannot_fork(void)
{
	struct puppet puppet;
	struct process process;
	struct error error = {.number = 0};
	int ends[2] = {-1, -1};
	pid_t server;

	unit_skip_under_valgrind();
	setenv("MPMAP_FAULT", "forkserver_request:1:EAGAIN", 1);
	check_int(forkserver_prepare(&error), 0);
	server = forkserver_pid();
	check_int(channel_pair(ends), 0);
	process_init(&process, "Unborn");
	check_int(process_start(&process, &start_forkserver, role_find(PUPPET_ROLE), ends[1], &error), -1);
	check_int(error.number, EAGAIN);
	check_int(process.state, PROCESS_INITIAL);
	check_int(process.pid, 0);
	check_int(process_close(&process), 0);
	error_release(&error);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	if (puppet_start(&puppet, &start_forkserver))
		puppet_release(&puppet);
	check_int(forkserver_pid(), server);
	forkserver_stop();
}

#endif

const struct unit_test unit_forkserver[] = {
	{"a killed server is replaced", .run = test_killed},
	{"a server killed at any instant", .run = test_killed_at_random},
	/* At most the time that a silent server has. */
	{"a stopped server is replaced", .run = test_stopped, .slow = true},
#ifdef MPMAP_FAULTS
	{"a server that cannot fork", .run = test_cannot_fork},
#endif
	{.name = NULL},
};
