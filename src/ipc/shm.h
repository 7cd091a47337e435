/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared memory without a name, which exists as long as a process has it open or mapped; and memory that is not copied
 * to forked children.
 *
 * It is a memory file (memfd), or, where files may not be that large (RLIMIT_FSIZE), a System V segment. The descriptor
 * of a segment is an empty file whose position is the segment's number plus one: by it other processes attach the
 * segment. A segment does not grow, so one that shall is made large; pages take memory when they are first used.
 */
#ifndef IPC_SHM_H
#define IPC_SHM_H

#include "base/bytes.h"
#include "base/dialect.h"

/* A mapped object. Its pages take memory when they are first used. */
struct shm {
	int fd;
	char *base;
	size_t size;
};

/* Creates a zeroed object. Returns 0, or -1 with errno; *shm must be released in both cases. */
int shm_create(struct shm *shm, const char *name, size_t size) MUST_CHECK;

/* The same for an object that other programs have open, too: none of them can change its size. */
int shm_create_sealed(struct shm *shm, const char *name, size_t size) MUST_CHECK;

/* Like shm_create for an object that will grow. Its size may be more than was asked for. */
int shm_create_growing(struct shm *shm, const char *name, size_t size) MUST_CHECK;

/*
 * Creates such an object in a file without a name in a directory, which the system can write to disk when memory is
 * short. Reserves disk space for all of it.
 */
int shm_create_file(struct shm *shm, const char *directory, size_t size) MUST_CHECK;

/* Maps an object of another process and takes ownership of fd. Returns 0 or -1 like shm_create. */
int shm_attach(struct shm *shm, int fd) MUST_CHECK;

/* Appends the contents of an object, at less cost than mapping it once. Returns 0, or -1 with errno. */
int shm_read(int fd, struct bytes *bytes) MUST_CHECK;

/* Enlarges the object, if size is more; base may move. Returns 0, or -1 with errno. */
int shm_grow(struct shm *shm, size_t size) MUST_CHECK;

/* Maps the growth by another process to at least size; base may move. Returns 0, or -1 with errno, EPROTO if smaller.
 */
int shm_follow(struct shm *shm, size_t size) MUST_CHECK;

/* Returns the pages that are wholly in the range to the system; they read as zeroes. */
void shm_discard(struct shm *shm, size_t offset, size_t size);

/* Unmaps the object and leaves it open. */
void shm_unmap(struct shm *shm);

/* Unmaps and closes the object. */
void shm_release(struct shm *shm);

/*
 * Returns count zeroed elements that forked children do not get, never NULL; freed by shm_free_unshared with the same
 * sizes. For large tables: a fork does not copy them, and the pages written after a fork are not copied either.
 */
void *shm_new_unshared(size_t count, size_t size);
void shm_free_unshared(void *memory, size_t count, size_t size);

/*
 * Returns a page that begins with a 1, never NULL; a forked child finds a 0 there: so it knows what it is. It
 * is kept until the process ends.
 */
const volatile char *shm_new_mark(void);

#endif
