/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state/server: whose a client is, and what the ends of attempts do. The server, the run and its workers are this
 * process.
 */
#include "unit.h"

#include "base/mem.h"
#include "board/board.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "ipc/shm.h"
#include "state/server/runs.h"
#include "state/server/server.h"

#include <sys/socket.h>
#include <unistd.h>

enum { SEATS = 2, ROWS = 4, RING = 65536, RUN = 7 };

#define ENDED "! 4 task 5 has ended: what it left running owns nothing any more\n"

struct scene {
	struct server server;
	struct control control;
	/* The run's end of the control channel, and the server's. */
	int channel;
	int other;
	char *path;
	struct board board;
	/* A client that is nobody's task, and has locked "held". */
	int outsider;
};

/* Handles what is under way. */
static void scene_settle(struct scene *scene)
{
	for (int i = 0; i < 20; i++)
		server_step(&scene->server, 0);
}

/* Checks what the next answer to a client begins with; "": there is none yet. */
static void check_answer(struct scene *scene, int client, const char *expected)
{
	char answer[512];
	size_t most = strlen(expected);
	ssize_t got;

	scene_settle(scene);
	got = recv(client, answer, sizeof answer, MSG_DONTWAIT);
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
	check_int(local_send_all(client, slice_of(request)), 0);
	check_answer(scene, client, expected);
}

static void scene_begin(struct scene *scene, bool calls)
{
	struct control_run run = {
		.number = RUN, .id = "unit-run", .board = &scene->board, .queue_rows = ROWS, .calls = calls};
	struct error error = {.number = 0};
	int ends[2];

	scene->path = mem_join(unit_directory(), "/socket");
	check_int(server_init(&scene->server, scene->path, 1 << 20, &error), 0);
	check_int(channel_pair(ends), 0);
	scene->channel = ends[1];
	scene->other = ends[0];
	check_int(control_init(&scene->control, &scene->server, scene->other), 0);
	check_int(board_create(&scene->board, SEATS, ROWS, RING), 0);
	check_int(control_run_began(scene->channel, &run), 0);
	scene->outsider = local_connect(scene->path);
	check_asked(scene, scene->outsider, "lock held\n", "=\n");
}

static void scene_end(struct scene *scene)
{
	fd_close(&scene->outsider);
	control_release(&scene->control);
	server_release(&scene->server);
	board_release(&scene->board);
	fd_close(&scene->channel);
	fd_close(&scene->other);
	free(scene->path);
}

/* Puts a task into a seat; 0 ends it. */
static struct seat *scene_run(struct scene *scene, size_t number, uint64_t seq, uint32_t attempt, pid_t task)
{
	struct seat *seat = board_seat(&scene->board, number);

	seat->worker = getpid();
	atomic_store(&seat->attempt, attempt);
	atomic_store(&seat->running, seq);
	seat->task = task;
	return seat;
}

/* Reports the end of an attempt, and has the server hear it before all else. */
static void scene_ends(struct scene *scene, uint64_t seq, uint32_t attempt)
{
	const struct control_end end = {.index = seq - 1, .count = 1, .well = true, .attempt = attempt};

	check_int(control_attempts_ended(scene->channel, RUN, &end, 1), 0);
	scene->server.hear(&scene->server);
}

/* Makes the connection that a task inherits from its worker. */
static int scene_connect_for(struct scene *scene, const char *line)
{
	int client = local_connect(scene->path);

	check(client >= 0);
	check_int(local_send_all(client, slice_of(line)), 0);
	return client;
}

enum actor_kind {
	/* In a group of its own. */
	ACTOR_LEADER,
	/* A child of such a leader, in a session of its own. */
	ACTOR_CHILD,
	/* Remains in the group of a leader that has ended. */
	ACTOR_LEFT,
	/* Remains of one, in a session of its own. */
	ACTOR_DAEMON,
};

/* A process with a connection, for which this process speaks. */
struct actor {
	pid_t leader;
	int client;
	/* Its end ends the process. */
	int life;
};

