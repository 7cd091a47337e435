/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task/template, task/chunk, task/task and run/policy/pace: command lines, the tasks of chunks, sizes of chunks. */
#include "unit.h"

#include "base/mem.h"
#include "task/chunk.h"
#include "task/template.h"
#include "run/policy/pace.h"

#include <unistd.h>

enum { WORDS_MAX = 4 };

struct template_case {
	const char *words[WORDS_MAX];
	const char *record;
	/* The expanded words. */
	const char *expected[WORDS_MAX + 1];
	bool is_literal;
};

/* Values of the third task, in slot 2. */
static const struct template_case template_cases[] = {
	{{"echo"}, "a b", {"echo", "a b"}, false},
	{{"echo"}, "", {"echo", ""}, false},
	{{"echo", "{}"}, "a b", {"echo", "a b"}, false},
	{{"echo", "{}", "{}"}, "x", {"echo", "x", "x"}, false},
	{{"mv", "{}", "{}.bak"}, "f", {"mv", "f", "f.bak"}, false},
	{{"echo", "<{}>{}<"}, "x", {"echo", "<x>x<"}, false},
	{{"echo", "{#}:{%}:{}"}, "x", {"echo", "3:2:x"}, false},
	{{"echo", "{#}"}, "x", {"echo", "3"}, false},
	{{"echo", "{%}"}, "x", {"echo", "2"}, false},
	{{"{}", "-v"}, "tool", {"tool", "-v"}, false},
	{{"bin/{}"}, "tool", {"bin/tool"}, false},
	{{"echo", "{", "}", "{x}"}, "r", {"echo", "{", "}", "{x}", "r"}, false},
	{{"echo", "{{}}"}, "r", {"echo", "{r}"}, false},
	{{"echo", "{.}", "{/}"}, "d/r.c", {"echo", "d/r", "r.c"}, false},
	{{"{//}", "{/.}", "{1.}-{1}"}, "d/r.c", {"d", "r", "d/r-d/r.c"}, false},
	{{"echo", "{-1}", "{..}", "{01}"}, "r", {"echo", "r", "r", "{01}"}, false},
	{{"{..}", "{/..}", "{1..}-{-1/..}"}, "d.e/r.tar.gz", {"d.e/r", "r", "d.e/r-r"}, false},
	{{"{#:04}", "{#:01}{#:012}", "${#:04}${..}"}, "r", {"0003", "3000000000003", "${#:04}${..}"}, false},
	{{"echo", "{#:00}{#:0}", "{#:4}{#:0x4}"}, "r", {"echo", "{#:00}{#:0}", "{#:4}{#:0x4}", "r"}, false},
	{{"echo", "{#:0256}{#:04 }", "$ {..}$$"}, "r.a.b", {"echo", "{#:0256}{#:04 }", "$ r$$"}, false},
	{{"echo", "{}{#"}, "r", {"echo", "r{#"}, false},
	{{"echo", ""}, "r", {"echo", "", "r"}, false},
	{{"echo", "", "{}"}, "r", {"echo", "", "r"}, false},
	{{"echo", "{}{}"}, "", {"echo", ""}, false},
	{{"echo", "{}x", "", "y{}"}, "{}", {"echo", "{}x", "", "y{}"}, false},
	{{"echo", "{}", "{#}"}, "r", {"echo", "{}", "{#}", "r"}, true},
	{{"{}"}, "r", {"{}", "r"}, true},
};

static void compile(struct template *template, char *const *words, size_t count, bool is_literal)
{
	struct template_options options = {
		.words = words, .word_count = count, .is_literal = is_literal, .value_count = 1};
	struct error error = {.number = 0};

	check_int(template_compile(template, &options, &error), 0);
}

