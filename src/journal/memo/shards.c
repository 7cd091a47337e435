/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shards of a folder: which page is in which, and appending to them. */
#include "journal/memo/shards.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/memo/memo_folder.h"
#include "journal/memo/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SHARDS = 256,
	/* How often a shard that another run appends to is tried at the end, and how long that is waited for each. */
	TRIES = 100,
	TRY_NSEC = 10000000,
};

/* A page that was added. */
struct shards_added {
	struct key key;
	/* Its place in shards.added_bytes. */
	size_t offset;
	size_t size;
};

struct shards {
	/* The caller's. */
	const char *name;
	int folder;
	struct shard list[SHARDS];
	/* True if the file has been searched for pages. */
	bool loaded[SHARDS];
	/* The descriptors of files, -1 where there is none now; how many there are, and may be. */
	int fds[SHARDS];
	size_t fd_count;
	size_t fd_most;
	/* The descriptor that is closed first for another. */
	size_t victim;
	/* The pages that are to be written, in the order of their shards once these are written. */
	struct shards_added *added;
	size_t count;
	size_t capacity;
	struct bytes added_bytes;
	/* The last page that was found, or the pages that are written at once. */
	struct bytes buffer;
};

/* Returns the number of a key's shard. */
static size_t shard_number(struct key key)
{
	return (size_t)(key.low % SHARDS);
}

/* Returns how many descriptors may be open: a part of the limit, most of which is for workers. */
static size_t descriptors_most(void)
{
	struct rlimit limit;
	size_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return SHARDS;
	most = (size_t)limit.rlim_cur / 8;
	return most < 1 ? 1 : most < SHARDS ? most : SHARDS;
}

struct shards *shards_open(const char *name, struct error *error)
{
	int folder = memo_folder_open(name, error);
	struct shards *shards;
	size_t i;

	if (folder < 0)
		return NULL;
	shards = mem_new(1, sizeof *shards);
	*shards = (struct shards){.name = name, .folder = folder, .fd_most = descriptors_most()};
	for (i = 0; i < SHARDS; i++)
		shards->fds[i] = -1;
	return shards;
}

static void close_shard(struct shards *shards, size_t number)
{
	if (shards->fds[number] < 0)
		return;
	close(shards->fds[number]);
	shards->fds[number] = -1;
	shards->fd_count--;
}

/* Opens the file of a shard; makes it if it is absent and flags say so. Returns the descriptor, or -1 with errno. */
static int open_shard(struct shards *shards, size_t number, int flags)
{
	char name[16];

	if (shards->fds[number] >= 0)
		return shards->fds[number];
	while (shards->fd_count >= shards->fd_most)
		close_shard(shards, shards->victim++ % SHARDS);
	snprintf(name, sizeof name, "shard-%02zx", number);
	shards->fds[number] = openat(shards->folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags, 0600);
	shards->fd_count += shards->fds[number] >= 0;
	return shards->fds[number];
}

