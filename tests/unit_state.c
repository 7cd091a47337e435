/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state/: requests and answers as lines, what owners have, and what their ends do. */
#include "unit.h"
#include "unit_state_bench.h"

#include "state/store/store.h"
#include "state/wire/request.h"

static void test_lines(void)
{
	static const char *const rows[][2] = {
		{"add n", "= 1"},
		{"add n 41", "= 42"},
		{"add n -2", "= 40"},
		{"add n 0.5", "= 40.5"},
		{"get n", "= 40.5"},
		{"add n x", "! 2 \"x\" is not a number"},
		{"add big 9223372036854775807", "= 9223372036854775807"},
		{"add big", "! 2 \"big\" would be too large a number"},
		{"get big", "= 9223372036854775807"},
		{"max n 7", "= 40.5"},
		{"max n 50", "= 50"},
		{"min n 7", "= 7"},
		{"set t  two  words ", "="},
		{"get t", "=  two  words "},
		{"add t", "! 2 \"t\" is a text, not a number"},
		{"get t", "=  two  words "},
		{"set t ", "="},
		{"get t", "= "},
		{"cas t x y", "! 1 \"t\" is \"\", not \"x\""},
		{"cas new x y", "! 1 \"new\" is \"\", not \"x\""},
		{"get new", "! 1 nothing is called \"new\""},
		{"set64 YSBi Yw0KAA==", "="},
		{"get64 YSBi", "=64 Yw0KAA=="},
		{"set64 YSBi *", "! 2 a word is not base64"},
		{"put m k v w", "="},
		{"put m n 2", "="},
		{"get m k", "= v w"},
		{"get m x", "! 1 \"m\" has no key \"x\""},
		{"keys m", "* 2\n= k\n= n"},
		{"items m", "* 4\n= k\n= v w\n= n\n= 2"},
		{"get m", "! 2 \"m\" is a dictionary, not a value"},
		{"del m k", "="},
		{"del m n", "="},
		{"keys m", "! 1 nothing is called \"m\""},
		{"append l a", "= 1"},
		{"append l b", "= 2"},
		{"at l -1", "= b"},
		{"at l 2", "! 1 \"l\" has no value at 2: it has 2"},
		{"at l x", "! 2 \"x\" is not an index: 0 is the first, -1 the last"},
		{"len l", "= 2"},
		{"len none", "= 0"},
		{"len n", "! 2 \"n\" is a value, and has no length"},
		{"event wait --timeout 0 e", "! 2 too many words for event: event set|clear|wait NAME [--timeout S]"},
		{"event --timeout 0 wait e", "! 1 event \"e\" is not set"},
		{"event set e", "="},
		{"event wait e", "="},
		{"event frob e", "! 2 \"frob\" is not what an event does: set, clear or wait"},
		{"lock e", "! 2 \"e\" is an event, not a lock"},
		{"wait n >= 7", "= 7"},
		{"wait n ~ 7", "! 2 \"~\" is no comparison: use = != < <= > or >="},
		{"pop --timeout 0 q", "! 1 queue \"q\" is empty"},
		{"pop --timeout x q", "! 2 --timeout is seconds, such as 1.5, or 1h30m, not \"x\""},
		{"pop --max 1 q", "! 2 pop has no option \"--max\""},
		{"push --max 0 q x", "! 2 --max is a number from 1, not \"0\""},
		{"pop --timeout", "! 2 --timeout needs a value: seconds, such as 1.5, or 1h30m"},
		{"pop", "! 2 too few words for pop: pop QUEUE [--ack] [--timeout S]"},
		{"frob x", "! 2 there is no verb \"frob\""},
		{"", "! 2 a request begins with its verb"},
		{"get \033", "! 1 nothing is called \"\\x1b\""},
		{"set64  eA==", "! 2 a name is empty"},
		{"[\"get\", \"n\"]", "{\"value\": 7}"},
		{"[\"set\", \"j\", {\"a\": [1, null]}]", "{\"value\": null}"},
		{"[\"get\", \"j\"]", "{\"value\": {\"a\":[1,null]}}"},
		{"get j", "= {\"a\":[1,null]}"},
		{"[\"set\", \"j\", \"5\\n\"]", "{\"value\": null}"},
		{"[\"get\", \"j\"]", "{\"value\": \"5\\n\"}"},
		{"[\"set\", \"j\", {\"base64\": \"/w==\"}]", "{\"value\": null}"},
		{"[\"get\", \"j\"]", "{\"value\": {\"base64\": \"/w==\"}}"},
		{"[\"get\", \"none\"]", "{\"error\": \"nothing is called \\\"none\\\"\", \"status\": 1}"},
		{"[\"get\"", "{\"error\": \"a request is not JSON: ']' expected\", \"status\": 2}"},
		{"[]", "{\"error\": \"a request is empty\", \"status\": 2}"},
	};
	struct bench bench;
	size_t i;

	bench_begin(&bench);
	for (i = 0; i < countof(rows); i++)
		check_str(bench_ask(&bench, 0, rows[i][0]), rows[i][1]);
	bench_end(&bench);
}

