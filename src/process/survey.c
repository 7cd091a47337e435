/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading /proc: all pids are listed, but only the files of processes in wanted groups are opened. */
#include "process/survey.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/number.h"
#include "ipc/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>

/* Bytes of /proc/PID/stat that are read; the start is within the first 400. */
enum { STAT_SIZE = 1024 };

/* The time in which not all pids are used, and how many of them are tried rather than all processes. */
#define WRAP_TIME NSEC_PER_SEC
enum { RANGE_MAX = 2048 };

nsec survey_now(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

/* Copies the name, which is between the first and the last parenthesis. Returns what follows, or NULL. */
static const char *copy_name(const char *stat, struct survey_process *process)
{
	const char *begin = strchr(stat, '('), *end = strrchr(stat, ')');
	size_t length;

	if (!begin || !end || end < begin)
		return NULL;
	length = (size_t)(end - begin - 1);
	if (length >= sizeof process->name)
		length = sizeof process->name - 1;
	memcpy(process->name, begin + 1, length);
	process->name[length] = '\0';
	return end + 1;
}

/* Takes the facts from the text of /proc/PID/stat. False if the process has ended, or the text is another. */
static bool take_stat(const char *stat, struct survey_process *process)
{
	long ticks = sysconf(_SC_CLK_TCK);
	uint64_t start;
	char state;
	const char *rest = copy_name(stat, process);

	/* Fields 3 to 5, and 22 (proc_pid_stat(5)). */
	if (!rest || sscanf(rest, " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
			    &state, &process->parent, &process->group, &start) != 4)
		return false;
	process->start = (nsec)start * (NSEC_PER_SEC / (ticks > 0 ? ticks : 100));
	return state != 'Z' && state != 'X';
}

/* Reads a file of /proc into text, which has room for STAT_SIZE bytes, with a NUL. -1 with errno. */
static int read_proc(const char *path, char *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = fd_read(fd, text, STAT_SIZE - 1);
	fd_close(&fd);
	if (got < 0)
		return -1;
	text[got] = '\0';
	return 0;
}

/*
 * Reads the facts of a process of a group. False if it has ended. Of a process that hides its facts, or where
 * descriptors are short, no more is known than its group.
 */
static bool read_process(struct survey_process *process)
{
	char path[32], stat[STAT_SIZE];

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)process->pid);
	if (read_proc(path, stat) < 0)
		return errno != ENOENT && errno != ESRCH;
	return take_stat(stat, process);
}

static int order_by_pid(const void *left, const void *right)
{
	const struct survey_process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* The search for processes of groups. */
struct search {
	survey_wants *wants;
	void *context;
	struct survey_process *found;
	size_t count;
	size_t capacity;
};

/* Adds a process if it is of a wanted group. */
static void search_process(struct search *search, pid_t pid)
{
	struct survey_process process = {.pid = pid, .group = getpgid(pid), .name = "?"};

	/* It may have changed its group in between. */
	if (!search->wants(search->context, process.group) || !read_process(&process) ||
	    !search->wants(search->context, process.group))
		return;
	search->found = mem_grow(search->found, search->count, &search->capacity, sizeof *search->found);
	search->found[search->count++] = process;
}

/* True if /proc is there, and of this process's PID namespace: in another one processes have other numbers. */
static bool proc_is_ours(void)
{
	char link[32];
	ssize_t length = readlink("/proc/self", link, sizeof link - 1);

	link[length > 0 ? length : 0] = '\0';
	return strtol(link, NULL, 10) == getpid();
}

ssize_t survey_groups(survey_wants *wants, void *context, struct survey_process **found)
{
	struct search search = {.wants = wants, .context = context};
	struct dirent *entry;
	DIR *folder;
	uint64_t pid;

	*found = NULL;
	if (fault_at("survey"))
		return -1;
	errno = ENOENT;
	if (!proc_is_ours() || !(folder = opendir("/proc")))
		return -1;
	while ((entry = readdir(folder))) {
		if (number_parse(entry->d_name, INT_MAX, &pid) == 0)
			search_process(&search, (pid_t)pid);
	}
	closedir(folder);
	if (search.count)
		qsort(search.found, search.count, sizeof *search.found, order_by_pid);
	*found = search.found;
	return (ssize_t)search.count;
}

const struct survey_process *survey_find(const struct survey_process *processes, size_t count, pid_t pid)
{
	const struct survey_process key = {.pid = pid};

	return count ? bsearch(&key, processes, count, sizeof key, order_by_pid) : NULL;
}

static bool is_that_group(void *context, pid_t group)
{
	return group == *(const pid_t *)context;
}

/* Returns the pid that was given to a process last, 0 if not known. */
static pid_t last_pid(void)
{
	char text[STAT_SIZE];
	int last;

	/* Its last field (proc_loadavg(5)). */
	if (fault_at("survey") || read_proc("/proc/loadavg", text) < 0 ||
	    sscanf(text, "%*f %*f %*f %*d/%*d %d", &last) != 1)
		return 0;
	return last;
}

/*
 * Finds the processes of a group whose leader began not long ago. Their pids follow the leader's, and few others do:
 * a machine may have many thousand processes, and many tasks may leave some. Returns 0 if that is not so.
 */
static size_t search_range(pid_t group, nsec age, struct survey_process **found)
{
	struct search search = {.wants = is_that_group, .context = &group};
	pid_t last = age < WRAP_TIME ? last_pid() : 0, pid;

	for (pid = group; last - group < RANGE_MAX && pid <= last; pid++)
		search_process(&search, pid);
	*found = search.found;
	return search.count;
}

unsigned survey_count_orphans(pid_t group, nsec age)
{
	struct survey_process *processes;
	ssize_t found = (ssize_t)search_range(group, age, &processes), i;
	unsigned orphans = 0;

	if (!found)
		found = survey_groups(is_that_group, &group, &processes);
	if (found < 0)
		return 1;
	for (i = 0; i < found; i++)
		orphans += !survey_find(processes, (size_t)found, processes[i].parent);
	free(processes);
	return orphans;
}

uint64_t survey_memory(pid_t pid)
{
	char path[32], text[STAT_SIZE];
	long page = sysconf(_SC_PAGESIZE);
	uint64_t pages;

	snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
	if (read_proc(path, text) < 0 || page <= 0 || sscanf(text, "%*u %" SCNu64, &pages) != 1)
		return 0;
	return pages * (uint64_t)page;
}
