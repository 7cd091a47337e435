/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc/shm and board/arena: memory that is shared, grows, is returned to the system, and is counted. */
#include "unit.h"

#include "ipc/fd.h"
#include "ipc/shm.h"
#include "board/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* Maps an object a second time, as another process would. */
static void attach_copy(struct shm *copy, const struct shm *shm)
{
	check_int(shm_attach(copy, fcntl(shm->fd, F_DUPFD_CLOEXEC, 3)), 0);
}

/* Returns the bytes of the object that are in memory. */
static int64_t bytes_of(const struct shm *shm)
{
	struct stat status;

	return fstat(shm->fd, &status) < 0 ? -1 : (int64_t)status.st_blocks * 512;
}

static void test_share(void)
{
	struct shm shm, other;
	size_t before = unit_count_fds();

	check_int(shm_create(&shm, "unit", 10000), 0);
	check_int(shm.size, 10000);
	check_int(fcntl(shm.fd, F_GETFD), FD_CLOEXEC);
	check(shm.base[0] == 0 && shm.base[9999] == 0);
	attach_copy(&other, &shm);
	check_int(other.size, 10000);
	shm.base[9999] = 'x';
	check_int(other.base[9999], 'x');
	if (fork() == 0) {
		other.base[5000] = 'y';
		_exit(0);
	}
	unit_wait(-1);
	check_int(shm.base[5000], 'y');
	shm_release(&shm);
	check_int(other.base[5000], 'y');
	shm_release(&other);
	shm_release(&other);
	check_int(unit_count_fds(), before);
}

/* No process can take away what another has mapped. */
static void test_sealed(void)
{
	struct shm shm;

	check_int(shm_create_sealed(&shm, "unit", 8), 0);
	check_int(shm.size, 8);
	check_fails(ftruncate(shm.fd, 0), EPERM);
	check_fails(ftruncate(shm.fd, 16), EPERM);
	check_int(pwrite(shm.fd, "12345678", 8, 0), 8);
	check_int(shm.base[7], '8');
	shm_release(&shm);
}

static void test_grow(void)
{
	struct shm shm, other;
	size_t size;

	check_int(shm_create(&shm, "unit", PAGE), 0);
	attach_copy(&other, &shm);
	memset(shm.base, 'a', PAGE);
	for (size = PAGE; size <= 1024 * PAGE; size *= 2) {
		check_int(shm_grow(&shm, size), 0);
		check(shm.size == size);
		shm.base[size - 1] = 'b';
		check_int(shm_follow(&other, size), 0);
		check_int(other.base[size - 1], 'b');
		check_int(other.base[PAGE - 2], 'a');
	}
	check_int(shm_grow(&shm, PAGE), 0);
	check_int(shm.size, 1024 * PAGE);
	check_int(shm_follow(&other, 10), 0);
	check_fails(shm_follow(&other, 1025 * PAGE), EPROTO);
	check_int(other.size, 1024 * PAGE);
	shm_release(&shm);
	shm_release(&other);
}

static void test_refusals(void)
{
	struct shm shm;
	int ends[2] = {-1, -1};

	check_fails(shm_attach(&shm, -1), EBADF);
	shm_release(&shm);
	check_fails(shm_attach(&shm, memfd_create("empty", MFD_CLOEXEC)), EINVAL);
	shm_release(&shm);
	check_int(fd_pipe(ends), 0);
	check_int(shm_attach(&shm, ends[0]), -1);
	shm_release(&shm);
	fd_close(&ends[1]);
	check_int(shm_create(&shm, "unit", SIZE_MAX / 2), -1);
	shm_release(&shm);
	check_int(shm_create(&shm, "unit", PAGE), 0);
	check_int(shm_grow(&shm, SIZE_MAX / 2), -1);
	shm.base[PAGE - 1] = 'x';
	shm_release(&shm);
}

