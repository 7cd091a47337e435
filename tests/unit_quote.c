/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/quote: shells read a quoted word as the same word, and nothing in escaped text acts on a terminal. */
#include "unit.h"

#include "base/mem.h"
#include "base/quote.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Returns the output of a shell that runs script from a file. */
static struct bytes run_shell(const char *shell, struct slice script)
{
	char *path = unit_file("script", "", 0600);
	int ends[2] = {-1, -1}, fd = open(path, O_WRONLY | O_CLOEXEC);
	struct bytes out = {.data = NULL};
	ssize_t got;
	pid_t pid;

	check(fd_write(fd, script.data, script.size) == (ssize_t)script.size);
	fd_close(&fd);
	check_int(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execlp(shell, shell, path, (char *)NULL);
		_exit(127);
	}
	fd_close(&ends[1]);
	while ((got = fd_read(ends[0], bytes_reserve(&out, 65536), 65536)) > 0)
		out.size += (size_t)got;
	fd_close(&ends[0]);
	check_int(unit_wait(pid), 0);
	free(path);
	return out;
}

/* Appends a random word without NUL: plain characters, all bytes, UTF-8, or a mixture. */
static void make_word(struct unit_random *random, struct bytes *word)
{
	static const char *const pieces[] = {"\xc3\xa4",     "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xc2\x85",
					     "\xe2\x80\xae", "\xed\xa0\x80", "\xc0\xaf",         "\xf5\x80\x80\x80",
					     "\xef\xbb\xbf", "\xe2\x80"};
	size_t length = unit_below(random, 12), kind = unit_below(random, 4);

	while (length--) {
		char c = (char)(1 + unit_below(random, 255));

		if (kind == 0 || (kind == 3 && unit_below(random, 2)))
			c = (char)('!' + (char)unit_below(random, '~' - '!'));
		if (kind == 2 && unit_below(random, 2))
			bytes_append_text(word, pieces[unit_below(random, countof(pieces))]);
		else
			bytes_append(word, &c, 1);
	}
}

/* Quotes random words, of a kind that the shell can read, and lets the shell print them. */
static void round_trip(const char *shell, bool (*wanted)(struct slice word))
{
	struct unit_random random = unit_random();
	struct bytes script = {.data = NULL}, expected = {.data = NULL}, got;
	size_t words = 0;

	bytes_append_text(&script, "printf '%s\\0'");
	while (words < 3000) {
		struct bytes word = {.data = NULL};

		make_word(&random, &word);
		if (wanted(bytes_slice(&word))) {
			bytes_append(&script, " ", 1);
			quote_shell(&script, bytes_slice(&word));
			bytes_append(&expected, word.data, word.size);
			bytes_append(&expected, "", 1);
			words++;
		}
		bytes_release(&word);
	}
	check(!memchr(script.data, '\n', script.size));
	bytes_append(&script, "\n", 1);
	got = run_shell(shell, bytes_slice(&script));
	check_slice(bytes_slice(&got), bytes_slice(&expected));
	bytes_release(&got);
	bytes_release(&script);
	bytes_release(&expected);
}

static bool is_any(struct slice word UNUSED)
{
	return true;
}

/* True if a word can be quoted without $'...'. */
static bool is_printable(struct slice word)
{
	size_t i;

	for (i = 0; i < word.size; i++) {
		if (word.data[i] < ' ' || word.data[i] > '~')
			return false;
	}
	return true;
}

static void test_bash(void)
{
	round_trip("bash", is_any);
}

static void test_sh(void)
{
	round_trip("sh", is_printable);
}

static void test_shell_forms(void)
{
	static const char *const cases[][2] = {
		{"", "''"},
		{"plain", "plain"},
		{"a/b.c-d_e:f@g,h+i%j", "a/b.c-d_e:f@g,h+i%j"},
		{"a b", "'a b'"},
		{"it's", "'it'\\''s'"},
		{"~", "'~'"},
		{"a=b", "'a=b'"},
		{"$x", "'$x'"},
		{"\n", "$'\\n'"},
		{"a\x1b[0m", "$'a\\033[0m'"},
		{"'\t\\", "$'\\'\\t\\\\'"},
		{"\xc3\xa4", "'\xc3\xa4'"},
		{"\xff"
		 "1",
		 "$'\\3771'"},
		{"\xe2\x80\xae", "$'\\342\\200\\256'"},
		{"!", "'!'"},
	};
	struct bytes out = {.data = NULL};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		bytes_clear(&out);
		quote_shell(&out, slice_of(cases[i][0]));
		check_str(bytes_text(&out), cases[i][1]);
	}
	bytes_release(&out);
}

