/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment of a task whose frame changes it. */
#ifndef TASK_FRAME_ENVIRONMENT_H
#define TASK_FRAME_ENVIRONMENT_H

#include "base/dialect.h"
#include "base/slice.h"

/* Memory for such an environment; all zero before its first use. */
struct frame_environment {
	char **variables;
	size_t capacity;
};

/*
 * Returns an environment (NULL-terminated) with the changes of a frame, valid until the next call; its strings are
 * views of both. *path becomes the value of PATH if that is changed, NULL if it is removed.
 */
char **frame_environment_make(struct frame_environment *environment, char *const *from, struct slice frame,
			      const char **path);

void frame_environment_release(struct frame_environment *environment);

#endif