#define PLAY(...) \
	do { \
		static const struct bench_step steps[] = {__VA_ARGS__}; \
		bench_play(steps, countof(steps), NULL); \
	} while (0)

static void test_locks(void)
{
	/* Counted per owner; in the order of coming. */
	PLAY({0, "lock a", "="}, {0, "lock a", "="}, {1, "lock a", "..."}, {2, "lock a", "..."}, {0, "unlock a", "="},
	     {1, "?", "..."}, {0, "unlock a", "="}, {1, "?", "="}, {2, "?", "..."}, {1, "!", ""}, {2, "?", "="},
	     {0, "unlock a", "! 2 lock \"a\" is held by C, not by A"}, {2, "unlock a", "="},
	     {2, "unlock a", "! 2 lock \"a\" is not held"}, {0, "list", "* 0"});
	/* All or none. */
	PLAY({0, "lock b", "="}, {1, "lock a b", "..."}, {2, "lock a", "="}, {0, "unlock b", "="}, {1, "?", "..."},
	     {2, "unlock a", "="}, {1, "?", "="}, {2, "lock --timeout 0 c a", "! 1 lock \"a\" is held by B"},
	     {0, "lock c", "="});
	/* Shared: what waits alone is not overtaken by those that have nothing. */
	PLAY({0, "lock --shared a", "="}, {1, "lock --shared a", "="}, {2, "lock a", "..."},
	     {3, "lock --shared a", "..."}, {0, "lock --shared a", "="}, {0, "unlock a", "="}, {0, "unlock a", "="},
	     {1, "!", ""}, {2, "?", "="}, {3, "?", "..."}, {2, "unlock a", "="}, {3, "?", "="});
	PLAY({0, "lock a", "="}, {1, "lock a b", "..."}, {2, "lock --shared b c", "..."}, {3, "lock c", "="},
	     {3, "unlock c", "="}, {2, "?", "..."}, {1, "!", ""}, {2, "?", "="});
	PLAY({0, "lock --shared a", "="}, {1, "lock a", "..."},
	     {2, "lock --shared --timeout 0 a a", "! 1 lock \"a\" is held by A"});
	/* Conditions. */
	PLAY({0, "await c", "! 2 lock \"c\" is not held"}, {0, "lock c", "="}, {0, "lock c", "="},
	     {0, "await c", "..."}, {1, "lock c", "="}, {1, "await c", "..."},
	     {2, "notify c", "! 2 lock \"c\" is not held"}, {2, "lock c", "="}, {2, "notify c", "= 1"}, {0, "?", "..."},
	     {2, "unlock c", "="}, {0, "?", "="}, {0, "notify c all", "= 1"}, {0, "unlock c", "="}, {1, "?", "..."},
	     {0, "unlock c", "="}, {1, "?", "="});
}

