/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order/spill: stored bytes are read back, within the limit, from a file without a name. */
#include "unit.h"

#include "base/mem.h"
#include "order/spill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECES = 200, LARGEST = 50000 };

/* A stored piece; size is 0 if none. */
struct stored {
	uint64_t offset;
	size_t size;
	uint64_t seed;
};

static void check_piece(struct spill *spill, const struct stored *piece, size_t from, size_t size)
{
	static char expected[LARGEST], got[LARGEST];
	struct error error = {.number = 0};

	unit_fill(expected, piece->size, piece->seed);
	check_int(spill_read(spill, piece->offset + from, got, size, &error), 0);
	check(memcmp(got, expected + from, size) == 0);
	error_release(&error);
}

static int64_t file_size(const struct spill *spill)
{
	struct stat status;

	return spill->fd < 0 ? 0 : fstat(spill->fd, &status) < 0 ? -1 : (int64_t)status.st_size;
}

static size_t count_files(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

static void test_no_limit(void)
{
	struct spill spill;
	struct error error = {.number = 0};
	uint64_t offset;
	static const uint64_t limits[] = {0, 1, SPILL_BLOCK - 1};
	size_t i;

	for (i = 0; i < countof(limits); i++) {
		spill_init(&spill, "/no/such/folder", limits[i]);
		check(!spill_has_room(&spill));
		check_int(spill_write(&spill, slice_of("x"), &offset, &error), 0);
		check_int(spill_used(&spill), 0);
		check_int(spill.fd, -1);
		spill_release(&spill);
	}
}

static void test_no_folder(void)
{
	struct spill spill;
	struct error error = {.number = 0};
	uint64_t offset;

	spill_init(&spill, "/no/such/folder", SPILL_BLOCK);
	check(spill_has_room(&spill));
	check_int(spill_write(&spill, slice_of("x"), &offset, &error), -1);
	check_int(error.number, ENOENT);
	check_str(error_text(&error), "temporary file in /no/such/folder: No such file or directory");
	check_int(spill_used(&spill), 0);
	error_release(&error);
	spill_release(&spill);
}

static void test_nameless(void)
{
	struct spill spill;
	struct error error = {.number = 0};
	uint64_t offset;
	size_t before = count_files(unit_directory());

	spill_init(&spill, unit_directory(), SPILL_BLOCK);
	check_int(spill_write(&spill, slice_of("x"), &offset, &error), 1);
	check(spill.fd >= 0);
	check_int(fcntl(spill.fd, F_GETFD), FD_CLOEXEC);
	check_int(count_files(unit_directory()), before);
	spill_release(&spill);
	check_int(spill.fd, -1);
}

static void test_limit(void)
{
	static char data[SPILL_BLOCK + 1000];
	struct spill spill;
	struct error error = {.number = 0};
	uint64_t offset, stored = 0, limit = 3 * SPILL_BLOCK + 500;
	ssize_t now;

	spill_init(&spill, unit_directory(), limit);
	while ((now = spill_write(&spill, (struct slice){.data = data, .size = sizeof data}, &offset, &error)) > 0) {
		stored += (uint64_t)now;
		check(spill_used(&spill) <= limit && file_size(&spill) <= (int64_t)limit);
	}
	check_int(now, 0);
	check_int(stored, 3 * SPILL_BLOCK);
	check_int(spill.total, stored);
	check(!spill_has_room(&spill));
	spill_free(&spill, SPILL_BLOCK, SPILL_BLOCK);
	check_int(spill_used(&spill), 2 * SPILL_BLOCK);
	check(spill_has_room(&spill));
	check_int(spill_write(&spill, slice_of("again"), &offset, &error), 5);
	check_int(offset, SPILL_BLOCK);
	check_int(file_size(&spill), 3 * SPILL_BLOCK);
	spill_release(&spill);
}

/* A block whose bytes are released before it is full is not counted any more. */
static void test_emptied(void)
{
	struct spill spill;
	struct error error = {.number = 0};
	uint64_t one, two;

	spill_init(&spill, unit_directory(), SPILL_BLOCK);
	check_int(spill_write(&spill, slice_of("one"), &one, &error), 3);
	check_int(spill_write(&spill, slice_of("two"), &two, &error), 3);
	check_int(spill_used(&spill), SPILL_BLOCK);
	spill_free(&spill, one, 3);
	check_int(spill_used(&spill), SPILL_BLOCK);
	spill_free(&spill, two, 2);
	spill_free(&spill, two + 2, 1);
	check_int(spill_used(&spill), 0);
	check(spill_has_room(&spill));
	check_int(spill_write(&spill, slice_of("three"), &one, &error), 5);
	check_int(spill_used(&spill), SPILL_BLOCK);
	spill_release(&spill);
}

/* Stores a piece, which may be cut into several, in free places of pieces. */
static void store(struct spill *spill, struct stored *pieces, struct unit_random *random)
{
	static char data[LARGEST];
	struct stored *piece = &pieces[unit_below(random, PIECES)];
	struct error error = {.number = 0};
	size_t size = 1 + unit_below(random, unit_below(random, 2) ? 100 : LARGEST);
	ssize_t now;

	if (piece->size)
		return;
	piece->seed = unit_below(random, UINT32_MAX);
	unit_fill(data, size, piece->seed);
	now = spill_write(spill, (struct slice){.data = data, .size = size}, &piece->offset, &error);
	if (check(now >= 0 && now <= (ssize_t)size))
		piece->size = (size_t)now;
	check_int(now > 0, spill->limit - spill_used(spill) >= SPILL_BLOCK || now > 0);
}

/* Reads a piece back, at once or in two parts, and releases it. */
static void fetch(struct spill *spill, struct stored *piece, struct unit_random *random)
{
	size_t part = unit_below(random, piece->size + 1);

	check_piece(spill, piece, 0, piece->size);
	if (part && part < piece->size) {
		spill_free(spill, piece->offset, part);
		check_piece(spill, piece, part, piece->size - part);
		spill_free(spill, piece->offset + part, piece->size - part);
	} else {
		spill_free(spill, piece->offset, piece->size);
	}
	piece->size = 0;
}

static void test_model(void)
{
	static struct stored pieces[PIECES];
	struct unit_random random = unit_random();
	struct spill spill;
	size_t i, largest = 0;
	int round;

	spill_init(&spill, unit_directory(), 40 * SPILL_BLOCK);
	for (round = 0; round < 20000 && !unit_failures; round++) {
		struct stored *piece = &pieces[unit_below(&random, PIECES)];

		if (unit_below(&random, 5) < (round / 2000 % 2 ? 2 : 3))
			store(&spill, pieces, &random);
		else if (piece->size)
			fetch(&spill, piece, &random);
		largest = spill_used(&spill) > largest ? spill_used(&spill) : largest;
		check(spill_used(&spill) <= spill.limit && file_size(&spill) <= (int64_t)spill.limit);
	}
	check(largest > 20 * SPILL_BLOCK);
	for (i = 0; i < PIECES; i++) {
		if (pieces[i].size)
			fetch(&spill, &pieces[i], &random);
	}
	check_int(spill_used(&spill), 0);
	spill_release(&spill);
}

#ifdef MPMAP_FAULTS

/* The disk is full once: bytes stored before can be read, refused bytes take no room. */
static void test_disk_full(void)
{
	static char data[LARGEST];
	struct stored first = {.seed = 1, .size = LARGEST}, second = {.seed = 2, .size = SPILL_BLOCK - LARGEST};
	struct spill spill;
	struct error error = {.number = 0};

	setenv("MPMAP_FAULT", "spill_write:1:ENOSPC", 1);
	spill_init(&spill, unit_directory(), 4 * SPILL_BLOCK);
	unit_fill(data, first.size, 1);
	check_int(spill_write(&spill, (struct slice){.data = data, .size = first.size}, &first.offset, &error),
		  LARGEST);
	unit_fill(data, second.size, 2);
	check_int(spill_write(&spill, (struct slice){.data = data, .size = second.size}, &second.offset, &error), -1);
	check_int(error.number, ENOSPC);
	check(strstr(error_text(&error), "No space left on device") != NULL);
	check_piece(&spill, &first, 0, first.size);
	check_int(spill_write(&spill, (struct slice){.data = data, .size = second.size}, &second.offset, &error),
		  second.size);
	check_piece(&spill, &first, 0, first.size);
	check_piece(&spill, &second, 0, second.size);
	spill_free(&spill, first.offset, first.size);
	spill_free(&spill, second.offset, second.size);
	check_int(spill_used(&spill), 0);
	check_int(spill.total, SPILL_BLOCK);
	error_release(&error);
	spill_release(&spill);
}

static void test_cannot_open(void)
{
	struct spill spill;
	struct error error = {.number = 0};
	uint64_t offset;

	setenv("MPMAP_FAULT", "spill_open:1:EMFILE", 1);
	spill_init(&spill, unit_directory(), SPILL_BLOCK);
	check_int(spill_write(&spill, slice_of("x"), &offset, &error), -1);
	check_int(error.number, EMFILE);
	check_int(spill_used(&spill), 0);
	check_int(spill_write(&spill, slice_of("x"), &offset, &error), 1);
	error_release(&error);
	spill_release(&spill);
}

#endif

const struct unit_test unit_spill[] = {
	{"a limit below one block stores nothing", .run = test_no_limit},
	{"a folder that does not exist", .run = test_no_folder},
	{"the file has no name", .run = test_nameless},
	{"the limit", .run = test_limit},
	{"a block released before it is full", .run = test_emptied},
	{"random pieces against a model", .run = test_model},
#ifdef MPMAP_FAULTS
	{"a full disk", .run = test_disk_full},
	{"a file that cannot be opened", .run = test_cannot_open},
#endif
	{.name = NULL},
};
