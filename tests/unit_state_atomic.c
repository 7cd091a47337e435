/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state/store: what attempts add, which counts if they end well. */
#include "unit.h"
#include "unit_state_bench.h"

/* Two atomic attempts, a process of the first, and two others. */
static void prepare_attempts(struct bench *bench)
{
	bench_begin_attempt(bench, 0, "task 1");
	bench_begin_attempt(bench, 1, "task 2");
	bench_end_owner(bench, 2);
	bench->owners[2] = owner_new(bench->store, "a process of task 1", bench->owners[0]);
}

#define PLAY_ATOMIC(...) \
	do { \
		static const struct bench_step steps[] = {__VA_ARGS__}; \
		bench_play(steps, countof(steps), prepare_attempts); \
	} while (0)

/* What could not be undone is refused, to the attempt and to what it has started. */
static void test_refusals(void)
{
	static const char *const rows[][3] = {
		{"set n 1", "set", "add, append or push"},   {"cas n 1 2", "cas", "add, append or push"},
		{"put m k v", "put", "add, append or push"}, {"del n", "del", "add, append or push"},
		{"del m k", "del", "add, append or push"},   {"pop q", "pop", "pop --ack"},
	};
	struct bench bench;
	char expected[128];
	size_t i;

	bench_begin(&bench);
	prepare_attempts(&bench);
	for (i = 0; i < 2 * countof(rows); i++) {
		snprintf(expected, sizeof expected, "! 2 --state=atomic: %s cannot be undone if the task fails; use %s",
			 rows[i / 2][1], rows[i / 2][2]);
		check_str(bench_ask(&bench, i % 2 ? 2 : 0, rows[i / 2][0]), expected);
		if (i % 2)
			check(!strstr(bench_ask(&bench, 3, rows[i / 2][0]), "atomic"));
	}
	bench_end(&bench);
}

static void test_numbers(void)
{
	/* Each attempt sees its own, and nobody else does. */
	PLAY_ATOMIC({0, "add n", "= 1"}, {2, "add n 2", "= 3"}, {1, "add n 10", "= 10"},
		    {3, "get n", "! 1 nothing is called \"n\""}, {3, "add n 100", "= 100"}, {2, "get n", "= 103"},
		    {0, "max n 200", "= 200"}, {0, "add n", "= 201"}, {1, "min n 90", "= 90"}, {1, "add n", "= 91"},
		    {3, "wait n > 100", "..."}, {0, "+", ""}, {3, "?", "= 201"}, {1, "get n", "= 91"}, {1, "-", ""},
		    {3, "get n", "= 201"});
	/* Bounds and additions, in the order in which they came. */
	PLAY_ATOMIC({3, "set n 5", "="}, {0, "max n 7", "= 7"}, {0, "add n -3", "= 4"}, {0, "min n 2.5", "= 2.5"},
		    {0, "add n 1", "= 3.5"}, {3, "set n 1", "="}, {0, "get n", "= 3.5"}, {3, "set n -100", "="},
		    {0, "get n", "= 3.5"}, {0, "+", ""}, {3, "get n", "= 3.5"});
	/* A bound is the number if there is none. */
	PLAY_ATOMIC({0, "min n 7", "= 7"}, {1, "max n -7", "= -7"}, {0, "+", ""}, {1, "get n", "= 7"}, {1, "+", ""},
		    {3, "get n", "= 7"});
	/* A wait of the attempt sees what it has added. */
	PLAY_ATOMIC({2, "wait n = 3", "..."}, {3, "add n", "= 1"}, {0, "add n 2", "= 3"}, {2, "?", "= 3"},
		    {2, "wait --timeout 0 n = 4", "! 1 \"n\" is \"3\", and = \"4\" is waited for"});
	/* What does not fit is refused; what others have made of the number meanwhile cannot make it fail. */
	PLAY_ATOMIC({0, "add n 9223372036854775807", "= 9223372036854775807"},
		    {0, "add n", "! 2 \"n\" would be too large a number"}, {3, "add n 9", "= 9"}, {0, "+", ""},
		    {3, "get n", "= 9223372036854775807"});
}

/* Nobody can make the name something else while a number is kept for it. */
static void test_conflicts(void)
{
	PLAY_ATOMIC({0, "add n", "= 1"}, {3, "set n x", "! 1 \"n\" has to be a number while task 1 adds to it"},
		    {3, "put n k v", "! 2 \"n\" is a value, not a dictionary"},
		    {3, "del n", "! 1 \"n\" is in use: task 1 adds to it, and has not ended"}, {3, "set n 5", "="},
		    {3, "cas n 5 x", "! 1 \"n\" has to be a number while task 1 adds to it"},
		    {0, "append n x", "! 2 \"n\" is a value, not a list"}, {0, "-", ""}, {3, "get n", "= 5"},
		    {3, "set n x", "="}, {1, "add n", "! 2 \"n\" is a text, not a number"}, {3, "del n", "="});
	PLAY_ATOMIC({0, "append l x", "= 1"}, {3, "put l k v", "! 2 \"l\" is a list, not a dictionary"}, {0, "-", ""},
		    {3, "put l k v", "="});
	PLAY_ATOMIC({0, "push q x", "="}, {3, "lock q", "! 2 \"q\" is a queue, not a lock"}, {0, "-", ""},
		    {3, "lock q", "="});
	PLAY_ATOMIC({0, "add n", "= 1"}, {0, "-", ""}, {3, "list", "* 0"});
}

