/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of multiprocessing.connection: state/pyauth_frame. */
#include "unit.h"

#include "state/pyauth_frame.h"

#define LIMIT (UINT64_C(1) << 20)

static struct slice view(const char *data, size_t size)
{
	return (struct slice){.data = data, .size = size};
}

/* Checks what the bytes of a literal begin with. */
#define check_found(bytes, limit, expected) check_int(find(view(bytes, sizeof(bytes) - 1), limit), expected)

static enum pyframe find(struct slice stream, uint64_t limit)
{
	struct slice payload;

	return pyframe_find(stream, limit, &payload);
}

/* K7: the form of the length changes at 2^31. */
static void test_headers(void)
{
	static const struct {
		uint64_t size;
		size_t header;
		const char *bytes;
	} table[] = {
		{0, 4, "\0\0\0\0"},
		{59, 4, "\0\0\0\x3b"},
		{16384, 4, "\0\0\x40\0"},
		{16385, 4, "\0\0\x40\x01"},
		{INT32_MAX, 4, "\x7f\xff\xff\xff"},
		{UINT64_C(1) << 31, 12, "\xff\xff\xff\xff\0\0\0\0\x80\0\0\0"},
		{(UINT64_C(1) << 31) + 1, 12, "\xff\xff\xff\xff\0\0\0\0\x80\0\0\x01"},
		{(UINT64_C(1) << 40) + 2, 12, "\xff\xff\xff\xff\0\0\x01\0\0\0\0\x02"},
	};

	for (size_t i = 0; i < countof(table); i++) {
		char header[PYFRAME_LONG_HEADER];
		size_t size = pyframe_header(header, table[i].size);

		check_int(size, table[i].header);
		check_slice(view(header, size), view(table[i].bytes, table[i].header));
		/* It is read as what was written, if so much is allowed. */
		check_int(find(view(header, size), UINT64_MAX), table[i].size ? PYFRAME_PART_OF_BYTES : PYFRAME_WHOLE);
	}
}

/* K1, K5: messages are not merged, and one of no bytes is one. */
static void test_messages(void)
{
	struct bytes stream = {.data = NULL};
	struct slice rest, payload;

	pyframe_put(&stream, slice_of("abc"));
	pyframe_put(&stream, slice_of(""));
	pyframe_put(&stream, slice_of("d"));
	check_int(stream.size, 4 + 3 + 4 + 4 + 1);
	rest = bytes_slice(&stream);
	check_int(pyframe_find(rest, LIMIT, &payload), PYFRAME_WHOLE);
	check_slice(payload, slice_of("abc"));
	rest = view(rest.data + 7, rest.size - 7);
	check_int(pyframe_find(rest, LIMIT, &payload), PYFRAME_WHOLE);
	check_slice(payload, slice_of(""));
	rest = view(rest.data + 4, rest.size - 4);
	check_int(pyframe_find(rest, LIMIT, &payload), PYFRAME_WHOLE);
	check_slice(payload, slice_of("d"));
	bytes_release(&stream);
}

/* K5, K14: however the bytes come, no part of a frame is taken for one. */
static void test_pieces(void)
{
	struct bytes stream = {.data = NULL};
	char long_one[300];

	unit_fill(long_one, sizeof long_one, 7);
	pyframe_put(&stream, view(long_one, sizeof long_one));
	check_int(find(view(stream.data, 0), LIMIT), PYFRAME_NOTHING);
	for (size_t size = 1; size < stream.size; size++)
		check_int(find(view(stream.data, size), LIMIT),
			  size < 4 ? PYFRAME_PART_OF_HEADER : PYFRAME_PART_OF_BYTES);
	check_int(find(bytes_slice(&stream), LIMIT), PYFRAME_WHOLE);
	bytes_release(&stream);
}

/* K6, K8: each wrong length is an error of its own, found before any byte after it has come. */
static void test_errors(void)
{
	check_found("\0\0", LIMIT, PYFRAME_PART_OF_HEADER);
	check_found(
		"\0\0\0\x06"
		"abc",
		LIMIT, PYFRAME_PART_OF_BYTES);
	check_found("\xff\xff\xff\xfe", LIMIT, PYFRAME_NEGATIVE);
	check_found("\x80\0\0\0", LIMIT, PYFRAME_NEGATIVE);
	check_found("\xff\xff\xff\xff\0\0\0", LIMIT, PYFRAME_PART_OF_HEADER);
	check_found("\xff\xff\xff\xff\0\0\0\0\0\0\0\x05", LIMIT, PYFRAME_NEEDLESSLY_LONG);
	check_found("\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", LIMIT, PYFRAME_TOO_LONG);
	check_found("\xff\xff\xff\xff\0\0\0\x01\0\0\0\0", LIMIT, PYFRAME_TOO_LONG);
	check_found("\0\0\x01\x01", 256, PYFRAME_TOO_LONG);
	check_found("\0\0\x01\0", 256, PYFRAME_PART_OF_BYTES);
	check_found(
		"\0\0\0\x06"
		"abcdef",
		3, PYFRAME_TOO_LONG);
	check(pyframe_is_error(PYFRAME_TOO_LONG) && pyframe_is_error(PYFRAME_NEGATIVE));
	check(!pyframe_is_error(PYFRAME_PART_OF_BYTES) && !pyframe_is_error(PYFRAME_NOTHING));
	for (enum pyframe found = PYFRAME_WHOLE; found <= PYFRAME_TOO_LONG; found++)
		check(*pyframe_words(found) != '\0');
}

const struct unit_test unit_pyauth_frame[] = {
	{.name = "headers of every size", .run = test_headers},
	{.name = "messages are not merged", .run = test_messages},
	{.name = "pieces of a frame", .run = test_pieces},
	{.name = "wrong lengths", .run = test_errors},
	{.name = NULL},
};
