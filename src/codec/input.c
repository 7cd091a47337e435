/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text format: records that end with a delimiter. */
#include "codec/input.h"

/* Returns the event for a whole record of the given size. */
static enum input_event judge(const struct input *input, const char *record, uint64_t size)
{
	if (size > input->limit)
		return INPUT_TOO_LONG;
	if (input->delimiter && !input->allows_nul && size && memchr(record, '\0', (size_t)size))
		return INPUT_NUL;
	return INPUT_RECORD;
}

struct input_step input_next(struct input *input, char *bytes, size_t size)
{
	struct input_step step = {.event = INPUT_MORE};
	size_t from = input->scanned < size ? input->scanned : size;
	char *end = from < size ? memchr(bytes + from, input->delimiter, size - from) : NULL;

	input->scanned = 0;
	if (!end && (input->dropped || size > input->limit)) {
		/* The bytes of a record that is too long are only counted. */
		input->dropped += size;
		step.consumed = size;
		return step;
	}
	if (!end) {
		input->scanned = size;
		return step;
	}
	step.size = input->dropped + (uint64_t)(end - bytes);
	step.consumed = (size_t)(end - bytes) + 1;
	step.event = judge(input, bytes, step.size);
	input->dropped = 0;
	*end = '\0';
	return step;
}

uint64_t input_count(const struct input *input, struct slice bytes)
{
	const char *at = bytes.data, *end = bytes.size ? bytes.data + bytes.size : at;
	uint64_t count = 0;

	for (; at < end && (at = memchr(at, input->delimiter, (size_t)(end - at))); at++)
		count++;
	return count;
}

size_t input_whole(const struct input *input, struct slice bytes)
{
	const char *last = bytes.size ? memrchr(bytes.data, input->delimiter, bytes.size) : NULL;

	return last ? (size_t)(last + 1 - bytes.data) : 0;
}