/* Sets the size that files may have. Returns the size before. */
static rlim_t limit_files(rlim_t size)
{
	struct rlimit limit;
	rlim_t before;

	check_int(getrlimit(RLIMIT_FSIZE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = size;
	check_int(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return before;
}

/* Where files may not be that large, memory is shared all the same, grows, and is gone with its last user. */
static void test_segment(void)
{
	size_t before = unit_count_fds();
	rlim_t limit = limit_files(100);
	struct shm shm, other, read;
	struct bytes bytes = {.data = NULL};
	struct shmid_ds status;
	int number;

	check_int(shm_create(&read, "unit", 10000), 0);
	check_int(read.size, 10000);
	memset(read.base, 'r', 10000);
	check_int(shm_read(read.fd, &bytes), 0);
	check_int(bytes.size, 10000);
	check(bytes.data && bytes.data[9999] == 'r');
	check_int(shm_create_growing(&shm, "unit", PAGE), 0);
	check_int(fcntl(shm.fd, F_GETFD), FD_CLOEXEC);
	number = (int)lseek(shm.fd, 0, SEEK_CUR) - 1;
	attach_copy(&other, &shm);
	check_int(shm_grow(&shm, 5000 * PAGE), 0);
	check_int(shm.base[5000 * PAGE - 1], 0);
	shm.base[5000 * PAGE - 1] = 'x';
	check_int(shm_follow(&other, 5000 * PAGE), 0);
	check_int(other.base[5000 * PAGE - 1], 'x');
	shm_discard(&shm, 4990 * PAGE, 10 * PAGE);
	check_int(other.base[5000 * PAGE - 1], 0);
	shm_release(&shm);
	other.base[0] = 'y';
	check_int(shmctl(number, IPC_STAT, &status), 0);
	shm_release(&other);
	check_int(shmctl(number, IPC_STAT, &status), -1);
	shm_release(&read);
	bytes_release(&bytes);
	check_int(unit_count_fds(), before);
	limit_files(limit);
}

static void test_discard(void)
{
	struct shm shm;
	size_t i, zeroes = 0;

	check_int(shm_create(&shm, "unit", 16 * PAGE), 0);
	memset(shm.base, 'a', 16 * PAGE);
	check_int(bytes_of(&shm), 16 * PAGE);
	shm_discard(&shm, 4 * PAGE, 4 * PAGE);
	check_int(bytes_of(&shm), 12 * PAGE);
	/* Only pages wholly in the range: one here, none there. */
	shm_discard(&shm, 10 * PAGE + 1, 2 * PAGE);
	shm_discard(&shm, 13 * PAGE, PAGE - 1);
	shm_discard(&shm, 14 * PAGE + 10, 20);
	check_int(bytes_of(&shm), 11 * PAGE);
	for (i = 0; i < 16 * PAGE; i++) {
		bool gone = (i >= 4 * PAGE && i < 8 * PAGE) || (i >= 11 * PAGE && i < 12 * PAGE);

		zeroes += shm.base[i] == 0;
		if (!check_int(shm.base[i], gone ? 0 : 'a'))
			break;
	}
	check_int(zeroes, 5 * PAGE);
	shm_release(&shm);
}

static void test_arena(void)
{
	struct arena arena;
	struct unit_random random = unit_random();
	uint32_t model[100] = {0};
	size_t used = 0, block, lowest, i;
	int round;

	check_int(arena_init(&arena), 0);
	for (round = 0; round < 20000; round++) {
		block = unit_below(&random, countof(model));
		if (used < countof(model) && unit_below(&random, 3) == 0) {
			for (lowest = 0; model[lowest]; lowest++)
				;
			check_int(arena_take(&arena), lowest);
			model[lowest] = 1;
			used++;
			arena_block(&arena, lowest)[ARENA_BLOCK_SIZE - 1] = 'x';
		} else if (model[block] && unit_below(&random, 2)) {
			arena_hold(&arena, block);
			model[block]++;
		} else if (model[block]) {
			arena_drop(&arena, block);
			used -= --model[block] == 0;
		}
		if (!check_int(arena_used(&arena), used))
			break;
	}
	for (i = 0; i < countof(model); i++) {
		while (model[i]--)
			arena_drop(&arena, i);
	}
	check_int(arena_used(&arena), 0);
	arena_release(&arena);
}

/* The bytes of a block do not move when blocks are added; free blocks at the end take no memory. */
static void test_arena_memory(void)
{
	struct arena arena;
	size_t i;

	check_int(arena_init(&arena), 0);
	for (i = 0; i < 40; i++) {
		check_int(arena_take(&arena), i);
		unit_fill(arena_block(&arena, i), ARENA_BLOCK_SIZE, i);
	}
	check_int(bytes_of(&arena.shm), 40 * ARENA_BLOCK_SIZE);
	for (i = 0; i < 40; i++) {
		char expected[64];

		unit_fill(expected, sizeof expected, i);
		check_slice(((struct slice){.data = arena_block(&arena, i), .size = 64}),
			    ((struct slice){.data = expected, .size = 64}));
	}
	arena_hold(&arena, 39);
	for (i = 40; i-- > 0;)
		arena_drop(&arena, i);
	/* The spare blocks and the one in use. */
	check(bytes_of(&arena.shm) <= 10 * ARENA_BLOCK_SIZE);
	check_int(arena_used(&arena), 1);
	arena_drop(&arena, 39);
	check(bytes_of(&arena.shm) <= 9 * ARENA_BLOCK_SIZE);
	check_int(arena_take(&arena), 0);
	arena_release(&arena);
}

/* A row of blocks becomes longer in its place, as far as the blocks after it are free. */
static void test_arena_extended(void)
{
	struct arena arena;
	size_t row;

	check_int(arena_init(&arena), 0);
	row = arena_take_run(&arena, 2);
	check_int(row, 0);
	arena_block(&arena, row)[2 * ARENA_BLOCK_SIZE - 1] = 'x';
	check(arena_extend_run(&arena, row, 5));
	check_int(arena_used(&arena), 5);
	check_int(arena_block(&arena, row)[2 * ARENA_BLOCK_SIZE - 1], 'x');
	check_int(arena_take(&arena), 5);
	check(!arena_extend_run(&arena, row, 6));
	check_int(arena_used(&arena), 6);
	arena_drop(&arena, 5);
	check(arena_extend_run(&arena, row, 100));
	arena_block(&arena, row)[100 * ARENA_BLOCK_SIZE - 1] = 'y';
	check_int(arena_take(&arena), 100);
	arena_drop(&arena, row);
	check_int(arena_used(&arena), 1);
	check_int(arena_take_run(&arena, 100), row);
	arena_release(&arena);
}

/* The contents are appended, each time they are read. */
static void test_read(void)
{
	struct bytes bytes = {.data = NULL};
	struct shm shm;
	int ends[2] = {-1, -1};

	check_int(shm_create(&shm, "unit", 3), 0);
	memcpy(shm.base, "abc", 3);
	check_int(shm_read(shm.fd, &bytes), 0);
	check_int(shm_read(shm.fd, &bytes), 0);
	check_slice(bytes_slice(&bytes), slice_of("abcabc"));
	check_int(fd_pipe(ends), 0);
	check_fails(shm_read(ends[0], &bytes), ESPIPE);
	check_fails(shm_read(-1, &bytes), EBADF);
	check_slice(bytes_slice(&bytes), slice_of("abcabc"));
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	bytes_release(&bytes);
	shm_release(&shm);
}

/* A forked child does not have it; a child that shares all memory until it executes has. */
static void test_unshared(void)
{
	char *memory = shm_new_unshared(3, 5000);
	size_t i;
	pid_t pid;

	for (i = 0; i < 15000; i++)
		check(memory[i] == 0);
	memset(memory, 1, 15000);
	pid = fork();
	if (pid == 0) {
		unsigned char there;

		_exit(mincore(memory, 1, &there) == 0 || errno != ENOMEM);
	}
	check_int(unit_wait(pid), 0);
	check_int(memory[14999], 1);
	shm_free_unshared(memory, 3, 5000);
	shm_free_unshared(NULL, 3, 5000);
}

const struct unit_test unit_shm[] = {
	{"two mappings share their bytes", .run = test_share},
	{"an object that nobody can shrink", .run = test_sealed},
	{"growth, and mapping the growth by another process", .run = test_grow},
	{"objects and sizes that are refused", .run = test_refusals},
	{"where files may not be large, a segment takes their place", .run = test_segment},
	{"reading without mapping", .run = test_read},
	{"memory that a child does not get", .run = test_unshared},
	{"pages are returned to the system", .run = test_discard},
	{"an arena against a model", .run = test_arena},
	{"the memory that an arena takes", .run = test_arena_memory},
	{"a row of blocks is extended", .run = test_arena_extended},
	{.name = NULL},
};
