/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns by regcomp(3). */
#include "task/columns.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "task/csv.h"

#include <regex.h>

struct columns_expression {
	regex_t compiled;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends an expression for a single byte. */
static void append_byte(struct bytes *out, char byte, bool in_brackets)
{
	bool special = byte && strchr(in_brackets ? "^-[]\\" : "^.[]$()|*+?{}\\", byte);

	/* Brackets have no escapes, but collating symbols. */
	if (special)
		bytes_append_text(out, in_brackets ? "[." : "\\");
	bytes_append(out, &byte, 1);
	if (special && in_brackets)
		bytes_append_text(out, ".]");
}

/* Appends the expression of an escape. Returns the escape's length, or 0 if POSIX defines it. */
static size_t columns_append_escape(struct bytes *out, const char *at, bool in_brackets)
{
	static const struct {
		char letter;
		const char *alone;
		const char *in_brackets;
	} escapes[] = {
		{.letter = 't', .alone = "\t", .in_brackets = "\t"},
		{.letter = 'n', .alone = "\n", .in_brackets = "\n"},
		{.letter = 's', .alone = "[[:space:]]", .in_brackets = "[:space:]"},
		{.letter = 'd', .alone = "[0-9]", .in_brackets = "0-9"},
		{.letter = 'w', .alone = "[[:alnum:]_]", .in_brackets = "[:alnum:]_"},
	};
	size_t i;

	for (i = 0; i < countof(escapes); i++) {
		if (at[1] == escapes[i].letter) {
			bytes_append_text(out, in_brackets ? escapes[i].in_brackets : escapes[i].alone);
			return 2;
		}
	}
	if (at[1] == 'x' && hex_digit(at[2]) >= 0 && hex_digit(at[3]) >= 0) {
		append_byte(out, (char)(hex_digit(at[2]) * 16 + hex_digit(at[3])), in_brackets);
		return 4;
	}
	return 0;
}

/* Appends the expression with our escapes replaced. */
static void translate(const char *expression, struct bytes *out)
{
	const char *at = expression, *opened = NULL;

	while (*at) {
		size_t length = *at == '\\' ? columns_append_escape(out, at, opened) : 0;

		if (length) {
			at += length;
			continue;
		}
		if (!opened && *at == '\\' && at[1]) {
			bytes_append(out, at, 2);
			at += 2;
			continue;
		}
		if (!opened && *at == '[') {
			/* A closing bracket at the beginning is one of the characters. */
			opened = at + 1 + (at[1] == '^');
		} else if (opened && *at == ']' && at > opened) {
			opened = NULL;
		} else if (opened && *at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
			const char end[] = {at[1], ']', '\0'}, *closed = strstr(at + 2, end);
			size_t class = closed ? (size_t)(closed + 2 - at) : 1;

			bytes_append(out, at, class);
			at += class;
			continue;
		}
		bytes_append(out, at++, 1);
	}
}

/* True if the separator matches an empty string. */
static bool matches_nothing(const struct columns *columns)
{
	static const char *const samples[] = {"", "a", " ", "a b"};
	regmatch_t match;
	size_t i;

	for (i = 0; i < countof(samples); i++) {
		if (regexec(&columns->expression->compiled, samples[i], 1, &match, 0) == 0 &&
		    match.rm_so == match.rm_eo)
			return true;
	}
	return false;
}

int columns_compile(struct columns *columns, const char *expression, struct error *error)
{
	struct bytes translated = {.data = NULL};
	char why[128];
	int failed;

	if (strstr(expression, "\\x00"))
		return error_set(error, "'%s': no record has a NUL in it to be divided at", expression);
	columns->expression = mem_new(1, sizeof *columns->expression);
	translate(expression, &translated);
	failed = regcomp(&columns->expression->compiled, bytes_text(&translated), REG_EXTENDED);
	bytes_release(&translated);
	if (failed) {
		regerror(failed, &columns->expression->compiled, why, sizeof why);
		free(columns->expression);
		columns->expression = NULL;
		return error_set(error, "'%s': not a regular expression: %s", expression, why);
	}
	if (!matches_nothing(columns))
		return 0;
	columns_release(columns);
	return error_set(error, "'%s': matches the empty string, and so divides nothing", expression);
}

struct slice columns_next(const struct columns *columns, const char *record, const char **rest, struct bytes *fields)
{
	const char *from = *rest;
	regmatch_t match;

	if (columns->csv)
		return csv_next(columns->csv, rest, fields);
	if (!columns->expression ||
	    regexec(&columns->expression->compiled, from, 1, &match, from == record ? 0 : REG_NOTBOL) != 0 ||
	    match.rm_eo == match.rm_so) {
		*rest = NULL;
		return slice_of(from);
	}
	*rest = from + match.rm_eo;
	return (struct slice){.data = from, .size = (size_t)match.rm_so};
}

void columns_release(struct columns *columns)
{
	if (columns->expression)
		regfree(&columns->expression->compiled);
	free(columns->expression);
	columns->expression = NULL;
}
