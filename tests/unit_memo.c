/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal/memo: pages and shards, whole, cut, damaged, and shared by two runs. */
#include "unit.h"

#include "base/file.h"
#include "base/mem.h"
#include "journal/memo/shard.h"
#include "journal/memo/shards.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGES = 4, MANY = 20000 };

/* Returns the key of a number. */
static struct key key_number(uint64_t number)
{
	return key_of_bytes((struct slice){.data = (const char *)&number, .size = sizeof number});
}

/* Fills a page for a number; its standard output is text. */
static struct page page_number(uint64_t number, const char *text)
{
	return (struct page){.key = key_number(number), .parts = {slice_of(text), slice_of("e"), slice_of("[1]")}};
}

/* Returns a file with these bytes. */
static int file_with(struct slice bytes)
{
	int fd = file_open_nameless(unit_directory());

	check(fd >= 0);
	check_int(file_write_at(fd, 0, bytes), 0);
	return fd;
}

static const char *const texts[PAGES] = {"one\n", "", "three\nthree\n", "mpmemo1\nmpmemo1\n"};

/* Appends the pages of the numbers 0 to 3, with these texts. */
static void put_pages(struct bytes *bytes)
{
	uint64_t i;

	for (i = 0; i < PAGES; i++) {
		struct page page = page_number(i, texts[i]);

		page_put(bytes, &page);
	}
}

/* Returns how many pages a file has. Each that is found must be as it was put there. */
static size_t count_pages(int fd, uint64_t size)
{
	struct shard shard = {.slots = NULL};
	struct bytes buffer = {.data = NULL};
	size_t count = 0;
	uint64_t i;

	check_int(shard_follow(&shard, fd, size), 0);
	check(shard.end <= size);
	for (i = 0; i < PAGES; i++) {
		struct page page;

		if (!shard_read(&shard, fd, key_number(i), &buffer, &page))
			continue;
		count++;
		check_slice(page.parts[0], slice_of(texts[i]));
		check_slice(page.parts[1], slice_of("e"));
		check_slice(page.parts[2], slice_of("[1]"));
	}
	bytes_release(&buffer);
	shard_release(&shard);
	return count;
}

static void test_flipped(void)
{
	struct bytes bytes = {.data = NULL};
	size_t i, bit;

	put_pages(&bytes);
	for (i = 0; i < bytes.size; i++) {
		for (bit = 0; bit < 8; bit++) {
			int fd;

			bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
			fd = file_with(bytes_slice(&bytes));
			/* One page is damaged, the others are found. */
			check_int(count_pages(fd, bytes.size), PAGES - 1);
			close(fd);
			bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
		}
	}
	bytes_release(&bytes);
}

static void test_cut(void)
{
	struct bytes bytes = {.data = NULL};
	size_t size, whole = 0, ends[PAGES + 1] = {0};
	uint64_t i;

	for (i = 0; i < PAGES; i++) {
		struct page page = page_number(i, texts[i]);

		page_put(&bytes, &page);
		ends[i + 1] = bytes.size;
	}
	for (size = 0; size <= bytes.size; size++) {
		int fd = file_with((struct slice){.data = bytes.data, .size = size});

		whole += whole < PAGES && size >= ends[whole + 1];
		check_int(count_pages(fd, size), whole);
		close(fd);
	}
	bytes_release(&bytes);
}

/* Other bytes between pages, more than are read at a time. */
static void test_rubbish(void)
{
	static const size_t sizes[] = {1, 7, 8, 63, 64, 65, 65535, 65536, 65537, 200000};
	size_t i;

	for (i = 0; i < countof(sizes); i++) {
		struct bytes bytes = {.data = NULL};
		struct page first = page_number(0, texts[0]);
		char *rubbish = mem_new(1, sizes[i]);
		int fd;

		memset(rubbish, 'm', sizes[i]);
		page_put(&bytes, &first);
		bytes_append(&bytes, rubbish, sizes[i]);
		put_pages(&bytes);
		bytes_append(&bytes, rubbish, sizes[i]);
		fd = file_with(bytes_slice(&bytes));
		check_int(count_pages(fd, bytes.size), PAGES);
		close(fd);
		free(rubbish);
		bytes_release(&bytes);
	}
}

/* Checks that the folder has the page of a number with this text, NULL for none. */
static void check_found(struct shards *shards, uint64_t number, const char *text)
{
	struct page page;
	bool found = shards_find(shards, key_number(number), &page);

	check_int(found, text != NULL);
	if (found && text)
		check_slice(page.parts[0], slice_of(text));
}

/* Returns the name of this test's folder. */
static const char *memo_name(void)
{
	static char name[128];

	snprintf(name, sizeof name, "%s/memo", unit_directory());
	return name;
}

