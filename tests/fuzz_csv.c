/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/input_csv and task/csv: CSV in pieces must yield the records and the fields that a parser finds which
 * has the whole text, and goes from field to field.
 *
 * The input is that of fuzz_pieces: its own byte is the separator; with a lower-case letter records end with NULs, not
 * newlines.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "task/csv.h"
#include "task/task.h"
#include "codec/input.h"

/* A record as the parser finds it. */
struct expected {
	enum input_event event;
	/* Bytes of it, without its delimiter. */
	size_t size;
	/* The line of the fault, or of the quote that is not closed; 0 if none. */
	uint64_t line;
	/* The fields, each with its size before it. */
	struct bytes fields;
};

/* A text that comes in pieces. */
struct passage {
	struct input input;
	struct slice text;
	/* Bytes that have come. */
	size_t read;
	/* Bytes consumed. */
	size_t taken;
	/* Offset of the current record, and its line. */
	size_t begin;
	uint64_t line;
};

/* The parser: its place in the text, and the line there. */
struct parser {
	const struct input *input;
	struct slice text;
	size_t at;
	uint64_t line;
};

static bool is_at(const struct parser *parser, char byte)
{
	return parser->at < parser->text.size && parser->text.data[parser->at] == byte;
}

/* True at the end of a field: at a separator or a delimiter, or where the text ends. */
static bool is_at_end(const struct parser *parser)
{
	return parser->at == parser->text.size || is_at(parser, parser->input->csv.separator) ||
	       is_at(parser, parser->input->delimiter);
}

static void advance(struct parser *parser)
{
	parser->line += is_at(parser, '\n');
	parser->at++;
}

/* Appends the text up to the end of the field. */
static void parse_text(struct parser *parser, struct bytes *field)
{
	size_t before = field->size;

	for (; !is_at_end(parser); advance(parser))
		bytes_append(field, parser->text.data + parser->at, 1);
	if (field->size > before && field->data[field->size - 1] == '\r' &&
	    !is_at(parser, parser->input->csv.separator))
		field->size--;
}

/* Appends a field in quotes. Returns INPUT_RECORD, or what is wrong with it; INPUT_MORE if the text ends within it. */
static enum input_event parse_quoted(struct parser *parser, struct bytes *field)
{
	size_t begin = parser->at + 1;

	for (;;) {
		advance(parser);
		while (parser->at < parser->text.size && !is_at(parser, '"') &&
		       (parser->input->delimiter || !is_at(parser, '\0'))) {
			bytes_append(field, parser->text.data + parser->at, 1);
			advance(parser);
		}
		if (parser->input->delimiter && parser->at - begin > parser->input->limit)
			return INPUT_UNCLOSED;
		if (parser->at == parser->text.size)
			return INPUT_MORE;
		if (!is_at(parser, '"'))
			return INPUT_CUT;
		advance(parser);
		if (!is_at(parser, '"'))
			break;
		bytes_append(field, "\"", 1);
	}
	if (is_at(parser, '\r')) {
		advance(parser);
		if (parser->at == parser->text.size || is_at(parser, parser->input->delimiter))
			return INPUT_RECORD;
		return INPUT_TRAILING;
	}
	return is_at_end(parser) ? INPUT_RECORD : INPUT_TRAILING;
}

/* Parses the record at the parser's place. Returns INPUT_MORE as the event if it has no end. */
static struct expected parse_record(struct parser parser)
{
	struct expected expected = {.event = INPUT_RECORD};
	size_t begin = parser.at;
	bool more = true;

	while (more) {
		struct bytes field = {.data = NULL};
		enum input_event event = INPUT_RECORD;
		uint64_t line = parser.line;

		if (is_at(&parser, '"'))
			event = parse_quoted(&parser, &field);
		if (event == INPUT_TRAILING)
			line = parser.line;
		/* The first fault is reported; after text behind a quote the record continues. */
		if (event != INPUT_RECORD && (event != INPUT_TRAILING || expected.event == INPUT_RECORD)) {
			expected.event = event;
			expected.line = event == INPUT_CUT ? expected.line : line;
		}
		if (event != INPUT_RECORD && event != INPUT_TRAILING) {
			bytes_release(&field);
			break;
		}
		parse_text(&parser, &field);
		bytes_put_slice(&expected.fields, bytes_slice(&field));
		bytes_release(&field);
		more = is_at(&parser, parser.input->csv.separator);
		if (more)
			advance(&parser);
	}
	expected.size = parser.at - begin;
	/* Where records end with NULs they have no lines. */
	if (!parser.input->delimiter)
		expected.line = 0;
	if (expected.event == INPUT_UNCLOSED)
		return expected;
	if (parser.at == parser.text.size)
		expected.event = INPUT_MORE;
	else if (expected.event == INPUT_RECORD && expected.size > parser.input->limit)
		expected.event = INPUT_TOO_LONG;
	else if (expected.event == INPUT_RECORD && parser.input->delimiter && expected.size &&
		 memchr(parser.text.data + begin, '\0', expected.size))
		expected.event = INPUT_NUL;
	return expected;
}

