/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Start method "forkserver": one clean process, started before anything else, forks on demand.
 *
 * Its forks are children of this process (CLONE_PARENT): they are waited for and signalled, and notice this process's
 * death, as with fork; the death of the server does not affect them. The kernel writes a child's pid into a page shared
 * with the server before the child runs, so that no child is unknown, whenever the server dies. A dead or silent server
 * is replaced at the next start.
 *
 *	this process                     server
 *	SHARE with the page       ->     maps it
 *	page.pid = 0
 *	START with names and fd   ->     clone; the kernel writes page.pid
 *	reads page.pid            <-     STARTED with the errno of clone, or 0
 *	no answer: kills the server, waits for it, then reads page.pid: 0 if it has not forked
 */
#include "process/start.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "ipc/shm.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The longest that a server may take for a fork. One that was stopped is replaced as soon as that is noticed. */
#define PATIENCE (10 * NSEC_PER_SEC)
/* The time between two checks for that. */
#define LOOK_PERIOD (20 * NSEC_PER_MSEC)
/* How many servers in a row are started before giving up. */
enum { ATTEMPTS = 5 };
/* The most bytes of a request: two names with their NULs. */
enum { NAMES_SIZE = 128 };

enum message_type {
	/* To the server, first: the shared page. */
	SHARE = 1,
	/* To the server: the name of a role, a NUL and the name of the process, with the role's descriptor. */
	START,
	/* From the server: the errno of a failed fork, or 0. */
	STARTED,
};

/* The shared page. */
struct page {
	/* Zeroed by this process before each request, written by the kernel for the server. */
	volatile pid_t pid;
};

/* The forkserver of this process. Forked children have closed its channel and do not use it. */
static struct {
	pid_t pid;
	int channel;
	struct shm shm;
} server = {.channel = -1, .shm = {.fd = -1}};

pid_t forkserver_pid(void)
{
	return server.pid;
}

void forkserver_stop(void)
{
	fd_close(&server.channel);
	if (server.pid > 0) {
		kill(server.pid, SIGKILL);
		waitpid(server.pid, NULL, 0);
	}
	server.pid = 0;
	shm_release(&server.shm);
}

/* Starts a server. Returns 0, or -1 with the error set. */
static int forkserver_launch(struct error *error)
{
	const struct role *role = role_find(FORKSERVER_ROLE);
	int ends[2];

	if (shm_create(&server.shm, "mpmap-forkserver", sizeof(struct page)) < 0)
		return error_set_errno(error, errno, "shared memory for the forkserver");
	if (channel_pair(ends) < 0)
		return error_set_errno(error, errno, "socketpair");
	server.channel = ends[0];
	server.pid = start_spawn.start(role, FORKSERVER_ROLE, ends[1], error);
	fd_close(&ends[1]);
	if (server.pid < 0)
		return error_wrap(error, "forkserver");
	if (channel_send(server.channel, SHARE, (struct slice){.data = NULL}, &server.shm.fd, 1) < 0)
		return error_set_errno(error, errno, "forkserver");
	trace_event("forkserver_start", "\"server\":%ld", (long)server.pid);
	return 0;
}

int forkserver_prepare(struct error *error)
{
	int attempt;

	for (attempt = 0; attempt < ATTEMPTS && server.pid <= 0; attempt++) {
		error_release(error);
		if (forkserver_launch(error) == 0)
			return 0;
		forkserver_stop();
		/* EPIPE: the server was killed before it received the page. */
		if (error->number != EPIPE)
			return -1;
	}
	return server.pid > 0 ? 0 : -1;
}

/* Waits for the server's answer. Returns false if the server is dead, stopped or silent. */
static bool forkserver_receive(struct message *message)
{
	nsec deadline = clock_now() + PATIENCE, now;
	siginfo_t info = {.si_pid = 0};
	int got;

	do {
		now = clock_now();
		got = channel_wait(server.channel, message,
				   now + LOOK_PERIOD < deadline ? now + LOOK_PERIOD : deadline);
		if (got)
			return got > 0;
		waitid(P_PID, (id_t)server.pid, &info, WSTOPPED | WNOHANG);
	} while (now < deadline && !info.si_pid);
	return false;
}