static void test_lists_and_queues(void)
{
	PLAY_ATOMIC({3, "append l a", "= 1"}, {0, "append l b", "= 2"}, {1, "append l c", "= 2"}, {2, "at l -1", "= b"},
		    {3, "at l -1", "= a"}, {0, "len l", "= 2"}, {3, "append l d", "= 2"}, {0, "at l 2", "= b"},
		    {0, "at l 3", "! 1 \"l\" has no value at 3: it has 3"}, {1, "+", ""}, {0, "-", ""},
		    {3, "at l 2", "= c"}, {3, "len l", "= 3"});
	/* A push without room waits; what is kept takes none. */
	PLAY_ATOMIC({3, "pop q", "..."}, {0, "push q a", "="}, {0, "push --max 1 q b", "="}, {0, "len q", "= 2"},
		    {4, "len q", "= 0"}, {4, "push q c", "="}, {3, "?", "= c"}, {4, "push q d", "="},
		    {1, "push --max 1 q e", "..."}, {3, "pop q", "= d"}, {1, "?", "="}, {3, "pop q", "..."},
		    {1, "+", ""}, {3, "?", "= e"}, {3, "pop q", "..."}, {0, "-", ""}, {3, "?", "..."});
	/* What is done is not before the end, except to the attempt itself. */
	PLAY_ATOMIC({3, "push q a", "="}, {3, "push q b", "="}, {0, "pop --ack q", "= a"}, {2, "pop --ack q", "= b"},
		    {0, "done q", "="}, {2, "done q", "="}, {0, "join q", "="}, {3, "join q", "..."}, {3, "?", "..."},
		    {0, "+", ""}, {3, "?", "="}, {3, "list", "* 0"});
	PLAY_ATOMIC({3, "push q a", "="}, {3, "push q b", "="}, {0, "pop --ack q", "= a"}, {0, "done q", "="},
		    {0, "done q", "! 2 task 1 has no item of queue \"q\" that is not done (pop --ack gives one)"},
		    {3, "pop q", "= b"}, {3, "pop q", "..."}, {0, "-", ""}, {3, "?", "= a"});
}

/* An attempt that is over holds nothing, and what it has added waits. */
static void test_over(void)
{
	PLAY_ATOMIC({3, "push q a", "="}, {3, "push q b", "="}, {0, "pop --ack q", "= a"}, {0, "done q", "="},
		    {0, "pop --ack q", "= b"}, {0, "push q c", "="}, {0, "add n", "= 1"}, {0, "lock l", "="},
		    {1, "lock l", "..."}, {0, "~", ""}, {1, "?", "="}, {3, "pop q", "= b"}, {3, "len q", "= 0"},
		    {3, "get n", "! 1 nothing is called \"n\""}, {3, "join q", "..."}, {4, "pop q", "..."},
		    {0, "+", ""}, {4, "?", "= c"}, {3, "?", "="}, {3, "get n", "= 1"});
	/* The additions are there for the next that has the lock. */
	PLAY_ATOMIC({0, "lock l", "="}, {0, "add n", "= 1"}, {1, "lock l", "..."}, {0, "+", ""}, {1, "?", "="},
		    {1, "add n", "= 2"}, {1, "-", ""}, {3, "get n", "= 1"});
}

/* What is kept counts towards the memory, so that it finds room in the end. */
static void test_room(void)
{
	struct bytes line = {.data = NULL};
	struct bench bench;

	bench_begin(&bench);
	prepare_attempts(&bench);
	bytes_append_format(&line, "push q %0600000d", 0);
	check_str(bench_ask(&bench, 0, "add n"), "= 1");
	check_str(bench_ask(&bench, 0, bytes_text(&line)), "=");
	check(strncmp(bench_ask(&bench, 1, bytes_text(&line)), "! 1 the state is full", 21) == 0);
	while (bench_ask(&bench, 3, "append l x")[0] == '=')
		;
	bench_end_attempt(&bench, 0, true);
	check_str(bench_ask(&bench, 3, "len q"), "= 1");
	check_str(bench_ask(&bench, 3, "get n"), "= 1");
	check(bench.store->memory <= bench.store->memory_limit);
	bytes_release(&line);
	bench_end(&bench);
}

/* Waits that only what is kept can end are not taken for hopeless until the verdict. */
static void test_outlook_of_attempts(void)
{
	struct bench bench;
	size_t i;

	bench_begin(&bench);
	for (i = 2; i < BENCH_OWNERS; i++)
		bench_end_owner(&bench, i);
	bench_begin_attempt(&bench, 0, "task 1");
	bench_begin_attempt(&bench, 1, "task 2");
	store_foresee(bench.store, (struct store_outlook){.jobs = 1, .input_ended = true});
	check_str(bench_ask(&bench, 0, "push q x"), "=");
	store_attempt_over(bench.store, bench.owners[0]);
	check_int(bench.store->attempts, 1);
	check_str(bench_ask(&bench, 1, "pop --ack q"), "...");
	bench_end_attempt(&bench, 0, false);
	check(strncmp(bench_answer(&bench, 1), "! 3 nobody can end this wait", 28) == 0);
	bench_end_attempt(&bench, 1, true);
	check_int(bench.store->attempts, 0);
	bench_end(&bench);
}

const struct unit_test unit_state_atomic[] = {
	{.name = "what cannot be undone", .run = test_refusals},
	{.name = "numbers", .run = test_numbers},
	{.name = "names that become something else", .run = test_conflicts},
	{.name = "lists and queues", .run = test_lists_and_queues},
	{.name = "attempts that are over", .run = test_over},
	{.name = "room for what is kept", .run = test_room},
	{.name = "waits for what is kept", .run = test_outlook_of_attempts},
	{.name = NULL},
};
