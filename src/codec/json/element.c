/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing JSON values without losing their text. */
#include "codec/json/element.h"

#include "codec/json/element_memory.h"
#include "codec/json/json_value.h"

static bool is_of_number(char c)
{
	return json_is_digit(c) || c == '-' || c == '+' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Returns the offset after the string that begins at an offset. */
static size_t skip_string(struct slice text, size_t at)
{
	for (at++; at < text.size && text.data[at] != '"'; at++)
		at += text.data[at] == '\\';
	return at < text.size ? at + 1 : text.size;
}

/* Returns the offset after the token that begins at an offset: a string, a number or word, or one byte. */
static size_t skip_token(struct slice text, size_t at)
{
	if (text.data[at] == '"')
		return skip_string(text, at);
	if (!is_of_number(text.data[at]))
		return at + 1;
	while (at < text.size && is_of_number(text.data[at]))
		at++;
	return at;
}

/* True if a number, or what is meant to be one, begins with c. */
static bool begins_number(char c)
{
	return c == '-' || json_is_digit(c);
}

/* Checks each number in a text. -1 with the problem. */
static int check_numbers(struct slice text, struct json_problem *problem)
{
	size_t at = 0, start;

	while (at < text.size) {
		start = at;
		at = skip_token(text, start);
		if (begins_number(text.data[start]) &&
		    !json_number_is((struct slice){.data = text.data + start, .size = at - start})) {
			problem->offset = start;
			return error_set(&problem->error, "this is no number in JSON");
		}
	}
	return 0;
}

/* A text that jansson reads in pieces, with its numbers replaced: jansson's have limits and take memory. */
struct masked {
	struct slice text;
	/* The word in place of each number. */
	struct slice word;
	/* True if it is filled up with blanks to the length of the number, so that offsets are those of the text. */
	bool is_padded;
	/* The rest of the current token or of the word in its place, and the number of blanks after that. */
	struct slice rest;
	size_t blanks;
	/* The offset of the next token. */
	size_t at;
};

/* Begins the next token. */
static void mask_next(struct masked *masked)
{
	size_t start = masked->at;

	masked->at = skip_token(masked->text, start);
	masked->rest = (struct slice){.data = masked->text.data + start, .size = masked->at - start};
	if (!begins_number(masked->text.data[start]))
		return;
	masked->blanks = masked->is_padded ? masked->rest.size - masked->word.size : 0;
	masked->rest = masked->word;
}

/* Copies the next bytes of a masked text, at most size. Returns how many, 0 at the end. */
static size_t read_masked(void *buffer, size_t size, void *context)
{
	struct masked *masked = context;
	char *to = buffer, *end = to + size;

	while (to < end && (masked->rest.size || masked->blanks || masked->at < masked->text.size)) {
		size_t room = (size_t)(end - to), now = masked->rest.size ? masked->rest.size : masked->blanks;

		now = now < room ? now : room;
		if (masked->rest.size) {
			memcpy(to, masked->rest.data, now);
			masked->rest.data += now;
			masked->rest.size -= now;
		} else if (masked->blanks) {
			memset(to, ' ', now);
			masked->blanks -= now;
		} else {
			mask_next(masked);
		}
		to += now;
	}
	return size - (size_t)(end - to);
}

/* Parses a text with its numbers replaced by a word. Returns the value, or NULL with the error. */
static json_t *parse_masked(struct slice text, const char *word, bool is_padded, json_error_t *error)
{
	struct masked masked = {.text = text, .word = slice_of(word), .is_padded = is_padded};

	return json_load_callback(read_masked, &masked, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
				  error);
}

/* Sets the words for what jansson found, without its "near ...": that text is masked, and the offset is reported. */
static void element_describe(const json_error_t *found, struct error *error)
{
	bool is_named = strncmp(found->text, "duplicate object key", 20) == 0;
	const char *near = is_named ? NULL : strstr(found->text, " near ");
	size_t length = near ? (size_t)(near - found->text) : strlen(found->text);

	/* jansson has no words for a lack of memory. */
	if (!length || element_memory_was_short())
		error_set(error, "the element has too many parts to be taken in");
	else if (strncmp(found->text, "end of file expected", 20) == 0)
		error_set(error, "there is more here than one value");
	else
		error_set(error, "%.*s", (int)length, found->text);
}

int element_parse(struct element *element, struct slice text, struct json_problem *problem)
{
	const char *nul = memchr(text.data, '\0', text.size);
	json_error_t error = {.position = 0};

	json_set_alloc_funcs(element_memory_take, element_memory_release);
	*element = (struct element){.text = text};
	/* jansson ignores a NUL after a number. */
	if (nul) {
		problem->offset = (size_t)(nul - text.data);
		return error_set(&problem->error, "there is a NUL byte here, which JSON has no place for");
	}
	if (check_numbers(text, problem) < 0)
		return -1;
	/* null takes no memory. For its errors the text is parsed again, with the offsets as they are. */
	element->value = parse_masked(text, "null", false, &error);
	if (!element->value && !element_memory_was_short())
		element->value = parse_masked(text, "0", true, &error);
	else if (!element->value)
		error = (json_error_t){.position = 0};
	if (element->value)
		return 0;
	problem->offset = error.position > 0 && (size_t)error.position <= text.size ? (size_t)error.position - 1 : 0;
	problem->is_cut = strstr(error.text, "end of file");
	element_describe(&error, &problem->error);
	return -1;
}

struct element_children element_children(const struct element *parent)
{
	return (struct element_children){
		.parent = parent,
		.at = parent->text.data + 1,
		.iterator = json_is_object(parent->value) ? json_object_iter(parent->value) : NULL,
	};
}

/* Returns the offset after the value that begins at an offset. The text is well formed. */
static size_t skip_value(struct slice text, size_t at)
{
	size_t depth = 0;

	do {
		char c = text.data[at];

		if (c == '"') {
			at = skip_string(text, at);
			continue;
		}
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
		at++;
		while (!depth && at < text.size && is_of_number(c) && is_of_number(text.data[at]))
			at++;
	} while (depth);
	return at;
}

/* Returns the offset after blanks and a punctuation mark among them. */
static size_t skip_between(struct slice text, size_t at, char mark)
{
	while (at < text.size && (json_is_blank(text.data[at]) || text.data[at] == mark))
		at++;
	return at;
}

bool element_next(struct element_children *children, struct element *child, const char **key)
{
	const struct element *parent = children->parent;
	struct slice text = parent->text;
	size_t at = skip_between(text, (size_t)(children->at - text.data), ','), end;

	if (json_is_object(parent->value)) {
		if (!children->iterator)
			return false;
		*key = json_object_iter_key(children->iterator);
		child->value = json_object_iter_value(children->iterator);
		children->iterator = json_object_iter_next(parent->value, children->iterator);
		at = skip_between(text, skip_string(text, at), ':');
	} else {
		if (children->index == json_array_size(parent->value))
			return false;
		*key = NULL;
		child->value = json_array_get(parent->value, children->index++);
	}
	end = skip_value(text, at);
	child->text = (struct slice){.data = text.data + at, .size = end - at};
	children->at = text.data + end;
	return true;
}

void element_compact(struct slice text, struct bytes *out)
{
	size_t at = 0;

	while (at < text.size) {
		size_t start = at;

		if (text.data[at] == '"')
			at = skip_string(text, at);
		else
			at++;
		if (!json_is_blank(text.data[start]))
			bytes_append(out, text.data + start, at - start);
	}
}

struct error *element_blame(const struct element *whole, const struct element *part, struct json_problem *problem)
{
	problem->offset = (size_t)(part->text.data - whole->text.data);
	return &problem->error;
}
