/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The JSON formats: a result object for each task, one to a line, or all in an array. Output of tasks is text where it
 * is UTF-8, and base64 elsewhere; it is formatted piece by piece.
 */
#include "codec/output_json.h"

#include "base/error.h"
#include "codec/json/json_text.h"
#include "codec/json/json_words.h"
#include "codec/outcome.h"
#include "codec/output.h"

#include <inttypes.h>
#include <time.h>

/* Appends a string: as it is if it is text, else in base64. */
static void put_string(struct bytes *out, struct slice string, bool text)
{
	if (text)
		json_text_put(out, string);
	else
		json_text_put_base64(out, string);
}

void output_json_label(struct bytes *out, struct slice id, char *const *words)
{
	bool text = true;
	size_t i;

	if (id.size) {
		bytes_append_text(out, "\"id\":");
		bytes_append(out, id.data, id.size);
		bytes_append_text(out, ",");
	}
	if (!words) {
		bytes_append_text(out, "\"argv\":null,");
		return;
	}
	for (i = 0; words[i]; i++)
		text = text && json_text_is(slice_of(words[i]));
	bytes_append_text(out, text ? "\"argv\":[" : "\"argv_base64\":[");
	for (i = 0; words[i]; i++) {
		bytes_append(out, ",", i > 0);
		put_string(out, slice_of(words[i]), text);
	}
	bytes_append_text(out, "],");
}

/* True if values are UTF-8. */
static bool values_are_text(const struct values *values)
{
	bool text = true;
	size_t i;

	for (i = 0; i < values->count; i++)
		text = text && json_text_is(values->list[i]);
	return text;
}

void output_json_values(struct bytes *out, const struct values *values)
{
	bool text = values_are_text(values);
	size_t i;

	bytes_append_text(out, text ? "\"values\":[" : "\"values_base64\":[");
	for (i = 0; i < values->count; i++) {
		bytes_append(out, ",", i > 0);
		if (values->list[i].data)
			put_string(out, values->list[i], text);
		else
			bytes_append_text(out, "null");
	}
	bytes_append_text(out, "],");
}

void output_json_named(struct bytes *out, const struct values *values, char *const *names, size_t count)
{
	bool text = values_are_text(values), begun = false;
	size_t i;

	bytes_append_text(out, text ? "\"fields\":{" : "\"fields_base64\":{");
	for (i = 0; i < values->count && i < count; i++) {
		if (!values->list[i].data)
			continue;
		bytes_append(out, ",", begun);
		begun = true;
		json_text_put_words(out, slice_of(names[i]));
		bytes_append_text(out, ":");
		put_string(out, values->list[i], text);
	}
	bytes_append_text(out, "},");
}

void output_json_input(struct bytes *out, struct slice record, enum output_json_kind kind)
{
	bytes_append_text(out, "\"input\":");
	if (kind == OUTPUT_JSON_SCALAR)
		kind = json_words_is_number(record) ? OUTPUT_JSON_VALUE : OUTPUT_JSON_STRING;
	if (kind != OUTPUT_JSON_VALUE || json_words_compact(record, out) < 0)
		json_text_put_words(out, record);
	bytes_append_text(out, ",");
}

void output_json_word(struct bytes *out, struct slice text)
{
	struct bytes array = {.data = NULL}, words = {.data = NULL};
	struct error error = {.number = 0};
	struct cursor cursor;
	struct slice word;

	bytes_append_text(&array, "[");
	bytes_append(&array, text.data, text.size);
	bytes_append_text(&array, "]");
	if (json_words_read(bytes_slice(&array), &words, &error) == 0 && words.size) {
		cursor = cursor_of(bytes_slice(&words));
		cursor_u8(&cursor);
		word = cursor_slice(&cursor);
		bytes_append(out, word.data, word.size);
	}
	error_release(&error);
	bytes_release(&words);
	bytes_release(&array);
}

