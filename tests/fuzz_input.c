/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/input: a text in pieces must yield the records that a scan of the whole text, byte by byte, finds.
 *
 * The input is that of fuzz_pieces: its own byte is the delimiter; with a lower-case letter records may have NULs. If
 * that byte is a quote, the delimiter has several bytes: its size is a letter (B is 2) that the text begins with, and
 * its bytes follow. If it is <, what records begin with comes in the same way after the delimiter, which may have one
 * byte.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "codec/input.h"

/* A text that comes in pieces. */
struct passage {
	struct input input;
	struct delimiter delimiter;
	/* What records begin with; its size is 0 if with anything. */
	struct delimiter start;
	struct slice text;
	/* Bytes that have come. */
	size_t read;
	/* Bytes consumed. */
	size_t taken;
	/* Offset of the current record. */
	size_t begin;
};

/* True if these bytes, perhaps none, are at an offset of the text. */
static bool is_at(const struct passage *passage, size_t at, const struct delimiter *bytes)
{
	return at + bytes->size <= passage->text.size &&
	       memcmp(passage->text.data + at, bytes->bytes, bytes->size) == 0;
}

/* Returns the size of what the current record begins with. */
static size_t start_size(const struct passage *passage)
{
	return is_at(passage, passage->begin, &passage->start) ? passage->start.size : 0;
}

/* Returns the event that the current record should yield, INPUT_MORE if it has no end, and sets its size. */
static enum input_event expect(const struct passage *passage, size_t *size)
{
	const struct input *input = &passage->input;
	struct slice text = passage->text;
	size_t at = passage->begin + start_size(passage);
	bool has_nul;

	while (at < text.size && !(is_at(passage, at, &passage->delimiter) &&
				   is_at(passage, at + passage->delimiter.size, &passage->start)))
		at++;
	*size = at - passage->begin;
	has_nul = *size && memchr(text.data + passage->begin, '\0', *size);
	if (at == text.size)
		return INPUT_MORE;
	if (*size > input->limit)
		return INPUT_TOO_LONG;
	return has_nul && !input->allows_nul ? INPUT_NUL : INPUT_RECORD;
}

/* Checks a step that found the end of the current record in these bytes. */
static void check_record(const struct passage *passage, struct input_step step, const char *bytes)
{
	const char *begin = passage->text.data + passage->begin;
	size_t size, kept;

	hold(step.event == expect(passage, &size));
	hold(step.size == size);
	hold(passage->taken + step.consumed == passage->begin + size + passage->delimiter.size);
	hold(bytes[step.consumed - passage->delimiter.size] == '\0');
	hold(passage->input.dropped == 0);
	if (step.event != INPUT_TOO_LONG)
		hold(passage->taken == passage->begin);
	/* But for the delimiter the bytes are unchanged. */
	kept = step.consumed - passage->delimiter.size;
	hold(memcmp(bytes, begin + size - kept, kept) == 0);
}

/* Checks a step that needs more than these bytes. */
static void check_more(const struct passage *passage, struct input_step step, size_t size)
{
	size_t most = passage->delimiter.size - 1 + passage->start.size, open = size < most ? size : most;
	size_t start = passage->taken == passage->begin ? start_size(passage) : 0, whole;

	/* The record ends neither within what it begins with nor in the bytes before those that are open. */
	if (start <= size && open > size - start)
		open = size - start;
	whole = passage->read - passage->begin - open;

	/* A record that is too long is consumed but for what may be its end, another not before it is whole. */
	hold(step.consumed == (whole > passage->input.limit ? size - open : 0));
	hold(step.size == 0);
	hold(passage->input.dropped == passage->taken - passage->begin + step.consumed);
}

