/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process/start and process/role: a role finds the same, whatever the start method. */
#include "unit.h"

#include "base/error.h"
#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/fd.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOON (clock_now() + 20 * NSEC_PER_SEC)

enum { MANY = 100 };

static const signal_mask stops =
	UINT64_C(1) << (SIGTSTP - 1) | UINT64_C(1) << (SIGTTIN - 1) | UINT64_C(1) << (SIGTTOU - 1);

static void test_tables(void)
{
	check_str(start_methods[0]->name, "fork");
	check(start_method_find("fork") == &start_fork);
	check(start_method_find("spawn") == &start_spawn);
	check(start_method_find("forkserver") == &start_forkserver);
	check(!start_method_find("") && !start_method_find("Fork") && !start_method_find("forks"));
	check(role_find(PUPPET_ROLE) && role_find(PUPPET_ROLE)->main == puppet_main);
	check(!role_find("") && !role_find("puppets"));
	check_str(start_forkserver.prefix, "ForkServer");
}

static void block_and_ignore(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signals_ignore(UINT64_C(1) << (SIGHUP - 1) | UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGUSR1 - 1));
}

/* A child finds the same, whatever its parent blocks, ignores and has open. */
static void test_birth(const struct start_method *method)
{
	struct unit_facts before, after, facts = {.pid = 0};
	struct puppet puppet;
	int ends[2] = {-1, -1};

	block_and_ignore();
	check_int(fd_pipe(ends), 0);
	forkserver_stop();
	if (!puppet_start(&puppet, method))
		return;
	unit_gather(&before, -1);
	check(puppet_ask(&puppet, PUPPET_GATHER, 0, &facts, sizeof facts));
	check_int(facts.parent, getpid());
	check_int(facts.group, facts.pid);
	check_int(facts.blocked, 0);
	check_int(facts.ignored, 0);
	check_int(facts.caught, stops);
	check_int(facts.death_signal, SIGCONT);
	puppet_release(&puppet);
	unit_gather(&after, -1);
	check(before.blocked == after.blocked && before.ignored == after.ignored && before.caught == after.caught);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	forkserver_stop();
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* A child has exactly 0, 1, 2, its channel and the inherited descriptors. */
static void test_census(const struct start_method *method)
{
	static const int expected[] = {0, 1, 2, 50, 61};
	struct unit_facts facts = {.pid = 0};
	struct puppet puppets[3];
	int ends[2] = {-1, -1}, i;
	size_t at;

	close_range(3, ~0u, 0);
	check_int(dup2(0, 50), 50);
	check_int(dup2(0, 61), 61);
	fd_remember_inherited(-1);
	check_int(fd_pipe(ends), 0);
	for (i = 0; i < 3; i++) {
		if (!puppet_start(&puppets[i], method))
			return;
		check(puppet_ask(&puppets[i], PUPPET_OPEN, 0, NULL, 0));
	}
	for (i = 0; i < 3; i++) {
		struct puppet last;

		check(puppet_start(&last, method));
		check(puppet_ask(&last, PUPPET_GATHER, 0, &facts, sizeof facts));
		puppet_release(&last);
		qsort(facts.fds, facts.fd_count < UNIT_FDS_MAX ? facts.fd_count : 0, sizeof facts.fds[0], compare_ints);
		check_int(facts.fd_count, countof(expected));
		for (at = 0; at < countof(expected) && at < facts.fd_count; at++)
			check_int(facts.fds[at], expected[at]);
	}
	for (i = 0; i < 3; i++)
		puppet_release(&puppets[i]);
	forkserver_stop();
}

/* Its channel has a low number, so that the descriptor table that its own children copy is small. */
static void test_low_channel(const struct start_method *method)
{
	struct unit_facts facts = {.pid = 0};
	struct puppet puppet;
	int high, taken[100];
	size_t i;

	for (i = 0; i < countof(taken); i++)
		taken[i] = fd_null();
	high = taken[countof(taken) - 1];
	check(high > 99);
	if (!puppet_start(&puppet, method))
		return;
	check(puppet.channel > high);
	check(puppet_ask(&puppet, PUPPET_GATHER, 0, &facts, sizeof facts));
	check(facts.except > 2 && facts.except < 64);
	puppet_release(&puppet);
	for (i = 0; i < countof(taken); i++)
		fd_close(&taken[i]);
	forkserver_stop();
}

static void test_many(const struct start_method *method)
{
	struct puppet *puppets = mem_new(MANY, sizeof *puppets);
	struct process *children[MANY + 10];
	struct error error = {.number = 0};
	size_t before, i;

	unit_skip_under_valgrind();
	if (method == &start_forkserver)
		check_int(forkserver_prepare(&error), 0);
	before = unit_count_fds();
	for (i = 0; i < MANY; i++) {
		if (!puppet_start(&puppets[i], method))
			return;
	}
	check_int(process_active_children(children, MANY + 10), MANY);
	check_int(process_active_children(children, 10), MANY);
	for (i = 0; i < MANY; i++) {
		check(children[i] == &puppets[i].process || i >= 10);
		puppet_order(&puppets[i], PUPPET_EXIT, (int)i);
	}
	for (i = 0; i < MANY; i++) {
		puppet_release(&puppets[i]);
		check_int(puppets[i].process.end.status, i);
	}
	check_int(process_active_children(children, MANY), 0);
	check_int(unit_count_fds(), before);
	free(puppets);
	forkserver_stop();
}

/* A child ends after its starter was killed, also if it was stopped. */
static void test_orphans(const struct start_method *method)
{
	pid_t *pids = unit_share(2 * sizeof *pids), starter;
	struct puppet puppet;
	int i;

	unit_skip_under_valgrind();
	/* The children of the starter become those of this process. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	starter = fork();
	if (starter == 0) {
		for (i = 0; i < 2; i++) {
			puppet_start(&puppet, method);
			puppet_ask(&puppet, PUPPET_OPEN, 0, NULL, 0);
			pids[i] = puppet.process.pid;
		}
		kill(pids[1], SIGSTOP);
		raise(SIGKILL);
	}
	check_int(unit_wait(starter), 1000 + SIGKILL);
	check_int(unit_wait(pids[0]), 0);
	check_int(unit_wait(pids[1]), 0);
}

/* At the limit on processes nothing is started, and nothing is left behind. */
static void test_cannot_start(const struct start_method *method)
{
	struct rlimit limit, none;
	struct process process;
	struct error error = {.number = 0};
	struct puppet puppet;
	int ends[2] = {-1, -1};
	size_t before;

	unit_skip_under_valgrind();
	check_int(getrlimit(RLIMIT_NPROC, &limit), 0);
	before = unit_count_fds();
	check_int(channel_pair(ends), 0);
	process_init(&process, "Unborn");
	none = limit;
	none.rlim_cur = 0;
	check_int(setrlimit(RLIMIT_NPROC, &none), 0);
	/* The limit does not apply to root. */
	if (geteuid() == 0)
		check_int(setresuid(65534, 65534, 0), 0);
	check_int(process_start(&process, method, role_find(PUPPET_ROLE), ends[1], &error), -1);
	if (getuid() == 65534 && seteuid(0) == 0)
		check_int(setresuid(0, 0, 0), 0);
	check_int(setrlimit(RLIMIT_NPROC, &limit), 0);
	check_int(error.number, EAGAIN);
	check(strstr(error_text(&error), " Unborn: ") != NULL);
	check_int(process.state, PROCESS_INITIAL);
	check_int(process_is_alive(&process), 0);
	check_int(process_active_children(NULL, 0), 0);
	check_int(process_close(&process), 0);
	error_release(&error);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	check_int(unit_count_fds(), before);
	check_fails(waitpid(-1, NULL, WNOHANG), ECHILD);
	if (puppet_start(&puppet, method))
		puppet_release(&puppet);
	forkserver_stop();
}

/* The arguments after --role= that are refused. */
static void test_role_argument(void)
{
	static const char *const cases[][2] = {
		{"--role=nobody", "0"},  {"--role=puppet", "x"},  {"--role=puppet", ""},
		{"--role=puppet", "-1"}, {"--role=puppet", "77"},
	};
	size_t i;

	unit_skip_under_valgrind();
	for (i = 0; i < countof(cases); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			dup2(fd_null(), STDERR_FILENO);
			execl("/proc/self/exe", "unit", cases[i][0], cases[i][1], (char *)NULL);
			_exit(127);
		}
		check_int(unit_wait(pid), 2);
	}
}

const struct unit_test unit_start[] = {
	{"finding methods and roles", .run = test_tables},
	{"signals, mask, group and folder of a child", .run_with = test_birth},
	{"the descriptors of a child", .run_with = test_census},
	{"the number of a child's channel", .run_with = test_low_channel},
	{"many processes at once", .run_with = test_many},
	{"children end after their starter", .run_with = test_orphans},
	{"a start at the limit on processes", .run_with = test_cannot_start},
	{"role arguments that are refused", .run = test_role_argument},
	{.name = NULL},
};
