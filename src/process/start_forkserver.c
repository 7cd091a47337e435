/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Start method "forkserver": one clean process, begun before anything else, forks on demand.
 *
 * What it forks become our own children (CLONE_PARENT), so that waiting for them, signalling them and their noticing
 * our death work as with fork, and the server's own death changes nothing for them. The kernel writes a child's pid
 * into a page that we share with the server before the child runs, so a server that dies at any instant leaves no child
 * that we do not know of. A dead or silent server is replaced at the next start.
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

/* A server that takes longer than this to fork once is taken for dead; one that was stopped, as soon as that is seen.
 */
#define PATIENCE (10 * NSEC_PER_SEC)
#define LOOK_PERIOD (20 * NSEC_PER_MSEC)
/* How many servers in a row may die before it is given up. */
enum { ATTEMPTS = 5 };

enum message_type {
	/* To the server, once: the shared page. */
	SHARE = 1,
	/* To the server: a role's name, and its descriptor. */
	START,
	/* From it: the errno of a fork that failed, or 0. */
	STARTED,
};

/* The page: its one field is written by the kernel on the server's behalf, and zeroed by us before each request. */
struct page {
	volatile pid_t pid;
};

/* One forkserver per process. Forked children have closed its channel and never look here. */
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

static int launch(struct error *error)
{
	const struct role *role = role_find(FORKSERVER_ROLE);
	int ends[2];

	if (shm_create(&server.shm, "mpmap-forkserver", sizeof(struct page)) < 0)
		return error_set_errno(error, errno, "shared memory for the forkserver");
	if (channel_pair(ends) < 0)
		return error_set_errno(error, errno, "socketpair");
	server.channel = ends[0];
	server.pid = start_spawn.start(role, ends[1], error);
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
		if (launch(error) == 0)
			return 0;
		forkserver_stop();
		/* One that was killed before it had heard anything is replaced like any other. */
		if (error->number != EPIPE)
			return -1;
	}
	return server.pid > 0 ? 0 : -1;
}

/* Waits for the server's answer: false when there will be none. */
static bool hear(struct message *message)
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

/* Asks once. 1 when done with *pid set, 0 when the server died without forking, -1 with the error set. */
static int forkserver_ask(const struct role *role, int fd, pid_t *pid, struct error *error)
{
	struct page *page = (struct page *)(void *)server.shm.base;
	struct message message;
	int number = 0;

	page->pid = 0;
	if (channel_send(server.channel, START, slice_of(role->name), &fd, 1) < 0)
		return 0;
	if (!hear(&message)) {
		/* Killed first, so that the page is final. */
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

static pid_t forkserver_begin(const struct role *role, int fd, struct error *error)
{
	int attempt, done = 0;
	pid_t pid = -1;

	for (attempt = 0; attempt < ATTEMPTS && done == 0; attempt++) {
		if (forkserver_prepare(error) < 0)
			return -1;
		done = forkserver_ask(role, fd, &pid, error);
		if (done == 0 || server.pid == 0)
			forkserver_stop();
	}
	if (done == 0)
		error_set(error, "the forkserver keeps dying");
	return done == 1 ? pid : -1;
}

const struct start_method start_forkserver = {.name = "forkserver", .prefix = "ForkServer", .start = forkserver_begin};

/*
 * Server: forks a child of our parent. Not libc's fork, which has no such flag; the copy has one thread and calls
 * nothing that depends on libc's idea of its thread id.
 */
static pid_t fork_sibling(struct page *page)
{
	if (fault_at("forkserver_request"))
		return -1;
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, NULL, &page->pid, NULL, NULL);
}

static int forkserver_serve(int channel, struct message *message, struct page *page)
{
	char name[64];
	const struct role *role;
	int number = 0;
	pid_t pid;

	snprintf(name, sizeof name, "%.*s", (int)message->payload.size, message->payload.data);
	role = role_find(name);
	if (message->type != START || message->fd_count != 1 || !role)
		return -1;
	pid = fork_sibling(page);
	if (pid == 0)
		role_enter(role, message->fds[0]);
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