/* Returns the record that should come next. */
static struct expected expect(const struct passage *passage)
{
	return parse_record((struct parser){
		.input = &passage->input, .text = passage->text, .at = passage->begin, .line = passage->line});
}

/* Divides a record, in a block of exactly its size, as a worker does, and checks its fields. */
static void check_fields(const struct passage *passage, const char *record, const struct expected *expected)
{
	char *copy = mem_copy(record, expected->size + 1);
	struct bytes fields = {.data = mem_new(expected->size + 1, 1), .capacity = expected->size + 1};
	struct bytes found = {.data = NULL};
	const char *rest = copy;

	while (rest) {
		struct slice field = csv_next(passage->input.csv.separator, &rest, &fields);

		hold(field.data[field.size] == '\0');
		bytes_put_slice(&found, field);
	}
	hold(fields.size <= fields.capacity);
	hold(slice_equals(bytes_slice(&found), bytes_slice(&expected->fields)));
	bytes_release(&found);
	bytes_release(&fields);
	free(copy);
}

/* Checks a step that found the end of the current record in these bytes. */
static void check_record(const struct passage *passage, const struct input_step *step, const char *bytes)
{
	const char *begin = passage->text.data + passage->begin;
	struct expected expected = expect(passage);
	size_t kept = step->consumed - 1;
	char reason[INPUT_REASON_MAX];

	hold(step->event == expected.event);
	hold(step->size == expected.size);
	hold(step->line == expected.line);
	hold(passage->taken + step->consumed == passage->begin + expected.size + 1);
	hold(bytes[kept] == '\0');
	hold(passage->input.dropped == 0);
	/* But for the delimiter the bytes are unchanged. */
	hold(memcmp(bytes, begin + expected.size - kept, kept) == 0);
	if (step->event == INPUT_RECORD)
		check_fields(passage, bytes, &expected);
	else
		input_explain(&passage->input, step, reason, sizeof reason);
	bytes_release(&expected.fields);
}

/* Checks a step that needs more than these bytes. */
static void check_more(const struct passage *passage, const struct input_step *step, size_t size)
{
	size_t whole = passage->read - passage->begin;

	hold(step->consumed == (whole > passage->input.limit ? size : 0));
	hold(step->size == 0);
	hold(passage->input.dropped == passage->taken - passage->begin + step->consumed);
}

/* Handles the bytes that have come and not been consumed, in a block of exactly their size. False at an open quote. */
static bool take(struct passage *passage)
{
	size_t size = passage->read - passage->taken, at = 0;
	char *bytes = size ? mem_copy(passage->text.data + passage->taken, size) : NULL;
	struct slice slice = {.data = bytes, .size = size};
	uint64_t count = input_count(&passage->input, slice), records = 0;
	size_t whole = input_whole(&passage->input, slice);
	struct input_step step;

	for (;;) {
		step = input_next(&passage->input, bytes ? bytes + at : NULL, size - at);
		hold(step.consumed <= size - at);
		if (step.event == INPUT_MORE || step.event == INPUT_UNCLOSED)
			break;
		check_record(passage, &step, bytes + at);
		at += step.consumed;
		passage->taken += step.consumed;
		for (; passage->begin < passage->taken; passage->begin++)
			passage->line += passage->text.data[passage->begin] == '\n';
		records++;
	}
	if (step.event == INPUT_MORE) {
		check_more(passage, &step, size - at);
		passage->taken += step.consumed;
	}
	hold(records == count);
	hold(at == whole);
	free(bytes);
	return step.event == INPUT_MORE;
}

/* Checks how the text ends: in a quoted field or not. */
static void check_end(const struct passage *passage, bool unclosed)
{
	struct expected expected = expect(passage);
	uint64_t line;

	hold(expected.event == (unclosed ? INPUT_UNCLOSED : INPUT_MORE));
	if (input_is_quoted(&passage->input, &line))
		hold(line == expected.line || !passage->input.delimiter);
	else
		hold(!unclosed);
	bytes_release(&expected.fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct passage passage = {.line = 1};
	struct fuzz_pieces pieces;
	bool unclosed = false;

	if (!fuzz_pieces_begin(&pieces, data, size) || !pieces.own || strchr("\"\r\n", pieces.own))
		return 0;
	passage.input.csv.separator = pieces.own;
	passage.input.limit = pieces.limit;
	passage.input.delimiter = pieces.is_lower ? '\0' : '\n';
	passage.text = pieces.text;
	do {
		passage.read += fuzz_pieces_next(&pieces, passage.text.size - passage.read);
		unclosed = !take(&passage);
	} while (passage.read < passage.text.size && !unclosed);
	check_end(&passage, unclosed);
	return 0;
}
