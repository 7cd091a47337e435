/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of command_find, process/signals and machine/capacity. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "machine/capacity.h"
#include "process/command.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes a folder within the test's own. Returns its path (free). */
static char *make_folder(const char *name)
{
	char *path = mem_format("%s/%s", unit_directory(), name);

	check_int(mkdir(path, 0700), 0);
	return path;
}

static void check_found(const char *name, const char *path, const char *expected)
{
	char *found = command_find(name, path);

	check_str(found ? found : "(none)", expected);
	free(found);
}

static void check_not_found(const char *name, const char *path, int number)
{
	errno = 0;
	check(!command_find(name, path));
	check_int(errno, number);
}

static void test_find(void)
{
	char *one = make_folder("one"), *two = make_folder("two"), *path = mem_format("%s:%s", one, two), *in_two;

	free(unit_file("one/plain", "", 0600));
	free(unit_file("two/plain", "", 0700));
	free(unit_file("one/denied", "", 0600));
	free(unit_file("one/both", "", 0700));
	free(unit_file("two/both", "", 0700));
	free(make_folder("one/folder"));
	/* A file that cannot be executed is skipped if a later one can. */
	in_two = mem_format("%s/plain", two);
	check_found("plain", path, in_two);
	free(in_two);
	in_two = mem_format("%s/both", one);
	check_found("both", path, in_two);
	free(in_two);
	check_not_found("denied", path, EACCES);
	check_not_found("folder", path, EACCES);
	check_not_found("nothing", path, ENOENT);
	check_not_found("", path, ENOENT);
	check_not_found("plain", "/no/such/folder:/etc/passwd", ENOENT);
	free(one);
	free(two);
	free(path);
}

/* An empty element of the path is the current folder. */
static void test_find_here(void)
{
	char *folder = make_folder("here");

	free(unit_file("here/tool", "", 0700));
	check_int(chdir(folder), 0);
	check_found("tool", "", "./tool");
	check_found("tool", "/no/such:", "./tool");
	check_found("tool", ":/no/such", "./tool");
	check_found("tool", "/no/such::/bin", "./tool");
	check_not_found("tool", "/no/such", ENOENT);
	check_int(chdir("/"), 0);
	free(folder);
}

static void test_find_slash(void)
{
	check_found("./x", "/bin", "./x");
	check_found("/no/such/thing", NULL, "/no/such/thing");
	check_found("a/b", "", "a/b");
	check_found("true", "/bin", "/bin/true");
	check_found("true", "/bin/", "/bin//true");
	check_found("sh", NULL, "/bin/sh");
}

static void test_signal_names(void)
{
	check_str(error_signal(SIGKILL), "SIGKILL");
	check_str(error_signal(SIGINT), "SIGINT");
	check_str(error_signal(SIGRTMIN + 3), "SIGRTMIN+3");
}

static void test_signals_open(void)
{
	int fd;

	signals_init();
	fd = signals_open();
	if (!check(fd >= 0))
		return;
	check_int(signals_next(fd), 0);
	/* Not SIGINT and SIGQUIT: a shell that runs the tests in the background has set them to be ignored. */
	raise(SIGTERM);
	raise(SIGUSR1);
	check_int(signals_next(fd) + signals_next(fd), SIGTERM + SIGUSR1);
	check_int(signals_next(fd), 0);
	fd_close(&fd);
}

/* A signal ignored at the start remains ignored and is not reported. */
static void test_ignored_at_start(void)
{
	signal_mask hup = UINT64_C(1) << (SIGHUP - 1);
	int fd;

	signals_ignore(hup | UINT64_C(1) << (SIGCHLD - 1));
	signals_init();
	check(signals_ignored_at_start() & hup);
	check(!(signals_ignored_at_start() & UINT64_C(1) << (SIGUSR1 - 1)));
	fd = signals_open();
	raise(SIGHUP);
	check_int(signals_next(fd), 0);
	raise(SIGUSR1);
	check_int(signals_next(fd), SIGUSR1);
	/* But for SIGCHLD: it is needed, and has its default again. */
	raise(SIGCHLD);
	check_int(signals_next(fd), SIGCHLD);
	fd_close(&fd);
}

/* Returns the end of a child that dies of a signal by signals_die, as unit_wait does. */
static int die_in_child(int number)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = signals_open();

		raise(number);
		signals_next(fd);
		signals_die(number);
	}
	return unit_wait(pid);
}

static void test_die(void)
{
	check_int(die_in_child(SIGTERM), 1000 + SIGTERM);
	check_int(die_in_child(SIGINT), 1000 + SIGINT);
	check_int(die_in_child(SIGHUP), 1000 + SIGHUP);
}

/* A pipe to which a crashing child writes. */
static int crash_ends[2];

static void report_crash(void)
{
	fd_write(crash_ends[1], "!", 1);
}

/* The handler of crashes runs, unless it was removed or the signal is ignored. SIGABRT: sanitizers catch the others. */
static void test_crash(void)
{
	static const struct {
		bool is_guarded;
		bool is_ignored;
		ssize_t reported;
		int end;
	} cases[] = {{true, false, 1, 1000 + SIGABRT}, {false, false, 0, 1000 + SIGABRT}, {true, true, 0, 7}};
	char text[4];
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		pid_t pid;

		check_int(fd_pipe(crash_ends), 0);
		pid = fork();
		if (pid == 0) {
			if (cases[i].is_ignored)
				signals_ignore(UINT64_C(1) << (SIGABRT - 1));
			signals_on_crash(report_crash);
			if (!cases[i].is_guarded)
				signals_on_crash(NULL);
			signals_tell_self(SIGABRT);
			_exit(7);
		}
		fd_close(&crash_ends[1]);
		check_int(unit_wait(pid), cases[i].end);
		check_int(fd_read(crash_ends[0], text, sizeof text), cases[i].reported);
		fd_close(&crash_ends[0]);
	}
}

static void test_capacity(void)
{
	struct rlimit limit = {.rlim_cur = 100, .rlim_max = 200};
	size_t jobs = capacity_jobs();
	cpu_set_t set;

	unit_skip_under_valgrind();
	check(jobs >= 1 && jobs <= CAPACITY_JOBS_MAX);
	check(capacity_cpus() >= 1);
	/* At most the processors that this process may use. */
	check_int(sched_getaffinity(0, sizeof set, &set), 0);
	check(capacity_cpus() <= (size_t)CPU_COUNT(&set));
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check(capacity_jobs() <= 50);
	limit.rlim_cur = limit.rlim_max = 10;
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_int(capacity_jobs(), 1);
}

const struct unit_test unit_find[] = {
	{"a command is found in a path", .run = test_find},
	{"an empty element of the path is the current folder", .run = test_find_here},
	{"a name with a slash, and the default path", .run = test_find_slash},
	{"names of signals", .run = test_signal_names},
	{"signals are reported by a descriptor", .run = test_signals_open},
	{"signals ignored at the start remain ignored", .run = test_ignored_at_start},
	{"capacity obeys the limits of the process", .run = test_capacity},
	{"a process dies of a signal", .run = test_die},
	{"the handler of crashes runs", .run = test_crash},
	{.name = NULL},
};