static void check_template(const struct template_case *row)
{
	char *words[WORDS_MAX], **got;
	struct task task = {.value_count = 1, .index = 2, .record = slice_of(row->record)};
	struct template_values values = {.slot = 2};
	struct template template;
	size_t count = 0, i;
	int round;

	for (; count < WORDS_MAX && row->words[count]; count++)
		words[count] = mem_string(row->words[count]);
	compile(&template, words, count, row->is_literal);
	check_int(template.command_is_fixed, row->is_literal || !strchr(row->words[0], '{'));
	for (round = 0; round < 2; round++) {
		got = template_expand(&template, &task, &values);
		for (i = 0; got[i] && i <= WORDS_MAX && row->expected[i]; i++)
			check_str(got[i], row->expected[i]);
		check(!got[i] && (i > WORDS_MAX || !row->expected[i]));
	}
	template_release(&template);
	for (i = 0; i < count; i++)
		free(words[i]);
}

static void test_template(void)
{
	size_t i;

	for (i = 0; i < countof(template_cases); i++)
		check_template(&template_cases[i]);
}

static void test_template_nothing(void)
{
	struct task task = {.value_count = 1, .index = 0, .record = slice_of("r")};
	struct template_values values = {.slot = 1};
	struct template template;
	char **got;

	compile(&template, NULL, 0, false);
	check(!template.command_is_fixed);
	got = template_expand(&template, &task, &values);
	check_str(got[0], "r");
	check(!got[1]);
	template_release(&template);
}

/* Words that were composed before the storage grew and moved are intact. */
static void test_template_growth(void)
{
	char one[] = "<{}>", two[] = "{#}-{}", *words[] = {one, two, one}, *record = mem_new(RECORD_MAX + 1, 1), **got;
	struct template_values values = {.slot = 1};
	struct template template;
	size_t size;

	compile(&template, words, countof(words), false);
	for (size = 0; size <= RECORD_MAX; size = size * 3 + 1) {
		struct task task = {
			.value_count = 1, .index = UINT64_MAX - 1, .record = {.data = record, .size = size}};

		memset(record, 'r', size);
		got = template_expand(&template, &task, &values);
		check_int(strlen(got[0]), size + 2);
		check_int(strlen(got[1]), size + 21);
		check(strncmp(got[1], "18446744073709551615-", 21) == 0);
		check_str(got[2], got[0]);
	}
	template_release(&template);
	free(record);
}

static void test_template_quote(void)
{
	char echo[] = "echo", word[] = "it's {}", *words[] = {echo, word};
	struct task task = {.value_count = 1, .index = 0, .record = slice_of("a\nb")};
	struct template_values values = {.slot = 1};
	struct template template;
	struct bytes out = {.data = NULL};

	compile(&template, words, 2, false);
	bytes_append_text(&out, "> ");
	template_quote(&template, &task, &values, &out);
	check_str(bytes_text(&out), "> echo $'it\\'s a\\nb'");
	template_release(&template);
	bytes_release(&out);
}

static void test_chunk(void)
{
	static const char bytes[] = "one\0\0three\0four\0";
	static const char *const records[] = {"one", "", "three", "four"};
	struct chunk_reader reader = chunk_read((struct slice){.data = bytes, .size = sizeof bytes - 1}, 10, 4, 1);
	struct task task;
	uint64_t i;

	for (i = 0; i < 4; i++) {
		check(chunk_next(&reader, &task));
		check_int(task.index, 10 + i);
		check_slice(task.record, slice_of(records[i]));
	}
	check(!chunk_next(&reader, &task));
	check(!chunk_next(&reader, &task));
	check(reader.next == reader.end);
}

static void test_malformed_chunk(void)
{
	static const struct {
		struct slice bytes;
		uint32_t count;
		uint64_t tasks;
	} cases[] = {
		{{.data = NULL}, 1, 0},
		{{.data = "abc", .size = 3}, 1, 0},
		{{.data = "abc\0de", .size = 6}, 2, 1},
		{{.data = "abc\0", .size = 4}, 3, 1},
		{{.data = "a\0b\0c\0", .size = 6}, 2, 2},
		{{.data = "a\0", .size = 2}, 0, 0},
		{{.data = "", .size = 1}, 1, 1},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		char *copy = mem_copy(cases[i].bytes.data, cases[i].bytes.size);
		struct chunk_reader reader =
			chunk_read((struct slice){.data = copy, .size = cases[i].bytes.size}, 0, cases[i].count, 1);
		struct task task;
		uint64_t tasks = 0;

		while (chunk_next(&reader, &task))
			tasks++;
		check_int(tasks, cases[i].tasks);
		check_int(reader.next, tasks);
		free(copy);
	}
}