/* Enters the pages that the file of a shard has now. Returns its size, or -1 with errno. */
static off_t follow_file(struct shards *shards, size_t number)
{
	struct shard *shard = &shards->list[number];
	struct stat status;

	if (fstat(shards->fds[number], &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	/* It was cut: nothing is known of what it has. */
	if ((uint64_t)status.st_size < shard->end)
		shard_release(shard);
	return shard_follow(shard, shards->fds[number], (uint64_t)status.st_size) < 0 ? -1 : status.st_size;
}

bool shards_find(struct shards *shards, struct key key, struct page *page)
{
	size_t number = shard_number(key);
	struct shard *shard = &shards->list[number];

	if (!shards->loaded[number]) {
		shards->loaded[number] = true;
		if (open_shard(shards, number, 0) < 0 || follow_file(shards, number) < 0)
			return false;
	}
	if (!shard_has(shard, key) || open_shard(shards, number, 0) < 0)
		return false;
	return shard_read(shard, shards->fds[number], key, &shards->buffer, page);
}

void shards_add(struct shards *shards, const struct page *page)
{
	size_t offset = shards->added_bytes.size;

	page_put(&shards->added_bytes, page);
	shards->added = mem_grow(shards->added, shards->count, &shards->capacity, sizeof *shards->added);
	shards->added[shards->count++] = (struct shards_added){
		.key = page->key,
		.offset = offset,
		.size = shards->added_bytes.size - offset,
	};
}

size_t shards_waiting(const struct shards *shards)
{
	return shards->added_bytes.size;
}

/* Gathers the pages of a list that the shard does not have. */
static void gather_pages(struct shards *shards, size_t number, const struct shards_added *list, size_t count)
{
	struct shard *shard = &shards->list[number];
	uint64_t start = shard->end;
	size_t i;

	bytes_clear(&shards->buffer);
	for (i = 0; i < count; i++) {
		if (shard_has(shard, list[i].key))
			continue;
		/* Entered before it is written: with one key, one page. */
		shard_enter(shard, list[i].key, start + shards->buffer.size);
		bytes_append(&shards->buffer, shards->added_bytes.data + list[i].offset, list[i].size);
	}
}

/* Appends pages to the shard of this number, which is locked. -1 with errno. */
static int append_pages(struct shards *shards, size_t number, const struct shards_added *list, size_t count)
{
	struct shard *shard = &shards->list[number];
	int fd = shards->fds[number];
	off_t size = follow_file(shards, number);

	if (size < 0)
		return -1;
	/* The beginning of a page, or damage, after which nothing was whole. */
	if ((uint64_t)size > shard->end && ftruncate(fd, (off_t)shard->end) < 0)
		return -1;
	gather_pages(shards, number, list, count);
	if (!shards->buffer.size)
		return 0;
	if (fault_at("memo_write") || file_write_at(fd, shard->end, bytes_slice(&shards->buffer)) < 0) {
		int error = errno;

		(void)!ftruncate(fd, (off_t)shard->end);
		shard_release(shard);
		shards->loaded[number] = false;
		errno = error;
		return -1;
	}
	shard->end += shards->buffer.size;
	return 0;
}

/* Locks a shard and appends pages to it. Returns 1, 0 if another run has it locked, -1 with errno. */
static int write_shard(struct shards *shards, size_t number, const struct shards_added *list, size_t count)
{
	int fd = open_shard(shards, number, O_CREAT), appended, error;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
	shards->loaded[number] = true;
	appended = append_pages(shards, number, list, count);
	error = errno;
	flock(fd, LOCK_UN);
	errno = error;
	return appended < 0 ? -1 : 1;
}

static int compare_shards(const void *a, const void *b)
{
	const struct shards_added *left = a, *right = b;
	size_t x = shard_number(left->key), y = shard_number(right->key);

	if (x != y)
		return x < y ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Keeps a page that could not be written yet, among the first of which count are kept. */
static void keep_added(struct shards *shards, const struct shards_added *page, size_t *count, struct bytes *kept)
{
	struct shards_added moved = {.key = page->key, .offset = kept->size, .size = page->size};

	bytes_append(kept, shards->added_bytes.data + page->offset, page->size);
	shards->added[(*count)++] = moved;
}

int shards_flush(struct shards *shards, struct error *error)
{
	struct bytes kept = {.data = NULL};
	size_t first, end, count = 0;
	int written = 1;

	if (!shards->count)
		return 0;
	qsort(shards->added, shards->count, sizeof *shards->added, compare_shards);
	for (first = 0; first < shards->count && written >= 0; first = end) {
		size_t number = shard_number(shards->added[first].key);

		for (end = first + 1; end < shards->count && shard_number(shards->added[end].key) == number;)
			end++;
		written = write_shard(shards, number, shards->added + first, end - first);
		for (; written == 0 && first < end; first++)
			keep_added(shards, &shards->added[first], &count, &kept);
	}
	if (written < 0)
		error_set_errno(error, errno, "--memo: cannot write to %s", shards->name);
	shards->count = count;
	bytes_release(&shards->added_bytes);
	shards->added_bytes = kept;
	return written < 0 ? -1 : 0;
}

int shards_finish(struct shards *shards, struct error *error)
{
	const struct timespec time = {.tv_nsec = TRY_NSEC};
	int tries, flushed = shards_flush(shards, error);

	for (tries = 0; tries < TRIES && flushed == 0 && shards->count; tries++) {
		nanosleep(&time, NULL);
		flushed = shards_flush(shards, error);
	}
	return flushed;
}

void shards_close(struct shards *shards)
{
	size_t i;

	if (!shards)
		return;
	for (i = 0; i < SHARDS; i++) {
		close_shard(shards, i);
		shard_release(&shards->list[i]);
	}
	close(shards->folder);
	free(shards->added);
	bytes_release(&shards->added_bytes);
	bytes_release(&shards->buffer);
	free(shards);
}
