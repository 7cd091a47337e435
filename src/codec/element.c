/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing JSON values without losing their text. */
#include "codec/element.h"

/* Bytes that parsing one element may take: a small value takes many times its text. */
enum { PARSED_MAX = 256 << 20 };

/* The header of an allocation. */
union allocation {
	size_t size;
	max_align_t alignment;
};

/* Bytes that jansson holds now. A global, since its functions for memory have no context. */
static size_t allocated;

static void *allocate(size_t size)
{
	union allocation *allocation;

	if (size > PARSED_MAX || allocated + size > PARSED_MAX)
		return NULL;
	allocation = malloc(sizeof *allocation + size);
	if (!allocation)
		return NULL;
	allocation->size = size;
	allocated += size;
	return allocation + 1;
}

static void element_release(void *memory)
{
	union allocation *allocation = memory;

	if (!allocation)
		return;
	allocated -= allocation[-1].size;
	free(allocation - 1);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_of_number(char c)
{
	return is_digit(c) || c == '-' || c == '+' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t skip_digits(struct slice text, size_t at)
{
	while (at < text.size && is_digit(text.data[at]))
		at++;
	return at;
}

/* True if text is a number by the grammar of RFC 8259, section 6. */
static bool is_number(struct slice text)
{
	size_t at = text.size && text.data[0] == '-', start = at;

	at = skip_digits(text, at);
	if (at == start || (text.data[start] == '0' && at > start + 1))
		return false;
	if (at < text.size && text.data[at] == '.') {
		start = at + 1;
		at = skip_digits(text, start);
		if (at == start)
			return false;
	}
	if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
		start = at + 1;
		start += start < text.size && (text.data[start] == '+' || text.data[start] == '-');
		at = skip_digits(text, start);
		if (at == start)
			return false;
	}
	return at == text.size;
}

/* Returns the offset after the string that begins at an offset. */
static size_t skip_string(struct slice text, size_t at)
{
	for (at++; at < text.size && text.data[at] != '"'; at++)
		at += text.data[at] == '\\';
	return at < text.size ? at + 1 : text.size;
}

/*
 * Copies text to masked with each number checked and replaced by 0 and blanks of the same length: jansson's numbers
 * have limits. -1 with the problem.
 */
static int mask_numbers(struct bytes *masked, struct slice text, struct json_problem *problem)
{
	size_t at = 0;

	bytes_append(masked, text.data, text.size);
	while (at < text.size) {
		size_t start = at;
		char c = text.data[at];

		if (c == '"') {
			at = skip_string(text, at);
			continue;
		}
		if (!is_of_number(c)) {
			at++;
			continue;
		}
		while (at < text.size && is_of_number(text.data[at]))
			at++;
		if (c != '-' && !is_digit(c))
			continue;
		if (!is_number((struct slice){.data = text.data + start, .size = at - start})) {
			problem->offset = start;
			return error_set(&problem->error, "this is no number in JSON");
		}
		memset(masked->data + start, ' ', at - start);
		masked->data[start] = '0';
	}
	return 0;
}

/* Sets the words for what jansson found, without its "near ...": that text is masked, and the offset is reported. */
static void element_describe(const json_error_t *found, struct error *error)
{
	bool is_named = strncmp(found->text, "duplicate object key", 20) == 0;
	const char *near = is_named ? NULL : strstr(found->text, " near ");
	size_t length = near ? (size_t)(near - found->text) : strlen(found->text);

	if (!length)
		error_set(error, "the element has too many parts to be taken in");
	else if (strncmp(found->text, "end of file expected", 20) == 0)
		error_set(error, "there is more here than one value");
	else
		error_set(error, "%.*s", (int)length, found->text);
}

int element_parse(struct element *element, struct slice text, struct json_problem *problem)
{
	const char *nul = memchr(text.data, '\0', text.size);
	struct bytes masked = {.data = NULL};
	json_error_t error = {.position = 0};

	json_set_alloc_funcs(allocate, element_release);
	*element = (struct element){.text = text};
	/* jansson ignores a NUL after a number. */
	if (nul) {
		problem->offset = (size_t)(nul - text.data);
		return error_set(&problem->error, "there is a NUL byte here, which JSON has no place for");
	}
	if (mask_numbers(&masked, text, problem) == 0) {
		element->value = json_loadb(masked.data, masked.size,
					    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
		if (!element->value) {
			problem->offset = error.position > 0 && (size_t)error.position <= text.size
						  ? (size_t)error.position - 1
						  : 0;
			problem->is_cut = strstr(error.text, "end of file");
			element_describe(&error, &problem->error);
		}
	}
	bytes_release(&masked);
	return element->value ? 0 : -1;
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
