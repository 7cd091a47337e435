/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main function of the role. */
#include "state/server/role.h"

#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/local.h"
#include "state/server/runs.h"

#include <errno.h>
#include <unistd.h>

/* Removes the folder of the socket, if nothing else is in it. */
static void role_remove_folder(const char *path)
{
	char *folder = mem_string(path), *slash = strrchr(folder, '/');

	if (slash && slash != folder) {
		*slash = '\0';
		(void)!rmdir(folder);
	}
	free(folder);
}

/* Serves as the first message says. Returns the exit status. */
static int role_serve(int channel, struct message *setup)
{
	struct error error = {.number = 0};
	struct control control;
	struct server server;
	char *path;

	if (control_begin(&server, setup, &error) < 0) {
		(void)!control_answer(channel, error_text(&error));
		error_release(&error);
		return 1;
	}
	path = mem_string(server.path);
	if (control_init(&control, &server, channel) < 0) {
		(void)!control_answer(channel, strerror(errno));
		control.has_ended = true;
	} else {
		control.has_ended = control_answer(channel, "") < 0;
	}
	while (!control.has_ended)
		server_step(&server, NSEC_FOREVER);
	control_release(&control);
	server_release(&server);
	role_remove_folder(path);
	free(path);
	return 0;
}

int state_main(int channel)
{
	struct message setup;

	local_allow_many();
	if (channel_wait(channel, &setup, NSEC_FOREVER) <= 0)
		return 1;
	return role_serve(channel, &setup);
}
