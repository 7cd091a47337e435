/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of codec/input and codec/output: records in pieces of any size, and outcomes in words. */
#include "unit.h"

#include "base/mem.h"
#include "task/task.h"
#include "codec/input.h"
#include "codec/outcome.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Feeds text in pieces that end at random places, as a reader does (bytes that are not consumed come again). Appends
 * the events: "[record]", "<too long: size>", "<NUL: size>", and the bytes left at the end as "+rest".
 */
static void read_in_pieces(char delimiter, struct slice text, struct unit_random *random, size_t most,
			   struct bytes *out)
{
	struct input input = {.delimiter = delimiter, .limit = RECORD_MAX};
	char *buffer = mem_new(text.size + 1, 1);
	size_t begin = 0, end = 0;

	while (end < text.size) {
		size_t more = 1 + unit_below(random, most);
		struct input_step step;

		more = more < text.size - end ? more : text.size - end;
		memcpy(buffer + end, text.data + end, more);
		end += more;
		while ((step = input_next(&input, buffer + begin, end - begin)).event != INPUT_MORE) {
			check(step.consumed > 0 && step.consumed <= end - begin);
			check(buffer[begin + step.consumed - 1] == '\0');
			if (step.event == INPUT_RECORD)
				bytes_append_format(out, "[%.*s]", (int)step.size, buffer + begin);
			else
				bytes_append_format(out, "<%s: %ju>", step.event == INPUT_NUL ? "NUL" : "too long",
						    (uintmax_t)step.size);
			begin += step.consumed;
		}
		check(step.consumed <= end - begin);
		begin += step.consumed;
	}
	bytes_append_format(out, "+%.*s", (int)(end - begin), buffer + begin);
	free(buffer);
}

/* Checks the events of a text in pieces of several sizes. */
static void check_input(char delimiter, struct slice text, const char *expected)
{
	struct unit_random random = unit_random();
	static const size_t most[] = {1, 2, 7, 1000, 300000};
	struct bytes out = {.data = NULL};
	size_t i;

	for (i = 0; i < countof(most); i++) {
		/* Small pieces cost time that grows with the square of the size. */
		if (text.size > 10000 && most[i] < 1000)
			continue;
		bytes_clear(&out);
		read_in_pieces(delimiter, text, &random, most[i], &out);
		check_str(bytes_text(&out), expected);
	}
	bytes_release(&out);
}

static void test_records(void)
{
	check_input('\n', slice_of(""), "+");
	check_input('\n', slice_of("one\ntwo\n"), "[one][two]+");
	check_input('\n', slice_of("\n\n a \"b\" \\\n\nrest"), "[][][ a \"b\" \\][]+rest");
	check_input('\n', slice_of("one\r\ntwo"), "[one\r]+two");
	check_input(',', slice_of("a,b\nc,,d"), "[a][b\nc][]+d");
	check_input('\xff',
		    slice_of("a\xff"
			     "b\xff"),
		    "[a][b]+");
	check_input('\0', (struct slice){.data = "a\nb\0\0c\0d", .size = 8}, "[a\nb][][c]+d");
	check_input('a', slice_of("aaa"), "[][][]+");
}

static void test_nul(void)
{
	check_input('\n', (struct slice){.data = "a\0b\nc\n\0\n", .size = 8}, "<NUL: 3>[c]<NUL: 1>+");
	check_input('\n', (struct slice){.data = "ok\na\0b", .size = 6}, "[ok]+a");
}

/* Records about as long as the limit, each between short ones. */
static void test_longest(void)
{
	static const size_t sizes[] = {RECORD_MAX - 1, RECORD_MAX, RECORD_MAX + 1, RECORD_MAX + 2, 300000, 1000000};
	size_t i;

	for (i = 0; i < countof(sizes); i++) {
		struct bytes text = {.data = NULL}, expected = {.data = NULL};
		bool fits = sizes[i] <= RECORD_MAX;

		bytes_append_text(&text, "before\n");
		memset(bytes_reserve(&text, sizes[i]), 'x', sizes[i]);
		text.size += sizes[i];
		bytes_append_text(&text, "\nafter\n");
		bytes_append_text(&expected, fits ? "[before][" : "[before]");
		if (fits) {
			memset(bytes_reserve(&expected, sizes[i]), 'x', sizes[i]);
			expected.size += sizes[i];
			bytes_append_text(&expected, "][after]+");
		} else {
			bytes_append_format(&expected, "<too long: %zu>[after]+", sizes[i]);
		}
		check_input('\n', bytes_slice(&text), bytes_text(&expected));
		bytes_release(&text);
		bytes_release(&expected);
	}
}

