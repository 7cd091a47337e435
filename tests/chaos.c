/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs mpmap while processes of the run are killed and stopped at random, and checks all that is promised about it. */

#define _GNU_SOURCE
#include "chaos.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: chaos SEED[+COUNT] METHOD MODE[,slow][,quick][,filter|,function][,large|,shell] RECORDS [OPTION]...\n"
	"  MPMAP is the program's path. Modes:\n"
	"    workers     SIGKILL to workers            crashes     SIGSEGV to workers\n"
	"    stops       SIGSTOP, then SIGCONT, to any process of the run\n"
	"    forkserver  SIGKILL and SIGSTOP to the forkserver\n"
	"    tasks       SIGKILL, SIGSEGV, SIGSTOP to tasks\n"
	"    all         all of these\n"
	"    commands    SIGKILL to tasks, for filter,quick and function,quick: that costs no record anything\n"
	"    parent      SIGKILL to mpmap at a random instant, while tasks have children in their groups and\n"
	"                some of its processes may be stopped\n"
	"    together    SIGKILL to mpmap, its workers and the forkserver at once\n"
	"  slow: a slow reader of the output. large: much output. quick: tasks do not sleep. shell: a script.\n"
	"  filter: a command that stays, for --filter. function: an adapter, for --coproc=block.\n";

struct plan plan;
struct run run;

static const struct mode modes[] = {
	{"workers", WORKERS, KILL, 40 * MSEC, false, false, NULL},
	{"crashes", WORKERS, SEGV, 40 * MSEC, false, false, NULL},
	{"stops", WORKERS | FORKSERVER | TASKS | PARENT, STOP, 15 * MSEC, true, false, NULL},
	{"forkserver", FORKSERVER, KILL | STOP, 25 * MSEC, true, false, NULL},
	{"tasks", TASKS, KILL | SEGV | STOP, 15 * MSEC, false, false, NULL},
	{"all", WORKERS | FORKSERVER | TASKS, KILL | SEGV | STOP, 20 * MSEC, false, false, NULL},
	{"commands", TASKS, KILL, 25 * MSEC, true, false, NULL},
	{"parent", 0, 0, 0, false, true, strike_parent},
	{"together", 0, 0, 0, false, true, strike_together},
};

void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("chaos: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(99);
}

void bad(const char *format, ...)
{
	va_list list;
	run.bad = true;
	va_start(list, format);
	fputs("  BAD: ", stdout);
	vprintf(format, list);
	putchar('\n');
	va_end(list);
}

uint64_t number(const char *text)
{
	char *end = NULL;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		fail("bad number: %s", text);
	return value;
}

int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

void nap(int64_t length)
{
	struct timespec time = {.tv_sec = length / SECOND, .tv_nsec = length % SECOND};
	while (nanosleep(&time, &time) != 0)
		;
}

uint64_t mixed(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

int64_t chance(int64_t limit)
{
	run.random += UINT64_C(0x9e3779b97f4a7c15);
	return limit > 0 ? (int64_t)(mixed(run.random) % (uint64_t)limit) : 0;
}

void write_all(int fd, const char *at, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("write: %s", strerror(errno));
		at += n;
		size -= (size_t)n;
	}
}

static void put_plan(void)
{
	printf("chaos %" PRIu64 " %s %s %" PRIu64, run.seed, plan.method, plan.mode_text, plan.records);
	for (int i = 0; i < plan.option_count; i++)
		printf(" %s", plan.options[i]);
}

/* Runs once, and prints a line with the options that repeat the run, and its figures. */
static bool run_once(uint64_t seed)
{
	bool ended;
	int64_t took;

	memset(&run, 0, sizeof run);
	run.seed = seed;
	run.random = mixed(seed + 1);
	make_folder();
	begin();
	ended = play();
	if (!ended) {
		bad("no task began in %d s; the processes:", (int)(STALL / SECOND));
		scan();
		show_processes();
		kill_all();
	}
	while (waitpid(run.pid, &run.status, 0) < 0 && errno == EINTR)
		;
	took = now() - run.begun;
	if (run.reader >= 0)
		read_output(true);
	if (ended) {
		say_goodbye();
		check_all();
	}
	kill_all();
	put_plan();
	printf(": %s, %" PRIu64 " kills, %" PRIu64 " stops, %" PRIu64
	       " failed, %.2f s, longest pause %.2f s, gone after %.3f s\n",
	       run.bad ? "FAILED" : "ok", run.kills, run.stops, run.failed, (double)took / SECOND,
	       (double)run.pause / SECOND, (double)run.goodbye / SECOND);
	if (run.bad)
		printf("  kept: %s\n", run.folder);
	else
		remove_folder();
	fflush(stdout);
	for (size_t i = 0; i < run.stopped_count; i++)
		close(run.stopped[i].pidfd);
	if (run.reader >= 0)
		close(run.reader);
	close(run.copy);
	close(run.pidfd);
	return !run.bad;
}

static void read_mode(char *text)
{
	char *name = strsep(&text, ",");

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, name) == 0)
			plan.mode = &modes[i];
	if (plan.mode == NULL)
		fail("no such mode: %s", name);
	for (name = strsep(&text, ","); name != NULL; name = strsep(&text, ",")) {
		if (strcmp(name, "slow") == 0)
			plan.slow = true;
		else if (strcmp(name, "large") == 0)
			plan.large = true;
		else if (strcmp(name, "quick") == 0)
			plan.quick = true;
		else if (strcmp(name, "shell") == 0)
			plan.shell = true;
		else if (strcmp(name, "filter") == 0)
			plan.filter = true;
		else if (strcmp(name, "function") == 0)
			plan.filter = plan.function = true;
		else
			fail("no such mode: %s", name);
	}
}

/* Reads the options that change what is promised. */
static void read_options(void)
{
	for (int i = 0; i < plan.option_count; i++) {
		const char *option = plan.options[i];
		if (strcmp(option, "--unordered") == 0)
			plan.unordered = true;
		else if (strncmp(option, "--retries=", 10) == 0)
			plan.retries = number(option + 10);
		else if (strcmp(option, "--retries") == 0 && i + 1 < plan.option_count)
			plan.retries = number(plan.options[i + 1]);
	}
}

int main(int argc, char **argv)
{
	char *count;
	uint64_t first, last;
	char *mode;
	bool well;

	if (argc == 4 && strcmp(argv[1], "--task") == 0)
		return run_task(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "--filter") == 0)
		return run_filter(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--function") == 0)
		return run_function(argv[2]);
	plan.program = getenv("MPMAP") != NULL ? realpath(getenv("MPMAP"), NULL) : NULL;
	if (argc < 5 || plan.program == NULL || readlink("/proc/self/exe", plan.self, sizeof plan.self - 1) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	count = strchr(argv[1], '+');
	if (count != NULL)
		*count++ = '\0';
	first = number(argv[1]);
	last = first + (count != NULL ? number(count) : 1);
	plan.method = argv[2];
	plan.mode_text = argv[3];
	mode = strdup(argv[3]);
	read_mode(mode);
	free(mode);
	plan.records = number(argv[4]);
	plan.options = argv + 5;
	plan.option_count = argc - 5;
	read_options();
	well = true;
	for (uint64_t seed = first; seed < last && well; seed++)
		well = run_once(seed);
	free(plan.program);
	return well ? 0 : 1;
}
