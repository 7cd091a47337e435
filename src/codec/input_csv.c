/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the ends of records of CSV: the table of task/csv.h, with the bytes between two changes of state skipped. */
#include "codec/input_csv.h"

enum csv_found {
	/* The bytes end within the record. */
	FOUND_NOTHING,
	/* The delimiter, which the scanned bytes end before. */
	FOUND_END,
	/* A quoted field longer than the limit. */
	FOUND_NO_QUOTE,
};

/* Skips the rest of a field without quotes. Returns where it ends: at a byte that may change the state. */
static const char *skip_text(const struct input *input, const char *at, const char *end)
{
	while (at < end && *at != input->csv.separator && *at != input->delimiter)
		at++;
	return at;
}

/* Skips the rest of a quoted field and counts its lines. Returns where it ends: at a quote, or a NUL that ends it. */
static const char *skip_quoted(struct input *input, const char *at, const char *end)
{
	const char last = input->delimiter ? '"' : '\0', *from = at;
	uint64_t lines = 0;

	for (; at < end && *at != '"' && *at != last; at++)
		lines += *at == '\n';
	input->csv.lines += lines;
	input->csv.quoted += (uint64_t)(at - from);
	return at;
}

/* Advances by a byte that does not end the record. */
static void take_byte(struct input_csv *csv, char byte)
{
	enum csv_state before = csv->state;

	csv->state = csv_after(before, byte, csv->separator);
	if (csv_is_fault(before, csv->state) && !csv->fault_line)
		csv->fault_line = csv->lines + 1;
	csv->quoted++;
	if (before == CSV_BEGIN && csv->state == CSV_QUOTED) {
		csv->quote_line = csv->lines + 1;
		csv->quoted = 0;
	}
}

/* True in a quoted field longer than the limit, unless NUL is the delimiter: that ends the record, too. */
static bool is_overlong(const struct input *input)
{
	return input->delimiter && input->csv.state == CSV_QUOTED && input->csv.quoted > input->limit;
}

/* Scans on in the current record. */
static enum csv_found scan_record(struct input *input, const char *bytes, size_t size)
{
	struct input_csv *csv = &input->csv;
	const char *at = size ? bytes + input->scanned : bytes, *end = size ? bytes + size : bytes;
	enum csv_found found = FOUND_NOTHING;

	while (at < end && found == FOUND_NOTHING) {
		if (csv->state == CSV_TEXT)
			at = skip_text(input, at, end);
		else if (csv->state == CSV_QUOTED)
			at = skip_quoted(input, at, end);
		if (is_overlong(input))
			found = FOUND_NO_QUOTE;
		else if (at < end && *at == input->delimiter && (csv->state != CSV_QUOTED || !input->delimiter))
			found = FOUND_END;
		else if (at < end)
			take_byte(csv, *at++);
	}
	input->scanned = size ? (size_t)(at - bytes) : 0;
	return found == FOUND_NOTHING && is_overlong(input) ? FOUND_NO_QUOTE : found;
}

/* Begins the next record, after the delimiter. */
static void begin_record(struct input *input)
{
	input->csv.lines += input->delimiter == '\n';
	input->csv.state = CSV_BEGIN;
	input->scanned = 0;
	input->csv.fault_line = 0;
	input->dropped = 0;
}

/* Returns the event for a whole record of the given size. */
static enum input_event judge_csv(const struct input *input, const char *record, uint64_t size)
{
	if (input->csv.state == CSV_QUOTED)
		return INPUT_CUT;
	if (input->csv.fault_line)
		return INPUT_TRAILING;
	if (size > input->limit)
		return INPUT_TOO_LONG;
	return input->delimiter && size && memchr(record, '\0', (size_t)size) ? INPUT_NUL : INPUT_RECORD;
}

struct input_step input_csv_next(struct input *input, char *bytes, size_t size)
{
	enum csv_found found = scan_record(input, bytes, size);
	struct input_step step = {.event = INPUT_MORE};

	if (found == FOUND_NO_QUOTE) {
		step.event = INPUT_UNCLOSED;
		step.line = input->csv.quote_line;
		return step;
	}
	if (found == FOUND_NOTHING) {
		/* The bytes of a record that is too long are only counted. */
		if (input->dropped || size > input->limit) {
			input->dropped += size;
			input->scanned = 0;
			step.consumed = size;
		}
		return step;
	}
	step.size = input->dropped + input->scanned;
	step.consumed = input->scanned + 1;
	step.event = judge_csv(input, bytes, step.size);
	step.line = input->delimiter ? input->csv.fault_line : 0;
	bytes[input->scanned] = '\0';
	begin_record(input);
	return step;
}

size_t input_csv_whole(const struct input *input, struct slice bytes, uint64_t *count)
{
	struct input copy = *input;
	size_t whole = 0;

	*count = 0;
	while (whole < bytes.size && scan_record(&copy, bytes.data + whole, bytes.size - whole) == FOUND_END) {
		whole += copy.scanned + 1;
		begin_record(&copy);
		++*count;
	}
	return whole;
}
