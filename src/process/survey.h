/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes of process groups, as /proc shows them. */
#ifndef PROCESS_SURVEY_H
#define PROCESS_SURVEY_H

#include "base/clock.h"
#include "base/dialect.h"

/* Bytes of a process's name with its NUL: the kernel's own have 15 bytes at most, those of kernel threads more. */
enum { SURVEY_NAME_SIZE = 64 };

/* A process that has not ended. */
struct survey_process {
	pid_t pid;
	pid_t parent;
	pid_t group;
	/* When it was started, nanoseconds since the machine's (CLOCK_BOOTTIME), rounded down to 10 ms. */
	nsec start;
	/* The name of its program, which it may have changed: any bytes. */
	char name[SURVEY_NAME_SIZE];
};

/* True if the processes of this group are wanted. */
typedef bool survey_wants(void *context, pid_t group);

/*
 * Finds the processes of all groups that are wanted, without those that have ended and are not waited for. Returns how
 * many there are, with a new array of them in *found, ordered by pid (free; NULL if there are none); or -1 with errno
 * if /proc cannot be read, or is that of another PID namespace (unshare --pid alone).
 */
ssize_t survey_groups(survey_wants *wants, void *context, struct survey_process **found) MUST_CHECK;

/* Returns the process of that pid in an array of survey_groups, or NULL. */
const struct survey_process *survey_find(const struct survey_process *processes, size_t count, pid_t pid);

/* Returns the time that survey_process.start is measured by. */
nsec survey_now(void);

/*
 * Returns how many processes of a group have a parent that is not in it: what a task left has lost its parent, and its
 * children count with it. Returns 1 if /proc cannot be read. The group's leader began age ago.
 */
unsigned survey_count_orphans(pid_t group, nsec age);

/* Returns the resident memory of a process in bytes; 0 if it has ended, or is not known. */
uint64_t survey_memory(pid_t pid);

#endif
