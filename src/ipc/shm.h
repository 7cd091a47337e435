/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared memory without a name: an object that lives as long as a process has it open or mapped. And the opposite,
 * memory that not even a forked child gets.
 */
#ifndef IPC_SHM_H
#define IPC_SHM_H

#include "base/bytes.h"
#include "base/dialect.h"

/* A mapped object. Pages cost memory from the first touch on. */
struct shm {
	int fd;
	char *base;
	size_t size;
};

/* A new object of zeroes. 0, or -1 with errno; *shm can be released either way. */
int shm_create(struct shm *shm, const char *name, size_t size) MUST_CHECK;

/*
 * The same in an unlinked file in a directory, so that the system can write it out when memory is short. Its size
 * counts against the disk's.
 */
int shm_create_file(struct shm *shm, const char *directory, size_t size) MUST_CHECK;

/* Maps an object that another process made; takes over fd. 0, or -1 with errno; *shm can be released either way. */
int shm_attach(struct shm *shm, int fd) MUST_CHECK;

/* Appends all that an object holds, for one that is read once: mapping it would cost more. 0, or -1 with errno. */
int shm_read(int fd, struct bytes *bytes) MUST_CHECK;

/* Makes the object larger (never smaller); base may move. 0, or -1 with errno. */
int shm_grow(struct shm *shm, size_t size) MUST_CHECK;

/* In a process that did not grow it: maps again when the object is known to reach at least size. 0, or -1. */
int shm_follow(struct shm *shm, size_t size) MUST_CHECK;

/* Gives the pages wholly within the range back to the system; they read as zeroes. */
void shm_discard(struct shm *shm, size_t offset, size_t size);

void shm_release(struct shm *shm);

/*
 * count zeroed elements that are this process's alone. For what is large: a fork need not copy it, nor this process
 * copy each page again that it writes after a fork. Never NULL. Released with the same sizes.
 */
void *shm_new_unshared(size_t count, size_t size);
void shm_free_unshared(void *memory, size_t count, size_t size);

#endif
