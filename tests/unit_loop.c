/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc/loop: which watches are called, and when. */
#include "unit.h"

#include "ipc/fd.h"
#include "ipc/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A watch that counts its calls and makes the loop forget others. */
struct counter {
	struct watch watch;
	struct loop *loop;
	int calls;
	unsigned events;
	/* The context of messages during the last call. */
	const struct diag_context *context;
	struct counter **others;
	size_t other_count;
	int other_end;
};

static void count_call(struct watch *watch, unsigned events)
{
	struct counter *counter = container_of(watch, struct counter, watch);
	size_t i;

	counter->calls++;
	counter->events = events;
	counter->context = diag_current();
	for (i = 0; i < counter->other_count; i++)
		loop_forget(counter->loop, &counter->others[i]->watch);
}

static void counter_init(struct counter *counter, struct loop *loop, int fd, int other_end)
{
	*counter = (struct counter){.watch = {.fd = fd, .ready = count_call}, .loop = loop, .other_end = other_end};
}

static void counter_on_pipe(struct counter *counter, struct loop *loop)
{
	int ends[2] = {-1, -1};

	check_int(fd_pipe(ends), 0);
	counter_init(counter, loop, ends[0], ends[1]);
}

static void counter_release(struct counter *counter)
{
	loop_forget(counter->loop, &counter->watch);
	fd_close(&counter->watch.fd);
	fd_close(&counter->other_end);
}

static void test_input(void)
{
	struct loop loop;
	struct counter counter;

	check_int(loop_init(&loop), 0);
	counter_on_pipe(&counter, &loop);
	check_int(loop_watch(&loop, &counter.watch, LOOP_INPUT), 0);
	loop_step(&loop, 0);
	check_int(counter.calls, 0);
	check_int(fd_write(counter.other_end, "x", 1), 1);
	loop_step(&loop, NSEC_FOREVER);
	loop_step(&loop, NSEC_FOREVER);
	check_int(counter.calls, 2);
	check_int(counter.events, LOOP_INPUT);
	/* No event is waited for: only the hang-up is reported. */
	check_int(loop_watch(&loop, &counter.watch, 0), 0);
	loop_step(&loop, 0);
	check_int(counter.calls, 2);
	fd_close(&counter.other_end);
	loop_step(&loop, NSEC_FOREVER);
	check_int(counter.calls, 3);
	check(counter.events & LOOP_HANGUP);
	loop_forget(&loop, &counter.watch);
	loop_forget(&loop, &counter.watch);
	loop_step(&loop, 0);
	check_int(counter.calls, 3);
	counter_release(&counter);
	loop_release(&loop);
	check_int(loop.epoll, -1);
}

static void test_output(void)
{
	struct loop loop;
	struct counter counter;
	int ends[2] = {-1, -1};

	check_int(loop_init(&loop), 0);
	check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	counter_init(&counter, &loop, ends[0], ends[1]);
	check_int(loop_watch(&loop, &counter.watch, LOOP_INPUT | LOOP_OUTPUT), 0);
	loop_step(&loop, NSEC_FOREVER);
	check_int(counter.events, LOOP_OUTPUT);
	check_int(fd_write(ends[1], "x", 1), 1);
	loop_step(&loop, NSEC_FOREVER);
	check_int(counter.events, LOOP_INPUT | LOOP_OUTPUT);
	fd_close(&counter.other_end);
	loop_step(&loop, NSEC_FOREVER);
	check_int(counter.events, LOOP_INPUT | LOOP_OUTPUT | LOOP_HANGUP);
	counter_release(&counter);
	loop_release(&loop);
}

static void test_deadline(void)
{
	struct loop loop;
	nsec deadline;

	check_int(loop_init(&loop), 0);
	loop_step(&loop, 0);
	loop_step(&loop, -1);
	loop_step(&loop, INT64_MIN);
	deadline = clock_now() + 20 * NSEC_PER_MSEC + 1;
	loop_step(&loop, deadline);
	check(clock_now() >= deadline);
	loop_release(&loop);
}

enum { MANY = 200 };

/* The first watch that is called makes the loop forget the others: none of them is called, then or later. */
static void test_removal(void)
{
	struct loop loop;
	struct counter counters[MANY], *others[MANY];
	int i, calls = 0;

	check_int(loop_init(&loop), 0);
	for (i = 0; i < MANY; i++) {
		counter_on_pipe(&counters[i], &loop);
		others[i] = &counters[i];
		counters[i].others = others;
		counters[i].other_count = MANY;
		check_int(loop_watch(&loop, &counters[i].watch, LOOP_INPUT), 0);
		check_int(fd_write(counters[i].other_end, "x", 1), 1);
	}
	loop_step(&loop, NSEC_FOREVER);
	loop_step(&loop, 0);
	for (i = 0; i < MANY; i++) {
		calls += counters[i].calls;
		check(!counters[i].watch.watched);
		counter_release(&counters[i]);
	}
	check_int(calls, 1);
	loop_release(&loop);
}

/* More watches are ready than one step calls: all are called in turn. */
static void test_many(void)
{
	struct loop loop;
	struct counter counters[MANY];
	int i, least = 0;

	check_int(loop_init(&loop), 0);
	for (i = 0; i < MANY; i++) {
		counter_on_pipe(&counters[i], &loop);
		check_int(loop_watch(&loop, &counters[i].watch, LOOP_INPUT), 0);
		check_int(fd_write(counters[i].other_end, "x", 1), 1);
	}
	for (i = 0; i < MANY && !least; i++) {
		int other;

		loop_step(&loop, NSEC_FOREVER);
		least = 1;
		for (other = 0; other < MANY; other++)
			least = counters[other].calls < least ? counters[other].calls : least;
	}
	check_int(least, 1);
	for (i = 0; i < MANY; i++)
		counter_release(&counters[i]);
	loop_release(&loop);
}

