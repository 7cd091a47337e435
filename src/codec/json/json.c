/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON values as records. */
#include "codec/json/json.h"

#include "task/frame.h"
#include "codec/json/element.h"
#include "codec/json/json_value.h"

/*
 * Puts a value into the frame as an argument: a string without its quotes, null as "", others as they are written. -1
 * with the problem: an argument cannot have a NUL.
 */
static int put_value(struct bytes *frame, const struct element *whole, const struct element *part,
		     struct json_problem *problem)
{
	struct bytes compact = {.data = NULL};
	struct slice text = part->text;

	if (json_is_string(part->value))
		text = element_string(part);
	else if (element_is_null(part))
		text.size = 0;
	else
		element_compact(part->text, &compact);
	if (json_is_string(part->value) && memchr(text.data, '\0', text.size))
		return error_set(element_blame(whole, part, problem),
				 "the text has a NUL in it, which no argument can have");
	frame_put(frame, FIELD_VALUE, compact.size ? bytes_slice(&compact) : text);
	bytes_release(&compact);
	return 0;
}

/* Appends an array or object as a frame. -1 with the problem. */
static int put_record(struct bytes *out, const struct element *element, struct json_problem *problem)
{
	struct element_children children = element_children(element);
	struct bytes compact = {.data = NULL};
	struct element child;
	const char *key;
	size_t begun = frame_begin(out, json_is_array(element->value) ? FRAME_ARRAY : FRAME_OBJECT);

	element_compact(element->text, &compact);
	frame_put(out, FIELD_WHOLE, bytes_slice(&compact));
	bytes_release(&compact);
	while (element_next(&children, &child, &key)) {
		if (key)
			frame_put(out, FIELD_NAME, slice_of(key));
		if (put_value(out, element, &child, problem) < 0)
			return -1;
	}
	frame_end(out, begun);
	return 0;
}

/* Appends the text of a string or number. -1 with the problem where the element is true, false or null. */
static int put_scalar(struct bytes *out, const struct element *element, struct json_problem *problem)
{
	struct slice text = element->text;

	if (!json_is_string(element->value) && !element_is_number(element))
		return error_set(element_blame(element, element, problem),
				 "%.*s is no record (a string, a number, an array or an object is)", (int)text.size,
				 text.data);
	if (json_is_string(element->value))
		text = element_string(element);
	bytes_append(out, text.data, text.size);
	return 0;
}

/* Appends a string that looks like a number, so that it is not taken for one later. */
static void put_numeral(struct bytes *out, const struct element *element)
{
	size_t begun = frame_begin(out, FRAME_STRING);

	frame_put(out, FIELD_WHOLE, element_string(element));
	frame_put(out, FIELD_VALUE, element_string(element));
	frame_end(out, begun);
}

static bool is_container(const struct element *element)
{
	return json_is_array(element->value) || json_is_object(element->value);
}

int json_as_record(struct slice text, struct bytes *out, enum json_form *form, struct json_problem *problem)
{
	size_t before = out->size;
	struct element element;
	int taken = 0;

	if (element_parse(&element, text, problem) < 0)
		return -1;
	*form = JSON_FRAME;
	if (is_container(&element)) {
		taken = put_record(out, &element, problem);
	} else if (json_is_string(element.value) && json_number_is(element_string(&element))) {
		put_numeral(out, &element);
	} else {
		*form = JSON_SCALAR;
		taken = put_scalar(out, &element, problem);
	}
	if (taken == 0 && *form == JSON_SCALAR && out->size > before &&
	    memchr(out->data + before, '\0', out->size - before))
		taken = error_set(element_blame(&element, &element, problem),
				  "the text has a NUL in it, which no argument can have");
	json_decref(element.value);
	return taken;
}

int json_as_source(struct slice text, struct bytes *out, struct json_problem *problem)
{
	struct element element;

	if (element_parse(&element, text, problem) < 0)
		return -1;
	bytes_append(out, element.text.data, element.text.size);
	json_decref(element.value);
	return 0;
}

int json_as_text(struct slice text, struct bytes *out, struct json_problem *problem)
{
	struct element element;
	int taken = 0;

	if (element_parse(&element, text, problem) < 0)
		return -1;
	if (is_container(&element))
		element_compact(element.text, out);
	else
		taken = put_scalar(out, &element, problem);
	json_decref(element.value);
	return taken;
}
