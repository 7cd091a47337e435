/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of JSON, without a limit on depth: what is open is noted in one byte each. */
#include "codec/json/json_value.h"

#include "base/bytes.h"
#include "codec/json/json_syntax.h"
#include "codec/json/json_text.h"

static size_t skip_digits(struct slice text, size_t at)
{
	while (at < text.size && json_is_digit(text.data[at]))
		at++;
	return at;
}

/* Returns the offset after the longest number that begins at an offset, or the offset if none does. */
static size_t skip_number(struct slice text, size_t at)
{
	size_t begin = at, start, end;

	start = at + (at < text.size && text.data[at] == '-');
	end = skip_digits(text, start);
	if (end == start || (text.data[start] == '0' && end > start + 1))
		return begin;
	at = end;
	if (at < text.size && text.data[at] == '.') {
		end = skip_digits(text, at + 1);
		if (end == at + 1)
			return at;
		at = end;
	}
	if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
		start = at + 1;
		start += start < text.size && (text.data[start] == '+' || text.data[start] == '-');
		end = skip_digits(text, start);
		at = end == start ? at : end;
	}
	return at;
}

bool json_number_is(struct slice text)
{
	return text.size && skip_number(text, 0) == text.size;
}

/* A check: what has been checked, and the brackets that are open. */
struct check {
	struct slice text;
	size_t at;
	struct bytes open;
};

/* Returns the next byte, 0 at the end. */
static char check_peek(const struct check *check)
{
	return check->at < check->text.size ? check->text.data[check->at] : '\0';
}

static void check_blanks(struct check *check)
{
	while (json_is_blank(check_peek(check)))
		check->at++;
}

/* Takes a byte, with blanks before it. False if another is there. */
static bool check_mark(struct check *check, char mark)
{
	check_blanks(check);
	if (check_peek(check) != mark)
		return false;
	check->at++;
	return true;
}

/* Takes the rest of an escape. False if there is no such. */
static bool check_escape(struct check *check)
{
	char c = check_peek(check);
	int digits;

	if (!c || !strchr("\"\\/bfnrtu", c))
		return false;
	check->at++;
	for (digits = 0; c == 'u' && digits < 4; digits++, check->at++) {
		char digit = check_peek(check);

		if (!json_is_digit(digit) && !(digit >= 'a' && digit <= 'f') && !(digit >= 'A' && digit <= 'F'))
			return false;
	}
	return true;
}

/* Takes a string. */
static bool check_string(struct check *check)
{
	if (!check_mark(check, '"'))
		return false;
	while ((unsigned char)check_peek(check) >= ' ') {
		char c = check_peek(check);

		check->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !check_escape(check))
			return false;
	}
	return false;
}

/* Takes the key of a member, and its colon. */
static bool check_key(struct check *check)
{
	return check_string(check) && check_mark(check, ':');
}

/* Takes a value that is no array and no object. */
static bool check_scalar(struct check *check)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t i, end;

	if (check_peek(check) == '"')
		return check_string(check);
	for (i = 0; i < countof(words); i++) {
		size_t size = strlen(words[i]);

		if (check->text.size - check->at >= size && memcmp(check->text.data + check->at, words[i], size) == 0) {
			check->at += size;
			return true;
		}
	}
	end = skip_number(check->text, check->at);
	if (end == check->at)
		return false;
	check->at = end;
	return true;
}

/* Takes the beginning of a value, up to its first scalar or an end. False if none is there. */
static bool check_begin(struct check *check)
{
	for (;;) {
		check_blanks(check);
		if (check_peek(check) != '[' && check_peek(check) != '{')
			return check_scalar(check);
		bytes_append(&check->open, check->text.data + check->at, 1);
		check->at++;
		check_blanks(check);
		/* One without contents ends in check_end. */
		if (check_peek(check) == ']' || check_peek(check) == '}')
			return true;
		if (check->open.data[check->open.size - 1] == '{' && !check_key(check))
			return false;
	}
}

/* Takes the ends of arrays and objects after a value. False if one has an end that is not its own. */
static bool check_end(struct check *check)
{
	check_blanks(check);
	while (check_peek(check) == ']' || check_peek(check) == '}') {
		char begun = check_peek(check) == ']' ? '[' : '{';

		if (!check->open.size || check->open.data[check->open.size - 1] != begun)
			return false;
		check->open.size--;
		check->at++;
		check_blanks(check);
	}
	return true;
}

/* Takes one value with all in it. False if there is none. */
static bool check_value(struct check *check)
{
	for (;;) {
		if (!check_begin(check) || !check_end(check))
			return false;
		if (!check->open.size)
			return true;
		if (!check_mark(check, ','))
			return false;
		if (check->open.data[check->open.size - 1] == '{' && !check_key(check))
			return false;
	}
}

bool json_value_is(struct slice text)
{
	struct check check = {.text = text};
	bool is_value = check_value(&check) && check.at == text.size && json_text_is(text);

	bytes_release(&check.open);
	return is_value;
}

void json_value_join_lines(char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			text[i] = ' ';
	}
}