static void test_regular_file(void)
{
	struct loop loop;
	struct counter pipe, file;
	char *path = unit_file("file", "contents", 0600);
	int round;

	check_int(loop_init(&loop), 0);
	counter_on_pipe(&pipe, &loop);
	counter_init(&file, &loop, open(path, O_RDONLY | O_CLOEXEC), -1);
	check_int(loop_watch(&loop, &pipe.watch, LOOP_INPUT), 0);
	check_int(loop_watch(&loop, &file.watch, LOOP_INPUT), 0);
	check_int(fd_write(pipe.other_end, "x", 1), 1);
	for (round = 0; round < 10; round++)
		loop_step(&loop, NSEC_FOREVER);
	check_int(file.calls, 10);
	check_int(file.events, LOOP_INPUT);
	check_int(pipe.calls, 10);
	/* No event is waited for: the loop sleeps. */
	check_int(loop_watch(&loop, &file.watch, 0), 0);
	check_int(loop_watch(&loop, &pipe.watch, 0), 0);
	loop_step(&loop, clock_now() + 10 * NSEC_PER_MSEC);
	check_int(file.calls, 10);
	check_int(loop_watch(&loop, &file.watch, LOOP_INPUT), 0);
	loop_step(&loop, NSEC_FOREVER);
	check_int(file.calls, 11);
	loop_forget(&loop, &file.watch);
	loop_step(&loop, 0);
	check_int(file.calls, 11);
	check_int(loop_watch(&loop, &file.watch, LOOP_INPUT), 0);
	loop_step(&loop, NSEC_FOREVER);
	check_int(file.calls, 12);
	counter_release(&file);
	counter_release(&pipe);
	loop_release(&loop);
	free(path);
}

static struct counter files[4];
static bool is_gone[countof(files)];
static size_t files_called;

/* Makes the loop forget all other watches, which are not read after that. */
static void remove_others(struct watch *watch, unsigned events UNUSED)
{
	size_t i;

	files_called++;
	for (i = 0; i < countof(files); i++) {
		if (is_gone[i] || &files[i].watch == watch)
			continue;
		counter_release(&files[i]);
		memset(&files[i], 0xff, sizeof files[i]);
		is_gone[i] = true;
	}
}

/* A file that is always ready makes the loop forget the others of its kind. */
static void test_removal_of_files(void)
{
	struct loop loop;
	char *path = unit_file("file", "contents", 0600);
	size_t i;

	check_int(loop_init(&loop), 0);
	for (i = 0; i < countof(files); i++) {
		counter_init(&files[i], &loop, open(path, O_RDONLY | O_CLOEXEC), -1);
		files[i].watch.ready = remove_others;
		check_int(loop_watch(&loop, &files[i].watch, LOOP_INPUT), 0);
	}
	loop_step(&loop, NSEC_FOREVER);
	check_int(files_called, 1);
	loop_step(&loop, NSEC_FOREVER);
	check_int(files_called, 2);
	for (i = 0; i < countof(files); i++) {
		if (!is_gone[i])
			counter_release(&files[i]);
	}
	check(!loop.always);
	loop_step(&loop, 0);
	loop_release(&loop);
	free(path);
}

static void test_misuse(void)
{
	struct loop loop;
	struct watch watch = {.fd = -1, .ready = count_call}, again;

	check_int(loop_init(&loop), 0);
	check_fails(loop_watch(&loop, &watch, LOOP_INPUT), EBADF);
	check(!watch.watched);
	loop_forget(&loop, &watch);
	watch.fd = fd_null();
	check_int(loop_watch(&loop, &watch, 0), 0);
	check(watch.always);
	loop_forget(&loop, &watch);
	fd_close(&watch.fd);
	again = watch;
	check_fails(loop_watch(&loop, &again, LOOP_INPUT), EBADF);
	loop_release(&loop);
}

static void test_context(void)
{
	static const struct diag_context outer = {.run = 1}, inner = {.run = 2};
	struct loop loop;
	struct counter plain, owned;

	check_int(loop_init(&loop), 0);
	counter_on_pipe(&plain, &loop);
	counter_on_pipe(&owned, &loop);
	owned.watch.context = &inner;
	fd_close(&plain.other_end);
	fd_close(&owned.other_end);
	check_int(loop_watch(&loop, &plain.watch, LOOP_INPUT), 0);
	check_int(loop_watch(&loop, &owned.watch, LOOP_INPUT), 0);
	diag_enter(&outer);
	loop_step(&loop, NSEC_FOREVER);
	check(diag_enter(NULL) == &outer);
	check_int(plain.calls, 1);
	check(plain.context == NULL);
	check_int(owned.calls, 1);
	check(owned.context == &inner);
	counter_release(&plain);
	counter_release(&owned);
	loop_release(&loop);
}

const struct unit_test unit_loop[] = {
	{"input and hang-up", .run = test_input},
	{"room for output", .run = test_output},
	{"a step until a deadline", .run = test_deadline},
	{"a forgotten watch is not called", .run = test_removal},
	{"more ready watches than one step calls", .run = test_many},
	{"a regular file is always ready", .run = test_regular_file},
	{"forgetting watches that are always ready", .run = test_removal_of_files},
	{"each is called in its own context of messages", .run = test_context},
	{"misuse is a defect", .run = test_misuse},
	{.name = NULL},
};
