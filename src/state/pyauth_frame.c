/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of Python's multiprocessing.connection. */
#include "state/pyauth_frame.h"

size_t pyframe_header(char header[PYFRAME_LONG_HEADER], uint64_t size)
{
	const uint32_t short_form = htobe32(size > INT32_MAX ? UINT32_MAX : (uint32_t)size);
	const uint64_t long_form = htobe64(size);

	memcpy(header, &short_form, sizeof short_form);
	if (size <= INT32_MAX)
		return PYFRAME_SHORT_HEADER;
	memcpy(header + PYFRAME_SHORT_HEADER, &long_form, sizeof long_form);
	return PYFRAME_LONG_HEADER;
}

void pyframe_put(struct bytes *out, struct slice payload)
{
	char header[PYFRAME_LONG_HEADER];

	bytes_append(out, header, pyframe_header(header, payload.size));
	bytes_append(out, payload.data, payload.size);
}

/* Reads a header. Returns its size, or 0 with the reason in *found. */
static size_t read_frame_header(struct slice stream, uint64_t *length, enum pyframe *found)
{
	uint32_t short_form;

	*found = stream.size ? PYFRAME_PART_OF_HEADER : PYFRAME_NOTHING;
	if (stream.size < PYFRAME_SHORT_HEADER)
		return 0;
	memcpy(&short_form, stream.data, sizeof short_form);
	short_form = be32toh(short_form);
	*length = short_form;
	if (short_form <= INT32_MAX)
		return PYFRAME_SHORT_HEADER;
	if (short_form != UINT32_MAX)
		*found = PYFRAME_NEGATIVE;
	if (short_form != UINT32_MAX || stream.size < PYFRAME_LONG_HEADER)
		return 0;
	memcpy(length, stream.data + PYFRAME_SHORT_HEADER, sizeof *length);
	*length = be64toh(*length);
	if (*length > INT32_MAX)
		return PYFRAME_LONG_HEADER;
	*found = PYFRAME_NEEDLESSLY_LONG;
	return 0;
}

enum pyframe pyframe_find(struct slice stream, uint64_t limit, struct slice *payload)
{
	uint64_t length = 0;
	enum pyframe found;
	size_t header = read_frame_header(stream, &length, &found);

	if (!header)
		return found;
	if (length > limit)
		return PYFRAME_TOO_LONG;
	if (stream.size - header < length)
		return PYFRAME_PART_OF_BYTES;
	*payload = (struct slice){.data = stream.data + header, .size = (size_t)length};
	return PYFRAME_WHOLE;
}

const char *pyframe_words(enum pyframe found)
{
	static const char *const words[] = {
		[PYFRAME_WHOLE] = "a whole frame",
		[PYFRAME_NOTHING] = "the end of the connection",
		[PYFRAME_PART_OF_HEADER] = "the connection ended in the length of a frame",
		[PYFRAME_PART_OF_BYTES] = "the connection ended in a frame",
		[PYFRAME_NEGATIVE] = "a frame has a negative length",
		[PYFRAME_NEEDLESSLY_LONG] = "a frame has the long form of a short length",
		[PYFRAME_TOO_LONG] = "a frame is too long",
	};

	return words[found];
}
