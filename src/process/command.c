/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Executing programs.
 *
 * Between clone and execve the child runs in this process's memory, on a stack of its own, while this process is
 * suspended (CLONE_VM, CLONE_VFORK). It may only make system calls, and makes as few as possible, once per task.
 */
#include "process/command.h"

#include "base/fault.h"
#include "base/mem.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024 };

/* The longest single wait for a child. */
#define TICK (8 * NSEC_PER_MSEC)

/* A start, in memory that parent and child share. */
struct launch {
	const struct command *command;
	pid_t parent;
	/* The errno of the stage that failed, or 0. */
	volatile int failure;
	volatile enum command_stage stage;
};

/* Makes fd the descriptor where, which remains open in the program. */
static int place_descriptor(int fd, int where)
{
	if (fd < 0)
		return 0;
	return fd == where ? fcntl(fd, F_SETFD, 0) : dup2(fd, where);
}

/* Leaves the further descriptors open in the program, with their numbers there. */
static int place_further(const struct command *command)
{
	int i;

	for (i = 0; i < COMMAND_KEPT; i++) {
		int fd = command->keep[i];

		if (place_descriptor(fd, command->keep_as ? command->keep_as + i : fd) < 0)
			return -1;
	}
	return 0;
}

/* Resets the signals that the parent ignores (signals_init). */
static void reset_ignored(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};

	sigaction(SIGPIPE, &standard, NULL);
	sigaction(SIGXFSZ, &standard, NULL);
}

static void command_become_task(const struct launch *launch)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent died before that was armed. */
	if (getppid() != launch->parent)
		_exit(127);
	if (launch->command->unblocks) {
		signals_unblock();
		reset_ignored();
	}
	if (launch->command->terminal >= 0) {
		signals_block_terminal();
		tcsetpgrp(launch->command->terminal, getpid());
		signals_unblock_terminal();
	}
}

/*
 * A stop signal that the child received before it executed, or 0. Stopped there, it would suspend this process for
 * good, so that it is stopped after that.
 */
static volatile sig_atomic_t stopped_by;

static void note_stop(int number)
{
	stopped_by = number;
}

/* Resets, for a child that is not a task, what this process has changed for itself. */
static void become_other(const struct launch *launch)
{
	/* See role_enter. Kept over execve, and set this early so that no death is missed. */
	prctl(PR_SET_PDEATHSIG, launch->command->is_bound ? SIGKILL : SIGCONT);
	if (getppid() != launch->parent)
		_exit(127);
	reset_ignored();
	/* A role keeps the mask until it catches the stop signals. */
	if (launch->command->is_role)
		return;
	signals_catch_stops(note_stop);
	signals_unblock();
}

__attribute__((no_sanitize("address"))) static int child_main(void *argument)
{
	struct launch *launch = argument;
	const struct command *command = launch->command;

	if (command->is_task)
		command_become_task(launch);
	else
		become_other(launch);
	if (command->ignored)
		signals_ignore(command->ignored);
	if (command->nice && setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + command->nice) < 0)
		goto failed;
	if (command->affinity)
		affinity_restore(command->affinity);
	if (command->directory && chdir(command->directory) < 0) {
		launch->stage = COMMAND_ASTRAY;
		goto failed;
	}
	if (place_descriptor(command->input, 0) < 0 || place_descriptor(command->output, 1) < 0 ||
	    place_descriptor(command->errors, 2) < 0)
		goto failed;
	/* The last, since one of the others may have one of their numbers here. */
	if (place_further(command) < 0)
		goto failed;
	execve(command->path, command->arguments, command->environment);
failed:
	launch->failure = errno;
	_exit(127);
}

/* Reserves a descriptor for the pidfd, since an execution cannot be undone. Returns it, or -1 with errno. */
static int reserve_descriptor(int *pidfd)
{
	return *pidfd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
}

/* Opens a child's pidfd. Returns 0, or -1 with errno after killing the child, which could not be watched. */
static int open_pidfd(pid_t pid, bool is_leader, int *pidfd)
{
	int saved;

	*pidfd = command_open(pid);
	if (*pidfd >= 0)
		return 0;
	saved = errno;
	kill(is_leader ? -pid : pid, SIGKILL);
	command_reap(pid);
	errno = saved;
	return -1;
}

