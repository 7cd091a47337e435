/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory on memfd or in System V segments, and memory that is not shared. */
#include "ipc/shm.h"

#include "base/fatal.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a segment that is to grow, at most. */
#define SEGMENT_SIZE (SIZE_MAX > UINT32_MAX ? (size_t)1 << 30 : (size_t)1 << 26)

/* Maps the object, or changes the size of its mapping. Returns 0, or -1 with errno. */
static int shm_map(struct shm *shm, size_t size)
{
	void *base = shm->base ? mremap(shm->base, shm->size, size, MREMAP_MAYMOVE)
			       : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shm->fd, 0);

	if (base == MAP_FAILED)
		return -1;
	shm->base = base;
	shm->size = size;
	return 0;
}

/* Attaches a segment. Returns 0, or -1 with errno. */
static int attach_segment(struct shm *shm, int number)
{
	struct shmid_ds status;
	void *base;

	if (shmctl(number, IPC_STAT, &status) < 0)
		return -1;
	base = shmat(number, NULL, 0);
	if (base == (void *)-1)
		return -1;
	shm->base = base;
	shm->size = status.shm_segsz;
	return 0;
}

/* Creates a segment of at least size bytes, and of most where that is possible. Returns 0, or -1 with errno. */
static int create_segment(struct shm *shm, size_t size, size_t most)
{
	int number = -1, attached = -1, saved;

	while (!fault_at("segment") && (number = shmget(IPC_PRIVATE, most, SHM_NORESERVE | 0600)) < 0 && most > size)
		most = most / 2 < size ? size : most / 2;
	if (number >= 0 && lseek(shm->fd, (off_t)number + 1, SEEK_SET) > 0)
		attached = attach_segment(shm, number);
	saved = errno;
	/* It exists until the last process has detached it. */
	if (number >= 0)
		shmctl(number, IPC_RMID, NULL);
	errno = saved;
	return attached;
}

/* True if this process may not have files of that size. */
static bool is_cramped(size_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < size;
}

/* Creates an object of size bytes that may grow to most. flags are memfd_create's. Returns 0, or -1 with errno. */
static int create_object(struct shm *shm, const char *name, size_t size, size_t most, unsigned flags)
{
	*shm = (struct shm){.fd = -1};
	if (fault_at("memfd"))
		return -1;
	shm->fd = memfd_create(name, MFD_CLOEXEC | flags);
	if (shm->fd < 0)
		return -1;
	/* Where there are no segments, a file may do for a while. */
	if (is_cramped(most) && create_segment(shm, size, most) == 0)
		return 0;
	return ftruncate(shm->fd, (off_t)size) < 0 ? -1 : shm_map(shm, size);
}

int shm_create(struct shm *shm, const char *name, size_t size)
{
	return create_object(shm, name, size, size, 0);
}

int shm_create_sealed(struct shm *shm, const char *name, size_t size)
{
	if (create_object(shm, name, size, size, MFD_ALLOW_SEALING) < 0)
		return -1;
	return fcntl(shm->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int shm_create_growing(struct shm *shm, const char *name, size_t size)
{
	return create_object(shm, name, size, size > SEGMENT_SIZE ? size : SEGMENT_SIZE, 0);
}

int shm_create_file(struct shm *shm, const char *directory, size_t size)
{
	int failed;

	*shm = (struct shm){.fd = file_open_nameless(directory)};
	if (shm->fd < 0)
		return -1;
	/* Reserved, since a page without disk space would end this process by SIGBUS. */
	failed = posix_fallocate(shm->fd, 0, (off_t)size);
	errno = failed;
	return failed ? -1 : shm_map(shm, size);
}

/* Returns the size of a memory file, or 0 with errno. */
static size_t shm_size_of(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return 0;
	if (status.st_size <= 0)
		errno = EINVAL;
	return status.st_size > 0 ? (size_t)status.st_size : 0;
}

int shm_attach(struct shm *shm, int fd)
{
	size_t size = shm_size_of(fd);
	off_t position = size ? 0 : lseek(fd, 0, SEEK_CUR);

	*shm = (struct shm){.fd = fd};
	if (position > 0 && position <= INT32_MAX)
		return attach_segment(shm, (int)position - 1);
	return size ? shm_map(shm, size) : -1;
}

int shm_read(int fd, struct bytes *bytes)
{
	size_t size = shm_size_of(fd);
	struct shm shm;

	if (!size) {
		/* A segment: the descriptor remains the caller's. */
		if (shm_attach(&shm, fd) < 0)
			return -1;
		bytes_append(bytes, shm.base, shm.size);
		shm.fd = -1;
		shm_release(&shm);
		return 0;
	}
	if (pread(fd, bytes_reserve(bytes, size), size, 0) != (ssize_t)size)
		return -1;
	bytes->size += size;
	return 0;
}

int shm_grow(struct shm *shm, size_t size)
{
	if (size <= shm->size)
		return 0;
	if (ftruncate(shm->fd, (off_t)size) < 0)
		return -1;
	return shm_map(shm, size);
}

int shm_follow(struct shm *shm, size_t size)
{
	size_t now;

	if (size <= shm->size)
		return 0;
	now = shm_size_of(shm->fd);
	if (now && now < size)
		errno = EPROTO;
	return now < size ? -1 : shm_map(shm, now);
}

void shm_discard(struct shm *shm, size_t offset, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), start = (offset + page - 1) / page * page,
	       end = (offset + size) / page * page;

	if (start < end)
		madvise(shm->base + start, end - start, MADV_REMOVE);
}

void shm_unmap(struct shm *shm)
{
	if (shm->base)
		munmap(shm->base, shm->size);
	shm->base = NULL;
}

void shm_release(struct shm *shm)
{
	shm_unmap(shm);
	fd_close(&shm->fd);
}

/* Maps zeroed memory of this process. */
static void *map_private(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fatal("out of memory (%zu bytes wanted)", size);
	return memory;
}

const volatile char *shm_new_mark(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = map_private(page);

	/* A kernel without this lets children find the 1. */
	madvise(memory, page, MADV_WIPEONFORK);
	*memory = 1;
	return memory;
}

void *shm_new_unshared(size_t count, size_t size)
{
	size_t all = size_multiply(count, size);
	void *memory = map_private(all);

	/* A kernel without this lets children inherit the memory, which they ignore. */
	madvise(memory, all, MADV_DONTFORK);
	return memory;
}

void shm_free_unshared(void *memory, size_t count, size_t size)
{
	if (memory)
		munmap(memory, size_multiply(count, size));
}