/* Sets the name of the file that has the page of a number. */
static void name_shard(char name[160], uint64_t number)
{
	snprintf(name, 160, "%s/shard-%02x", memo_name(), (unsigned)(key_number(number).low % 256));
}

static struct shards *open_memo(void)
{
	struct error error = {.number = 0};
	struct shards *shards = shards_open(memo_name(), &error);

	check(shards != NULL);
	return shards;
}

static void add_number(struct shards *shards, uint64_t number, const char *text)
{
	struct page page = page_number(number, text);

	shards_add(shards, &page);
}

static void flush_memo(struct shards *shards)
{
	struct error error = {.number = 0};

	check_int(shards_flush(shards, &error), 0);
}

static void test_many(void)
{
	struct shards *shards = open_memo();
	char text[16];
	uint64_t i;

	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "%d", (int)i);
		add_number(shards, i, text);
		if (i % 7000 == 0)
			flush_memo(shards);
	}
	flush_memo(shards);
	check_int(shards_waiting(shards), 0);
	shards_close(shards);
	shards = open_memo();
	for (i = 0; i < MANY + 100; i++) {
		snprintf(text, sizeof text, "%d", (int)i);
		check_found(shards, i, i < MANY ? text : NULL);
	}
	shards_close(shards);
}

/* What one run has added is found by another, and not written twice. */
static void test_two_runs(void)
{
	struct shards *one = open_memo(), *two = open_memo();
	struct stat before, after;
	char name[160];

	check_found(two, 1, NULL);
	add_number(one, 1, "first");
	add_number(two, 1, "second");
	flush_memo(one);
	name_shard(name, 1);
	check_int(stat(name, &before), 0);
	flush_memo(two);
	check_int(stat(name, &after), 0);
	check_int(after.st_size, before.st_size);
	check_found(one, 1, "first");
	check_found(two, 1, "first");
	shards_close(one);
	shards_close(two);
}

/* A shard that is locked waits; the others are written. */
static void test_locked(void)
{
	struct shards *shards = open_memo();
	struct error error = {.number = 0};
	char name[160];
	int fd;

	name_shard(name, 1);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	check(fd >= 0);
	check_int(flock(fd, LOCK_EX), 0);
	add_number(shards, 1, "one");
	add_number(shards, 2, "two");
	check(key_number(1).low % 256 != key_number(2).low % 256);
	flush_memo(shards);
	check_found(shards, 1, NULL);
	check_found(shards, 2, "two");
	check(shards_waiting(shards) > 0);
	/* It is given up after a second. */
	check_int(shards_finish(shards, &error), 0);
	check(shards_waiting(shards) > 0);
	check_int(flock(fd, LOCK_UN), 0);
	check_int(shards_finish(shards, &error), 0);
	check_int(shards_waiting(shards), 0);
	check_found(shards, 1, "one");
	close(fd);
	shards_close(shards);
}

/* A page whose writing was cut is cut off by the next that is appended; a damaged one is added again. */
static void test_repaired(void)
{
	struct shards *shards = open_memo();
	char name[160];
	struct stat status;
	int fd;

	add_number(shards, 1, "one");
	flush_memo(shards);
	shards_close(shards);
	name_shard(name, 1);
	check_int(stat(name, &status), 0);
	/* The last byte of the only page. */
	fd = open(name, O_RDWR | O_CLOEXEC);
	check_int(pwrite(fd, "x", 1, status.st_size - 1), 1);
	shards = open_memo();
	check_found(shards, 1, NULL);
	add_number(shards, 1, "again");
	flush_memo(shards);
	check_found(shards, 1, "again");
	shards_close(shards);
	/* The end of the second. */
	check_int(fstat(fd, &status), 0);
	check_int(ftruncate(fd, status.st_size - 1), 0);
	shards = open_memo();
	check_found(shards, 1, NULL);
	add_number(shards, 1, "at last");
	flush_memo(shards);
	shards_close(shards);
	shards = open_memo();
	check_found(shards, 1, "at last");
	shards_close(shards);
	close(fd);
}

const struct unit_test unit_memo[] = {
	{"a bit that is flipped costs its page, and nothing else", .run = test_flipped},
	{"of a file that is cut the whole pages are found", .run = test_cut},
	{"pages are found after other bytes", .run = test_rubbish},
	{"thousands of pages are found again", .run = test_many},
	{"two runs on a folder: what one has added the other finds", .run = test_two_runs},
	{"a shard that another run keeps locked waits", .run = test_locked},
	{"what was cut or damaged is written again", .run = test_repaired},
	{.name = NULL},
};