/* Becomes the actor of a kind: a descendant of this process. */
static void actor_become(enum actor_kind kind, int channel)
{
	int ends[2];
	char byte;
	pid_t pid;

	setpgid(0, 0);
	if (kind == ACTOR_LEADER)
		return;
	if (fd_pipe_blocking(ends) < 0 || (pid = fork()) < 0)
		_exit(1);
	if (pid > 0 && kind != ACTOR_CHILD)
		_exit(0);
	if (pid > 0) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		fd_close(&channel);
		_exit(unit_wait(pid));
	}
	if (kind != ACTOR_LEFT)
		setsid();
	fd_close(&ends[1]);
	/* Until the leader has ended. */
	while (read(ends[0], &byte, 1) > 0)
		;
}

static void actor_main(const struct scene *scene, enum actor_kind kind, char **environment, int channel)
{
	char cat[] = "cat", *arguments[] = {cat, NULL};
	int client;

	actor_become(kind, channel);
	client = local_connect(scene->path);
	if (channel_send(channel, 1, (struct slice){.data = NULL}, &client, 1) < 0)
		_exit(1);
	execve("/bin/cat", arguments, environment);
	_exit(1);
}

static void actor_start(struct scene *scene, struct actor *actor, enum actor_kind kind, char **environment)
{
	char *none[] = {NULL};
	struct message message;
	int ends[2], life[2];

	check_int(channel_pair(ends), 0);
	check_int(fd_pipe_blocking(life), 0);
	actor->leader = fork();
	if (actor->leader == 0) {
		dup2(life[0], STDIN_FILENO);
		fd_close(&life[0]);
		fd_close(&life[1]);
		fd_close(&ends[0]);
		actor_main(scene, kind, environment ? environment : none, ends[1]);
	}
	fd_close(&life[0]);
	fd_close(&ends[1]);
	actor->life = life[1];
	actor->client = -1;
	if (check_int(channel_wait(ends[0], &message, clock_now() + 20 * NSEC_PER_SEC), 1) && message.fd_count == 1)
		actor->client = message.fds[0];
	check(actor->client >= 0);
	/* It has executed: that closes its end. */
	unit_wait_for_hangup(ends[0]);
	fd_close(&ends[0]);
}

static void actor_end(struct actor *actor)
{
	fd_close(&actor->client);
	fd_close(&actor->life);
	check_int(unit_wait(actor->leader), 0);
}

/* Checks whose task an actor is; NULL: nobody's. */
static void check_whose(struct scene *scene, const struct actor *actor, const char *task)
{
	char answer[512], expected[64];
	ssize_t got;

	check_int(local_send_all(actor->client, slice_of("unlock held\n")), 0);
	scene_settle(scene);
	got = recv(actor->client, answer, sizeof answer - 1, MSG_DONTWAIT);
	answer[got > 0 ? got : 0] = '\0';
	snprintf(expected, sizeof expected, "(cat)%s%s\n", task ? " of " : "", task ? task : "");
	if (!strstr(answer, expected))
		check_str(answer, expected);
}

static void test_whose_group(void)
{
	static const enum actor_kind kinds[] = {ACTOR_LEADER, ACTOR_CHILD, ACTOR_LEFT};
	struct scene scene;
	struct actor actor;
	size_t i;

	unit_skip_under_valgrind();
	for (i = 0; i < countof(kinds); i++) {
		scene_begin(&scene, false);
		actor_start(&scene, &actor, kinds[i], NULL);
		scene_run(&scene, 1, 5, 1, actor.leader);
		check_whose(&scene, &actor, "task 5");
		scene_run(&scene, 1, 6, 1, 0);
		scene_ends(&scene, 5, 1);
		check_asked(&scene, actor.client, "get n\n", ENDED);
		actor_end(&actor);
		scene_end(&scene);
	}
}

static void test_whose_environment(void)
{
	char id[] = "MPMAP_RUN_ID=unit-run", seq[] = "MPMAP_SEQ=5", attempt[] = "MPMAP_ATTEMPT=2";
	char other[] = "MPMAP_RUN_ID=another";
	char *environment[] = {seq, attempt, id, NULL}, *another[] = {other, seq, attempt, NULL};
	struct scene scene;
	struct actor daemon, left, foreign;

	unit_skip_under_valgrind();
	scene_begin(&scene, false);
	actor_start(&scene, &daemon, ACTOR_DAEMON, environment);
	actor_start(&scene, &left, ACTOR_DAEMON, environment);
	actor_start(&scene, &foreign, ACTOR_DAEMON, another);
	scene_run(&scene, 0, 5, 2, 0);
	check_whose(&scene, &daemon, "task 5");
	check_whose(&scene, &foreign, NULL);
	/* What comes after the attempt has ended. */
	scene_run(&scene, 0, 5, 3, 0);
	check_asked(&scene, left.client, "lock a\n", ENDED);
	check_asked(&scene, left.client, "get a\n", ENDED);
	actor_end(&daemon);
	actor_end(&left);
	actor_end(&foreign);
	scene_end(&scene);
}