static void test_deadlocks(void)
{
	PLAY({0, "lock a", "="}, {1, "lock b", "="}, {0, "lock b", "..."},
	     {1, "lock a", "! 3 deadlock: B waits for \"a\", held by A, which waits for \"b\", held by B"},
	     {1, "unlock b", "="}, {0, "?", "="});
	PLAY({0, "lock a", "="}, {1, "lock b", "="}, {2, "lock c", "="}, {0, "lock b", "..."}, {1, "lock c", "..."},
	     {2, "lock a x",
	      "! 3 deadlock: C waits for \"a\", held by A, which waits for \"b\", held by B, "
	      "which waits for \"c\", held by C"},
	     {2, "!", ""}, {1, "?", "="});
	/* One that is closed when a time is up. */
	PLAY({0, "lock a b", "="}, {0, "await --timeout 1 b", "..."}, {1, "lock b", "="}, {1, "lock a", "..."},
	     {1, ".", ""}, {1, "?", "! 3 deadlock: B waits for \"a\", held by A, which waits for \"b\", held by B"},
	     {1, "unlock b", "="}, {0, "?", "! 1 timed out: \"b\" was not notified"});
	/* Two who share and want to be alone. */
	PLAY({0, "lock --shared a", "="}, {1, "lock --shared a", "="}, {0, "lock a", "..."},
	     {1, "lock a", "! 3 deadlock: B waits for \"a\", held by A, which waits for \"a\", held by B"});
	/* Of a semaphore, one that may be released is enough. */
	PLAY({0, "acquire --of 2 s", "="}, {1, "acquire s", "="}, {0, "lock a", "="}, {2, "lock b", "="},
	     {0, "lock b", "..."}, {2, "acquire s", "..."}, {1, "lock b", "..."}, {1, "?", "..."});
	PLAY({0, "acquire --of 1 s", "="}, {0, "acquire s", "! 3 deadlock: A waits for \"s\", held by A"});
	PLAY({0, "once o", "= run"}, {0, "once o", "! 3 deadlock: A waits for \"o\", held by A"});
}

static void test_queues(void)
{
	PLAY({0, "pop q", "..."}, {1, "pop q", "..."}, {2, "push q x", "="}, {0, "?", "= x"}, {1, "?", "..."},
	     {2, "push --max 1 q y", "="}, {1, "?", "= y"}, {2, "push --max 1 q 1", "="},
	     {2, "push --max 1 q 2", "..."}, {3, "push --max 5 q 3", "..."}, {0, "pop q", "= 1"}, {2, "?", "="},
	     {3, "?", "="}, {0, "pop q", "= 2"}, {0, "pop q", "= 3"}, {0, "len q", "= 0"});
	/* A queue of which an item is not done cannot be deleted. */
	PLAY({0, "push q 1", "="}, {1, "pop --ack q", "= 1"},
	     {0, "del q", "! 1 \"q\" is in use: it, or an item of it, is held, or it is waited for"},
	     {1, "done q", "="}, {0, "push q 1", "="}, {0, "del q", "="}, {0, "len q", "= 0"});
	/* What is not done when its owner ends goes back to its place. */
	PLAY({0, "push q 1", "="}, {0, "push q 2", "="}, {0, "push q 3", "="}, {1, "pop --ack q", "= 1"},
	     {2, "pop --ack q", "= 2"}, {1, "pop --ack q", "= 3"}, {3, "join q", "..."}, {1, "done q", "="},
	     {4, "pop q", "..."}, {2, "!", ""}, {4, "?", "= 2"}, {1, "!", ""}, {4, "pop --ack q", "= 3"},
	     {3, "?", "..."}, {4, "back q", "="}, {4, "pop --ack q", "= 3"}, {4, "done q", "="}, {3, "?", "="},
	     {4, "done q", "! 1 nothing is called \"q\""});
}

