/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of JSON. */
#include "codec/json/json_words.h"

#include "base/base64.h"
#include "codec/json/element.h"
#include "codec/json/json_text.h"
#include "codec/json/json_value.h"

/* True if the element is {"base64": "..."}, whose text it sets. */
static bool words_are_base64(const struct element *element, struct slice *text)
{
	struct element_children children;
	struct element child;
	const char *key;

	if (element->text.data[0] != '{')
		return false;
	children = element_children(element);
	if (!element_next(&children, &child, &key) || strcmp(key, "base64") != 0 || child.text.data[0] != '"')
		return false;
	*text = element_string(&child);
	return !element_next(&children, &child, &key);
}

/* Appends a word. */
static void words_put(struct bytes *words, enum json_word kind, struct slice text)
{
	bytes_put_u8(words, (uint8_t)kind);
	bytes_put_slice(words, text);
}

/* Appends a value as a word. */
static int words_put_element(struct bytes *words, const struct element *element, struct error *error)
{
	struct bytes copy = {.data = NULL};
	struct slice text;
	int result = 0;

	if (element->text.data[0] == '"') {
		words_put(words, JSON_WORD_STRING, element_string(element));
	} else if (!words_are_base64(element, &text)) {
		element_compact(element->text, &copy);
		words_put(words, JSON_WORD_VALUE, bytes_slice(&copy));
	} else if (base64_decode(text, &copy) < 0) {
		result = error_set(error, "a word is not base64");
	} else {
		words_put(words, JSON_WORD_STRING, bytes_slice(&copy));
	}
	bytes_release(&copy);
	return result;
}

int json_words_read(struct slice text, struct bytes *words, struct error *error)
{
	struct json_problem problem = {.offset = 0};
	struct element_children children;
	struct element element, child;
	const char *key = NULL;
	int result = 0;

	while (text.size && json_is_blank(text.data[text.size - 1]))
		text.size--;
	if (!text.size || (text.data[0] != '[' && text.data[0] != '{'))
		return error_set(error, "it is neither an array nor an object");
	if (element_parse(&element, text, &problem) < 0) {
		error_set(error, "%s", error_text(&problem.error));
		error_release(&problem.error);
		return -1;
	}
	children = element_children(&element);
	while (result == 0 && element_next(&children, &child, &key)) {
		if (key)
			words_put(words, JSON_WORD_STRING, slice_of(key));
		result = words_put_element(words, &child, error);
	}
	json_decref(element.value);
	return result;
}

int json_words_compact(struct slice text, struct bytes *out)
{
	if (!json_value_is(text))
		return -1;
	element_compact(text, out);
	return 0;
}

bool json_words_is_number(struct slice word)
{
	return json_number_is(word);
}

void json_words_put_string(struct bytes *out, struct slice word)
{
	json_text_put_words(out, word);
}

void json_words_put(struct bytes *out, enum json_word kind, struct slice word)
{
	if (kind == JSON_WORD_VALUE && json_value_is(word)) {
		bytes_append(out, word.data, word.size);
	} else if (json_text_is(word)) {
		json_text_put(out, word);
	} else {
		bytes_append_text(out, "{\"base64\": ");
		json_text_put_base64(out, word);
		bytes_append_text(out, "}");
	}
}
