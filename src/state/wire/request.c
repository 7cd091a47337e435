/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialect of lines. */
#include "state/wire/request.h"

#include "base/base64.h"
#include "base/number.h"
#include "state/wire/request_json.h"
#include "state/wire/words.h"

/* The end of a verb whose operands are in base64. */
static const char SUFFIX[] = "64";
enum { SUFFIX_SIZE = 2 };

/* True if a value cannot be a part of a line. */
static bool line_needs_base64(struct slice value)
{
	size_t i;

	for (i = 0; i < value.size; i++) {
		if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
			return true;
	}
	return false;
}

/* Takes the next word off the line, up to the blank. */
static struct slice line_word(struct slice *line)
{
	const char *blank = line->size ? memchr(line->data, ' ', line->size) : NULL;
	struct slice word = {.data = line->data, .size = blank ? (size_t)(blank - line->data) : line->size};
	size_t used = word.size + (blank ? 1 : 0);

	line->data += used;
	line->size -= used;
	return word;
}

/* Takes a word that is in base64. */
static int line_take_base64(struct words *words, struct slice word, struct bytes *scratch)
{
	size_t before = scratch->size;

	if (base64_decode(word, scratch) < 0) {
		answer_fail(words->call, CALL_USAGE, "a word is not base64");
		return -1;
	}
	return words_take(words, (struct slice){.data = scratch->data + before, .size = scratch->size - before},
			  VALUE_WORD);
}

/* Takes the words after the verb, each of which is in base64 but for the options. */
static int line_take_all_base64(struct words *words, struct slice line, struct bytes *scratch)
{
	bool more = line.size;

	while (more) {
		const char *end = line.data + line.size;
		struct slice word = line_word(&line);
		bool plain =
			words->option || (!words->past_options && word.size >= 2 && memcmp(word.data, "--", 2) == 0);

		if ((plain ? words_take(words, word, VALUE_WORD) : line_take_base64(words, word, scratch)) < 0)
			return -1;
		/* An empty word follows a blank at the end. */
		more = word.data + word.size < end;
	}
	return 0;
}

static int line_read(struct call *call, struct slice line, struct bytes *scratch)
{
	struct words words = {.call = call};
	struct slice verb = line_word(&line);
	bool encoded = verb.size > SUFFIX_SIZE && memcmp(verb.data + verb.size - SUFFIX_SIZE, SUFFIX, SUFFIX_SIZE) == 0;

	verb.size -= encoded ? SUFFIX_SIZE : 0;
	if (!verb.size) {
		answer_fail(call, CALL_USAGE, "a request begins with its verb");
		return -1;
	}
	if (words_take(&words, verb, VALUE_WORD) < 0)
		return -1;
	if (encoded)
		return line_take_all_base64(&words, line, scratch) < 0 ? -1 : words_end(&words);
	while (line.size) {
		bool option = !words.past_options && line.size >= 2 && memcmp(line.data, "--", 2) == 0;
		struct slice word = line;

		if (words_want_rest(&words) && !option)
			line.size = 0;
		else
			word = line_word(&line);
		if ((word.size || words_want_rest(&words)) && words_take(&words, word, VALUE_WORD) < 0)
			return -1;
	}
	/* "set NAME " sets an empty text. */
	if (words_want_rest(&words) && line.data[-1] == ' ' && words_take(&words, line, VALUE_WORD) < 0)
		return -1;
	return words_end(&words);
}

int request_read(struct call *call, struct slice line, struct bytes *scratch, enum wire_dialect *dialect)
{
	/* Views of it are taken, so it may not move; it has memory even if the line is empty. */
	bytes_clear(scratch);
	bytes_reserve(scratch, line.size + 1);
	*dialect = line.size && line.data[0] == '[' ? WIRE_JSON : WIRE_LINES;
	return *dialect == WIRE_JSON ? json_request_read(call, line, scratch) : line_read(call, line, scratch);
}

/* Appends bytes in base64. */
static void line_put_base64(struct bytes *out, struct slice value)
{
	struct base64 base64 = {.count = 0};

	base64_put(&base64, value, out);
	base64_end(&base64, out);
}

/* True if the operands have to be sent in base64. */
static bool request_needs_base64(const struct request *request)
{
	size_t i;

	for (i = 0; i < request->count; i++) {
		struct slice text = request->operands[i].text;
		bool last = request->verb->ends_with_value && i + 1 == request->verb->most;

		if (line_needs_base64(text) || (!last && (!text.size || memchr(text.data, ' ', text.size))))
			return true;
	}
	return false;
}