static void test_meetings(void)
{
	PLAY({0, "acquire s", "! 2 semaphore \"s\" is new: say how often it may be held (--of N)"},
	     {0, "acquire --of 1 s", "="}, {1, "acquire s", "..."},
	     {2, "release s", "! 2 semaphore \"s\" is not held by C"},
	     {2, "acquire --of 3 s", "! 2 semaphore \"s\" is of 1, not of 3"}, {0, "!", ""}, {1, "?", "="});
	PLAY({0, "barrier b 3", "..."}, {1, "barrier b 3", "..."},
	     {2, "barrier b 2", "! 2 barrier \"b\" is for 3, not for 2"}, {2, "barrier b 3", "= 2"}, {0, "?", "= 0"},
	     {1, "?", "= 1"}, {0, "barrier b 1", "= 0"});
	PLAY({0, "barrier b 3", "..."}, {1, "barrier b 3", "..."}, {0, "!", ""},
	     {1, "?", "! 4 barrier \"b\" is broken: A has left it (del \"b\" makes it anew)"},
	     {2, "barrier b 3", "! 4 barrier \"b\" is broken: A has left it (del \"b\" makes it anew)"},
	     {2, "del b", "="}, {2, "barrier b 1", "= 0"});
	PLAY({0, "once o", "= run"}, {1, "once o", "..."}, {2, "once o", "..."}, {0, "!", ""}, {1, "?", "= run"},
	     {3, "once --done o", "! 2 \"o\" is not being done by D"}, {1, "once --failed o", "="}, {2, "?", "= run"},
	     {3, "once o", "..."}, {2, "once --done o", "="}, {3, "?", "= done"}, {1, "once o", "= done"});
	PLAY({0, "event wait e", "..."}, {1, "event set e", "="}, {0, "?", "="}, {1, "event clear e", "="},
	     {0, "event wait e", "..."});
	PLAY({0, "wait n = 3", "..."}, {1, "add n", "= 1"}, {1, "add n", "= 2"}, {0, "?", "..."}, {1, "add n", "= 3"},
	     {0, "?", "= 3"});
}

static void test_timeouts(void)
{
	struct bench bench;

	bench_begin(&bench);
	check_str(bench_ask(&bench, 0, "lock a"), "=");
	check_str(bench_ask(&bench, 1, "lock --timeout 2 a"), "...");
	check_str(bench_ask(&bench, 2, "pop --timeout 1 q"), "...");
	check_int(store_expire(bench.store, bench.now), bench.now + NSEC_PER_SEC);
	check_int(store_expire(bench.store, bench.now + NSEC_PER_SEC), bench.now + 2 * NSEC_PER_SEC);
	check_str(bench_answer(&bench, 2), "! 1 timed out: queue \"q\" is empty");
	check_str(bench_answer(&bench, 1), "...");
	check(store_expire(bench.store, bench.now + 2 * NSEC_PER_SEC) == NSEC_FOREVER);
	check_str(bench_answer(&bench, 1), "! 1 timed out: lock \"a\" is held by A");
	/* A condition gives the lock back first, as Python's does. */
	check_str(bench_ask(&bench, 0, "await --timeout 1 a"), "...");
	check_str(bench_ask(&bench, 1, "lock a"), "=");
	store_expire(bench.store, bench.now + NSEC_PER_SEC);
	check_str(bench_answer(&bench, 0), "...");
	check_str(bench_ask(&bench, 1, "unlock a"), "=");
	check_str(bench_answer(&bench, 0), "! 1 timed out: \"a\" was not notified");
	check_str(bench_ask(&bench, 0, "unlock a"), "=");
	bench_end(&bench);
}