static void test_terminal_forms(void)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"plain text: \"'\\$", "plain text: \"'\\$"},
		{"a\nb\tc\rd", "a\\nb\\tc\\rd"},
		{"\x1b[31mred\x07", "\\x1b[31mred\\x07"},
		{"\x7f", "\\x7f"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b"
		 "31m"},
		{"\xe2\x80\xae"
		 "x\xe2\x81\xa6",
		 "\\xe2\\x80\\xaex\\xe2\\x81\\xa6"},
		{"\xe2\x80\x8f\xd8\x9c", "\\xe2\\x80\\x8f\\xd8\\x9c"},
		{"\x80\xff", "\\x80\\xff"},
		{"\xc0\x80", "\\xc0\\x80"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"\xe2\x82", "\\xe2\\x82"},
		{"\xe2"
		 "a",
		 "\\xe2"
		 "a"},
	};
	struct bytes out = {.data = NULL};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		bytes_clear(&out);
		quote_terminal(&out, slice_of(cases[i][0]));
		check_str(bytes_text(&out), cases[i][1]);
	}
	bytes_clear(&out);
	quote_terminal(&out, (struct slice){.data = "a\0b", .size = 3});
	check_str(bytes_text(&out), "a\\x00b");
	bytes_release(&out);
}

/* Any bytes become valid UTF-8 of characters that do not act on a terminal. */
static void test_terminal_random(void)
{
	struct unit_random random = unit_random();
	struct bytes out = {.data = NULL};
	int round;

	for (round = 0; round < 5000; round++) {
		struct bytes word = {.data = NULL};
		struct slice rest;

		make_word(&random, &word);
		bytes_clear(&out);
		quote_terminal(&out, bytes_slice(&word));
		for (rest = bytes_slice(&out); rest.size;) {
			uint32_t c = 0;
			size_t length = quote_utf8(rest, &c);

			if (!check(length && c >= ' ' && !(c >= 0x7f && c < 0xa0) && !(c >= 0x2028 && c <= 0x202e)))
				break;
			rest.data += length;
			rest.size -= length;
		}
		bytes_release(&word);
	}
	bytes_release(&out);
}

/* Encodes a number as UTF-8, whether or not it is a character. Returns the length. */
static size_t encode(uint32_t c, char *text)
{
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = length; i-- > 1; c >>= 6)
		text[i] = (char)(0x80 | (c & 0x3f));
	text[0] = (char)(length == 1 ? c : (0xf00u >> length) | c);
	return length;
}

static void test_utf8(void)
{
	uint32_t c, got;
	char text[4];

	for (c = 0; c < 0x110000; c++) {
		size_t length = encode(c, text);
		bool valid = c < 0xd800 || c > 0xdfff;

		got = 0;
		if (!check_int(quote_utf8((struct slice){.data = text, .size = length}, &got), valid ? length : 0) ||
		    !check_int(got, valid ? c : 0))
			break;
		if (length > 1 && !check_int(quote_utf8((struct slice){.data = text, .size = length - 1}, &got), 0))
			break;
	}
	check_int(quote_utf8((struct slice){.data = NULL}, &got), 0);
}

const struct unit_test unit_quote[] = {
	{"bash reads every word back", .run = test_bash},
	{"sh reads plain words back", .run = test_sh},
	{"words as they are quoted for a shell", .run = test_shell_forms},
	{"text as it is escaped for a terminal", .run = test_terminal_forms},
	{"nothing in escaped random bytes acts on a terminal", .run = test_terminal_random},
	{"every character of UTF-8", .run = test_utf8},
	{.name = NULL},
};
