/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory on memfd. */
#include "ipc/shm.h"

#include "base/fault.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct shm *shm, size_t size)
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
	return map(shm, size);
}

int shm_create_file(struct shm *shm, const char *directory, size_t size)
{
	int failed;

	*shm = (struct shm){.fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
	if (shm->fd < 0)
		return -1;
	/* Room is made sure of: a page that cannot be written would end this process. */
	failed = posix_fallocate(shm->fd, 0, (off_t)size);
	errno = failed;
	return failed ? -1 : map(shm, size);
}

int shm_attach(struct shm *shm, int fd)
{
	struct stat status;

	*shm = (struct shm){.fd = fd};
	if (fstat(fd, &status) < 0)
		return -1;
	if (status.st_size <= 0) {
		errno = EINVAL;
		return -1;
	}
	return map(shm, (size_t)status.st_size);
}

int shm_grow(struct shm *shm, size_t size)
{
	if (size <= shm->size)
		return 0;
	if (ftruncate(shm->fd, (off_t)size) < 0)
		return -1;
	return map(shm, size);
}

int shm_follow(struct shm *shm, size_t size)
{
	struct stat status;

	if (size <= shm->size)
		return 0;
	if (fstat(shm->fd, &status) < 0)
		return -1;
	if ((uint64_t)status.st_size < size) {
		errno = EPROTO;
		return -1;
	}
	return map(shm, (size_t)status.st_size);
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
