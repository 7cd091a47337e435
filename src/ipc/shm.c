/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory on memfd, and memory that is not shared. */
#include "ipc/shm.h"

#include "base/fatal.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

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

int shm_create(struct shm *shm, const char *name, size_t size)
{
	*shm = (struct shm){.fd = -1};
	if (fault_at("memfd"))
		return -1;
	shm->fd = memfd_create(name, MFD_CLOEXEC);
	if (shm->fd < 0 || ftruncate(shm->fd, (off_t)size) < 0)
		return -1;
	return shm_map(shm, size);
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

/* Returns the size of an object, or 0 with errno. Moves its file position, which has no other use. */
static size_t shm_size_of(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size == 0)
		errno = EINVAL;
	return size > 0 ? (size_t)size : 0;
}

int shm_attach(struct shm *shm, int fd)
{
	size_t size = shm_size_of(fd);

	*shm = (struct shm){.fd = fd};
	return size ? shm_map(shm, size) : -1;
}

int shm_read(int fd, struct bytes *bytes)
{
	size_t size = shm_size_of(fd);

	if (!size || pread(fd, bytes_reserve(bytes, size), size, 0) != (ssize_t)size)
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

void shm_release(struct shm *shm)
{
	if (shm->base)
		munmap(shm->base, shm->size);
	shm->base = NULL;
	fd_close(&shm->fd);
}

void *shm_new_unshared(size_t count, size_t size)
{
	size_t all = size_multiply(count, size);
	void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fatal("out of memory (%zu bytes wanted)", all);
	/* A kernel without this lets children inherit the memory, which they ignore. */
	madvise(memory, all, MADV_DONTFORK);
	return memory;
}

void shm_free_unshared(void *memory, size_t count, size_t size)
{
	if (memory)
		munmap(memory, size_multiply(count, size));
}
