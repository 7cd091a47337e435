/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting, watching and ending the process of the state server. */
#include "run/companion/state_server.h"

#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "process/process.h"
#include "state/server/role.h"
#include "state/store/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	/* Bytes of a folder's name, up to which the names in it fit into the address of a socket. */
	FOLDER_SIZE_MAX = 90,
};

static struct state_server {
	/* True while there is one. */
	bool runs;
	struct process process;
	struct watch watch;
	struct loop *loop;
	/* The users. */
	struct list users;
	/* The folder of the sockets, and the socket in it. Owned; NULL if there is none. */
	char *folder;
	char *path;
	/* The number of the last run that has joined. */
	uint64_t runs_joined;
} server;

const char *state_server_path(void)
{
	return server.path;
}

int state_server_channel(void)
{
	return server.runs ? server.watch.fd : -1;
}

/* Removes what the server leaves if it is killed. */
static void remove_folder(void)
{
	static const char *const names[] = {"", ".python", ".python-key"};
	size_t i;

	for (i = 0; server.path && i < countof(names); i++) {
		char *name = mem_join(server.path, names[i]);

		unlink(name);
		free(name);
	}
	if (server.folder)
		rmdir(server.folder);
	free(server.path);
	free(server.folder);
	server.path = server.folder = NULL;
}

/* Closes the channel, waits for the process, which ends then, and removes what is left of it. */
static void release_server(void)
{
	loop_forget(server.loop, &server.watch);
	fd_close(&server.watch.fd);
	server.runs = false;
	/* Stopped, it would not notice the end of the channel. */
	if (process_signal(&server.process, SIGCONT) == 0)
		(void)!process_join(&server.process, NSEC_FOREVER);
	(void)!process_close(&server.process);
	remove_folder();
}

/* Returns the end of the process in words. The caller's (free). */
static char *describe_server_end(void)
{
	struct process_end end = {.status = -1};

	if (process_join(&server.process, NSEC_FOREVER) == 0)
		end = server.process.end;
	if (end.signal)
		return mem_format("the state server was killed by signal %d: what tasks shared is lost", end.signal);
	return mem_format("the state server has ended with status %d: what tasks shared is lost", end.status);
}

/* Notifies the users that the server is gone. */
static void lose_server(void)
{
	char *reason;

	/* It is of no use without its channel, whatever it does. */
	(void)!process_kill(&server.process);
	reason = describe_server_end();
	release_server();
	while (!list_is_empty(&server.users)) {
		struct state_user *user = container_of(server.users.next, struct state_user, link);

		list_remove(&user->link);
		user->on_end(user, reason);
	}
	free(reason);
}

static void hand_over(const struct control_event *event)
{
	struct list *link;

	for (link = server.users.next; link != &server.users; link = link->next) {
		struct state_user *user = container_of(link, struct state_user, link);

		if (user->run != event->run)
			continue;
		if (user->on_event)
			user->on_event(user, event);
		return;
	}
}

/* Lets the users send what they have. */
static void offer_room(void)
{
	struct list *link, *next;

	if (loop_watch(server.loop, &server.watch, LOOP_INPUT) < 0)
		BUG("a watched channel cannot be watched");
	for (link = server.users.next; link != &server.users; link = next) {
		struct state_user *user = container_of(link, struct state_user, link);

		next = link->next;
		user->on_room(user);
	}
}

static void channel_ready(struct watch *watch, unsigned events)
{
	struct control_event event;
	struct message message;
	int got;

	while (server.runs && (got = control_receive(watch->fd, &message, &event)) != 0) {
		if (got < 0) {
			lose_server();
			return;
		}
		hand_over(&event);
	}
	if (server.runs && events & LOOP_OUTPUT)
		offer_room();
}

/* Makes the folder, in the one for temporary files if the names in it fit then. Returns 0, or -1 with the error. */
static int make_folder(const char *temporary, struct error *error)
{
	static const char name[] = "mpmap-state-XXXXXX";

	if (strlen(temporary) + sizeof name > FOLDER_SIZE_MAX)
		temporary = "/tmp";
	server.folder = mem_format("%s/%s", temporary, name);
	if (!mkdtemp(server.folder)) {
		error_set_errno(error, errno, "--state: no folder can be made in %s (TMPDIR says another place)",
				temporary);
		free(server.folder);
		server.folder = NULL;
		return -1;
	}
	server.path = mem_join(server.folder, "/state");
	return 0;
}

/*
 * Starts the process, whose end of the channel this is, and waits until it listens. Its end is closed here, so that the
 * wait ends if the process does. -1 with the error.
 */
static int start_server(const struct state_server_options *options, int *theirs, struct error *error)
{
	int result;

	process_init(&server.process, "StateServer");
	result = process_start(&server.process, options->method, role_find(STATE_ROLE), *theirs, error);
	fd_close(theirs);
	if (result < 0)
		return -1;
	server.runs = true;
	if (control_setup(server.watch.fd, server.path, options->memory ? options->memory : STORE_MEMORY) < 0)
		return error_set_errno(error, errno, "cannot reach the state server");
	return control_wait(server.watch.fd, error);
}

static int begin_server(const struct state_server_options *options, struct loop *loop, struct error *error)
{
	int ends[2] = {-1, -1}, result = -1;

	list_init(&server.users);
	server.loop = loop;
	server.watch = (struct watch){.fd = -1, .ready = channel_ready};
	if (make_folder(options->temporary, error) < 0)
		return -1;
	if (channel_pair(ends) < 0) {
		error_set_errno(error, errno, "--state");
	} else {
		server.watch.fd = ends[0];
		result = start_server(options, &ends[1], error);
	}
	fd_close(&ends[1]);
	if (result == 0 && loop_watch(loop, &server.watch, LOOP_INPUT) < 0)
		result = error_set_errno(error, errno, "--state");
	if (result < 0)
		release_server();
	return result;
}

int state_server_join(struct state_user *user, const struct state_server_options *options, struct loop *loop,
		      struct error *error)
{
	if (!server.runs && begin_server(options, loop, error) < 0)
		return -1;
	user->run = ++server.runs_joined;
	state_server_return(user);
	return 0;
}

void state_server_return(struct state_user *user)
{
	list_init(&user->link);
	list_append(&server.users, &user->link);
}

void state_server_leave(struct state_user *user)
{
	list_remove(&user->link);
}

void state_server_await_room(void)
{
	if (server.runs && loop_watch(server.loop, &server.watch, LOOP_INPUT | LOOP_OUTPUT) < 0)
		BUG("a watched channel cannot be watched");
}

void state_server_end(void)
{
	if (server.runs)
		release_server();
}