void output_json_file(struct bytes *out, const char *name)
{
	struct slice text = slice_of(name);

	if (json_text_is(text)) {
		bytes_append_text(out, "\"file\":");
		json_text_put(out, text);
	} else {
		bytes_append_text(out, "\"file_base64\":");
		json_text_put_base64(out, text);
	}
	bytes_append_text(out, ",");
}

/* Appends a time in seconds; null if it is below 0: not known. */
static void put_time(struct bytes *out, const char *key, nsec time)
{
	bytes_append_format(out, ",\"%s\":", key);
	if (time < 0)
		bytes_append_text(out, "null");
	else
		outcome_put_time(out, time);
}

/* Appends a point in time: UTC, with microseconds. */
static void put_moment(struct bytes *out, const char *key, nsec moment)
{
	time_t seconds = (time_t)(moment / NSEC_PER_SEC);
	char text[32] = "";
	struct tm parts;

	if (gmtime_r(&seconds, &parts))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
	bytes_append_format(out, ",\"%s\":\"%s.%06" PRId64 "Z\"", key, text, moment % NSEC_PER_SEC / NSEC_PER_USEC);
}

/* Appends the fields of a task that ran. */
static void put_costs(struct bytes *out, const struct result *result, const char *worker_prefix)
{
	bytes_append_format(out, ",\"worker\":\"%sWorker-%" PRIu32 "\",\"slot\":%" PRIu32, worker_prefix,
			    result->worker, result->slot);
	if (result->pid)
		bytes_append_format(out, ",\"pid\":%ld", (long)result->pid);
	else
		bytes_append_text(out, ",\"pid\":null");
	put_moment(out, "start", result->start);
	put_time(out, "duration", result->duration);
	put_time(out, "user", result->user_time);
	put_time(out, "sys", result->system_time);
	if (result->max_rss)
		bytes_append_format(out, ",\"max_rss\":%" PRIu64, result->max_rss);
	else
		bytes_append_text(out, ",\"max_rss\":null");
	if (result->leftovers)
		bytes_append_format(out, ",\"leftovers\":%" PRIu32, result->leftovers);
	if (result->output_cut)
		bytes_append_text(out, ",\"output_cut\":true");
}

/* Appends how a task ended. */
static void put_end(struct bytes *out, const struct result *result, enum outcome outcome)
{
	if (result->status >= 0 && outcome != OUTCOME_SKIPPED)
		bytes_append_format(out, ",\"status\":%d", result->status);
	else
		bytes_append_text(out, ",\"status\":null");
	if (result->signal)
		bytes_append_format(out, ",\"signal\":\"%s\"", error_signal(result->signal));
	else
		bytes_append_text(out, ",\"signal\":null");
}

void output_json_errors(struct bytes *out, struct slice errors)
{
	bytes_append_text(out, ",\"stderr\":");
	json_text_put_words(out, errors);
}

void output_json_try(struct bytes *out, const struct result *result, struct slice errors)
{
	bytes_append_format(out, "{\"outcome\":\"%s\"", outcome_name(result->outcome));
	put_end(out, result, result->outcome);
	if (result->ran)
		put_time(out, "duration", result->duration);
	else
		bytes_append_text(out, ",\"duration\":null");
	output_json_errors(out, errors);
	bytes_append_text(out, "}");
}

void output_json_fields(struct bytes *out, const struct result *result, const char *label, const char *worker_prefix)
{
	enum outcome outcome = outcome_shown(result);
	struct bytes why = {.data = NULL};

	bytes_append_format(out, "\"seq\":%" PRIu64 ",%s\"outcome\":\"%s\"", result->index + 1,
			    label ? label : "\"argv\":null,", outcome_name(outcome));
	put_end(out, result, outcome);
	/* An attempt that could not be started is not counted. */
	bytes_append_format(out, ",\"attempts\":%" PRIu32, result->attempt - (result->attempt && !result->ran));
	if (result->ran)
		put_costs(out, result, worker_prefix);
	else
		bytes_append_text(
			out,
			",\"worker\":null,\"slot\":null,\"pid\":null,\"start\":null,\"duration\":null,\"user\":null,"
			"\"sys\":null,\"max_rss\":null");
	if (result->from_memo)
		bytes_append_text(out, ",\"memo\":true");
	outcome_explain(result, &why);
	if (why.size) {
		bytes_append_text(out, ",\"error\":");
		json_text_put_words(out, bytes_slice(&why));
	}
	bytes_release(&why);
}

