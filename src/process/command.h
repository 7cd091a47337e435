/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Executing a program: found once, started without copying this process, ended together with its process group.
 *
 * The child shares this process's memory until it executes (as with vfork), so a start costs the same however large
 * this process is, and why an execution failed comes back as a number. The kernel writes the child's pid where the
 * caller wants it before the child runs at all.
 */
#ifndef PROCESS_COMMAND_H
#define PROCESS_COMMAND_H

#include "base/clock.h"
#include "base/dialect.h"
#include "process/signals.h"

struct command {
	/* What to execute, its argv and its environment; the caller's. */
	const char *path;
	char *const *arguments;
	char *const *environment;
	/* Where it runs; NULL: where this process is. A path that does not begin with a slash is looked up from there.
	 */
	const char *directory;
	/* Become descriptors 0, 1 and 2; -1 leaves what is there. */
	int input;
	int output;
	int errors;
	/* One of ours that the program gets too; -1 for none. */
	int keep;
	/* Signals that the program finds ignored; everything else is default. */
	signal_mask ignored;
	/* Added to the niceness. */
	int nice;
	/* Leads a process group of its own and is killed when this process dies. Its mask is this process's. */
	bool is_task;
	/* This process blocks signals: the program is not to. */
	bool unblocks;
	/* Is this program in another role: it has the mask that it finds until role_enter. */
	bool is_role;
	/* A terminal that its group gets to the foreground of; -1. */
	int terminal;
	/* This process, where the caller has its pid at hand already; 0. */
	pid_t starter;
	/* Where the kernel writes the pid before the child runs; may be in shared memory. Never NULL. */
	pid_t *pid;
};

/* How far a start came. */
enum command_stage {
	/* There was no process to execute in. */
	COMMAND_UNBORN,
	/* It could not enter its directory. */
	COMMAND_ASTRAY,
	COMMAND_EXECUTED,
};

/* How a child ended. */
struct command_end {
	/* Exit status 0 to 255, or -1 when a signal ended it. */
	int status;
	/* The signal, or 0. */
	int signal;
	nsec user_time;
	nsec system_time;
	/* Peak resident memory, bytes: its own, or this process's, whichever is more. */
	uint64_t max_rss;
};

/*
 * Starts it: 0 with *pidfd (close-on-exec, the caller's; pidfd may be NULL), or -1 with errno and *stage: that of
 * execve (ENOENT, EACCES, E2BIG, ENOEXEC ...), of chdir, or why there was no process (EAGAIN, ENOMEM, EMFILE).
 */
int command_start(const struct command *command, int *pidfd, enum command_stage *stage) MUST_CHECK;

/* Makes a child that has not executed anything the leader of a process group of its own. -1 when there is no such
 * child. */
int command_lead(pid_t pid) MUST_CHECK;

/* Whether an errno says that processes, memory or descriptors are short: what failed may go well later. */
bool command_wants_resources(int number);

/* What a child has done since it was last asked for. */
enum command_change {
	COMMAND_SAME,
	/* It has stopped: end->signal says by which signal. */
	COMMAND_STOPPED,
	/* It has ended, and its end has been taken. */
	COMMAND_ENDED,
};

/* Looks at a child without waiting. */
enum command_change command_look(pid_t pid, struct command_end *end);

/*
 * Waits until a child ends or stops, but not longer than a few milliseconds (COMMAND_SAME then): the way to wait for
 * one that will not take long, since it costs a single system call. command_relax stops what interrupts the waiting,
 * before a long one.
 */
enum command_change command_wait(pid_t pid, struct command_end *end);
void command_relax(void);

/* This process's own peak so far, bytes: a child that never had more cannot be told from it. */
uint64_t command_own_peak(void);

/* Takes the end of a child that pidfd told of (or waits for it). */
struct command_end command_reap(pid_t pid);

/* Kills a child that leads a group, with that, and takes its end. */
void command_kill(pid_t pid);

/*
 * From now on what a task leaves behind becomes this process's child when its own parent ends, so that it can be waited
 * for even where nobody else does (in a container without an init).
 */
void command_adopt_orphans(void);

/* Takes the ends of all children that have ended. Only while no command runs: its end would be taken too. */
void command_reap_orphans(void);

/* Signals the process group that a task leads. False when there is none; *denied when some of it may not be signalled.
 */
bool command_signal_group(pid_t leader, int signal, bool *denied);

/*
 * Where execvp would find name in path (the value of PATH; NULL: the system's default): a new string (free), or NULL
 * with errno ENOENT, or EACCES when all that was found cannot be executed. A name with a slash is found where it says.
 */
char *command_find(const char *name, const char *path);

#endif
