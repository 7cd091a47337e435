/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state/server/role: the role of a run, what the run reports, and what that means for clients. */
#include "unit.h"

#include "base/mem.h"
#include "board/board.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "state/server/runs.h"
#include "state/server/role.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A server in a process of its own. */
struct served {
	pid_t pid;
	int channel;
	char *path;
};

static char *served_folder(const struct served *served)
{
	char *folder = mem_string(served->path);

	*strrchr(folder, '/') = '\0';
	return folder;
}

static bool serve_begin(struct served *served)
{
	struct error error = {.number = 0};
	int ends[2] = {-1, -1};
	char *folder;
	bool ready;

	served->path = mem_format("%s/made/socket", unit_directory());
	folder = served_folder(served);
	check_int(mkdir(folder, 0700), 0);
	free(folder);
	check_int(channel_pair(ends), 0);
	served->pid = fork();
	if (served->pid == 0) {
		fd_close(&ends[0]);
		_exit(state_main(ends[1]));
	}
	fd_close(&ends[1]);
	served->channel = ends[0];
	ready = check_int(control_setup(served->channel, served->path, 1 << 20), 0) &&
		check_int(control_wait(served->channel, &error), 0);
	if (error.text)
		check_str(error_text(&error), "");
	error_release(&error);
	return ready;
}

static void serve_end(struct served *served)
{
	char *folder = served_folder(served);

	fd_close(&served->channel);
	check_int(unit_wait(served->pid), 0);
	/* With the sockets and the key. */
	check(access(folder, F_OK) < 0);
	free(folder);
	free(served->path);
}

static void send_line(int fd, const char *line)
{
	check_int(local_send_all(fd, slice_of(line)), 0);
}

/* Waits for one answer. */
static const char *receive_line(int fd)
{
	static char line[512];
	size_t size = 0;

	while (size < sizeof line - 1 && local_receive(fd, line + size, 1) == 1 && line[size] != '\n')
		size++;
	line[size] = '\0';
	return line;
}

static const char *converse(int fd, const char *line)
{
	send_line(fd, line);
	return receive_line(fd);
}

/* A run with a worker, which is this process: its task inherits a connection. */
static void test_role_run(void)
{
	struct served served;
	struct board board;
	struct control_run run = {.number = 1, .id = "unit", .board = &board, .queue_rows = 4};
	const struct control_end end = {.index = 6, .count = 1, .well = true, .attempt = 1};
	int task, other;

	if (!serve_begin(&served))
		return;
	check_int(board_create(&board, 1, 4, 65536), 0);
	board_seat(&board, 0)->worker = getpid();
	check_int(control_run_began(served.channel, &run), 0);
	task = local_connect(served.path);
	other = local_connect(served.path);
	check(task >= 0 && other >= 0);
	send_line(task, "task 7 1\n");
	check_str(converse(task, "lock a\n"), "=");
	check_str(converse(other, "lock --timeout 0 a\n"), "! 1 lock \"a\" is held by task 7");
	send_line(other, "lock a\n");
	check_int(control_attempts_ended(served.channel, 1, &end, 1), 0);
	check_str(receive_line(other), "=");
	check_str(converse(task, "get n\n"), "! 4 task 7 has ended: what it left running owns nothing any more");
	check_int(control_run_ended(served.channel, 1), 0);
	check_str(converse(other, "unlock a\n"), "=");
	fd_close(&task);
	fd_close(&other);
	board_release(&board);
	serve_end(&served);
}

/* What is no message ends the server, and so does a socket that it cannot have. */
static void test_wrong_messages(void)
{
	struct error error = {.number = 0};
	struct served served;
	int ends[2] = {-1, -1};
	pid_t pid;

	if (!serve_begin(&served))
		return;
	check_int(channel_send(served.channel, 99, slice_of("?"), NULL, 0), 0);
	unit_wait_for_hangup(served.channel);
	serve_end(&served);
	check_int(channel_pair(ends), 0);
	pid = fork();
	if (pid == 0) {
		fd_close(&ends[0]);
		_exit(state_main(ends[1]));
	}
	fd_close(&ends[1]);
	check_int(control_setup(ends[0], "/nowhere/socket", 1), 0);
	check_int(control_wait(ends[0], &error), -1);
	check_str(error_text(&error), "cannot listen at '/nowhere/socket': No such file or directory");
	error_release(&error);
	check_int(unit_wait(pid), 1);
	fd_close(&ends[0]);
}

const struct unit_test unit_state_role[] = {
	{.name = "a run, its tasks, and their ends", .run = test_role_run},
	{.name = "what is no message", .run = test_wrong_messages},
	{.name = NULL},
};