static void begin_object(struct output_state *state, const struct result *result, const char *label, unsigned text,
			 struct bytes *out)
{
	state->current = 0;
	state->text = text;
	bytes_append_text(out, "{");
	output_json_fields(out, result, label, state->worker_prefix);
}

/* Ends the string of the current stream and begins those that follow, up to this one. */
static void output_json_reach(struct output_state *state, unsigned stream, struct bytes *out)
{
	static const char *const names[] = {[STREAM_OUTPUT] = "stdout", [STREAM_ERRORS] = "stderr"};

	while (state->current < stream) {
		if (state->current) {
			base64_end(&state->base64, out);
			bytes_append_text(out, "\"");
		}
		state->current++;
		if (state->current > STREAM_ERRORS)
			return;
		bytes_append_format(out, ",\"%s%s\":\"", names[state->current],
				    state->text >> state->current & 1 ? "" : "_base64");
	}
}

static void put_data(struct output_state *state, const char *label UNUSED, enum stream stream, struct slice bytes,
		     struct bytes *out)
{
	/* One that is lost in part must not be in the output. */
	if (stream == STREAM_VALUE) {
		bytes_append(&state->value, bytes.data, bytes.size);
		return;
	}
	output_json_reach(state, stream, out);
	if (state->text >> stream & 1)
		json_text_put_part(out, bytes);
	else
		base64_put(&state->base64, bytes, out);
}

static void end_object(struct output_state *state, enum stream stream UNUSED, struct bytes *out)
{
	output_json_reach(state, STREAM_ERRORS + 1, out);
	if (state->value.size && !state->is_lost) {
		bytes_append_text(out, ",\"value\":");
		bytes_append(out, state->value.data, state->value.size);
	}
	bytes_clear(&state->value);
	bytes_append_text(out, state->is_lost ? ",\"output_lost\":true}" : "}");
}

static void end_object_line(struct output_state *state, enum stream stream, struct bytes *out)
{
	end_object(state, stream, out);
	bytes_append_text(out, "\n");
}

static void open_array(struct output_state *state UNUSED, struct bytes *out)
{
	bytes_append_text(out, "[");
}

static void join_elements(struct output_state *state, struct bytes *out)
{
	bytes_append_text(out, state->begun ? ",\n" : "\n");
	state->begun = true;
}

static size_t renumber_object(struct slice task, uint64_t index, struct bytes *out)
{
	static const char start[] = "{\"seq\":";
	size_t size = sizeof start - 1;

	if (task.size < size || memcmp(task.data, start, size) != 0)
		return 0;
	while (size < task.size && task.data[size] >= '0' && task.data[size] <= '9')
		size++;
	bytes_append_format(out, "%s%" PRIu64, start, index + 1);
	return size;
}

static void close_array(struct output_state *state, struct bytes *out)
{
	bytes_append_text(out, state->begun ? "\n]\n" : "]\n");
}

const struct output_format output_json_lines = {
	.name = "jsonl",
	.is_whole = true,
	.has_values = true,
	.renumber = renumber_object,
	.begin = begin_object,
	.data = put_data,
	.end = end_object_line,
};

const struct output_format output_json = {
	.name = "json",
	.is_whole = true,
	.has_values = true,
	.open = open_array,
	.close = close_array,
	.join = join_elements,
	.renumber = renumber_object,
	.begin = begin_object,
	.data = put_data,
	.end = end_object,
};

void output_json_words(struct bytes *out, struct slice words)
{
	json_text_put_words(out, words);
}