/* Handles the bytes that have come and not been consumed, in a block of exactly their size. */
static void take(struct passage *passage)
{
	size_t size = passage->read - passage->taken, at = 0;
	char *bytes = size ? mem_copy(passage->text.data + passage->taken, size) : NULL;
	struct slice slice = {.data = bytes, .size = size};
	uint64_t count = input_count(&passage->input, slice), records = 0;
	size_t whole = input_whole(&passage->input, slice);

	for (;;) {
		struct input_step step = input_next(&passage->input, bytes ? bytes + at : NULL, size - at);

		hold(step.consumed <= size - at);
		if (step.event == INPUT_MORE) {
			check_more(passage, step, size - at);
			passage->taken += step.consumed;
			break;
		}
		hold(step.consumed > 0);
		check_record(passage, step, bytes + at);
		at += step.consumed;
		passage->taken += step.consumed;
		passage->begin = passage->taken;
		records++;
	}
	hold(records == count);
	hold(at == whole);
	free(bytes);
}

/* Takes the bytes of a delimiter off the beginning of the text. False if the text is too short. */
static bool take_delimiter(struct passage *passage, struct delimiter *delimiter)
{
	size_t size = passage->text.size ? passage->text.data[0] & FUZZ_LETTER : 0;

	if (!size || passage->text.size <= size)
		return false;
	memcpy(delimiter->bytes, passage->text.data + 1, size);
	delimiter->size = size;
	passage->text.data += 1 + size;
	passage->text.size -= 1 + size;
	return true;
}

/* Takes what ends records, and what they begin with, off the beginning of the text. False if that is not there. */
static bool take_strings(struct passage *passage, char own)
{
	if (own != '"' && own != '<')
		return true;
	if (!take_delimiter(passage, &passage->delimiter))
		return false;
	if (own == '<' && !take_delimiter(passage, &passage->start))
		return false;
	passage->input.string = &passage->delimiter;
	passage->input.start = own == '<' ? &passage->start : NULL;
	passage->input.delimiter = passage->delimiter.bytes[0];
	return own == '<' || passage->delimiter.size > 1;
}

/* True if the last record, of rest bytes, ends with the delimiter. */
static bool last_has_end(const struct passage *passage, size_t rest)
{
	size_t end = passage->delimiter.size;

	return passage->start.size && rest >= start_size(passage) + end &&
	       is_at(passage, passage->text.size - end, &passage->delimiter);
}

/* Checks the last record, after which no other begins. */
static void check_last(struct passage *passage)
{
	size_t size = passage->text.size - passage->taken, end = passage->delimiter.size, rest;
	bool is_last = input_has_last(&passage->input, size);
	enum input_event event = INPUT_RECORD;
	struct input_step step;
	char *bytes;

	hold(expect(passage, &rest) == INPUT_MORE);
	hold(!passage->input.string || is_last == (rest > 0));
	if (!is_last)
		return;
	bytes = mem_new(size + end, 1);
	memcpy(bytes, passage->text.data + passage->taken, size);
	step = input_last(&passage->input, bytes, size);
	hold(step.consumed == (last_has_end(passage, rest) ? size : size + end));
	rest -= last_has_end(passage, rest) ? end : 0;
	if (rest > passage->input.limit)
		event = INPUT_TOO_LONG;
	else if (!passage->input.allows_nul && rest && memchr(passage->text.data + passage->begin, '\0', rest))
		event = INPUT_NUL;
	hold(step.event == event && step.size == rest);
	hold(bytes[step.consumed - end] == '\0' && passage->input.dropped == 0);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct passage passage = {.read = 0};
	struct fuzz_pieces pieces;

	if (!fuzz_pieces_begin(&pieces, data, size))
		return 0;
	passage.input.delimiter = pieces.own;
	passage.input.limit = pieces.limit;
	passage.input.allows_nul = pieces.is_lower;
	passage.text = pieces.text;
	passage.delimiter = (struct delimiter){.bytes = {pieces.own}, .size = 1};
	if (!take_strings(&passage, pieces.own))
		return 0;
	do {
		passage.read += fuzz_pieces_next(&pieces, passage.text.size - passage.read);
		take(&passage);
	} while (passage.read < passage.text.size);
	check_last(&passage);
	return 0;
}
