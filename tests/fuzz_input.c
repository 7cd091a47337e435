/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/input: a text in pieces must yield the records that a scan of the whole text, byte by byte, finds.
 *
 * The input is that of fuzz_pieces: its own byte is the delimiter; with a lower-case letter records may have NULs.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "codec/input.h"

/* A text that comes in pieces. */
struct passage {
	struct input input;
	struct slice text;
	/* Bytes that have come. */
	size_t read;
	/* Bytes consumed. */
	size_t taken;
	/* Offset of the current record. */
	size_t begin;
};

/* Returns the event that the current record should yield, INPUT_MORE if it has no end, and sets its size. */
static enum input_event expect(const struct passage *passage, size_t *size)
{
	const struct input *input = &passage->input;
	struct slice text = passage->text;
	size_t at;
	bool has_nul = false;

	for (at = passage->begin; at < text.size && text.data[at] != input->delimiter; at++)
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
	hold(passage->taken + step.consumed == passage->begin + size + 1);
	hold(bytes[step.consumed - 1] == '\0');
	hold(passage->input.dropped == 0);
	if (step.event != INPUT_TOO_LONG)
		hold(passage->taken == passage->begin);
	/* But for the delimiter the bytes are unchanged. */
	kept = step.consumed - 1;
	hold(memcmp(bytes, begin + size - kept, kept) == 0);
}

/* Checks a step that needs more than these bytes. */
static void check_more(const struct passage *passage, struct input_step step, size_t size)
{
	size_t whole = passage->read - passage->begin;

	/* A record that is too long is consumed at once, another not before it is whole. */
	hold(step.consumed == (whole > passage->input.limit ? size : 0));
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct passage passage = {.read = 0};
	struct fuzz_pieces pieces;
	size_t rest;

	if (!fuzz_pieces_begin(&pieces, data, size))
		return 0;
	passage.input.delimiter = pieces.own;
	passage.input.limit = pieces.limit;
	passage.input.allows_nul = pieces.is_lower;
	passage.text = pieces.text;
	do {
		passage.read += fuzz_pieces_next(&pieces, passage.text.size - passage.read);
		take(&passage);
	} while (passage.read < passage.text.size);
	hold(expect(&passage, &rest) == INPUT_MORE);
	return 0;
}