/* Functions are called in a worker: whatever it asks is for the record in work. */
static void test_whose_calls(void)
{
	struct scene scene;
	struct actor actor;

	scene_begin(&scene, true);
	actor_start(&scene, &actor, ACTOR_LEADER, NULL);
	scene_run(&scene, 0, 0, 0, 0)->worker = actor.leader;
	check_whose(&scene, &actor, NULL);
	scene_run(&scene, 0, 5, 1, 0)->worker = actor.leader;
	check_whose(&scene, &actor, "task 5");
	scene_run(&scene, 0, 6, 1, 0)->worker = actor.leader;
	check_whose(&scene, &actor, "task 6");
	scene_ends(&scene, 5, 1);
	check_whose(&scene, &actor, "task 6");
	actor_end(&actor);
	scene_end(&scene);
}

/* A function's record is over once its adapter marks another: what it has is free. */
static void test_marks(void)
{
	struct scene scene;
	struct actor actor;
	struct shm mark;
	_Atomic uint64_t *marked;
	char answer[8] = "";
	int i;

	scene_begin(&scene, false);
	check_int(shm_create_sealed(&mark, "unit-mark", sizeof *marked), 0);
	marked = (void *)mark.base;
	actor_start(&scene, &actor, ACTOR_LEADER, NULL);
	atomic_store(&scene_run(&scene, 0, 5, 1, actor.leader)->mark_fd, (uint32_t)mark.fd + 1);
	/* One that marks nothing is at the oldest record. */
	check_whose(&scene, &actor, "task 5");
	atomic_store(marked, 6);
	check_whose(&scene, &actor, "task 6");
	check_asked(&scene, actor.client, "lock a\n", "=\n");
	fd_close(&scene.outsider);
	scene.outsider = scene_connect_for(&scene, "lock a\n");
	check_answer(&scene, scene.outsider, "");
	atomic_store(marked, 7);
	for (i = 0; i < 1000 && recv(scene.outsider, answer, 2, MSG_DONTWAIT) < 0; i++)
		server_step(&scene.server, clock_now() + 20 * NSEC_PER_MSEC);
	check_str(answer, "=\n");
	check_asked(&scene, actor.client, "unlock a\n", "! 2 lock \"a\" is held by a connection of process ");
	shm_release(&mark);
	actor_end(&actor);
	scene_end(&scene);
}

static void test_inherited(void)
{
	struct scene scene;
	struct actor actor;
	int first, second;

	scene_begin(&scene, false);
	actor_start(&scene, &actor, ACTOR_LEADER, NULL);
	scene_run(&scene, 0, 5, 1, actor.leader);
	first = scene_connect_for(&scene, "task 5 1\n");
	second = scene_connect_for(&scene, "task 5 1\n");
	check_answer(&scene, first, "");
	check_asked(&scene, first, "lock a\n", "=\n");
	check_asked(&scene, second, "lock a\n", "=\n");
	check_asked(&scene, second, "unlock held\n", "! 2 lock \"held\" is held by a connection of process ");
	/* Only the first line is the worker's. */
	check_asked(&scene, first, "task 6 1\n", "! 2 ");
	check_asked(&scene, actor.client, "task 6 1\n", "! 2 ");
	check_asked(&scene, first, "as parent\n", "=\n");
	check_asked(&scene, first, "unlock a\n", "=\n");
	scene_ends(&scene, 5, 1);
	check_asked(&scene, scene.outsider, "lock a\n", "=\n");
	check_asked(&scene, first, "get n\n", ENDED);
	check_asked(&scene, second, "lock b\n", ENDED);
	fd_close(&first);
	fd_close(&second);
	actor_end(&actor);
	scene_end(&scene);
}

