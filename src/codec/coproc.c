/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to a persistent command, and its answers, as JSON. */
#include "codec/coproc.h"

#include "base/base64.h"
#include "base/number.h"
#include "base/quote.h"
#include "codec/json/element.h"
#include "codec/json/json_text.h"

/* The version of the protocol, and how much of a malformed line is quoted, bytes. */
enum { COPROC_VERSION = 1, QUOTED_MAX = 200 };

/* Appends a list of values: in base64 if one of them is not UTF-8. A value that is missing is null. */
static void put_arguments(struct bytes *out, const struct slice *list, size_t count)
{
	bool text = true;
	size_t i;

	for (i = 0; i < count; i++)
		text = text && json_text_is(list[i]);
	bytes_append_text(out, text ? ",\"args\":[" : ",\"args_base64\":[");
	for (i = 0; i < count; i++) {
		bytes_append(out, ",", i > 0);
		if (!list[i].data)
			bytes_append_text(out, "null");
		else if (text)
			json_text_put(out, list[i]);
		else
			json_text_put_base64(out, list[i]);
	}
	bytes_append_text(out, "]");
}

void coproc_put_request(struct bytes *out, const struct task *task, const struct values *values)
{
	char number[NUMBER_TEXT_MAX];

	number_print(number, task->index + 1);
	bytes_append_text(out, "{\"seq\":");
	bytes_append_text(out, number);
	if (!values)
		put_arguments(out, &task->record, 1);
	else if (values->kind == VALUES_OBJECT)
		put_arguments(out, &values->whole, 1);
	else
		put_arguments(out, values->list, values->count);
	bytes_append_text(out, "}\n");
}

/* A line whose keys are being read. */
struct coproc_reading {
	struct coproc_line *line;
	/* The keys that have been there. */
	bool has_seq;
	bool has_output;
	bool has_errors;
};

/* Sets *number to that of an integer from least to most. False if the value is another. */
static bool take_integer(const struct element *value, uint64_t least, uint64_t most, uint64_t *number)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < value->text.size; i++) {
		unsigned digit = (unsigned char)value->text.data[i] - (unsigned)'0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*number = sum;
	return sum >= least && sum <= most;
}

/* Sets bytes to those of a string, in base64 if encoded. Returns what is wrong with the value, or NULL. */
static const char *take_string(const struct element *value, bool encoded, struct bytes *bytes)
{
	struct slice text;

	if (!json_is_string(value->value))
		return encoded ? "is not a string of base64" : "is not a string";
	text = element_string(value);
	if (!encoded)
		bytes_append(bytes, text.data, text.size);
	else if (base64_decode(text, bytes) < 0)
		return "is not a string of base64";
	return NULL;
}

/* The functions of coproc_keys[] take a key's value. Each returns what is wrong with it, or NULL. */

static const char *take_seq(struct coproc_reading *reading, const struct element *value)
{
	uint64_t number;

	if (!take_integer(value, 1, UINT64_MAX, &number))
		return "is not the number of a request";
	reading->line->index = number - 1;
	reading->has_seq = true;
	return NULL;
}

static const char *take_status(struct coproc_reading *reading, const struct element *value)
{
	uint64_t number;

	if (!take_integer(value, 0, 255, &number))
		return "is not an integer from 0 to 255";
	reading->line->status = (int)number;
	return NULL;
}

/* Takes one of the two keys of a stream. */
static const char *take_stream(bool *before, const struct element *value, bool encoded, struct bytes *bytes)
{
	if (*before)
		return "is there in base64, too";
	*before = true;
	return take_string(value, encoded, bytes);
}

static const char *take_stdout(struct coproc_reading *reading, const struct element *value)
{
	return take_stream(&reading->has_output, value, false, &reading->line->output);
}

static const char *take_stdout_base64(struct coproc_reading *reading, const struct element *value)
{
	return take_stream(&reading->has_output, value, true, &reading->line->output);
}

static const char *take_stderr(struct coproc_reading *reading, const struct element *value)
{
	return take_stream(&reading->has_errors, value, false, &reading->line->errors);
}

static const char *take_stderr_base64(struct coproc_reading *reading, const struct element *value)
{
	return take_stream(&reading->has_errors, value, true, &reading->line->errors);
}

