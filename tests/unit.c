/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unit tests: runs each in a process of its own and prints TAP.
 *
 * tests/unit [PATTERN]: only the tests whose "group: name" contains PATTERN. What a test leaves behind (processes that
 * outlive it by more than a moment) fails it. MPMAP_TEST_SEED repeats a run's random numbers, MPMAP_TEST_SLOW=1 adds
 * tests that take many seconds.
 */
#include "unit.h"

#include "base/mem.h"
#include "base/number.h"
#include "base/trace.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT (30 * NSEC_PER_SEC)
/* How long processes that a test left have to end by themselves. */
#define STRAY_LIMIT (2 * NSEC_PER_SEC)

enum { STATUS_SKIP = 77, FAILURES_SHOWN = 20 };

static const struct role roles[] = {
	{.name = FORKSERVER_ROLE, .main = forkserver_main},
	{.name = PUPPET_ROLE, .main = puppet_main},
	{.name = NULL},
};

static const struct {
	const char *name;
	const struct unit_test *tests;
} groups[] = {
	{"bytes", unit_bytes},
	{"ground", unit_ground},
	{"quote", unit_quote},
	{"times", unit_times},
	{"trace", unit_trace},
	{"fd", unit_fd},
	{"loop", unit_loop},
	{"channel", unit_channel},
	{"shm", unit_shm},
	{"queue", unit_queue},
	{"ring", unit_ring},
	{"prepared", unit_prepared},
	{"pyauth", unit_pyauth},
	{"pyauth frame", unit_pyauth_frame},
	{"writer", unit_writer},
	{"process", unit_process},
	{"start", unit_start},
	{"forkserver", unit_forkserver},
	{"command", unit_command},
	{"coproc", unit_coproc},
	{"block", unit_block},
	{"hand", unit_hand},
	{"find", unit_find},
	{"work", unit_work},
	{"spill", unit_spill},
	{"order", unit_order},
	{"ranges", unit_ranges},
	{"refeeds", unit_refeeds},
	{"window", unit_window},
	{"input", unit_input},
	{"delimiter", unit_delimiter},
	{"message", unit_message},
	{"packer", unit_packer},
	{"chunk", unit_chunk},
	{"page", unit_page},
	{"persistent", unit_persistent},
	{"options", unit_options},
	{"ledger", unit_ledger},
	{"doorbell", unit_doorbell},
	{"claim", unit_claim},
	{"leftovers", unit_leftovers},
	{"reserve", unit_reserve},
	{"pool", unit_pool},
	{"attempts", unit_attempts},
	{"output", unit_output},
	{"memo", unit_memo},
	{"policy", unit_policy},
	{"until", unit_until},
	{"pressure", unit_pressure},
	{"archive", unit_archive},
	{"archive model", unit_archive_model},
	{"agenda", unit_agenda},
	{"completion", unit_completion},
	{"history", unit_history},
	{"journal", unit_journal},
	{"key", unit_key},
	{"keys", unit_keys},
	{"line output", unit_line_output},
	{"shares", unit_shares},
	{"state", unit_state},
	{"state atomic", unit_state_atomic},
	{"state model", unit_state_model},
	{"state server", unit_state_server},
	{"state role", unit_state_role},
	{"views", unit_views},
	{"words", unit_words},
};

int unit_failures;

static uint64_t seed;
static const char *pattern = "";
static char base_directory[64];
static char test_directory[80];
static int planned, number, failed;

static bool under_valgrind(void)
{
	const char *variable = getenv("MPMAP_TEST_VALGRIND");

	return variable && strcmp(variable, "1") == 0;
}

static void complain(const char *file, int line)
{
	if (++unit_failures > FAILURES_SHOWN)
		return;
	printf("# %s:%d: ", file, line);
}

bool unit_check(const char *file, int line, bool holds, const char *text)
{
	if (holds)
		return true;
	complain(file, line);
	if (unit_failures <= FAILURES_SHOWN)
		printf("not so: %s\n", text);
	fflush(stdout);
	return false;
}

bool unit_check_int(const char *file, int line, long long actual, long long expected, const char *text)
{
	if (actual == expected)
		return true;
	complain(file, line);
	if (unit_failures <= FAILURES_SHOWN)
		printf("%s is %lld, not %lld\n", text, actual, expected);
	fflush(stdout);
	return false;
}

/* Prints the beginning of any bytes, in quotes. */
static void print_slice(struct slice slice)
{
	size_t i;

	putchar('"');
	for (i = 0; i < slice.size && i < 200; i++)
		printf(slice.data[i] >= ' ' && slice.data[i] <= '~' ? "%c" : "\\x%02x", (unsigned char)slice.data[i]);
	printf("\" (%zu bytes)", slice.size);
}

bool unit_check_slice(const char *file, int line, struct slice actual, struct slice expected, const char *text)
{
	if (slice_equals(actual, expected))
		return true;
	complain(file, line);
	if (unit_failures <= FAILURES_SHOWN) {
		printf("%s is ", text);
		print_slice(actual);
		printf(", not ");
		print_slice(expected);
		printf("\n");
	}
	fflush(stdout);
	return false;
}

bool unit_check_fails(const char *file, int line, long long actual, int expected, const char *text)
{
	int got = errno;

	if (actual == -1 && got == expected)
		return true;
	complain(file, line);
	if (unit_failures <= FAILURES_SHOWN)
		printf("%s is %lld with errno %d, not -1 with %d (%s)\n", text, actual, got, expected,
		       strerror(expected));
	fflush(stdout);
	return false;
}

void unit_skip(const char *reason)
{
	printf("# cannot run here: %s\n", reason);
	fflush(stdout);
	_exit(STATUS_SKIP);
}

