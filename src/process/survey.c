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

nsec survey_now(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

/* Copies the name, which stands between the first and the last parenthesis. Returns what follows, or NULL. */
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

/*
 * Reads the facts of a process of a group. False if it has ended. Of a process that hides its facts, or where
 * descriptors are short, no more is known than its group.
 */
static bool read_process(int folder, const char *pid, struct survey_process *process)
{
	char path[32], stat[STAT_SIZE];
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "%.20s/stat", pid);
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT && errno != ESRCH;
	got = fd_read(fd, stat, sizeof stat - 1);
	fd_close(&fd);
	if (got <= 0)
		return false;
	stat[got] = '\0';
	return take_stat(stat, process);
}

static int order_by_pid(const void *left, const void *right)
{
	const struct survey_process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

ssize_t survey_groups(survey_wants *wants, void *context, struct survey_process **found)
{
	DIR *folder = fault_at("survey") ? NULL : opendir("/proc");
	size_t count = 0, capacity = 0;
	struct dirent *entry;
	bool any = false;
	uint64_t pid;

	*found = NULL;
	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		struct survey_process process = {.name = "?"};

		if (number_parse(entry->d_name, INT_MAX, &pid))
			continue;
		any = true;
		process.pid = (pid_t)pid;
		process.group = getpgid(process.pid);
		/* It may have changed its group in between. */
		if (!wants(context, process.group) || !read_process(dirfd(folder), entry->d_name, &process) ||
		    !wants(context, process.group))
			continue;
		*found = mem_grow(*found, count, &capacity, sizeof **found);
		(*found)[count++] = process;
	}
	closedir(folder);
	if (!any) {
		/* An empty folder: /proc is not mounted. */
		errno = ENOENT;
		return -1;
	}
	if (count)
		qsort(*found, count, sizeof **found, order_by_pid);
	return (ssize_t)count;
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

unsigned survey_count_orphans(pid_t group)
{
	struct survey_process *processes;
	ssize_t found = survey_groups(is_that_group, &group, &processes), i;
	unsigned orphans = 0;

	if (found < 0)
		return 1;
	for (i = 0; i < found; i++)
		orphans += !survey_find(processes, (size_t)found, processes[i].parent);
	free(processes);
	return orphans;
}
