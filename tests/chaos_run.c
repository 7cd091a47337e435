/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of mpmap: its folder, its start, its output and its end. */

#define _GNU_SOURCE
#include "chaos.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int open_in_folder(const char *name, int flags)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof path, "%s/%s", run.folder, name);
	fd = open(path, flags | O_CLOEXEC, 0644);
	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

void make_folder(void)
{
	const char *base = getenv("TMPDIR");
	char path[4200];
	FILE *records;

	snprintf(run.folder, sizeof run.folder, "%s/chaos.XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(run.folder) == NULL)
		fail("%s: %s", run.folder, strerror(errno));
	snprintf(path, sizeof path, "%s/tmp", run.folder);
	if (mkdir(path, 0755) != 0)
		fail("%s: %s", path, strerror(errno));
	setenv("CHAOS_TMPDIR", path, 1);
	snprintf(path, sizeof path, "%s/log", run.folder);
	setenv("CHAOS_LOG", path, 1);
	close(open_in_folder("log", O_CREAT | O_WRONLY));
	records = fdopen(open_in_folder("in", O_CREAT | O_WRONLY), "w");
	for (uint64_t record = 1; record <= plan.records; record++)
		fprintf(records, "%" PRIu64 "\n", record);
	if (fclose(records) != 0)
		fail("records: %s", strerror(errno));
}

void remove_folder(void)
{
	static const char *const names[] = {"in", "out", "err", "log"};
	char path[4200];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", run.folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/tmp", run.folder);
	rmdir(path);
	rmdir(run.folder);
}

__attribute__((noreturn)) static void become_mpmap(int output)
{
	struct rlimit none = {0, 0};
	char method[64], style[] = "---";
	char *words[200];
	int count = 0;
	snprintf(method, sizeof method, "--start-method=%s", plan.method);
	words[count++] = strdup(plan.program);
	words[count++] = method;
	for (int i = 0; i < plan.option_count && i < 150; i++)
		words[count++] = plan.options[i];
	if (plan.shell) {
		words[count++] = strdup("--shell");
		words[count++] = strdup(plan.quick ? "echo \"$1\" >>\"$CHAOS_LOG\"; echo \"<$1:>\""
						   : "echo \"$1\" >>\"$CHAOS_LOG\"; sleep 0.003; echo \"<$1:>\"");
	} else {
		style[0] = plan.large ? 'l' : '-';
		style[1] = strcmp(plan.mode->name, "parent") == 0 ? 'b' : '-';
		style[2] = plan.quick ? 'q' : '-';
		if (plan.filter)
			words[count++] = strdup(plan.function ? "--coproc=block" : "--filter");
		words[count++] = plan.self;
		words[count++] = strdup(plan.function ? "--function" : plan.filter ? "--filter" : "--task");
		words[count++] = style;
	}
	words[count] = NULL;
	setrlimit(RLIMIT_CORE, &none);
	setenv("TMPDIR", getenv("CHAOS_TMPDIR"), 1);
	/* A run ends with the process that watches it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	dup2(open_in_folder("in", O_RDONLY), 0);
	dup2(output, 1);
	dup2(open_in_folder("err", O_CREAT | O_WRONLY), 2);
	execv(plan.program, words);
	fail("%s: %s", plan.program, strerror(errno));
}

void begin(void)
{
	int ends[2];

	run.reader = -1;
	run.copy = open_in_folder("out", O_CREAT | O_WRONLY);
	if (plan.slow) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			fail("pipe: %s", strerror(errno));
		run.reader = ends[0];
		fcntl(run.reader, F_SETFL, O_NONBLOCK);
	}
	fflush(stdout);
	run.begun = run.grown = now();
	run.pid = fork();
	if (run.pid == 0)
		become_mpmap(plan.slow ? ends[1] : run.copy);
	run.pidfd = run.pid > 0 ? (int)syscall(SYS_pidfd_open, run.pid, 0) : -1;
	if (run.pidfd < 0)
		fail("cannot start: %s", strerror(errno));
	if (plan.slow)
		close(ends[1]);
}

void read_output(bool all)
{
	static char block[BLOCK];
	static const size_t sizes[] = {1, 100, 4096, BLOCK};
	ssize_t n;

	do {
		n = read(run.reader, block, all ? BLOCK : sizes[chance(4)]);
		if (n > 0)
			write_all(run.copy, block, (size_t)n);
	} while (all && n > 0);
}

static void watch_progress(int64_t moment)
{
	struct stat info;
	char path[4200];
	snprintf(path, sizeof path, "%s/log", run.folder);
	if (stat(path, &info) == 0 && info.st_size > run.log_size) {
		run.log_size = info.st_size;
		run.grown = moment;
	}
	if (moment - run.grown > run.pause)
		run.pause = moment - run.grown;
}

static bool has_ended(int64_t wait_until)
{
	int64_t length = wait_until - now();

	struct timespec time = {.tv_sec = length / SECOND, .tv_nsec = length % SECOND};
	struct pollfd poll_pidfd = {.fd = run.pidfd, .events = POLLIN};
	if (length < 0)
		time = (struct timespec){0, 0};
	return ppoll(&poll_pidfd, 1, &time, NULL) > 0;
}

bool play(void)
{
	int64_t strike_at = run.begun + chance(2 * plan.mode->pause), read_at = run.begun, moment;
	off_t struck_at = 0;

	if (plan.mode->fatal)
		strike_at = run.begun + chance(chance(3) == 0 ? 60 * MSEC : 1500 * MSEC);
	for (;;) {
		int64_t next = now() + 10 * MSEC;

		if (strike_at < next)
			next = strike_at;
		if (run.reader >= 0 && read_at < next)
			next = read_at;
		if (has_ended(next))
			return true;
		moment = now();
		watch_progress(moment);
		if (moment - run.grown > STALL)
			return false;
		continue_stopped(moment);
		if (run.reader >= 0 && moment >= read_at) {
			read_output(false);
			read_at = moment + (chance(40) == 0 ? chance(100 * MSEC) : chance(MSEC / 2));
		}
		/* Without progress since the last strike, wait: under a sanitizer processes start slowly. */
		if (moment < strike_at || (struck_at == run.log_size && !plan.mode->fatal))
			continue;
		struck_at = run.log_size;
		strike();
		/* A single fatal signal is enough. */
		strike_at = plan.mode->fatal ? INT64_MAX : moment + chance(2 * plan.mode->pause);
	}
}

void say_goodbye(void)
{
	int64_t ended = now();

	continue_stopped(INT64_MAX);
	for (scan(); process_count > 0 && now() - ended < GOODBYE; scan())
		nap(2 * MSEC);
	run.goodbye = now() - ended;
	if (process_count == 0)
		return;
	bad("left behind:");
	show_processes();
}
