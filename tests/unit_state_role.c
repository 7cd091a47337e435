/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state/server/role: the role of a run, what the run reports, and what that means for clients. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "state/server/runs.h"
#include "state/server/role.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A server in a process of its own. */
struct served {
	pid_t pid;
	int channel;
	char *path;
};

static bool serve_begin(struct served *served)
{
	struct error error = {.number = 0};
	int ends[2] = {-1, -1};
	bool ready;

	served->path = mem_format("%s/socket", unit_directory());
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
	fd_close(&served->channel);
	check_int(unit_wait(served->pid), 0);
	check(access(served->path, F_OK) < 0);
	free(served->path);
}

/* Makes a connection that belongs to an attempt. */
static int connect_for(struct served *served, uint64_t id)
{
	int ends[2];

	check_int(fd_socket_pair(ends), 0);
	check_int(control_connection(served->channel, id, ends[0]), 0);
	fd_close(&ends[0]);
	return ends[1];
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

static void test_role_attempts(void)
{
	struct served served;
	int first, second, third;

	if (!serve_begin(&served))
		return;
	check_int(control_attempt_began(served.channel, 7, 0, "task 7"), 0);
	check_int(control_attempt_began(served.channel, 8, 0, "task 8"), 0);
	first = connect_for(&served, 7);
	second = connect_for(&served, 8);
	check_str(converse(first, "lock a\n"), "=");
	check_str(converse(second, "unlock a\n"), "! 2 lock \"a\" is held by task 7, not by task 8");
	check_str(converse(first, "push q x\n"), "=");
	check_str(converse(first, "pop --ack q\n"), "= x");
	send_line(second, "lock a\n");
	/* A second connection of the same attempt has the same. */
	third = connect_for(&served, 7);
	check_str(converse(third, "lock a\n"), "=");
	fd_close(&first);
	check_str(converse(third, "pop --timeout 0 q\n"), "! 1 queue \"q\" is empty");
	check_int(control_attempt_ended(served.channel, 7), 0);
	check_str(receive_line(second), "=");
	check_str(converse(second, "pop q\n"), "= x");
	check_str(converse(third, "lock b\n"), "! 4 the task or process that this acts for has ended");
	fd_close(&second);
	fd_close(&third);
	serve_end(&served);
}

/* A process that descends from the leader of an attempt acts for it. */
static void test_leaders(void)
{
	struct served served;
	int first, second;
	pid_t pid;

	if (!serve_begin(&served))
		return;
	check_int(control_attempt_began(served.channel, 1, getpid(), "task 1"), 0);
	check_int(control_attempt_began(served.channel, 2, 0, "task 2"), 0);
	second = connect_for(&served, 2);
	check_str(converse(second, "len q\n"), "= 0");
	first = local_connect(served.path);
	check(first >= 0);
	check_str(converse(first, "as self\n"), "=");
	check_str(converse(first, "lock a\n"), "=");
	pid = fork();
	if (pid == 0) {
		int child = local_connect(served.path);

		check_str(converse(child, "as parent\n"), "=");
		check_str(converse(child, "lock a\n"), "=");
		check_str(converse(child, "unlock a\n"), "=");
		_exit(unit_failures);
	}
	check_int(unit_wait(pid), 0);
	fd_close(&first);
	check_str(converse(second, "lock --timeout 0 a\n"), "! 1 lock \"a\" is held by task 1");
	check_int(control_attempt_ended(served.channel, 1), 0);
	check_str(converse(second, "lock a\n"), "=");
	fd_close(&second);
	serve_end(&served);
}

static void test_outlook_reported(void)
{
	struct served served;
	int first, second;

	if (!serve_begin(&served))
		return;
	check_int(control_outlook(served.channel, 1, 2, UINT64_MAX), 0);
	check_int(control_attempt_began(served.channel, 1, 0, "task 1"), 0);
	first = connect_for(&served, 1);
	check_str(converse(first, "barrier b 3\n"),
		  "! 3 barrier \"b\" needs 3 tasks at once, and no more than 2 run (-j)");
	check_int(control_attempt_began(served.channel, 2, 0, "task 2"), 0);
	second = connect_for(&served, 2);
	check_str(converse(second, "len q\n"), "= 0");
	/* Once the first is answered, the second of these waits. */
	check_str(converse(first, "set x 1\npop q\n"), "=");
	check(strncmp(converse(second, "pop q\n"), "! 3 nobody can end this wait: all 2 tasks", 41) == 0);
	fd_close(&first);
	fd_close(&second);
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
	{.name = "attempts own, and their ends free", .run = test_role_attempts},
	{.name = "descendants act for an attempt", .run = test_leaders},
	{.name = "waits that nobody can end", .run = test_outlook_reported},
	{.name = "what is no message", .run = test_wrong_messages},
	{.name = NULL},
};
