/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and answers in JSON. */
#include "state/wire/request_json.h"

#include "codec/json/json_words.h"
#include "state/wire/words.h"

/* Reads the next word of those that json_words_read has made. False at the end. */
static bool json_next(struct cursor *cursor, enum value_kind *kind, struct slice *word)
{
	if (cursor->at == cursor->end)
		return false;
	*kind = cursor_u8(cursor) == JSON_WORD_VALUE ? VALUE_JSON : VALUE_STRING;
	*word = cursor_slice(cursor);
	return !cursor_failed(cursor);
}

int json_request_read(struct call *call, struct slice line, struct bytes *scratch)
{
	struct words words = {.call = call};
	struct error error = {.number = 0};
	struct cursor cursor;
	enum value_kind kind;
	struct slice word;

	bytes_clear(scratch);
	if (json_words_read(line, scratch, &error) < 0) {
		answer_fail(call, CALL_USAGE, "a request is not JSON: %s", error_text(&error));
		error_release(&error);
		return -1;
	}
	cursor = cursor_of(bytes_slice(scratch));
	while (json_next(&cursor, &kind, &word)) {
		if (words_take(&words, word, kind) < 0)
			return -1;
	}
	return words_end(&words);
}

/* Appends a stored value: what was a number, or another value of JSON, as that, all else as a string. */
static void json_put_value(struct bytes *out, enum value_kind kind, struct slice text)
{
	bool is_value = kind == VALUE_JSON || (kind == VALUE_WORD && json_words_is_number(text));

	json_words_put(out, is_value ? JSON_WORD_VALUE : JSON_WORD_STRING, text);
}

/* Appends the values of an answer as an array of them, or an object. */
static void json_put_values(struct bytes *out, const struct answer *answer)
{
	bool pairs = answer->form == ANSWER_PAIRS;
	struct cursor cursor = answer_values(answer);
	enum value_kind kind;
	struct slice text;
	size_t i;

	bytes_append_text(out, pairs ? "{" : "[");
	for (i = 0; answer_next(&cursor, &kind, &text); i++) {
		if (i)
			bytes_append_text(out, pairs && i % 2 ? ": " : ", ");
		if (pairs && i % 2 == 0)
			json_words_put_string(out, text);
		else
			json_put_value(out, kind, text);
	}
	bytes_append_text(out, pairs ? "}" : "]");
}

void json_answer_put(struct bytes *out, const struct answer *answer)
{
	struct cursor cursor = answer_values(answer);
	enum value_kind kind;
	struct slice text;

	if (answer->status) {
		bytes_append_text(out, "{\"error\": ");
		json_words_put_string(out, bytes_slice(&answer->data));
		bytes_append_format(out, ", \"status\": %d}\n", answer->status);
		return;
	}
	bytes_append_text(out, "{\"value\": ");
	if (answer->form == ANSWER_NOTHING)
		bytes_append_text(out, "null");
	else if (answer->form == ANSWER_ONE && answer_next(&cursor, &kind, &text))
		json_put_value(out, kind, text);
	else
		json_put_values(out, answer);
	bytes_append_text(out, "}\n");
}

void json_request_put(struct bytes *out, const struct request *request)
{
	struct bytes options = {.data = NULL};
	char *rest, *word;
	size_t i;

	bytes_append_text(out, "[");
	json_words_put_string(out, slice_of(request->verb->name));
	words_put_options(&options, request);
	bytes_text(&options);
	/* Each of its words follows a blank. */
	for (rest = options.data; (word = strsep(&rest, " "));) {
		if (!*word)
			continue;
		bytes_append_text(out, ", ");
		json_words_put_string(out, slice_of(word));
	}
	for (i = 0; i < request->count; i++) {
		bytes_append_text(out, ", ");
		json_put_value(out, request->operands[i].kind, request->operands[i].text);
	}
	bytes_append_text(out, "]\n");
	bytes_release(&options);
}

/* Reads the value of an answer, as it is written: a parser would refuse keys that are there twice, or have a NUL. */
static int json_read_value(struct call *call, struct slice text)
{
	struct bytes compact = {.data = NULL};
	int result = json_words_compact(text, &compact);

	if (result == 0)
		answer_value(call, VALUE_JSON, bytes_slice(&compact));
	bytes_release(&compact);
	return result;
}

/* Takes a member of an answer that is an error. */
static void json_read_member(struct call *call, struct slice key, struct slice text)
{
	if (slice_equals(key, slice_of("error")))
		answer_fail(call, CALL_NOT, "%.*s", (int)text.size, text.data);
	else if (slice_equals(key, slice_of("status")) && text.size == 1)
		call->answer.status = (enum call_status)(text.data[0] - '0');
}

int json_answer_read(struct call *call, struct slice line)
{
	static const char begin[] = "{\"value\": ";
	const size_t size = sizeof begin - 1;
	struct bytes words = {.data = NULL};
	struct error error = {.number = 0};
	struct cursor cursor;
	enum value_kind kind;
	struct slice key, text;

	if (line.size > size && memcmp(line.data, begin, size) == 0 && line.data[line.size - 1] == '}')
		return json_read_value(call, (struct slice){.data = line.data + size, .size = line.size - size - 1});
	if (json_words_read(line, &words, &error) < 0) {
		error_release(&error);
		bytes_release(&words);
		return -1;
	}
	cursor = cursor_of(bytes_slice(&words));
	while (json_next(&cursor, &kind, &key) && json_next(&cursor, &kind, &text))
		json_read_member(call, key, text);
	bytes_release(&words);
	return 0;
}
