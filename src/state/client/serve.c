/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Serving a COMMAND. */
#include "state/client/serve.h"

#include "base/diag.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "process/signals.h"
#include "state/client/printing.h"
#include "state/client/running.h"
#include "state/server/clients.h"
#include "state/server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

struct serve {
	struct server server;
	struct running running;
	/* The pidfd of COMMAND, and its signals. */
	struct watch ended;
	struct watch signals;
	/* The socket, an absolute path; and the folder that was made for it, NULL if none. */
	char *path;
	char *folder;
	bool is_over;
	/* The signal that ended it without a COMMAND. */
	int signal;
};

/* Returns the number of COMMAND's connection: the highest free one that a shell can write with one digit; 0 if none. */
static int serve_free_number(void)
{
	int number = 9;

	while (number > 2 && fcntl(number, F_GETFD) >= 0)
		number--;
	return number > 2 ? number : 0;
}

/* Sets the path: that of the arguments, made absolute, or one in a new folder. */
static int serve_choose_path(struct serve *serve, const char *path, const char *folder, struct error *error)
{
	char here[PATH_MAX];

	if (!path) {
		serve->folder = mem_format("%s/mpmap-state-XXXXXX", folder && *folder ? folder : "/tmp");
		if (!mkdtemp(serve->folder)) {
			error_set_errno(error, errno, "cannot make a folder like '%s'", serve->folder);
			free(serve->folder);
			serve->folder = NULL;
			return -1;
		}
		serve->path = mem_format("%s/socket", serve->folder);
	} else if (*path == '/') {
		serve->path = mem_string(path);
	} else {
		if (!getcwd(here, sizeof here))
			return error_set_errno(error, errno, "the working directory");
		serve->path = mem_format("%s/%s", here, path);
	}
	return 0;
}

static void serve_command_ended(struct watch *watch, unsigned events UNUSED)
{
	container_of(watch, struct serve, ended)->is_over = true;
}

static void serve_signalled(struct watch *watch, unsigned events UNUSED)
{
	struct serve *serve = container_of(watch, struct serve, signals);
	int number = running_pass_signals(&serve->running);

	if (number && serve->running.pid <= 0) {
		serve->signal = number;
		serve->is_over = true;
	}
}

/* True if a variable is one that COMMAND gets anew. */
static bool serve_is_own_variable(const char *variable)
{
	return strncmp(variable, "MPMAP_STATE=", 12) == 0 || strncmp(variable, "MPMAP_STATE_", 12) == 0;
}

enum { SERVE_VARIABLES = 4 };

/* Returns the environment of COMMAND: its array is the caller's (free), as are the first *own variables. */
static char **serve_environment(const struct serve *serve, int number, size_t *own)
{
	char **inherited = running_environment(), **environment;
	size_t count = 0, kept = 0;

	while (inherited[count])
		count++;
	environment = mem_new(count + SERVE_VARIABLES + 1, sizeof *environment);
	environment[kept++] = mem_join("MPMAP_STATE=", serve->path);
	environment[kept++] = mem_format("MPMAP_STATE_FD=%d", number);
	if (serve->server.python_path) {
		environment[kept++] = mem_join("MPMAP_STATE_PYTHON=", serve->server.python_path);
		environment[kept++] = mem_join("MPMAP_STATE_KEYFILE=", serve->server.python_key.file);
	}
	*own = kept;
	for (; *inherited; inherited++) {
		if (!serve_is_own_variable(*inherited))
			environment[kept++] = *inherited;
	}
	return environment;
}

/* Starts COMMAND, with a connection. Returns 0, or the exit status. */
static int serve_start(struct serve *serve, char **command, int number)
{
	struct owner *owner;
	char **environment;
	int ends[2], status;
	size_t own;

	if (fd_socket_pair(ends) < 0 || fd_raise(&ends[1], 10) < 0) {
		diag_error("cannot make a connection: %s", strerror(errno));
		return RUNNING_FAILED;
	}
	number = number ? number : ends[1];
	environment = serve_environment(serve, number, &own);
	status = running_start(&serve->running, command, environment, (const int[2]){ends[1], number});
	while (own)
		free(environment[--own]);
	free(environment);
	fd_close(&ends[1]);
	if (status) {
		fd_close(&ends[0]);
		return status;
	}
	owner = clients_owner(&serve->server, serve->running.pid, command[0], NULL);
	server_adopt(&serve->server, ends[0], owner);
	serve->ended = (struct watch){.fd = serve->running.pidfd, .ready = serve_command_ended};
	if (loop_watch(&serve->server.loop, &serve->ended, LOOP_INPUT) < 0)
		BUG("a pidfd cannot be watched");
	return 0;
}

/* Reports that it serves, where there is no COMMAND: the path on a line. Returns 0, or the exit status. */
static int serve_announce(const struct serve *serve)
{
	char *line = mem_join(serve->path, "\n");
	int printed = printing_text(slice_of(line));

	free(line);
	if (printed == 0)
		return 0;
	diag_error("standard output: %s", strerror(errno));
	return RUNNING_FAILED;
}

/* Serves until the end. Returns the exit status. */
static int serve_loop(struct serve *serve, char **command, int number)
{
	int status = command ? serve_start(serve, command, number) : serve_announce(serve);

	/* Only now: COMMAND has the limit that it would have without a server. */
	local_allow_many();
	serve->signals = (struct watch){.fd = serve->running.signals, .ready = serve_signalled};
	if (loop_watch(&serve->server.loop, &serve->signals, LOOP_INPUT) < 0)
		BUG("a signalfd cannot be watched");
	while (!status && !serve->is_over)
		server_step(&serve->server, NSEC_FOREVER);
	loop_forget(&serve->server.loop, &serve->signals);
	loop_forget(&serve->server.loop, &serve->ended);
	if (!status && command)
		status = running_wait(&serve->running);
	return status;
}

int serve_run(const struct arguments *arguments, const char *folder)
{
	struct serve serve = {.ended.fd = -1, .signals.fd = -1, .running.pidfd = -1};
	struct error error = {.number = 0};
	int number = serve_free_number(), status;

	if (running_init(&serve.running) < 0 || serve_choose_path(&serve, arguments->socket, folder, &error) < 0 ||
	    server_open(&serve.server, serve.path, arguments->memory, &error) < 0) {
		diag_error("%s", error.text ? error_text(&error) : strerror(errno));
		error_release(&error);
		status = RUNNING_FAILED;
	} else {
		status = serve_loop(&serve, arguments->command, number);
		server_release(&serve.server);
	}
	if (serve.folder)
		rmdir(serve.folder);
	free(serve.folder);
	free(serve.path);
	if (serve.signal)
		signals_die(serve.signal);
	return status;
}
