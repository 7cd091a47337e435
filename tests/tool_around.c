/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers of the outside tests around mpmap: its surroundings, its exact end, the processes that are left. */

#define _GNU_SOURCE
#include "tool.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Calls the function for each comma-separated item; "all" is every signal. */
static void each_signal(char *list, void (*act)(int n, sigset_t *set), sigset_t *set)
{
	if (strcmp(list, "all") == 0)
		for (int n = 1; n <= SIGNAL_LAST; n++)
			act(n, set);
	else
		for (char *name = strsep(&list, ","); name != NULL; name = strsep(&list, ","))
			act(signal_number(name), set);
}

static void make_ignored(int n, sigset_t *set)
{
	(void)set;
	signal(n, SIG_IGN);
}

static void make_default(int n, sigset_t *set)
{
	(void)set;
	signal(n, SIG_DFL);
}

static void make_blocked(int n, sigset_t *set)
{
	sigaddset(set, n);
}

static void close_descriptors(char *list, bool listed)
{
	bool chosen[4096] = {false};

	for (char *item = strsep(&list, ","); item != NULL; item = strsep(&list, ","))
		chosen[number(item) % 4096] = true;
	for (int fd = 0; fd < 4096; fd++)
		if (chosen[fd] == listed)
			close(fd);
}

static void open_descriptors(char *list)
{
	for (char *item = strsep(&list, ","); item != NULL; item = strsep(&list, ",")) {
		int wanted = (int)number(item), fd = open("/dev/null", O_RDONLY);
		if (fd < 0 || (fd != wanted && (dup2(fd, wanted) < 0 || close(fd) < 0)))
			fail("under: cannot open %s: %s", item, strerror(errno));
	}
}

static void apply_setting(char *setting)
{
	char all[] = "all";
	sigset_t set;

	sigemptyset(&set);
	if (strcmp(setting, "default") == 0) {
		each_signal(all, make_default, &set);
		sigprocmask(SIG_SETMASK, &set, NULL);
	} else if (strncmp(setting, "ignore=", 7) == 0) {
		each_signal(setting + 7, make_ignored, &set);
	} else if (strncmp(setting, "block=", 6) == 0) {
		each_signal(setting + 6, make_blocked, &set);
		sigprocmask(SIG_BLOCK, &set, NULL);
	} else if (strncmp(setting, "only=", 5) == 0) {
		close_descriptors(setting + 5, false);
	} else if (strncmp(setting, "open=", 5) == 0) {
		open_descriptors(setting + 5);
	} else if (strncmp(setting, "close=", 6) == 0) {
		close_descriptors(setting + 6, true);
	} else {
		fail("under: no such setting: %s", setting);
	}
}

int run_under(int argc, char **argv)
{
	int i = 0;

	while (i < argc && strcmp(argv[i], "--") != 0)
		apply_setting(argv[i++]);
	if (i + 1 >= argc)
		fail("under: no command");
	execvp(argv[i + 1], argv + i + 1);
	fail("%s: %s", argv[i + 1], strerror(errno));
}

/*
 * Stores how a command ended, which a shell reports as a number only, and the largest memory of any of its processes.
 */
int run_ending(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;
	FILE *file;
	(void)argc;
	status = 0;
	pid = fork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(97);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		fail("ending: %s", strerror(errno));
	file = fopen(argv[0], "we");
	if (file == NULL)
		fail("%s: %s", argv[0], strerror(errno));
	if (WIFSIGNALED(status)) {
		int n = WTERMSIG(status);

		fprintf(file, "signal %s\n", signal_name(n) ? signal_name(n) : "?");
	} else {
		fprintf(file, "exit %d\n", WEXITSTATUS(status));
	}
	fprintf(file, "max_rss %ld\n", usage.ru_maxrss);
	return fclose(file) != 0;
}

static bool holds_marker(const char *pid, const char *marker)
{
	char path[300];
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/environ", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (!found && getdelim(&line, &room, 0, file) > 0)
		found = strcmp(line, marker) == 0;
	free(line);
	fclose(file);
	return found;
}

static void put_process(const char *pid)
{
	char path[300], words[400] = "";
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, words, sizeof words - 1) : 0;
	for (ssize_t i = 0; i + 1 < n; i++)
		if (words[i] == '\0')
			words[i] = ' ';
	if (fd >= 0)
		close(fd);
	printf("%s %s\n", pid, words);
}

static int put_marked(const char *marker, bool print)
{
	DIR *folder = opendir("/proc");
	int found = 0;

	if (folder == NULL)
		fail("/proc: %s", strerror(errno));
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		const char *pid = entry->d_name;
		if (!isdigit((unsigned char)pid[0]) || (pid_t)number(pid) == getpid() || !holds_marker(pid, marker))
			continue;
		found++;
		if (print)
			put_process(pid);
	}
	closedir(folder);
	return found;
}

/* Prints the processes with this text in their environment; with SECONDS, first waits that long for them to end. */
int run_marked(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? number(argv[1]) * 100 : 0;

	struct timespec moment = {0, 10000000};
	while (rounds-- > 0 && put_marked(argv[0], false) > 0)
		nanosleep(&moment, NULL);
	return put_marked(argv[0], true) > 0;
}