/* Sends a request. Returns 1 with *pid set, 0 if the server died without forking, or -1 with the error set. */
static int forkserver_ask(struct slice names, int fd, pid_t *pid, struct error *error)
{
	struct page *page = (struct page *)(void *)server.shm.base;
	struct message message;
	int number = 0;

	page->pid = 0;
	if (channel_send(server.channel, START, names, &fd, 1) < 0)
		return 0;
	if (!forkserver_receive(&message)) {
		/* Killed first, so that the page changes no more. */
		kill(server.pid, SIGKILL);
		waitpid(server.pid, NULL, 0);
		server.pid = 0;
		*pid = page->pid;
		return *pid > 0;
	}
	if (message.payload.size == sizeof number)
		memcpy(&number, message.payload.data, sizeof number);
	if (number)
		return error_set_errno(error, number, "forkserver: fork");
	*pid = page->pid;
	return 1;
}

static pid_t forkserver_begin(const struct role *role, const char *name, int fd, struct error *error)
{
	int attempt, done = 0;
	char names[NAMES_SIZE];
	size_t size = (size_t)snprintf(names, sizeof names, "%s%c%s", role->name, '\0', name);
	struct slice request = {.data = names, .size = size < sizeof names ? size : sizeof names - 1};
	pid_t pid = -1;

	for (attempt = 0; attempt < ATTEMPTS && done == 0; attempt++) {
		if (forkserver_prepare(error) < 0)
			return -1;
		done = forkserver_ask(request, fd, &pid, error);
		if (done == 0 || server.pid == 0)
			forkserver_stop();
	}
	if (done == 0)
		error_set(error, "the forkserver keeps dying");
	return done == 1 ? pid : -1;
}

const struct start_method start_forkserver = {.name = "forkserver", .prefix = "ForkServer", .start = forkserver_begin};

/*
 * Forks, in the server, a child of the server's parent. libc's fork has no such flag. The copy has one thread and calls
 * nothing that depends on its thread id as libc knows it.
 */
static pid_t fork_sibling(struct page *page)
{
	if (fault_at("forkserver_request"))
		return -1;
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, NULL, &page->pid, NULL, NULL);
}

/* Answers a request, in the server. Returns 0, or -1 to end. */
static int forkserver_serve(int channel, struct message *message, struct page *page)
{
	char names[NAMES_SIZE] = "";
	size_t size = message->payload.size;
	const struct role *role;
	int number = 0;
	pid_t pid;

	/* Ends with two NULs, so that there are two names. */
	memcpy(names, message->payload.data, size < sizeof names - 2 ? size : sizeof names - 2);
	role = role_find(names);
	if (message->type != START || message->fd_count != 1 || !role)
		return -1;
	pid = fork_sibling(page);
	if (pid == 0)
		role_enter(role, names + strlen(names) + 1, message->fds[0]);
	if (pid < 0)
		number = errno;
	fd_close(&message->fds[0]);
	return channel_send(channel, STARTED, (struct slice){.data = (char *)&number, .size = sizeof number}, NULL, 0);
}

int forkserver_main(int fd)
{
	struct message message;
	struct shm shm;

	if (channel_wait(fd, &message, NSEC_FOREVER) <= 0 || message.type != SHARE || message.fd_count != 1)
		return 1;
	if (shm_attach(&shm, message.fds[0]) < 0)
		return 1;
	while (channel_wait(fd, &message, NSEC_FOREVER) > 0) {
		if (forkserver_serve(fd, &message, (struct page *)(void *)shm.base) < 0)
			return 1;
	}
	return 0;
}
