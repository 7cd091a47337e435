/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state/server: what belongs to the connections of a task's process. Server and clients are one process here. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "state/server/runs.h"
#include "state/server/server.h"

#include <sys/socket.h>

enum { CLIENTS = 3 };

struct scene {
	struct server server;
	struct control control;
	/* The run's end of the control channel, and the server's. */
	int channel;
	int other;
	int clients[CLIENTS];
};

/* Handles what is under way. */
static void scene_settle(struct scene *scene)
{
	for (int i = 0; i < 20; i++)
		server_step(&scene->server, 0);
}

static void scene_begin(struct scene *scene)
{
	struct error error = {.number = 0};
	char *path = mem_join(unit_directory(), "/socket");
	int ends[2];

	check_int(server_init(&scene->server, path, 1 << 20, &error), 0);
	check_int(fd_socket_pair(ends), 0);
	scene->channel = ends[1];
	scene->other = ends[0];
	check_int(control_init(&scene->control, &scene->server, scene->other), 0);
	for (int i = 0; i < CLIENTS; i++)
		scene->clients[i] = local_connect(path);
	scene_settle(scene);
	free(path);
}

static void scene_end(struct scene *scene)
{
	for (int i = 0; i < CLIENTS; i++)
		fd_close(&scene->clients[i]);
	control_release(&scene->control);
	server_release(&scene->server);
	fd_close(&scene->channel);
	fd_close(&scene->other);
}

/* Checks what the answer to a client begins with; "": there is none yet. */
static void check_answer(struct scene *scene, int client, const char *expected)
{
	char answer[256];
	size_t most = strlen(expected);
	ssize_t got;

	scene_settle(scene);
	got = recv(scene->clients[client], answer, sizeof answer, MSG_DONTWAIT);
	check(most || got < 0);
	check_slice(((struct slice){.data = answer,
				    .size = got > (ssize_t)most ? most
					    : got > 0           ? (size_t)got
								: 0}),
		    slice_of(expected));
}

/* Sends a request, and checks its answer. */
static void check_asked(struct scene *scene, int client, const char *request, const char *expected)
{
	check_int(local_send_all(scene->clients[client], slice_of(request)), 0);
	check_answer(scene, client, expected);
}

/* Connections of one process exclude each other, as its threads do; what they have ends with the task. */
static void test_task_connections(void)
{
	struct scene scene;

	scene_begin(&scene);
	check_int(control_attempt_began(scene.channel, 1, getpid(), "task 1"), 0);
	scene_settle(&scene);
	check_asked(&scene, 0, "lock l\n", "=\n");
	check_asked(&scene, 1, "lock --timeout 0 l\n", "! 1 lock \"l\" is held by a connection of process ");
	check_int(control_attempt_ended(scene.channel, 1), 0);
	scene_settle(&scene);
	/* The process has outlived its task. */
	check_asked(&scene, 0, "lock l\n", "! 4 the task or process that this acts for has ended\n");
	/* It is another's, as with functions. */
	check_int(control_attempt_began(scene.channel, 2, getpid(), "task 2"), 0);
	scene_settle(&scene);
	check_asked(&scene, 0, "lock l\n", "=\n");
	check_asked(&scene, 0, "unlock l\n", "=\n");
	scene_end(&scene);
}

/* A connection that waits for another of its process is answered when the task ends. */
static void test_task_wait(void)
{
	struct scene scene;

	scene_begin(&scene);
	check_int(control_attempt_began(scene.channel, 1, getpid(), "task 1"), 0);
	scene_settle(&scene);
	check_asked(&scene, 1, "lock m\n", "=\n");
	check_asked(&scene, 2, "lock m\n", "");
	check_int(control_attempt_ended(scene.channel, 1), 0);
	check_answer(&scene, 2, "! 4 a connection of process ");
	scene_end(&scene);
}

const struct unit_test unit_state_server[] = {
	{.name = "connections of a task", .run = test_task_connections},
	{.name = "a wait that the end of the task ends", .run = test_task_wait},
	{.name = NULL},
};
