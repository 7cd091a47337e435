/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/prompt/words and words_typed: dividing a line into words. */
#include "unit.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/quote.h"
#include "interactive/prompt/words.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns the words of a line with a | after each, then < and the file; or ! and the error. */
static char *show(const char *line)
{
	struct bytes out = {.data = NULL};
	struct error error = {.number = 0};
	struct words words;
	char *text;
	size_t i;

	if (words_split(line, &words, &error) < 0) {
		check(!words.words && !words.count && !words.input);
		text = mem_format("!%s", error_text(&error));
		error_release(&error);
		return text;
	}
	for (i = 0; i < words.count; i++)
		bytes_append_format(&out, "%s|", words.words[i]);
	check(!words.words[words.count]);
	if (words.input)
		bytes_append_format(&out, "<%s", words.input);
	text = mem_string(bytes_text(&out));
	bytes_release(&out);
	words_release(&words);
	check(!words.words && !words.count && !words.input);
	return text;
}

static void check_cases(const char *const (*cases)[2], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		char *shown = show(cases[i][0]);

		if (!check_str(shown, cases[i][1]))
			printf("# in: %s\n", cases[i][0]);
		free(shown);
	}
}

static void test_words(void)
{
	static const char *const cases[][2] = {
		{"", ""},
		{" \t ", ""},
		{"a", "a|"},
		{"  map gzip\t-9  {}  ", "map|gzip|-9|{}|"},
		{"a\rb\nc", "a|b|c|"},
		{"'a b' c", "a b|c|"},
		{"''", "|"},
		{"\"\" '' $''", "|||"},
		{"a'b c'd", "ab cd|"},
		{"'a\\b' '\"'", "a\\b|\"|"},
		{"\"a b\" \"it's\"", "a b|it's|"},
		{"\"a\\\"b\" \"a\\\\b\" \"a\\nb\" \"\\$x\"", "a\"b|a\\b|a\\nb|$x|"},
		{"a\\ b \\'c\\\" \\\\", "a b|'c\"|\\|"},
		{"it\\'s", "it's|"},
		{"$HOME ${x} $(y) `z` !! {a,b}", "$HOME|${x}|$(y)|`z`|!!|{a,b}|"},
		{"\"$'a'\"", "$'a'|"},
		{"$'a\\tb' x$'\\''y", "a\tb|x'y|"},
		{"$'\\a\\b\\e\\E\\f\\n\\r\\t\\v\\\\\\'\\\"\\?'", "\a\b\033\033\f\n\r\t\v\\'\"?|"},
		{"$'\\101\\x42\\x4a\\x4Bc\\377\\0601\\xag'",
		 "ABJKc\xff"
		 "01\ng|"},
		{"$\"a b\"", "$a b|"},
		{"a # b 'c", "a|"},
		{"# b", ""},
		{"a#b '#' \\#c \"#d", "!the quote \" in column 13 does not end"},
		{"a#b '#' \\#c ''#", "a#b|#|#c|#|"},
		{"! ls -l", "!|ls|-l|"},
		{"echo ::: 1 2", "echo|:::|1|2|"},
		{"\xc3\xa4 '\xe2\x82\xac'", "\xc3\xa4|\xe2\x82\xac|"},
	};

	check_cases(cases, countof(cases));
}

static void test_input(void)
{
	static const char *const cases[][2] = {
		{"map wc < list", "map|wc|<list"},
		{"map wc <list -l", "map|wc|-l|<list"},
		{"< 'a b' map", "map|<a b"},
		{"<a\\ b", "<a b"},
		{"a<b", "a<b|"},
		{"'<' \\< \"<\" b", "<|<|<|b|"},
		{"map < \\<", "map|<<"},
		{"map < *", "map|<*"},
		{"map < l # c", "map|<l"},
		{"map <", "!no file follows the < in column 5"},
		{"map <  ", "!no file follows the < in column 5"},
		{"map < # c", "!no file follows the < in column 5"},
		{"map < < a", "!no file follows the < in column 5"},
		{"map < ''", "!the name of the file after the < in column 5 is empty"},
		{"map < a < b", "!a second < in column 9: there is one input"},
		{"\xc3\xa4 <a <b", "!a second < in column 6: there is one input"},
		{"map <<EOF", "!<< in column 5 is for a shell: < FILE reads a file, ::: names items"},
		{"map < 'a", "!the quote ' in column 7 does not end"},
	};

	check_cases(cases, countof(cases));
}