/* What a task has sent before it ended counts, whether or not the server has seen the connection by then. */
static void test_sent_before_end(void)
{
	char id[] = "MPMAP_RUN_ID=unit-run", seq[] = "MPMAP_SEQ=5", attempt[] = "MPMAP_ATTEMPT=1";
	char *environment[] = {seq, attempt, id, NULL};
	struct scene scene;
	struct actor actor;
	int inherited;

	unit_skip_under_valgrind();
	scene_begin(&scene, false);
	actor_start(&scene, &actor, ACTOR_DAEMON, environment);
	scene_run(&scene, 0, 5, 1, 0);
	inherited = scene_connect_for(&scene, "task 5 1\nadd n 1\nadd n 1\n");
	check_int(local_send_all(actor.client, slice_of("add n 10\n")), 0);
	scene_ends(&scene, 5, 1);
	scene_run(&scene, 0, 0, 0, 0);
	/* In whichever order they were seen. */
	check_answer(&scene, inherited, "= ");
	check_answer(&scene, actor.client, "= 1");
	check_asked(&scene, scene.outsider, "get n\n", "= 12\n");
	check_asked(&scene, inherited, "add n 1\n", ENDED);
	check_asked(&scene, actor.client, "add n 1\n", ENDED);
	/* One that never asked anything costs nothing, and has ended, too. */
	fd_close(&inherited);
	scene_run(&scene, 1, 6, 1, 0);
	inherited = scene_connect_for(&scene, "task 6 1\n");
	scene_settle(&scene);
	check_int(scene.server.store->attempts, 0);
	scene_ends(&scene, 6, 1);
	check_asked(&scene, inherited, "get n\n", "! 4 task 6 has ended");
	fd_close(&inherited);
	actor_end(&actor);
	scene_end(&scene);
}

/* The end of an attempt is not that of the next, and the end of a run is that of all. */
static void test_attempts(void)
{
	struct scene scene;
	int first, second, waiting;

	scene_begin(&scene, false);
	scene_run(&scene, 0, 5, 2, 0);
	second = scene_connect_for(&scene, "task 5 2\nlock a\n");
	check_answer(&scene, second, "=\n");
	scene_ends(&scene, 5, 1);
	check_asked(&scene, second, "unlock a\n", "=\n");
	check_asked(&scene, second, "lock a\n", "=\n");
	first = scene_connect_for(&scene, "task 8 1\nlock a\n");
	check_answer(&scene, first, "");
	scene_ends(&scene, 5, 0);
	check_answer(&scene, first, "=\n");
	waiting = scene_connect_for(&scene, "task 9 1\nlock a\n");
	check_answer(&scene, waiting, "");
	check_int(control_run_ended(scene.channel, RUN), 0);
	check_answer(&scene, waiting, "! 4 task 9 has ended, for which this waited\n");
	check_asked(&scene, first, "get n\n", "! 4 task 8 has ended");
	check_asked(&scene, scene.outsider, "lock a\n", "=\n");
	check_int(scene.server.store->attempts, 0);
	fd_close(&first);
	fd_close(&second);
	fd_close(&waiting);
	scene_end(&scene);
}

/* What a process that a task has named has ends with the task. */
static void test_processes(void)
{
	struct scene scene;
	struct actor leader, child;

	unit_skip_under_valgrind();
	scene_begin(&scene, false);
	actor_start(&scene, &leader, ACTOR_LEADER, NULL);
	actor_start(&scene, &child, ACTOR_LEADER, NULL);
	scene_run(&scene, 0, 5, 1, leader.leader);
	scene_run(&scene, 1, 6, 1, child.leader);
	check_asked(&scene, leader.client, "as self\n", "=\n");
	check_asked(&scene, leader.client, "lock a\n", "=\n");
	check_asked(&scene, child.client, "as parent\n", "=\n");
	check_asked(&scene, child.client, "lock b\n", "=\n");
	check_asked(&scene, scene.outsider, "lock --timeout 0 b\n", "! 1 lock \"b\" is held by task 6\n");
	scene_ends(&scene, 5, 1);
	scene_ends(&scene, 6, 1);
	check_asked(&scene, scene.outsider, "lock --timeout 0 a b\n", "=\n");
	check_asked(&scene, child.client, "lock c\n", "! 4 task 6 has ended");
	check_asked(&scene, leader.client, "lock c\n", "! 4 process ");
	actor_end(&leader);
	actor_end(&child);
	scene_end(&scene);
}