void request_put(struct bytes *out, const struct request *request)
{
	bool encoded = request_needs_base64(request);
	size_t i;

	bytes_append_format(out, "%s%s", request->verb->name, encoded ? SUFFIX : "");
	words_put_options(out, request);
	for (i = 0; i < request->count; i++) {
		struct slice text = request->operands[i].text;

		bytes_append_text(out, " ");
		if (encoded)
			line_put_base64(out, text);
		else
			bytes_append(out, text.data, text.size);
	}
	bytes_append_text(out, "\n");
}

static void line_put_value(struct bytes *out, struct slice value)
{
	if (line_needs_base64(value)) {
		bytes_append_text(out, "=64 ");
		line_put_base64(out, value);
	} else {
		bytes_append_text(out, "= ");
		bytes_append(out, value.data, value.size);
	}
	bytes_append_text(out, "\n");
}

void answer_write(struct bytes *out, const struct answer *answer, enum wire_dialect dialect)
{
	struct cursor cursor = answer_values(answer);
	enum value_kind kind;
	struct slice text;

	if (dialect == WIRE_JSON) {
		json_answer_put(out, answer);
		return;
	}
	if (answer->status) {
		bytes_append_format(out, "! %d ", answer->status);
		bytes_append(out, answer->data.data, answer->data.size);
		bytes_append_text(out, "\n");
		return;
	}
	if (answer->form == ANSWER_NOTHING)
		bytes_append_text(out, "=\n");
	if (answer->form == ANSWER_MANY || answer->form == ANSWER_PAIRS)
		bytes_append_format(out, "* %zu\n", answer->count);
	while (answer_next(&cursor, &kind, &text))
		line_put_value(out, text);
}

/* Takes a line off the bytes, without its newline. False if there is no whole one. */
static bool answer_line(struct slice *bytes, struct slice *line)
{
	const char *end = bytes->size ? memchr(bytes->data, '\n', bytes->size) : NULL;

	if (!end)
		return false;
	*line = (struct slice){.data = bytes->data, .size = (size_t)(end - bytes->data)};
	bytes->data = end + 1;
	bytes->size -= line->size + 1;
	return true;
}

/* True if the line begins with the text, which is taken off. */
static bool answer_begins(struct slice *line, const char *text)
{
	size_t size = strlen(text);

	if (line->size < size || memcmp(line->data, text, size) != 0)
		return false;
	line->data += size;
	line->size -= size;
	return true;
}

/* Adds the value of a line. -1 if it has no value. */
static int answer_read_value(struct call *call, struct slice line)
{
	struct bytes decoded = {.data = NULL};
	int result = 0;

	if (answer_begins(&line, "= ")) {
		answer_add(call, VALUE_WORD, line);
		return 0;
	}
	if (!answer_begins(&line, "=64 ") || base64_decode(line, &decoded) < 0)
		result = -1;
	else
		answer_add(call, VALUE_WORD, bytes_slice(&decoded));
	bytes_release(&decoded);
	return result;
}

/* Reads a number at the beginning of a line. -1 if there is none. */
static int answer_read_number(struct slice *line, uint64_t *number)
{
	struct slice word = line_word(line);
	char text[NUMBER_TEXT_MAX];

	if (word.size >= sizeof text)
		return -1;
	memcpy(text, word.data, word.size);
	text[word.size] = '\0';
	return number_parse(text, UINT32_MAX, number);
}

ssize_t answer_read(struct call *call, struct slice bytes)
{
	struct slice rest = bytes, line;
	uint64_t number;

	if (!answer_line(&rest, &line))
		return 0;
	if (answer_begins(&line, "! ")) {
		if (answer_read_number(&line, &number) < 0)
			return -1;
		answer_begin(call, ANSWER_NOTHING);
		call->answer.status = (enum call_status)(number & 0xff);
		bytes_append(&call->answer.data, line.data, line.size);
	} else if (answer_begins(&line, "* ")) {
		if (answer_read_number(&line, &number) < 0)
			return -1;
		answer_begin(call, ANSWER_MANY);
		for (; number; number--) {
			if (!answer_line(&rest, &line))
				return 0;
			if (answer_read_value(call, line) < 0)
				return -1;
		}
	} else {
		answer_begin(call, line.size == 1 ? ANSWER_NOTHING : ANSWER_ONE);
		if (line.size != 1 ? answer_read_value(call, line) < 0 : line.data[0] != '=')
			return -1;
	}
	return (ssize_t)(bytes.size - rest.size);
}
