/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text format: records that end with a delimiter. */
#include "codec/input.h"

#include "codec/input_csv.h"

#include <inttypes.h>

/* Returns the event for a whole record of the given size. */
static enum input_event judge(const struct input *input, const char *record, uint64_t size)
{
	if (size > input->limit)
		return INPUT_TOO_LONG;
	if ((input->delimiter || input->string) && !input->allows_nul && size && memchr(record, '\0', (size_t)size))
		return INPUT_NUL;
	return INPUT_RECORD;
}

/* Returns the bytes of the current record before which it cannot end: what it begins with, and what is scanned. */
static size_t scan_from(const struct input *input, const char *bytes, size_t size)
{
	bool is_begun = input->scanned || input->dropped;

	if (input->start && !is_begun && delimiter_begins(input->start, bytes, size))
		return input->start->size;
	return input->scanned < size ? input->scanned : size;
}

/* Returns the first delimiter at or after an offset that start follows, or NULL. */
static const char *find_before_start(const struct input *input, const char *bytes, size_t size, size_t from)
{
	/* A delimiter that ends after this is not followed by all of start. */
	size_t most = size > input->start->size ? size - input->start->size : 0;
	const char *end = NULL;

	while (from < most && (end = delimiter_find(input->string, bytes + from, most - from))) {
		const char *next = end + input->string->size;

		if (delimiter_begins(input->start, next, input->start->size))
			return end;
		from = (size_t)(end - bytes) + 1;
	}
	return NULL;
}

/* Returns the first delimiter at or after an offset, or NULL. */
static const char *find_end(const struct input *input, const char *bytes, size_t size, size_t from)
{
	if (from == size)
		return NULL;
	if (input->start)
		return find_before_start(input, bytes, size, from);
	if (input->string)
		return delimiter_find(input->string, bytes + from, size - from);
	return memchr(bytes + from, input->delimiter, size - from);
}

/* Returns the bytes, of those from an offset on in which there is no end, in which none begins either. */
static size_t scanned_to(const struct input *input, size_t size, size_t from)
{
	size_t open = (input->string ? input->string->size - 1 : 0) + (input->start ? input->start->size : 0);

	return size > from + open ? size - open : from;
}

/* Takes the record before the delimiter at end. */
static struct input_step end_record(struct input *input, char *bytes, char *end)
{
	struct input_step step = {.size = input->dropped + (uint64_t)(end - bytes)};

	step.consumed = (size_t)(end - bytes) + (input->string ? input->string->size : 1);
	step.event = judge(input, bytes, step.size);
	input->scanned = 0;
	input->dropped = 0;
	*end = '\0';
	return step;
}

struct input_step input_next(struct input *input, char *bytes, size_t size)
{
	struct input_step step = {.event = INPUT_MORE};
	const char *end;
	size_t from;

	if (input->csv.separator)
		return input_csv_next(input, bytes, size);
	from = scan_from(input, bytes, size);
	end = find_end(input, bytes, size, from);
	if (end)
		return end_record(input, bytes, bytes + (end - bytes));
	input->scanned = scanned_to(input, size, from);
	if (input->dropped || input->scanned > input->limit) {
		/* The bytes of a record that is too long are only counted. */
		step.consumed = input->scanned;
		input->dropped += input->scanned;
		input->scanned = 0;
	}
	return step;
}

struct input_step input_last(struct input *input, char *bytes, size_t size)
{
	const struct delimiter *string = input->string;
	bool begins = input->start && !input->dropped && delimiter_begins(input->start, bytes, size);
	size_t begun = begins ? input->start->size : 0;

	if (input->start && delimiter_ends(string, bytes + begun, size - begun))
		return end_record(input, bytes, bytes + size - string->size);
	memcpy(bytes + size, string->bytes, string->size);
	return end_record(input, bytes, bytes + size);
}

/* As input_whole, for a delimiter of several bytes; sets *count to how many records these are. */
static size_t count_whole(const struct input *input, struct slice bytes, uint64_t *count)
{
	struct input copy = *input;
	size_t whole = 0;
	const char *end;

	for (*count = 0; whole < bytes.size; ++*count) {
		const char *at = bytes.data + whole;
		size_t size = bytes.size - whole;

		end = find_end(&copy, at, size, scan_from(&copy, at, size));
		if (!end)
			break;
		whole = (size_t)(end - bytes.data) + input->string->size;
		copy.scanned = 0;
		copy.dropped = 0;
	}
	return whole;
}

uint64_t input_count(const struct input *input, struct slice bytes)
{
	const char *at = bytes.data, *end = bytes.size ? bytes.data + bytes.size : at;
	uint64_t count = 0;

	if (input->csv.separator)
		input_csv_whole(input, bytes, &count);
	else if (input->string)
		count_whole(input, bytes, &count);
	else
		for (; at < end && (at = memchr(at, input->delimiter, (size_t)(end - at))); at++)
			count++;
	return count;
}

size_t input_whole(const struct input *input, struct slice bytes)
{
	const char *last;
	uint64_t count;

	if (input->csv.separator)
		return input_csv_whole(input, bytes, &count);
	if (input->string)
		return count_whole(input, bytes, &count);
	last = bytes.size ? memrchr(bytes.data, input->delimiter, bytes.size) : NULL;
	return last ? (size_t)(last + 1 - bytes.data) : 0;
}

bool input_is_quoted(const struct input *input, uint64_t *line)
{
	*line = input->csv.quote_line;
	return input->csv.state == CSV_QUOTED;
}

void input_explain(const struct input *input, const struct input_step *step, char *reason, size_t size)
{
	const char *of = input->allows_nul ? "a task's input" : "an argument";
	int length;

	switch (step->event) {
	case INPUT_TOO_LONG:
		snprintf(reason, size, "the record has %" PRIu64 " bytes, %s at most %" PRIu64, step->size, of,
			 input->limit);
		return;
	case INPUT_NUL:
		snprintf(reason, size, "the record has a NUL in it, which no argument can have%s",
			 input->csv.separator ? "" : " (-0 splits at NULs)");
		return;
	case INPUT_TRAILING:
		length = input->delimiter ? snprintf(reason, size, "line %" PRIu64 ": ", step->line) : 0;
		snprintf(reason + length, size - (size_t)length,
			 "text follows the closing quote of a field (a quote in a field is doubled)");
		return;
	case INPUT_CUT:
		snprintf(reason, size, "a quote opens a field and is not closed");
		return;
	case INPUT_MORE:
	case INPUT_RECORD:
	case INPUT_UNCLOSED:
	default:
		BUG("a record without a fault, or no record");
	}
}
