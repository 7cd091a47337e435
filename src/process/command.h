/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Executing programs: finding them, starting them without copying this process, waiting for them.
 *
 * The child shares this process's memory until it executes, as with vfork: a start costs the same however large this
 * process is, and the errno of a failed execution is returned. The kernel writes the child's pid to memory of the
 * caller's choice before the child runs.
 */
#ifndef PROCESS_COMMAND_H
#define PROCESS_COMMAND_H

#include "base/clock.h"
#include "base/dialect.h"
#include "machine/affinity.h"
#include "process/signals.h"

/* The most further descriptors of a program. */
enum { COMMAND_KEPT = 3 };

struct command {
	/* The file to execute. A relative path begins at directory. */
	const char *path;
	/* argv, ended by NULL. */
	char *const *arguments;
	/* The environment, ended by NULL. */
	char *const *environment;
	/* The working directory, NULL for that of this process. */
	const char *directory;
	/* Descriptor 0 of the program, -1 for that of this process. */
	int input;
	/* Descriptor 1, likewise. */
	int output;
	/* Descriptor 2, likewise. */
	int errors;
	/* Further descriptors of this process that the program gets, -1 for none. */
	int keep[COMMAND_KEPT];
	/*
	 * Their numbers in the program, from this on, in place of what has these here; 0 if they are the same. Here
	 * they have others that are larger.
	 */
	int keep_as;
	/* Signals that are ignored in the program; all others have their default. */
	signal_mask ignored;
	/* The number added to the niceness. */
	int nice;
	/* True if the child leads a process group of its own, is killed when this process dies, and has the signal mask
	 * of this process. */
	bool is_task;
	/* True if such a child gets an empty mask, since this process blocks signals, and ignores none for itself. */
	bool unblocks;
	/* True if a child that is not a task is killed when this process dies. */
	bool is_bound;
	/* True if the child is this binary in another role, which keeps the mask of this process until role_enter. */
	bool is_role;
	/* The processors of the program, NULL for those of this process. */
	const struct affinity *affinity;
	/* A terminal whose foreground its group becomes, -1 if none. */
	int terminal;
	/* The pid of this process if the caller knows it, else 0. */
	pid_t starter;
	/* Where the kernel writes the pid before the child runs, possibly in shared memory. Never NULL. */
	pid_t *pid;
};

/* How far a start came. */
enum command_stage {
	/* No process could be created. */
	COMMAND_UNBORN,
	/* The working directory could not be entered. */
	COMMAND_ASTRAY,
	/* execve was called. */
	COMMAND_EXECUTED,
};

/* How a child ended. */
struct command_end {
	/* Exit status 0 to 255, or -1 if a signal ended it. */
	int status;
	/* The signal that ended it, or 0. */
	int signal;
	nsec user_time;
	nsec system_time;
	/* Peak resident memory, bytes: the larger of its own and that of this process at the start. */
	uint64_t max_rss;
};

/*
 * Starts a command. Returns 0 with *pidfd set (close-on-exec, the caller's; pidfd may be NULL), or -1 with *stage set
 * and the errno of that stage: of clone (EAGAIN, ENOMEM, EMFILE), chdir or execve (ENOENT, EACCES, E2BIG, ENOEXEC ...).
 */
int command_start(const struct command *command, int *pidfd, enum command_stage *stage) MUST_CHECK;

/* Makes a child that has not executed a program the leader of a process group. Returns 0, or -1 with errno. */
int command_lead(pid_t pid) MUST_CHECK;

/* True if an errno means a lack of processes, memory or descriptors: a later attempt can succeed. */
bool command_wants_resources(int number);

/* The change of a child since the last check. */
enum command_change {
	COMMAND_SAME,
	/* The signal end->signal has stopped the child. */
	COMMAND_STOPPED,
	/* The child has ended, and its end has been taken. */
	COMMAND_ENDED,
};

/* Checks a child without waiting. */
enum command_change command_look(pid_t pid, struct command_end *end);

/*
 * Waits a few milliseconds for a child to end or stop; returns COMMAND_SAME if it does not. Costs a single system call
 * if the child is quick, since a timer that runs on from child to child interrupts the wait.
 */
enum command_change command_wait(pid_t pid, struct command_end *end);

/* Stops the timer of command_wait. Called before a longer wait of another kind. */
void command_relax(void);

/* Returns the peak memory of this process, bytes. A child's own peak is not known unless it is larger. */
uint64_t command_own_peak(void);

/* Returns the end that a wait status says (wait(2)), of another process's child: its times are not known. */
struct command_end command_end_of(int status);

/* Waits for the end of a child and returns it. */
struct command_end command_reap(pid_t pid);

/* Kills the process group that a child leads, and waits for the child. */
void command_kill(pid_t pid);

/*
 * Makes this process the parent of processes that tasks leave behind (prctl(2), PR_SET_CHILD_SUBREAPER), so that they
 * are waited for even in a container without an init.
 */
void command_adopt_orphans(void);

/* Takes the ends of all children that have ended. Not called while a command runs, whose end would be taken too. */
void command_reap_orphans(void);

/* Returns a pidfd of a process (close-on-exec, the caller's), or -1 with errno. */
int command_open(pid_t pid) MUST_CHECK;

/*
 * Kills the process group that a task of another process leads, and waits until its leader has ended, or for the limit:
 * a process that was killed may still be there for a while, and what it has with it.
 */
void command_end_group(pid_t group, nsec limit);

/* Signals a child that has not been waited for. */
void command_signal(pid_t pid, int signal);

/*
 * Signals the process group that a task leads or led. False if there is no such group; sets *denied if some of it may
 * not be signalled. pidfd is the leader's, or -1: without one, or before Linux 6.9, the group is signalled by number,
 * which may be another group's once the leader has been waited for and no member is left.
 */
bool command_signal_group(pid_t leader, int pidfd, int signal, bool *denied);

/*
 * True if the group of a leader that has been waited for still has members, as far as its id says: no process has that
 * as its pid, which would be the leader of a new group.
 */
bool command_group_outlives(pid_t leader);

/*
 * Signals the group of a child of another process, parent, which may wait for it at any time. As above, and false if
 * the pid is by now that of a process with another parent. Async-signal-safe. The group is signalled by number if no
 * process has the pid (it has members without a leader, or is gone), before Linux 6.13, and without a free descriptor.
 */
bool command_signal_group_of(pid_t parent, pid_t leader, int signal, bool *denied);

/* Returns the parent of a process, 0 if the system does not tell (before Linux 6.13). */
pid_t command_parent(int pidfd);

/*
 * Returns where execvp finds name in path (the value of PATH; NULL for the system's default), a new string (free); or
 * NULL with errno ENOENT, or EACCES if only files were found that cannot be executed. A name with a slash is a path.
 */
char *command_find(const char *name, const char *path);

#endif
