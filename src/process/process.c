/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a process that runs a role, and the list of living children. */
#include "process/process.h"

#include "ipc/fd.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Children whose end has not been taken, and the process whose children they are: a forked child begins a new list. */
static struct list children;
static pid_t children_of;

static struct list *process_children(void)
{
	if (children_of != getpid()) {
		list_init(&children);
		children_of = getpid();
	}
	return &children;
}

void process_init(struct process *process, const char *name)
{
	size_t length = strnlen(name, sizeof process->name - 1);

	*process = (struct process){.pidfd = -1, .end.status = -1};
	memcpy(process->name, name, length);
	list_init(&process->link);
}

static int process_refuse(int number)
{
	errno = number;
	return -1;
}

int process_start(struct process *process, const struct start_method *method, const struct role *role, int fd,
		  struct error *error)
{
	/* A forked process may lack the memory of its struct process. */
	char name[PROCESS_NAME_SIZE];

	if (process->state == PROCESS_CLOSED)
		return error_set_errno(error, EBADF, "cannot start a closed process");
	if (process->state != PROCESS_INITIAL)
		return error_set_errno(error, EALREADY, "cannot start %s twice", process->name);
	memcpy(name, process->name, sizeof name);
	process->pid = method->start(role, name, fd, error);
	if (process->pid < 0) {
		process->pid = 0;
		return error_wrap(error, "cannot start %s", process->name);
	}
	process->parent = getpid();
	process->state = PROCESS_STARTED;
	list_append(process_children(), &process->link);
	return 0;
}

/*
 * Takes the child's end, if it has ended; without WNOHANG in flags waits for it. How it ended remains unknown if its
 * end was taken elsewhere.
 */
static void process_take_end(struct process *process, int flags)
{
	int status;
	pid_t got;

	do
		got = waitpid(process->pid, &status, flags);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return;
	if (got == process->pid && WIFEXITED(status))
		process->end.status = WEXITSTATUS(status);
	else if (got == process->pid && WIFSIGNALED(status))
		process->end.signal = WTERMSIG(status);
	process->state = PROCESS_STOPPED;
	list_remove(&process->link);
}

/* Returns 0 if this process can wait for it, or -1 with errno. */
static int process_check(const struct process *process)
{
	if (process->state == PROCESS_CLOSED)
		return process_refuse(EBADF);
	if (process->state == PROCESS_INITIAL)
		return process_refuse(EINVAL);
	return process->parent == getpid() ? 0 : process_refuse(ECHILD);
}

int process_join(struct process *process, nsec deadline)
{
	struct fd_wait wait = {.fd = -1, .want_input = true};

	if (process_check(process) < 0)
		return -1;
	if (process->state == PROCESS_STARTED)
		process_take_end(process, deadline == NSEC_FOREVER ? 0 : WNOHANG);
	while (process->state == PROCESS_STARTED) {
		if (clock_now() >= deadline)
			return process_refuse(ETIMEDOUT);
		wait.fd = process_sentinel(process);
		if (wait.fd < 0)
			return -1;
		fd_wait(&wait, 1, deadline);
		process_take_end(process, WNOHANG);
	}
	return 0;
}

void process_move(struct process *to, struct process *from)
{
	bool registered = !list_is_empty(&from->link);

	list_remove(&from->link);
	*to = *from;
	list_init(&to->link);
	if (registered)
		list_append(process_children(), &to->link);
	*from = (struct process){.pidfd = -1, .state = PROCESS_CLOSED};
	list_init(&from->link);
}

int process_is_alive(struct process *process)
{
	if (process->state == PROCESS_INITIAL)
		return 0;
	if (process_check(process) < 0)
		return -1;
	if (process->state == PROCESS_STARTED)
		process_take_end(process, WNOHANG);
	return process->state == PROCESS_STARTED;
}

bool process_is_stopped(const struct process *process)
{
	siginfo_t info = {.si_pid = 0};

	/* WNOWAIT: the stop is reported as long as it lasts. */
	return process->state == PROCESS_STARTED && process->parent == getpid() &&
	       waitid(P_PID, (id_t)process->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

int process_signal(struct process *process, int signal)
{
	if (process_check(process) < 0)
		return -1;
	/* Its pid is not used again before its end is taken. */
	if (process->state != PROCESS_STARTED || kill(process->pid, signal) == 0 || errno == ESRCH)
		return 0;
	return -1;
}

int process_kill(struct process *process)
{
	return process_signal(process, SIGKILL);
}

int process_sentinel(struct process *process)
{
	if (process_check(process) < 0)
		return -1;
	if (process->pidfd < 0 && process->state != PROCESS_STARTED)
		return process_refuse(ESRCH);
	if (process->pidfd < 0)
		process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	return process->pidfd;
}

void process_forget_sentinel(struct process *process)
{
	fd_close(&process->pidfd);
}

int process_close(struct process *process)
{
	if (process->state == PROCESS_CLOSED)
		return 0;
	if (process->state == PROCESS_STARTED && process->parent == getpid())
		process_take_end(process, WNOHANG);
	if (process->state == PROCESS_STARTED)
		return process_refuse(EBUSY);
	fd_close(&process->pidfd);
	process->state = PROCESS_CLOSED;
	return 0;
}

/* True if the child runs. If it has ended, its end remains to be taken. */
static bool process_runs(const struct process *process)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid;
}

size_t process_active_children(struct process **found, size_t size)
{
	struct list *head = process_children(), *link;
	size_t count = 0;

	for (link = head->next; link != head; link = link->next) {
		struct process *process = container_of(link, struct process, link);

		if (!process_runs(process))
			continue;
		if (count < size)
			found[count] = process;
		count++;
	}
	return count;
}