int command_start(const struct command *command, int *pidfd, enum command_stage *stage)
{
	/* Used by one child at a time: this process is suspended until the child has executed or ended. */
	static char stack[STACK_SIZE] __attribute__((aligned(64)));
	struct launch launch = {.command = command, .stage = COMMAND_EXECUTED};
	/* CLONE_PARENT_SETTID, not CLONE_CHILD_SETTID, which could write after the memory has another use. */
	int flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
	sigset_t mask;
	pid_t pid = -1;

	launch.parent = command->starter ? command->starter : getpid();
	*stage = COMMAND_UNBORN;
	if (pidfd && reserve_descriptor(pidfd) < 0)
		return -1;
	stopped_by = 0;
	/* A worker catches the stop signals; other processes block them for the start. */
	if (!command->is_task)
		signals_hold_stops(&mask);
	if (!fault_at("task_start"))
		pid = clone(child_main, stack + sizeof stack, flags, &launch, command->pid, NULL, NULL);
	if (!command->is_task)
		sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pidfd)
		fd_close(pidfd);
	if (pid < 0)
		return -1;
	*stage = launch.failure ? launch.stage : COMMAND_EXECUTED;
	if (launch.failure) {
		command_reap(pid);
		errno = launch.failure;
		return -1;
	}
	if (pidfd && open_pidfd(pid, command->is_task, pidfd) < 0)
		return -1;
	if (stopped_by)
		kill(pid, stopped_by);
	return 0;
}

int command_lead(pid_t pid)
{
	return setpgid(pid, pid);
}

static nsec nsec_of(struct timeval time)
{
	return (nsec)time.tv_sec * NSEC_PER_SEC + (nsec)time.tv_usec * NSEC_PER_USEC;
}

bool command_wants_resources(int number)
{
	return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE;
}

/* Converts the results of wait4(2). */
static struct command_end end_of(int status, const struct rusage *usage)
{
	return (struct command_end){
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		.signal = WIFEXITED(status) ? 0 : WTERMSIG(status),
		.user_time = nsec_of(usage->ru_utime),
		.system_time = nsec_of(usage->ru_stime),
		.max_rss = (uint64_t)usage->ru_maxrss * 1024,
	};
}

struct command_end command_end_of(int status)
{
	const struct rusage usage = {.ru_maxrss = 0};
	struct command_end end = end_of(status, &usage);

	end.user_time = end.system_time = -1;
	return end;
}

/* Calls wait4(2) for a child and converts the results. */
static enum command_change command_ask(pid_t pid, int flags, struct command_end *end)
{
	struct rusage usage;
	int status;
	pid_t got = wait4(pid, &status, flags | WUNTRACED, &usage);

	if (got < 0 && errno != EINTR)
		BUG("the end of a child was taken elsewhere");
	if (got <= 0)
		return COMMAND_SAME;
	if (WIFSTOPPED(status)) {
		*end = (struct command_end){.status = -1, .signal = WSTOPSIG(status)};
		return COMMAND_STOPPED;
	}
	*end = end_of(status, &usage);
	return COMMAND_ENDED;
}

enum command_change command_look(pid_t pid, struct command_end *end)
{
	return command_ask(pid, WNOHANG, end);
}

/*
 * True while the timer ticks, and while a tick is to interrupt a wait. The timer runs on from one child to the next, so
 * that it is not set for each. A tick just before the wait is followed by the next one. A tick without a wait stops the
 * timer.
 */
static volatile sig_atomic_t is_ticking, is_waiting;

static void set_ticks(nsec period)
{
	struct timeval time = {.tv_usec = period / NSEC_PER_USEC};
	struct itimerval timer = {.it_interval = time, .it_value = time};

	is_ticking = period != 0;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void command_tick(int number UNUSED)
{
	int saved = errno;

	if (!is_waiting)
		set_ticks(0);
	errno = saved;
}

enum command_change command_wait(pid_t pid, struct command_end *end)
{
	enum command_change change;

	is_waiting = 1;
	if (!is_ticking) {
		/* Without SA_RESTART. */
		sigaction(SIGALRM, &(struct sigaction){.sa_handler = command_tick}, NULL);
		set_ticks(TICK);
	}
	change = command_ask(pid, 0, end);
	is_waiting = 0;
	return change;
}

void command_relax(void)
{
	if (is_ticking)
		set_ticks(0);
}

struct command_end command_reap(pid_t pid)
{
	struct command_end end;

	while (command_ask(pid, 0, &end) != COMMAND_ENDED)
		;
	return end;
}

void command_kill(pid_t pid)
{
	kill(-pid, SIGKILL);
	command_reap(pid);
}

uint64_t command_own_peak(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) < 0 ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

void command_adopt_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void command_reap_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Returns 0 if path is a file that may be executed, or -1 with errno. */
static int command_check(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = EACCES;
		return -1;
	}
	return access(path, X_OK);
}

char *command_find(const char *name, const char *path)
{
	bool denied = false;

	if (strchr(name, '/'))
		return mem_string(name);
	if (!path)
		path = "/bin:/usr/bin";
	while (*name) {
		size_t length = strcspn(path, ":");
		/* An empty element means the current directory. */
		char *candidate = mem_format("%.*s%s%s", (int)length, path, length ? "/" : "./", name);

		if (command_check(candidate) == 0)
			return candidate;
		denied |= errno == EACCES;
		free(candidate);
		if (!path[length])
			break;
		path += length + 1;
	}
	errno = denied ? EACCES : ENOENT;
	return NULL;
}
