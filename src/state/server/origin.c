/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading /proc. */
#include "state/server/origin.h"

#include "ipc/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that are read of an environment at a time. */
enum { ORIGIN_READ = 1 << 14 };

/* Opens a file of a process. -1 if there is none. */
static int origin_open(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads a file of a process into text. Returns its size, 0 if there is none. */
static size_t origin_read(pid_t pid, const char *name, char *text, size_t size)
{
	int fd = origin_open(pid, name);
	ssize_t got;

	if (fd < 0)
		return 0;
	got = fd_read(fd, text, size - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/* Finds the parent and the group of a process; 0 if it has none. */
static pid_t origin_family(pid_t pid, pid_t *group)
{
	long parent = 0, pgrp = 0;
	char text[512], *end;

	*group = 0;
	if (!origin_read(pid, "stat", text, sizeof text))
		return 0;
	/* The name before it may contain anything; after it comes the state, a letter. */
	end = strrchr(text, ')');
	if (!end || strlen(end) <= 4)
		return 0;
	parent = strtol(end + 4, &end, 10);
	pgrp = strtol(end, NULL, 10);
	*group = (pid_t)pgrp;
	return (pid_t)parent;
}

void origin_find(struct origin *origin, pid_t pid)
{
	for (origin->count = 0; pid > 1 && origin->count < ORIGIN_GENERATIONS; origin->count++) {
		origin->pids[origin->count] = pid;
		pid = origin_family(pid, &origin->groups[origin->count]);
	}
}

pid_t origin_parent(pid_t pid)
{
	pid_t group;

	return origin_family(pid, &group);
}

bool origin_is_of(pid_t pid, uid_t uid)
{
	struct stat status;
	char path[32];

	snprintf(path, sizeof path, "/proc/%ld", (long)pid);
	return stat(path, &status) == 0 && status.st_uid == uid;
}

void origin_describe(pid_t pid, struct bytes *out)
{
	char name[64];
	size_t size = origin_read(pid, "comm", name, sizeof name);

	bytes_append_format(out, "process %ld", (long)pid);
	if (size > 1)
		bytes_append_format(out, " (%.*s)", (int)size - 1, name);
}

void origin_environment(pid_t pid, struct bytes *out)
{
	int fd = origin_open(pid, "environ");
	ssize_t got = 0;

	bytes_clear(out);
	if (fd < 0)
		return;
	do
		out->size += (size_t)got;
	while ((got = fd_read(fd, bytes_reserve(out, ORIGIN_READ), ORIGIN_READ)) > 0);
	close(fd);
}

const char *origin_variable(struct bytes *environment, const char *name)
{
	const char *text = bytes_text(environment), *end = text + environment->size;

	for (; text < end; text += strlen(text) + 1) {
		if (strncmp(text, name, strlen(name)) == 0)
			return text + strlen(name);
	}
	return NULL;
}