static void test_quotes_without_end(void)
{
	static const char *const cases[][2] = {
		{"'", "!the quote ' in column 1 does not end"},
		{"a 'b c", "!the quote ' in column 3 does not end"},
		{"a b\"c'", "!the quote \" in column 4 does not end"},
		{"\"\\\"", "!the quote \" in column 1 does not end"},
		{"\"\\", "!the quote \" in column 1 does not end"},
		{"\xc3\xa4\xc3\xa4 'b", "!the quote ' in column 4 does not end"},
		{"a $'b\\'", "!the quote $' in column 3 does not end"},
		{"$'\\", "!the quote $' in column 1 does not end"},
		{"$'", "!the quote $' in column 1 does not end"},
		{"a\\", "!nothing follows the \\ at the end of the line"},
		{"$'a\\qb'", "!unknown escape \\q in column 4"},
		{"$'a\\0b'", "!the escape in column 4 is not a character"},
		{"$'\\400'", "!the escape in column 3 is not a character"},
		{"$'\\xg'", "!the escape in column 3 is not a character"},
	};

	check_cases(cases, countof(cases));
}

static void test_operators(void)
{
	static const char *const words[] = {
		"|",    "||",      "&",      "&&",     ";",  ">",  ">>", "2>",   ">file", ">>file",
		"2>&1", "2>>file", "1>file", "&>file", ";;", "a;", "a&", "'a';", "|&",
	};
	static const char *const cases[][2] = {
		{"'|' \\| \"||\" '&' \\&\\& ';' \\; '>' \\> '2>' 2\\>", "|||||||&|&&|;|;|>|>|2>|2>|"},
		{"a|b a&b a;b a>b a=>b 3>", "a|b|a&b|a;b|a>b|a=>b|3>|"},
		{"find {} -exec ls {} \\;", "find|{}|-exec|ls|{}|;|"},
		{"a';' a\\& '>'f", "a;|a&|>f|"},
		{"# a | b", ""},
		{"map < >",
		 "!> in column 7 is for a shell: quote it to pass it on, or use --shell 'SCRIPT', or ! COMMAND"},
	};
	size_t i;

	for (i = 0; i < countof(words); i++) {
		char *line = mem_format("\xc3\xa4 %s", words[i]);
		char *shown = show(line), *expected;

		/* The error shows it without its quotes. */
		expected = mem_format(
			"!%s in column 3 is for a shell: quote it to pass it on, or use --shell 'SCRIPT', or ! COMMAND",
			words[i][0] == '\'' ? "a;" : words[i]);
		check_str(shown, expected);
		free(expected);
		free(shown);
		free(line);
	}
	check_cases(cases, countof(cases));
}

static void test_files(void)
{
	static const char *const cases[][2] = {
		{"*", "a b|a1|a2|x[y]|"},
		{"a*", "a b|a1|a2|"},
		{"a? ls", "a1|a2|ls|"},
		{"[!a]*", "x[y]|"},
		{"a[12]", "a1|a2|"},
		{"'a'*'2'", "a2|"},
		{"'a*' \\a\\* \"a?\"", "a*|a*|a?|"},
		{"x[*]", "x[*]|"},
		{"x\\[*\\]", "x[y]|"},
		{"'x[y]' x[y] x\\[y]", "x[y]|x[y]|x[y]|"},
		{"none* ? [ [a", "none*|?|[|[a|"},
		{".h*", ".hidden|"},
		{"a 'b' *1 {}*", "a|b|a1|{}*|"},
		{"a\\ *", "a b|"},
		{"$'a\\x20'*", "a b|"},
		{"\\\\*", "\\*|"},
		{"no/*", "no/*|"},
		{"./a?", "./a1|./a2|"},
	};
	static const char *const names[] = {"a2", "a1", "a b", ".hidden", "x[y]"};
	size_t i;

	for (i = 0; i < countof(names); i++)
		free(unit_file(names[i], "", 0600));
	check_int(chdir(unit_directory()), 0);
	check_cases(cases, countof(cases));
	check_int(chdir("/"), 0);
}

static void test_homes(void)
{
	static const char *const cases[][2] = {
		{"'~' \\~ \"~/a\" a~ ~nobody-of-that-name/x ~/'a b'", "~|~|~/a|a~|~nobody-of-that-name/x|H/a b|"},
		{"~ ~/ ~/x ~/f1 x:~", "H|H/|H/x|H/f1|x:~|"},
		{"~/f* ~/'f'? ~/g*", "H/f1|H/f2|H/f1|H/f2|H/g*|"},
		{"~'/x' ~\\/ ~'root'", "~/x|~/|~root|"},
		{"< ~/f1", "<H/f1"},
	};
	char *home = mem_format("%s/h[o]*", unit_directory()), *path;
	size_t i;

	check_int(mkdir(home, 0700), 0);
	for (i = 1; i <= 2; i++) {
		path = mem_format("h[o]*/f%zu", i);
		free(unit_file(path, "", 0600));
		free(path);
	}
	check_int(setenv("HOME", home, 1), 0);
	for (i = 0; i < countof(cases); i++) {
		char *shown = show(cases[i][0]);
		struct bytes expected = {.data = NULL};
		const char *from;

		for (from = cases[i][1]; *from; from++)
			bytes_append(&expected, *from == 'H' ? home : from, *from == 'H' ? strlen(home) : 1);
		check_str(shown, bytes_text(&expected));
		free(shown);
		bytes_release(&expected);
	}
	free(home);
}