static void test_limits(void)
{
	struct bytes line = {.data = NULL};
	struct bench bench;

	bench_begin(&bench);
	bytes_append_format(&line, "set %0256d x", 0);
	check_str(bench_ask(&bench, 0, bytes_text(&line)), "! 2 a name of 256 bytes is too long: at most 255");
	bytes_clear(&line);
	bytes_append_format(&line, "set x %01048577d", 0);
	check_str(bench_ask(&bench, 0, bytes_text(&line)), "! 2 a value of 1048577 bytes is too long: at most 1048576");
	bytes_clear(&line);
	bytes_append_format(&line, "push q %0600000d", 0);
	check_str(bench_ask(&bench, 0, bytes_text(&line)), "=");
	check(strstr(bench_ask(&bench, 0, bytes_text(&line)), "! 1 the state is full: 600096 bytes more") != NULL);
	check_str(bench_ask(&bench, 0, "len q"), "= 1");
	bench_ask(&bench, 0, "pop q");
	check_int(bench.store->memory, 0);
	check_str(bench_ask(&bench, 0, bytes_text(&line)), "=");
	bytes_release(&line);
	bench_end(&bench);
}

/* What the client sends is read as what it was, and so is the answer. */
static void test_there_and_back(void)
{
	static const char *const words[] = {"", "a", "a b", "a\nb", "--x", "5", "\xff", " "};
	struct call sent = {.is_waiting = false}, read = {.is_waiting = false};
	struct bytes line = {.data = NULL}, scratch = {.data = NULL};
	enum wire_dialect dialect;
	size_t i, j;

	for (i = 0; i < countof(words) * countof(words); i++) {
		const char *key = words[i / countof(words)], *value = words[i % countof(words)];

		call_renew(&sent);
		call_renew(&read);
		sent.request.verb = verb_find(slice_of("put"));
		for (j = 0; j < 3; j++)
			call_add_operand(&sent, slice_of(j == 0 ? "m" : j == 1 ? key : value), VALUE_WORD);
		bytes_clear(&line);
		request_put(&line, &sent.request);
		check_int(request_read(&read, (struct slice){line.data, line.size - 1}, &scratch, &dialect), 0);
		check_int(read.request.count, 3);
		for (j = 0; j < read.request.count; j++)
			check_slice(call_operand(&read, j), call_operand(&sent, j));
		bytes_clear(&line);
		answer_begin(&sent, ANSWER_MANY);
		answer_add(&sent, VALUE_WORD, slice_of(key));
		answer_add(&sent, VALUE_WORD, slice_of(value));
		answer_write(&line, &sent.answer, WIRE_LINES);
		for (j = 0; j < line.size; j++)
			check_int(answer_read(&read, (struct slice){line.data, j}), 0);
		check_int(answer_read(&read, bytes_slice(&line)), line.size);
		check_slice(bytes_slice(&read.answer.data), bytes_slice(&sent.answer.data));
	}
	call_discard(&sent);
	call_discard(&read);
	bytes_release(&line);
	bytes_release(&scratch);
}

/* What a run knows of the tasks to come. */
static void test_outlook(void)
{
	struct bench bench;
	size_t i;

	bench_begin(&bench);
	for (i = 0; i < BENCH_OWNERS; i++)
		bench_end_owner(&bench, i);
	bench.owners[0] = store_attempt_began(bench.store, "task 1");
	bench.owners[1] = store_attempt_began(bench.store, "task 2");
	store_foresee(bench.store, (struct store_outlook){.jobs = 3});
	check_str(bench_ask(&bench, 0, "barrier b 4"),
		  "! 3 barrier \"b\" needs 4 tasks at once, and no more than 3 run (-j)");
	check_str(bench_ask(&bench, 0, "pop q"), "...");
	check_str(bench_ask(&bench, 1, "pop q"), "...");
	store_foresee(bench.store, (struct store_outlook){.jobs = 2, .input_ended = true});
	check_str(bench_answer(&bench, 1),
		  "! 3 nobody can end this wait: all tasks that run wait (2), and there is no input left; "
		  "queue \"q\" is empty");
	check_str(bench_answer(&bench, 0), "...");
	bench_end_owner(&bench, 1);
	store_foresee(bench.store, (struct store_outlook){.jobs = 1, .input_ended = true});
	check(strncmp(bench_answer(&bench, 0), "! 3 nobody can end this wait", 28) == 0);
	bench_end_owner(&bench, 0);
	bench_end(&bench);
}