/* A record that is too long is dropped as it comes. */
static void test_endless(void)
{
	struct input input = {.delimiter = '\n', .limit = RECORD_MAX};
	char *block = mem_new(200000, 1);
	struct input_step step;
	int i;

	memset(block, 'x', 200000);
	for (i = 0; i < 100; i++) {
		step = input_next(&input, block, 200000);
		check_int(step.event, INPUT_MORE);
		check_int(step.consumed, 200000);
	}
	/* The record may have a NUL, and its delimiter may come alone. */
	block[0] = '\0';
	block[1] = '\n';
	step = input_next(&input, block, 1);
	check_int(step.event, INPUT_MORE);
	check_int(step.consumed, 1);
	step = input_next(&input, block + 1, 199999);
	check_int(step.event, INPUT_TOO_LONG);
	check_int(step.consumed, 1);
	check_int(step.size, 20000001);
	block[1] = '\n';
	step = input_next(&input, block + 1, 1);
	check_int(step.event, INPUT_RECORD);
	check_int(step.size, 0);
	free(block);
}

/* Bytes of a record are scanned once: those before may not even be read when more come. */
static void test_scanned_once(void)
{
	struct input input = {.delimiter = '\n', .limit = UINT64_MAX, .allows_nul = true};
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = 64, i;
	char *bytes = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct input_step step;

	if (!check(bytes != MAP_FAILED))
		return;
	memset(bytes, 'x', pages * page);
	bytes[pages * page - 1] = '\n';
	for (i = 1; i < pages; i++) {
		step = input_next(&input, bytes, i * page);
		check_int(step.event, INPUT_MORE);
		check_int(step.consumed, 0);
		check_int(mprotect(bytes, i * page, PROT_NONE), 0);
	}
	/* Nothing new. */
	check_int(input_next(&input, bytes, (pages - 1) * page).event, INPUT_MORE);
	step = input_next(&input, bytes, pages * page);
	check_int(step.event, INPUT_RECORD);
	check_int(step.size, pages * page - 1);
	check_int(munmap(bytes, pages * page), 0);
}

/* The reader forgets a part of a record when its input fails. */
static void test_forgotten(void)
{
	struct input input = {.delimiter = '\n', .limit = RECORD_MAX};
	char bytes[] = "abc\nd\n";
	struct input_step step;

	check_int(input_next(&input, bytes, 3).event, INPUT_MORE);
	check_int(input_next(&input, bytes, 0).event, INPUT_MORE);
	step = input_next(&input, bytes + 4, 2);
	check_int(step.event, INPUT_RECORD);
	check_int(step.size, 1);
}

static void test_count(void)
{
	const struct input input = {.delimiter = '\n'};
	const struct slice nothing = {.data = NULL}, text = slice_of("a\n\nbc\nd");

	check_int(input_count(&input, nothing), 0);
	check_int(input_whole(&input, nothing), 0);
	check_int(input_count(&input, slice_of("abc")), 0);
	check_int(input_whole(&input, slice_of("abc")), 0);
	check_int(input_count(&input, text), 3);
	check_int(input_whole(&input, text), 6);
}

/* Random text of a few characters in pieces yields the same events as at once. */
static void test_random(void)
{
	struct unit_random random = unit_random();
	struct bytes once = {.data = NULL}, pieces = {.data = NULL};
	char text[2000];
	int round;

	for (round = 0; round < 300; round++) {
		struct slice slice = {.data = text, .size = unit_below(&random, sizeof text)};
		size_t i;

		for (i = 0; i < slice.size; i++)
			text[i] = "ab\n"[unit_below(&random, 3)];
		bytes_clear(&once);
		bytes_clear(&pieces);
		read_in_pieces('\n', slice, &random, 1000000, &once);
		read_in_pieces('\n', slice, &random, 1 + unit_below(&random, 20), &pieces);
		if (!check_slice(bytes_slice(&pieces), bytes_slice(&once)))
			break;
	}
	bytes_release(&once);
	bytes_release(&pieces);
}

static void test_words(void)
{
	static const struct {
		struct result result;
		const char *words;
	} cases[] = {
		{{.outcome = OUTCOME_OK}, "exit status 0"},
		{{.outcome = OUTCOME_FAILED, .status = 255}, "exit status 255"},
		{{.outcome = OUTCOME_SIGNALED, .signal = SIGKILL}, "killed by SIGKILL"},
		{{.outcome = OUTCOME_SIGNALED, .signal = 33}, "killed by signal 33"},
		{{.outcome = OUTCOME_NOT_STARTED, .number = ENOENT}, "not started: No such file or directory"},
		{{.outcome = OUTCOME_LOST, .reason = "gone"}, "lost: gone"},
		{{.outcome = OUTCOME_SKIPPED}, "skipped"},
	};
	struct bytes out = {.data = NULL};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		bytes_clear(&out);
		outcome_describe(&cases[i].result, &out);
		check_str(bytes_text(&out), cases[i].words);
	}
	bytes_release(&out);
}

const struct unit_test unit_input[] = {
	{"records end at delimiters", .run = test_records},
	{"a record with a NUL is reported", .run = test_nul},
	{"records about as long as the limit", .run = test_longest},
	{"a record that is too long is dropped as it comes", .run = test_endless},
	{"no byte of a record is scanned twice", .run = test_scanned_once},
	{"a part of a record may be forgotten", .run = test_forgotten},
	{"records are counted", .run = test_count},
	{"pieces yield the same records as the whole text", .run = test_random},
	{"outcomes in words", .run = test_words},
	{.name = NULL},
};