static const char *take_version(struct coproc_reading *reading, const struct element *value)
{
	uint64_t number;

	reading->line->kind = COPROC_HELLO;
	return take_integer(value, COPROC_VERSION, COPROC_VERSION, &number)
		       ? NULL
		       : "is not 1, the version of the protocol that mpmap speaks";
}

static const char *take_pipeline(struct coproc_reading *reading, const struct element *value)
{
	uint64_t number;

	if (!take_integer(value, 1, COPROC_PIPELINE_MAX, &number))
		return "is not an integer from 1 to 65536";
	reading->line->pipeline = (uint32_t)number;
	return NULL;
}

/* The keys of an answer and of a hello. Others have no meaning yet. */
static const struct {
	const char *key;
	enum coproc_kind kind;
	const char *(*take)(struct coproc_reading *reading, const struct element *value);
} coproc_keys[] = {
	{.key = "seq", .kind = COPROC_ANSWER, .take = take_seq},
	{.key = "status", .kind = COPROC_ANSWER, .take = take_status},
	{.key = "stdout", .kind = COPROC_ANSWER, .take = take_stdout},
	{.key = "stdout_base64", .kind = COPROC_ANSWER, .take = take_stdout_base64},
	{.key = "stderr", .kind = COPROC_ANSWER, .take = take_stderr},
	{.key = "stderr_base64", .kind = COPROC_ANSWER, .take = take_stderr_base64},
	{.key = "mpmap", .kind = COPROC_HELLO, .take = take_version},
	{.key = "pipeline", .kind = COPROC_HELLO, .take = take_pipeline},
};

/* Reads the members of an object. */
static void take_members(struct coproc_line *line, const struct element *object)
{
	enum coproc_kind kind = json_object_get(object->value, "mpmap") ? COPROC_HELLO : COPROC_ANSWER;
	struct element_children children = element_children(object);
	struct coproc_reading reading = {.line = line};
	struct element child;
	const char *key;
	size_t i;

	line->kind = kind;
	while (element_next(&children, &child, &key)) {
		for (i = 0; i < countof(coproc_keys); i++) {
			const char *wrong = NULL;
			char problem[128];

			if (coproc_keys[i].kind != kind || strcmp(coproc_keys[i].key, key) != 0)
				continue;
			wrong = coproc_keys[i].take(&reading, &child);
			if (!wrong)
				break;
			snprintf(problem, sizeof problem, "\"%s\" %s", key, wrong);
			coproc_refuse(line, object->text, problem);
			return;
		}
	}
	if (kind == COPROC_ANSWER && !reading.has_seq)
		coproc_refuse(line, object->text, "there is no \"seq\" in it");
}

/* Returns a line without the blanks around it. */
static struct slice trim_blanks(struct slice text)
{
	while (text.size && json_is_blank(text.data[text.size - 1]))
		text.size--;
	for (; text.size && json_is_blank(*text.data); text.size--)
		text.data++;
	return text;
}

void coproc_take(struct coproc_line *line, struct slice text)
{
	struct json_problem problem = {.offset = 0};
	struct element element;

	line->index = 0;
	line->status = 0;
	line->pipeline = 1;
	bytes_clear(&line->output);
	bytes_clear(&line->errors);
	text = trim_blanks(text);
	if (!text.size) {
		coproc_refuse(line, text, "the line is empty");
	} else if (element_parse(&element, text, &problem) < 0) {
		coproc_refuse(line, text, error_text(&problem.error));
		error_release(&problem.error);
	} else {
		if (json_is_object(element.value))
			take_members(line, &element);
		else
			coproc_refuse(line, text, "this is not a JSON object");
		json_decref(element.value);
	}
}

void coproc_refuse(struct coproc_line *line, struct slice text, const char *problem)
{
	bool is_cut = text.size > QUOTED_MAX;
	int i;

	if (is_cut) {
		text.size = QUOTED_MAX;
		for (i = 0; i < 3 && (text.data[text.size] & 0xc0) == 0x80; i++)
			text.size--;
	}
	line->kind = COPROC_MALFORMED;
	bytes_clear(&line->reason);
	bytes_append_text(&line->reason, problem);
	if (!text.size)
		return;
	bytes_append_text(&line->reason, ": ");
	quote_terminal(&line->reason, text);
	if (is_cut)
		bytes_append_text(&line->reason, "...");
}

void coproc_line_release(struct coproc_line *line)
{
	bytes_release(&line->output);
	bytes_release(&line->errors);
	bytes_release(&line->reason);
}