/* Returns a random request, which is more or less well formed. */
static const char *random_line(struct unit_random *random)
{
	static const char *const heads[] = {
		"add",
		"get",
		"set",
		"del",
		"max",
		"cas",
		"put",
		"keys",
		"items",
		"append",
		"at",
		"len",
		"push",
		"push --max 2",
		"pop",
		"pop --ack",
		"pop --timeout 1",
		"done",
		"back",
		"join",
		"lock",
		"lock",
		"lock --shared",
		"unlock",
		"acquire --of 2",
		"release",
		"barrier",
		"event set",
		"event wait",
		"event clear",
		"wait",
		"notify",
		"await --timeout 1",
		"once",
		"once --done",
		"once --failed",
		"list",
		"set64",
		"[\"get\",",
		"barrier",
	};
	static const char *const tails[] = {"a",     "b",     "c d", "a b",  "a 2",    "2",
					    "b = 1", "a x y", "",    "YQ==", "\"a\"]", "c all"};
	static char line[64];

	snprintf(line, sizeof line, "%s %s", heads[unit_below(random, countof(heads))],
		 tails[unit_below(random, countof(tails))]);
	return line;
}

/* Checks what holds at any time: calls that wait stand in lines, and nobody shares a lock that is not shared. */
static void check_store(const struct store *store)
{
	struct entry *entry = NULL;
	size_t waiting = 0;
	struct list *link;

	for (link = store->waiting.next; link != &store->waiting; link = link->next) {
		check(container_of(link, struct call, link)->is_waiting);
		waiting++;
	}
	check_int(waiting, store->waiting_count);
	while ((entry = table_next(&store->objects, entry))) {
		const struct object *object = entry->value;
		size_t holds = 0, alone = 0;

		for (link = object->holds.next; link != &object->holds; link = link->next, holds++)
			alone += !container_of(link, struct hold, of_object)->shared;
		if (strcmp(object->kind->name, "a lock") == 0)
			check(alone == 0 || holds == 1);
	}
}

/* Whatever is asked, and whatever owner ends when, the books balance, and nothing is left in the end. */
static void test_random(void)
{
	struct unit_random random = unit_random();
	struct entry *entry;
	struct bench bench;
	size_t i, turn;

	bench_begin(&bench);
	for (turn = 0; turn < 20000; turn++) {
		i = unit_below(&random, BENCH_OWNERS);
		bench.now += NSEC_PER_MSEC;
		if (unit_below(&random, 20) == 0) {
			bench_end_owner(&bench, i);
			bench.owners[i] = owner_new(bench.store, "again", NULL);
		} else if (bench.calls[i].is_waiting && unit_below(&random, 4) == 0) {
			store_cancel(bench.store, &bench.calls[i]);
		} else if (!bench.calls[i].is_waiting) {
			bench_ask(&bench, i, random_line(&random));
		}
		store_expire(bench.store, bench.now);
		check_store(bench.store);
	}
	for (i = 0; i < BENCH_OWNERS; i++)
		bench_end_owner(&bench, i);
	check_int(bench.store->waiting_count, 0);
	while ((entry = table_next(&bench.store->objects, NULL))) {
		bench.owners[0] = NULL;
		if (!check(object_remove(bench.store, &bench.calls[0], entry->value)))
			break;
	}
	check_int(bench.store->memory, 0);
	bench_end(&bench);
}

const struct unit_test unit_state[] = {
	{.name = "random requests and ends", .run = test_random},
	{.name = "requests and answers in lines and JSON", .run = test_lines},
	{.name = "locks", .run = test_locks},
	{.name = "deadlocks are named", .run = test_deadlocks},
	{.name = "queues", .run = test_queues},
	{.name = "meetings", .run = test_meetings},
	{.name = "timeouts", .run = test_timeouts},
	{.name = "limits", .run = test_limits},
	{.name = "what is written is read", .run = test_there_and_back},
	{.name = "waits that nobody can end", .run = test_outlook},
	{.name = NULL},
};
