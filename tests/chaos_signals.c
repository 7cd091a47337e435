/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes of a chaos run, which are those of mpmap's session, and the signals for them. */

#define _GNU_SOURCE
#include "chaos.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The age at which a process of mpmap has surely armed its parent-death signal. */
#define YOUTH (100 * MSEC)
/* The fields of /proc/PID/stat between the session and the start time. */
#define OTHER_FIELDS "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "

struct process processes[MOST_PROCESSES];
size_t process_count;

static bool read_process(const char *name, struct process *process)
{
	char path[300], line[1024], target[4096];
	int parent = 0, group = 0, session = 0;
	unsigned long long start = 0;
	int fd;
	ssize_t n;
	char *end;

	struct timespec time;
	int64_t begun;
	snprintf(path, sizeof path, "/proc/%s/stat", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	end = strrchr(line, ')');
	if (end == NULL || sscanf(end + 1, " %c %d %d %d" OTHER_FIELDS "%llu", &process->state, &parent, &group,
				  &session, &start) != 5)
		return false;
	if (session != run.pid || strchr("ZXx", process->state) != NULL)
		return false;
	process->pid = (pid_t)strtol(name, NULL, 10);
	process->parent = parent;
	snprintf(path, sizeof path, "/proc/%s/exe", name);
	n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	process->is_mpmap = strcmp(target, plan.program) == 0;
	clock_gettime(CLOCK_BOOTTIME, &time);
	begun = (int64_t)start * (SECOND / sysconf(_SC_CLK_TCK));
	process->is_new = process->is_mpmap && time.tv_sec * SECOND + time.tv_nsec - begun < YOUTH;
	return true;
}

void scan(void)
{
	DIR *folder = opendir("/proc");

	if (folder == NULL)
		fail("/proc: %s", strerror(errno));
	process_count = 0;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (isdigit((unsigned char)entry->d_name[0]) && process_count < MOST_PROCESSES &&
		    read_process(entry->d_name, &processes[process_count]))
			process_count++;
	closedir(folder);
}

/* True if the process is the forkserver, which alone holds its shared page open. */
static bool is_forkserver(pid_t pid)
{
	char path[300], target[300];
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (folder == NULL)
		return false;
	for (struct dirent *entry = readdir(folder); entry != NULL && !found; entry = readdir(folder)) {
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		found = strstr(target, "mpmap-forkserver") != NULL;
	}
	closedir(folder);
	return found;
}

static enum target target_of(const struct process *process)
{
	if (process->pid == run.pid)
		return PARENT;
	if (process->parent != run.pid || !process->is_mpmap)
		return TASKS;
	if (strcmp(plan.method, "forkserver") == 0 && is_forkserver(process->pid))
		return FORKSERVER;
	return WORKERS;
}

void show_processes(void)
{
	char path[64], words[600];

	for (size_t i = 0; i < process_count; i++) {
		int fd;
		ssize_t n;
		snprintf(path, sizeof path, "/proc/%d/cmdline", (int)processes[i].pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd >= 0 ? read(fd, words, sizeof words - 1) : 0;
		if (fd >= 0)
			close(fd);
		for (ssize_t at = 0; at < n; at++)
			if (words[at] == '\0')
				words[at] = ' ';
		words[n > 0 ? n : 0] = '\0';
		printf("    %d (of %d) %c %s\n", (int)processes[i].pid, (int)processes[i].parent, processes[i].state,
		       words);
	}
}

/* Returns a pidfd of the process, or -1 if it is not, or no longer, a process of this run. */
static int open_process(pid_t pid)
{
	struct process process;
	char name[32];
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	snprintf(name, sizeof name, "%d", (int)pid);
	if (fd >= 0 && !read_process(name, &process)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool send_signal(int pidfd, int signal_number)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) == 0;
}

void continue_stopped(int64_t moment)
{
	for (size_t i = run.stopped_count; i-- > 0;) {
		if (run.stopped[i].until > moment)
			continue;
		send_signal(run.stopped[i].pidfd, SIGCONT);
		close(run.stopped[i].pidfd);
		run.stopped[i] = run.stopped[--run.stopped_count];
	}
}

static void strike_one(pid_t pid)
{
	static const int signals[] = {SIGKILL, SIGSEGV, SIGSTOP};
	unsigned choice;
	int fd;
	bool sent;

	do
		choice = 1U << chance(3);
	while ((plan.mode->actions & choice) == 0);
	if (pid == run.pid)
		choice = STOP;
	fd = open_process(pid);
	if (fd < 0)
		return;
	if (choice == STOP && run.stopped_count == MOST_STOPPED) {
		close(fd);
		return;
	}
	sent = send_signal(fd, signals[choice == KILL ? 0 : choice == SEGV ? 1 : 2]);
	if (sent && choice == STOP) {
		run.stops++;
		run.stopped[run.stopped_count++] = (struct stopped){fd, now() + chance(300 * MSEC)};
		return;
	}
	run.kills += sent;
	close(fd);
}

/*
 * Returns a random process of one of these kinds, each kind with the same probability, or 0 if there is no such
 * process.
 */
static pid_t choose(unsigned targets)
{
	static unsigned kinds[MOST_PROCESSES];
	unsigned there = 0, kind;
	size_t count = 0;
	size_t chosen;

	scan();
	for (size_t i = 0; i < process_count; i++) {
		kinds[i] = target_of(&processes[i]);
		there |= kinds[i];
	}
	there &= targets;
	if (there == 0)
		return 0;
	do
		kind = 1U << chance(4);
	while ((there & kind) == 0);
	for (size_t i = 0; i < process_count; i++)
		count += kinds[i] == kind;
	chosen = (size_t)chance((int64_t)count);
	for (size_t i = 0; i < process_count; i++)
		if (kinds[i] == kind && chosen-- == 0)
			return processes[i].pid;
	return 0;
}

/* Kills mpmap. Sometimes other processes, but no new ones, are stopped for ever before: they must end, too. */
void strike_parent(void)
{
	for (int64_t others = chance(4); others > 0; others--) {
		struct process process;
		char name[32];
		pid_t pid = choose(WORKERS | FORKSERVER | TASKS);
		int fd = pid > 0 ? open_process(pid) : -1;
		snprintf(name, sizeof name, "%d", (int)pid);
		if (fd >= 0 && read_process(name, &process) && !process.is_new)
			run.stops += send_signal(fd, SIGSTOP);
		if (fd >= 0)
			close(fd);
	}
	run.kills += send_signal(run.pidfd, SIGKILL);
}

/*
 * Kills mpmap and its workers. All are stopped first, so that none acts on the death of another or starts a further
 * process.
 */
void strike_together(void)
{
	size_t before, after = 0;

	send_signal(run.pidfd, SIGSTOP);
	do {
		before = after;
		after = 0;
		scan();
		for (size_t i = 0; i < process_count; i++) {
			int fd;
			if (target_of(&processes[i]) == TASKS)
				continue;
			after++;
			fd = open_process(processes[i].pid);
			send_signal(fd, SIGSTOP);
			close(fd);
		}
	} while (after != before);
	for (size_t i = 0; i < process_count; i++) {
		int fd;
		if (target_of(&processes[i]) == TASKS)
			continue;
		fd = open_process(processes[i].pid);
		run.kills += send_signal(fd, SIGKILL);
		close(fd);
	}
}

void strike(void)
{
	pid_t pid;

	if (plan.mode->targets == 0) {
		plan.mode->strike();
		return;
	}
	pid = choose(plan.mode->targets);
	if (pid > 0)
		strike_one(pid);
}

void kill_all(void)
{
	scan();
	for (size_t i = 0; i < process_count; i++) {
		int fd = open_process(processes[i].pid);
		send_signal(fd, SIGKILL);
		close(fd);
	}
}
