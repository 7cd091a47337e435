/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The task of chaos runs: what it writes for a record is known to the checks. */

#define _GNU_SOURCE
#include "chaos.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *text_of(uint64_t record, bool shell, bool large, size_t *size)
{
	char head[32];
	uint64_t mix = mixed(record);
	size_t middle = large ? (record % 97 == 0 ? 200000 : mix % 20000) : mix % 100;
	int length;
	char *text;

	if (shell)
		middle = 0;
	length = snprintf(head, sizeof head, "<%" PRIu64 ":", record);
	text = malloc((size_t)length + middle + 2);
	if (text == NULL)
		fail("out of memory");
	memcpy(text, head, (size_t)length);
	memset(text + length, 'x', middle);
	memcpy(text + length + middle, ">\n", 2);
	*size = (size_t)length + middle + 2;
	return text;
}

/* Starts a child in the task's group that holds its output and, if stubborn, ends by SIGKILL only; returns its pid. */
static pid_t start_child(bool stubborn)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		for (int n = SIGHUP; stubborn && n <= SIGTERM; n++)
			signal(n, SIG_IGN);
		write_all(ready[1], &byte, 1);
		for (;;)
			pause();
	}
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		fail("no background child");
	return pid;
}

/* Every 97th takes long, so that the results of others must wait for it. */
void take_time(uint64_t record)
{
	nap(record % 97 == 0 ? 60 * MSEC : (int64_t)(mixed(record) % 6) * MSEC);
}

int open_log(void)
{
	int log = open(getenv("CHAOS_LOG"), O_WRONLY | O_APPEND | O_CLOEXEC);

	if (log < 0)
		fail("log: %s", strerror(errno));
	return log;
}

int run_filter(const char *style)
{
	bool large = strchr(style, 'l') != NULL, quick = strchr(style, 'q') != NULL;
	int log = open_log();
	char *line = NULL;
	size_t room = 0;

	for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
		size_t size;
		uint64_t record;
		char *text;

		line[n - 1] = '\0';
		record = number(line);
		text = text_of(record, false, large, &size);
		if (dprintf(log, "%" PRIu64 "\n", record) < 0)
			fail("log: %s", strerror(errno));
		if (!quick)
			take_time(record);
		/* Where records take no time, some answers leave at once, and others when there are many. */
		if (fwrite(text, 1, size, stdout) != size || ((!quick || record % 7777 == 0) && fflush(stdout) != 0))
			fail("output: %s", strerror(errno));
		free(text);
	}
	free(line);
	close(log);
	return fflush(stdout) != 0;
}

int run_task(const char *style, const char *argument)
{
	uint64_t record = number(argument);
	size_t size;
	int log = open_log();
	pid_t child;
	char *text;
	size_t half;

	if (dprintf(log, "%" PRIu64 "\n", record) < 0)
		fail("log: %s", strerror(errno));
	child = strchr(style, 'b') != NULL && record % 2 == 0 ? start_child(record % 100 == 0) : 0;
	text = text_of(record, false, strchr(style, 'l') != NULL, &size);
	half = record % 3 == 0 ? size / 2 : 0;
	write_all(1, text, half);
	if (strchr(style, 'q') == NULL)
		take_time(record);
	write_all(1, text + half, size - half);
	/* Few are left behind, since mpmap waits for each. */
	if (child > 0 && record % 50 != 0)
		kill(child, SIGKILL);
	close(log);
	free(text);
	return 0;
}
