/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that the tasks of a run share (--shared): bytes, zeroed, of a fixed size.
 *
 * It is a memory file without a name, which this process has open as long as the run lasts: tasks open it by
 * /proc/PID/fd/FD. So it is gone with this process, however that ends, once no task has it open or mapped. Its size is
 * sealed: no task can take the memory from under another.
 */
#ifndef STATE_SHARED_H
#define STATE_SHARED_H

#include "base/dialect.h"
#include "base/error.h"

enum {
	/* Memories of a run, at most, and bytes of a name. */
	SHARED_MAX = 16,
	SHARED_NAME_MAX = 128,
	/* Bytes of a memory's variables besides its name, at most. */
	SHARED_VARIABLES_SIZE = 160,
};

/* What a run shares. Strings are the caller's. */
struct shared_options {
	size_t count;
	struct shared_segment {
		/* NAME=SIZE, NAME=TYPE or NAME=TYPE*N. */
		const char *text;
		size_t name_size;
		/* Bytes. */
		uint64_t size;
	} list[SHARED_MAX];
};

/* The memory. All zero before shared_open. */
struct shared {
	size_t count;
	int fds[SHARED_MAX];
};

/* Adds what the option's value asks for. -1 with the error. */
int shared_add(struct shared_options *options, const char *text, struct error *error) MUST_CHECK;

/* Creates the memory. -1 with the error, a usage error where there is less memory than that. */
int shared_open(struct shared *shared, const struct shared_options *options, struct error *error) MUST_CHECK;

/* Closes it: it remains as long as a task has it open or mapped. */
void shared_close(struct shared *shared);

/*
 * Returns the variables (NAME=VALUE) by which tasks find it, two for each: where it is, and of what type. The texts and
 * their list are the caller's (free).
 */
char **shared_variables(const struct shared *shared, const struct shared_options *options, uint32_t *count);

#endif