static void test_pace(void)
{
	struct pace pace = {.fixed = 7, .jobs = 4};
	int i;

	check_int(pace_chunk(&pace, UINT64_MAX), 7);
	pace.fixed = UINT64_MAX;
	check_int(pace_chunk(&pace, UINT64_MAX), CHUNK_TASKS_MAX);
	/* Without a measurement chunks have one task. */
	pace.fixed = 0;
	check_int(pace_chunk(&pace, UINT64_MAX), 1);
	pace_learn(&pace, &(struct result){.outcome = OUTCOME_NOT_STARTED, .duration = 1});
	check_int(pace_chunk(&pace, UINT64_MAX), 1);
	for (i = 0; i < 100; i++)
		pace_learn(&pace, &(struct result){.duration = NSEC_PER_MSEC / 10});
	check(pace_chunk(&pace, UINT64_MAX) > 10);
	check(pace_chunk(&pace, 32) <= 2);
	check_int(pace_chunk(&pace, 0), 1);
	for (i = 0; i < 100; i++)
		pace_learn(&pace, &(struct result){.duration = 0});
	check(pace_chunk(&pace, UINT64_MAX) >= 1);
	for (i = 0; i < 100; i++)
		pace_learn(&pace, &(struct result){.duration = NSEC_PER_SEC * 1000});
	check_int(pace_chunk(&pace, UINT64_MAX), 1);
}

/* Chunks of bytes: as many as are answered in a while, never too few for the buffers of commands but at the end. */
static void test_pace_bytes(void)
{
	const struct pace pace = {.jobs = 4}, each = {.jobs = 4, .answers_each = true};
	const size_t least = 64 * 1024, most = 256 * 1024, mega = 1000 * 1000;
	size_t left = mega, pieces;

	check_int(pace_bytes(&pace, 0, SIZE_MAX, most), least);
	check_int(pace_bytes(&pace, mega, SIZE_MAX, most), least);
	check_int(pace_bytes(&pace, 10 * mega, SIZE_MAX, most), 10 * mega / 4 / 20);
	check_int(pace_bytes(&pace, 1000 * mega, SIZE_MAX, most), most);
	check_int(pace_bytes(&pace, UINT64_MAX, SIZE_MAX, most), most);
	/* What is left is divided ever more finely, but not below a millisecond's worth. */
	check_int(pace_bytes(&pace, 0, 100, most), 12);
	check_int(pace_bytes(&pace, 0, 1, most), 1);
	check_int(pace_bytes(&pace, 0, 100 * mega, most), least);
	check_int(pace_bytes(&pace, 100 * mega, 80 * 1000, most), 25 * 1000);
	for (pieces = 0; left && pieces < 200; pieces++)
		left -= pace_bytes(&pace, 0, left, most);
	check(!left && pieces < 120);
	/* A command that answers each record has no buffer to be filled. */
	check_int(pace_bytes(&each, 0, SIZE_MAX, most), 1);
	check_int(pace_bytes(&each, 8000, SIZE_MAX, most), 100);
}

static void test_outcomes(void)
{
	int outcome;

	check_str(outcome_name(OUTCOME_OK), "ok");
	check_str(outcome_name(OUTCOME_NOT_STARTED), "not-started");
	for (outcome = 0; outcome < OUTCOMES; outcome++)
		check(outcome_name((enum outcome)outcome) != NULL);
}

const struct unit_test unit_work[] = {
	{"replacement strings", .run = test_template},
	{"a command line without words", .run = test_template_nothing},
	{"records that make the storage grow", .run = test_template_growth},
	{"a quoted command line", .run = test_template_quote},
	{"the tasks of a chunk", .run = test_chunk},
	{"malformed chunks", .run = test_malformed_chunk},
	{"the size of chunks by the duration of tasks", .run = test_pace},
	{"the size of chunks by the speed of commands", .run = test_pace_bytes},
	{"names of outcomes", .run = test_outcomes},
	{.name = NULL},
};