void unit_skip_under_valgrind(void)
{
	if (under_valgrind())
		unit_skip("valgrind cannot do this");
}

const char *unit_directory(void)
{
	if (mkdir(test_directory, 0700) < 0 && errno != EEXIST)
		BUG("a test's folder cannot be made");
	return test_directory;
}

struct unit_random unit_random(void)
{
	return (struct unit_random){.state = seed};
}

static int remove_entry(const char *path, const struct stat *status UNUSED, int type UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

/* Kills all children of this process, adopted ones too. */
static void kill_strays(void)
{
	char children[4096] = "", *at = children, *end;
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, children, sizeof children - 1);
	long pid;

	fd_close(&fd);
	if (got <= 0)
		return;
	while ((pid = strtol(at, &end, 10)) > 1 && end != at) {
		kill((pid_t)pid, SIGKILL);
		at = end;
	}
}

/* Waits until no descendant of the last test is left; returns false if one had to be killed. */
static bool reap_strays(void)
{
	nsec deadline = clock_now() + STRAY_LIMIT;
	bool clean = true;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return clean;
		if (pid > 0)
			continue;
		if (clock_now() >= deadline) {
			clean = false;
			kill_strays();
		}
		poll(NULL, 0, 1);
	}
}

static void NORETURN run_child(const struct unit_test *test, const struct start_method *method)
{
	setpgid(0, 0);
	if (test->run_with)
		test->run_with(method);
	else
		test->run();
	fflush(stdout);
	/* Not _exit: the leak checker runs at exit. */
	exit(unit_failures != 0);
}

/* Waits for a test's end; returns its wait status, or -1 if it took too long and was killed. */
static int supervise(pid_t pid)
{
	nsec deadline = clock_now() + (under_valgrind() ? 20 : 1) * TIME_LIMIT;
	bool late = false;
	int status = 0;

	while (waitpid(pid, &status, late ? 0 : WNOHANG) == 0) {
		late = clock_now() >= deadline;
		if (late)
			kill(-pid, SIGKILL);
		else
			poll(NULL, 0, 1);
	}
	kill(-pid, SIGKILL);
	return late ? -1 : status;
}

static void report(const char *name, int status, bool clean)
{
	bool skipped = status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIP;

	if (status == -1)
		printf("# took longer than %d s and was killed\n", (int)(TIME_LIMIT / NSEC_PER_SEC));
	else if (WIFSIGNALED(status))
		printf("# killed by %s\n", error_signal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) > 1 && !skipped)
		printf("# exit status %d\n", WEXITSTATUS(status));
	if (!clean)
		printf("# left a process behind\n");
	if ((status != 0 && !skipped) || !clean) {
		failed++;
		printf("not ");
	}
	printf("ok %d - %s%s\n", number, name, skipped ? " # SKIP" : "");
	fflush(stdout);
}

static void run_test(const char *group, const struct unit_test *test, const struct start_method *method,
		     bool only_count)
{
	char name[160];
	nsec begun = clock_now();
	int status;
	bool clean;
	pid_t pid;

	snprintf(name, sizeof name, "%s: %s%s%s%s", group, test->name, method ? " (" : "", method ? method->name : "",
		 method ? ")" : "");
	if (!strstr(name, pattern) || (test->slow && !getenv("MPMAP_TEST_SLOW")))
		return;
	planned += only_count;
	if (only_count)
		return;
	snprintf(test_directory, sizeof test_directory, "%s/%d", base_directory, ++number);
	pid = fork();
	if (pid == 0)
		run_child(test, method);
	if (pid < 0)
		BUG("a test cannot be forked");
	setpgid(pid, pid);
	status = supervise(pid);
	clean = reap_strays();
	nftw(test_directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (clock_now() - begun > NSEC_PER_SEC)
		printf("# %.1f s\n", (double)(clock_now() - begun) / (double)NSEC_PER_SEC);
	report(name, status, clean);
}

static void run_all(bool only_count)
{
	size_t i;
	const struct unit_test *test;
	const struct start_method *const *method;

	for (i = 0; i < countof(groups); i++) {
		for (test = groups[i].tests; test->name; test++) {
			if (!test->run_with)
				run_test(groups[i].name, test, NULL, only_count);
			for (method = start_methods; test->run_with && *method; method++)
				run_test(groups[i].name, test, *method, only_count);
		}
	}
}

static void choose_seed(void)
{
	const char *variable = getenv("MPMAP_TEST_SEED");

	if (!variable || number_parse(variable, UINT64_MAX, &seed) < 0)
		seed = (uint64_t)clock_wall();
	printf("# MPMAP_TEST_SEED=%llu\n", (unsigned long long)seed);
}

int main(int argc, char **argv)
{
	const char *parent = getenv("TMPDIR");
	struct unit_facts facts;

	if (argc == 2 && strcmp(argv[1], UNIT_FACTS_ARGUMENT) == 0) {
		unit_gather(&facts, -1);
		return fd_write(STDOUT_FILENO, &facts, sizeof facts) != (ssize_t)sizeof facts;
	}
	if (argc > 1 && strcmp(argv[1], UNIT_PYAUTH_ARGUMENT) == 0)
		return pyauth_peer(argc - 2, argv + 2);
	fd_fill_standard();
	roles_declare(roles);
	signals_init();
	role_enter_if_asked(argc, argv);
	fd_remember_inherited(-1);
	trace_open();
	if (argc > 1)
		pattern = argv[1];
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(base_directory, sizeof base_directory, "%.40s/mpmap-unit-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(base_directory))
		BUG("no folder for temporary files");
	run_all(true);
	printf("1..%d\n", planned);
	choose_seed();
	fflush(stdout);
	run_all(false);
	rmdir(base_directory);
	return failed != 0;
}
