/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/input: a text in pieces must yield the records that a scan of the whole text, byte by byte, finds.
 *
 * The input is that of fuzz_pieces: its own byte is the delimiter; with a lower-case letter records may have NULs. If
 * that byte is a quote, the delimiter has several bytes: its size is a letter (B is 2) that the text begins with, and
 * its bytes follow.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "codec/input.h"

/* A text that comes in pieces. */
struct passage {
	struct input input;
	struct delimiter delimiter;
	struct slice text;
	/* Bytes that have come. */
	size_t read;
	/* Bytes consumed. */
	size_t taken;
	/* Offset of the current record. */
	size_t begin;
};

/* True if the delimiter is at an offset of the text. */
static bool is_delimiter(const struct passage *passage, size_t at)
{
	size_t size = passage->delimiter.size;

	return at + size <= passage->text.size && memcmp(passage->text.data + at, passage->delimiter.bytes, size) == 0;
}

/* Returns the event that the current record should yield, INPUT_MORE if it has no end, and sets its size. */
static enum input_event expect(const struct passage *passage, size_t *size)
{
	const struct input *input = &passage->input;
	struct slice text = passage->text;
	size_t at;
	bool has_nul = false;

	for (at = passage->begin; at < text.size && !is_delimiter(passage, at); at++)
		has_nul |= text.data[at] == '\0';
	*size = at - passage->begin;
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
	size_t most = passage->delimiter.size - 1, open = size < most ? size : most;
	size_t whole = passage->read - passage->begin - open;

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

/* Takes a delimiter of several bytes off the beginning of the text. False if the text is too short. */
static bool take_delimiter(struct passage *passage)
{
	size_t size = passage->text.size ? passage->text.data[0] & FUZZ_LETTER : 0;

	if (size < 2 || passage->text.size <= size)
		return false;
	memcpy(passage->delimiter.bytes, passage->text.data + 1, size);
	passage->delimiter.size = size;
	passage->input.string = &passage->delimiter;
	passage->input.delimiter = passage->delimiter.bytes[0];
	passage->text.data += 1 + size;
	passage->text.size -= 1 + size;
	return true;
}

/* Checks the last record, which has no delimiter of several bytes. */
static void check_last(struct passage *passage)
{
	size_t size = passage->text.size - passage->taken, rest;
	bool is_last = input_has_last(&passage->input, size);
	enum input_event event = INPUT_RECORD;
	struct input_step step;
	char *bytes;

	hold(expect(passage, &rest) == INPUT_MORE);
	hold(!passage->input.string || is_last == (rest > 0));
	if (!is_last)
		return;
	if (rest > passage->input.limit)
		event = INPUT_TOO_LONG;
	else if (!passage->input.allows_nul && memchr(passage->text.data + passage->begin, '\0', rest))
		event = INPUT_NUL;
	bytes = mem_new(size + passage->delimiter.size, 1);
	memcpy(bytes, passage->text.data + passage->taken, size);
	step = input_last(&passage->input, bytes, size);
	hold(step.event == event && step.size == rest && step.consumed == size + passage->delimiter.size);
	hold(bytes[size] == '\0' && passage->input.dropped == 0);
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
	if (pieces.own == '"' && !take_delimiter(&passage))
		return 0;
	do {
		passage.read += fuzz_pieces_next(&pieces, passage.text.size - passage.read);
		take(&passage);
	} while (passage.read < passage.text.size);
	check_last(&passage);
	return 0;
}