/* What quote_shell writes becomes the same single word again. */
static void test_round_trip(void)
{
	static const char *const pieces[] = {
		"'", "\"", "\\", "$'", "*",  "?",  "[", "~", "#",    "<",    ">",        "|",    ";",
		"&", " ",  "\n", "\t", "{}", "::", "a", "7", "\x1b", "\x7f", "\xc3\xa4", "\xff", "\xe2\x80\xae",
		"!", "$"};
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 3000; round++) {
		struct bytes line = {.data = NULL}, expected = {.data = NULL};
		size_t words = 1 + unit_below(&random, 4);
		char *shown;

		while (words--) {
			struct bytes word = {.data = NULL};
			size_t length = unit_below(&random, 8);

			while (length--)
				bytes_append_text(&word, pieces[unit_below(&random, countof(pieces))]);
			bytes_append_text(&line, unit_below(&random, 2) ? " " : "\t  ");
			quote_shell(&line, bytes_slice(&word));
			bytes_append_format(&expected, "%s|", bytes_text(&word));
			bytes_release(&word);
		}
		shown = show(bytes_text(&line));
		if (!check_str(shown, bytes_text(&expected)))
			printf("# in: %s\n", bytes_text(&line));
		free(shown);
		bytes_release(&line);
		bytes_release(&expected);
	}
}

/* Random bytes give words or an error. */
static void test_any(void)
{
	static const char pieces[] = "'\"\\$*?[~#<>|;& \n\txn017ab\xc3\xa4/.";
	struct unit_random random = unit_random();
	int round;

	check_int(chdir(unit_directory()), 0);
	for (round = 0; round < 5000; round++) {
		char line[24], *shown;
		size_t length = unit_below(&random, sizeof line), i;
		bool is_quoted;

		for (i = 0; i < length; i++)
			line[i] = pieces[unit_below(&random, sizeof pieces - 1)];
		line[i] = '\0';
		if (line[0] == '/' || strstr(line, "/*") || strstr(line, ".."))
			continue;
		shown = show(line);
		check(words_last(line, length, &is_quoted) <= length);
		free(shown);
	}
	check_int(chdir("/"), 0);
}

static void test_last(void)
{
	static const struct {
		const char *line;
		size_t start;
		bool is_quoted;
	} cases[] = {
		{"", 0, false},          {"map", 0, false},         {"map ", 4, false},       {"map a b", 6, false},
		{"map 'a b", 4, true},   {"map 'a b'", 4, false},   {"map a\\ b", 4, false},  {"map a\\", 4, true},
		{"map \"a 'b", 4, true}, {"map $'a\\' b", 4, true}, {"map '\\' b", 8, false}, {"map \"\\\" b", 4, true},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		bool is_quoted = !cases[i].is_quoted;

		check_int(words_last(cases[i].line, strlen(cases[i].line), &is_quoted), cases[i].start);
		check_int(is_quoted, cases[i].is_quoted);
	}
}

/* A quoted name, once its quote is closed, is one word: the name. Unquoting what was typed gives the name again. */
static void test_names(void)
{
	static const char *const cases[][3] = {
		{"plain", "plain", ""},       {"a b", "a\\ b", ""},       {"it's", "it\\'s", ""},
		{"it's", "'it'\\''s", "'"},   {"a\"b", "\"a\\\"b", "\""}, {"a*?[", "a\\*\\?\\[", ""},
		{"a\\", "\"a\\\\", "\""},     {"#a<b", "\\#a\\<b", ""},   {"a\tb", "$'a\\tb'", ""},
		{"a;b|&", "a\\;b\\|\\&", ""}, {"$'x'", "$\\'x\\'", ""},   {"~", "'~", "'"},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		char *quoted = words_quote_name(cases[i][0], cases[i][2][0]), *typed, *line, *shown, *expected;

		check_str(quoted, cases[i][1]);
		line = mem_format("%s%s", quoted, cases[i][2]);
		shown = show(line);
		expected = mem_format("%s|", cases[i][0]);
		check_str(shown, expected);
		typed = words_unquote_name(quoted + strlen(cases[i][2]), cases[i][2][0]);
		if (quoted[0] != '$')
			check_str(typed, cases[i][0]);
		free(typed);
		free(expected);
		free(shown);
		free(line);
		free(quoted);
	}
}

const struct unit_test unit_words[] = {
	{"words and quotes", .run = test_words},
	{"a file for input", .run = test_input},
	{"quotes without an end", .run = test_quotes_without_end},
	{"operators of shells are errors", .run = test_operators},
	{"names of files", .run = test_files},
	{"homes", .run = test_homes},
	{"quoted words come back", .run = test_round_trip},
	{"random lines", .run = test_any},
	{"the last word", .run = test_last},
	{"names of files that are being typed", .run = test_names},
	{.name = NULL},
};