static void test_outlook_of_runs(void)
{
	struct scene scene;
	int first, second;

	scene_begin(&scene, false);
	fd_close(&scene.outsider);
	scene_run(&scene, 0, 1, 1, 0);
	check_int(control_outlook(scene.channel, RUN, 2, UINT64_MAX), 0);
	first = scene_connect_for(&scene, "task 1 1\n");
	second = scene_connect_for(&scene, "task 2 1\n");
	check_asked(&scene, first, "barrier b 3\n",
		    "! 3 barrier \"b\" needs 3 tasks at once, and no more than 2 run (-j)\n");
	check_asked(&scene, first, "pop q\n", "");
	check_asked(&scene, second, "pop q\n",
		    "! 3 nobody can end this wait: all tasks that run wait (2), and no more run at a time (-j); ");
	/* One task is left. */
	scene_ends(&scene, 2, 1);
	check_answer(&scene, first, "");
	check_int(control_outlook(scene.channel, RUN, 2, 1), 0);
	check_answer(&scene, first,
		     "! 3 nobody can end this wait: all tasks that run wait (1), and there is no input left; ");
	check_asked(&scene, first, "barrier b 2\n",
		    "! 3 barrier \"b\" needs 2 tasks at once, and no more than 1 are left\n");
	fd_close(&first);
	fd_close(&second);
	scene.outsider = local_connect(scene.path);
	scene_end(&scene);
}

/* Receives the event that the server sends next to the run. False if there is none. */
static bool scene_receive(struct scene *scene, struct message *storage, struct control_event *event)
{
	int got;

	for (int i = 0; i < 100 && (got = control_receive(scene->channel, storage, event)) == 0; i++)
		server_step(&scene->server, 0);
	return check_int(got, 1) && check_int(event->run, RUN);
}

/* Checks that the next item has this size, and consists of this byte. */
static void check_item(struct scene *scene, size_t size, char byte)
{
	struct control_event event = {.is_last_part = false};
	struct message storage;
	size_t had = 0, i;

	while (!event.is_last_part && scene_receive(scene, &storage, &event) &&
	       check_int(event.type, CONTROL_EVENT_ITEM)) {
		for (i = 0; i < event.bytes.size && event.bytes.data[i] == byte; i++)
			;
		check_int(i, event.bytes.size);
		had += event.bytes.size;
	}
	check_int(had, size);
}

/* Sends a request that is larger than what a socket holds, with steps of the server between. */
static void scene_send_large(struct scene *scene, struct slice line)
{
	while (line.size) {
		ssize_t sent = send(scene->outsider, line.data, line.size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			line.data += sent;
			line.size -= (size_t)sent;
		}
		server_step(&scene->server, 0);
	}
}

/* A run takes items that are larger than a message, more than its channel holds, and gives back what is not done. */
static void test_takes(void)
{
	enum { LARGE = 1 << 20 };
	struct control_event event;
	struct message storage;
	struct bytes line = {.data = NULL};
	struct scene scene;

	scene_begin(&scene, false);
	scene.server.store->memory_limit = 8 * LARGE;
	check_int(control_take(scene.channel, RUN, "q", 3), 0);
	check_asked(&scene, scene.outsider, "push q aaa\n", "=\n");
	check_item(&scene, 3, 'a');
	bytes_append_text(&line, "push q ");
	memset(bytes_reserve(&line, LARGE), 'b', LARGE);
	line.size += LARGE;
	bytes_append_text(&line, "\n");
	scene_send_large(&scene, bytes_slice(&line));
	scene_send_large(&scene, bytes_slice(&line));
	check_answer(&scene, scene.outsider, "=\n=\n");
	check_asked(&scene, scene.outsider, "push q c\n", "=\n");
	check_item(&scene, LARGE, 'b');
	check_item(&scene, LARGE, 'b');
	/* Three were wanted. */
	check_asked(&scene, scene.outsider, "len q\n", "= 1\n");
	check_int(control_receive(scene.channel, &storage, &event), 0);
	check_int(control_take(scene.channel, RUN, "q", 1), 0);
	check_item(&scene, 1, 'c');
	check_int(control_done(scene.channel, RUN, 3), 0);
	check_int(control_take(scene.channel, RUN, "q", 1), 0);
	check_int(control_take(scene.channel, RUN, "other", 1), 0);
	check(scene_receive(&scene, &storage, &event));
	check_int(event.type, CONTROL_EVENT_REFUSED);
	check_slice(event.bytes, slice_of("a run takes from one queue"));
	check_int(control_run_ended(scene.channel, RUN), 0);
	check_asked(&scene, scene.outsider, "pop q\n", "= c\n");
	check_asked(&scene, scene.outsider, "len q\n", "= 0\n");
	bytes_release(&line);
	scene_end(&scene);
}

