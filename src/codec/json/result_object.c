/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From JSON to the numbers and texts of a result. */
#include "codec/json/result_object.h"

#include "base/base64.h"
#include "base/quote.h"

#include <inttypes.h>
#include <jansson.h>
#include <time.h>

static uint64_t count_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_is_integer(value) ? json_integer_value(value) : 0;

	return number > 0 ? (uint64_t)number : 0;
}

/* Returns a time that is given in seconds, -1 if it is not known. */
static nsec seconds_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	double seconds = json_is_number(value) ? json_number_value(value) : -1;

	/* A hundred years is more than any task takes. */
	return seconds >= 0 && seconds < 3.2e9 ? (nsec)(seconds * (double)NSEC_PER_SEC + 0.5) : -1;
}

/* Returns a moment, such as 2026-01-31T12:00:00.123456Z; 0 without one. */
static nsec moment_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	struct tm moment = {.tm_sec = 0};
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &moment) : NULL;
	time_t seconds = rest ? timegm(&moment) : -1;
	double fraction = rest && *rest == '.' ? strtod(rest, NULL) : 0;

	if (seconds < 0 || seconds > INT32_MAX * INT64_C(4) || fraction < 0 || fraction >= 1)
		return 0;
	return (nsec)seconds * NSEC_PER_SEC + (nsec)(fraction * (double)NSEC_PER_SEC + 0.5);
}

/* Sets the outcome. False if there is none of this name. */
static bool read_outcome(struct result_object *object, const char *name)
{
	unsigned outcome;

	for (outcome = 0; name && outcome < OUTCOMES; outcome++) {
		if (strcmp(outcome_name((enum outcome)outcome), name) == 0) {
			object->outcome = (enum outcome)outcome;
			return true;
		}
	}
	return false;
}

/* Appends a string, quoted for a shell. */
static void quote_string(struct bytes *text, struct slice string, bool is_base64)
{
	struct bytes bytes = {.data = NULL};

	if (is_base64 && base64_decode(string, &bytes) == 0)
		string = bytes_slice(&bytes);
	quote_shell(text, string);
	bytes_release(&bytes);
}

/* Appends the strings of an array, in base64 where they are no text, quoted for a shell. */
static void quote_array(struct bytes *text, const json_t *value, const char *key, const char *base64_key)
{
	const json_t *array = json_object_get(value, key);
	bool is_base64 = !array;
	size_t i;

	if (is_base64)
		array = json_object_get(value, base64_key);
	for (i = 0; i < json_array_size(array); i++) {
		const json_t *word = json_array_get(array, i);

		bytes_append(text, " ", i > 0);
		if (json_is_string(word))
			quote_string(text,
				     (struct slice){.data = json_string_value(word), .size = json_string_length(word)},
				     is_base64);
	}
}

/* Appends how the task ended, in words. */
static void read_ending(struct result_object *object, const json_t *value)
{
	const json_t *status = json_object_get(value, "status");
	const char *signal = json_string_value(json_object_get(value, "signal"));
	const char *why = json_string_value(json_object_get(value, "error"));

	if ((object->outcome == OUTCOME_OK || object->outcome == OUTCOME_FAILED) && json_is_integer(status) && !why)
		bytes_append_format(&object->ending, "exit status %" JSON_INTEGER_FORMAT, json_integer_value(status));
	else if (object->outcome == OUTCOME_SIGNALED && signal && !why)
		bytes_append_format(&object->ending, "killed by %s", signal);
	else
		bytes_append_text(&object->ending, why ? why : outcome_name(object->outcome));
}

int result_object_read(struct result_object *object, struct slice line)
{
	json_t *value = json_loadb(line.data, line.size, JSON_ALLOW_NUL, NULL);
	const json_t *errors = json_object_get(value, "stderr");
	int result = -1;

	*object = (struct result_object){
		.seq = count_of(value, "seq"),
		.slot = count_of(value, "slot"),
		.attempts = count_of(value, "attempts"),
		.start = moment_of(value, "start"),
		.duration = seconds_of(value, "duration"),
		.user_time = seconds_of(value, "user"),
		.system_time = seconds_of(value, "sys"),
		.max_rss = count_of(value, "max_rss"),
	};
	if (object->seq && read_outcome(object, json_string_value(json_object_get(value, "outcome")))) {
		quote_array(&object->text, value, "argv", "argv_base64");
		if (!object->text.size)
			quote_array(&object->text, value, "values", "values_base64");
		read_ending(object, value);
		bytes_append(&object->errors, json_string_value(errors), json_string_length(errors));
		result = 0;
	}
	json_decref(value);
	return result;
}

void result_object_release(struct result_object *object)
{
	bytes_release(&object->text);
	bytes_release(&object->ending);
	bytes_release(&object->errors);
}