/* What is no queue is refused, and a sync comes after all that was sent. */
static void test_syncs(void)
{
	struct control_event event;
	struct message storage;
	struct scene scene;
	int task;

	scene_begin(&scene, false);
	scene_run(&scene, 0, 5, 1, 0);
	task = scene_connect_for(&scene, "task 5 1\npush q x\nadd n 1\n");
	check_int(control_take(scene.channel, RUN, "q", 2), 0);
	check_int(control_sync(scene.channel, RUN), 0);
	scene.server.hear(&scene.server);
	scene_settle(&scene);
	check_item(&scene, 1, 'x');
	check(scene_receive(&scene, &storage, &event));
	check_int(event.type, CONTROL_EVENT_SYNCED);
	check_answer(&scene, task, "=\n= 1\n");
	/* The run waits, too: nobody can bring the task an item. */
	fd_close(&scene.outsider);
	check_int(control_outlook(scene.channel, RUN, 1, UINT64_MAX), 0);
	check_asked(&scene, task, "pop other\n", "! 3 nobody can end this wait");
	fd_close(&task);
	scene.outsider = local_connect(scene.path);
	scene_end(&scene);
	scene_begin(&scene, false);
	check_int(control_take(scene.channel, RUN, "held", 2), 0);
	check(scene_receive(&scene, &storage, &event));
	check_int(event.type, CONTROL_EVENT_REFUSED);
	check_slice(event.bytes, slice_of("\"held\" is a lock, not a queue"));
	scene_end(&scene);
}

/* What an attempt has added counts with its end, if that is well. */
static void test_atomic_run(void)
{
	struct control_run run = {.number = RUN + 1, .id = "atomic", .queue_rows = ROWS, .is_atomic = true};
	struct control_end ends[] = {{.index = 4, .count = 1, .well = true, .attempt = 1},
				     {.index = 5, .count = 1, .attempt = 1}};
	struct scene scene;
	struct board board;
	int good, bad;

	scene_begin(&scene, false);
	scene_run(&scene, 0, 0, 0, 0);
	check_int(board_create(&board, SEATS, ROWS, RING), 0);
	board_seat(&board, 1)->worker = getpid();
	run.board = &board;
	check_int(control_run_ended(scene.channel, RUN), 0);
	check_int(control_run_began(scene.channel, &run), 0);
	/* The worker is in the new run, of which the server has not heard yet. */
	good = scene_connect_for(&scene, "task 5 1\nadd n 1\n");
	bad = scene_connect_for(&scene, "task 6 1\nadd n 10\n");
	check_answer(&scene, good, "= 1\n");
	check_answer(&scene, bad, "= 10\n");
	check_asked(&scene, scene.outsider, "add n 100\n", "= 100\n");
	check_int(local_send_all(good, slice_of("add n 1\n")), 0);
	fd_close(&good);
	check_int(control_attempts_ended(scene.channel, RUN + 1, ends, countof(ends)), 0);
	scene.server.hear(&scene.server);
	check_asked(&scene, scene.outsider, "get n\n", "= 102\n");
	fd_close(&bad);
	board_release(&board);
	scene_end(&scene);
}

const struct unit_test unit_state_server[] = {
	{.name = "whose: a task's group and descendants", .run = test_whose_group},
	{.name = "whose: daemons and leftovers", .run = test_whose_environment},
	{.name = "whose: functions that workers call", .run = test_whose_calls},
	{.name = "records that an adapter marks", .run = test_marks},
	{.name = "inherited connections", .run = test_inherited},
	{.name = "what was sent before the end", .run = test_sent_before_end},
	{.name = "attempts, and the end of a run", .run = test_attempts},
	{.name = "processes of tasks", .run = test_processes},
	{.name = "the outlook of runs", .run = test_outlook_of_runs},
	{.name = "items that a run takes", .run = test_takes},
	{.name = "what a run takes is no queue, and syncs", .run = test_syncs},
	{.name = "attempts that count if they end well", .run = test_atomic_run},
	{.name = NULL},
};
