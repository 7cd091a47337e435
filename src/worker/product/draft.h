/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file that a task's standard output goes to (--each-out), as its worker makes it.
 *
 *   the task                        | the file
 *   --------------------------------+--------------------------------------------------------------------------
 *   is about to start               | is made under another name in its folder, which is made, too
 *   has ended well                  | gets its name, in place of an earlier file
 *   has failed, or never started    | is removed
 *   runs when its worker is killed  | is removed by the parent (run/product/products.h)
 */
#ifndef WORKER_PRODUCT_DRAFT_H
#define WORKER_PRODUCT_DRAFT_H

#include "base/dialect.h"
#include "task/task.h"
#include "worker/workplace.h"

struct draft {
	/* The file, -1 if there is none. */
	int fd;
	/* Its name for now, and the one that it is to get. */
	char *path;
	char *name;
};

/* Makes the file of a task, if the run has files. Returns -1 with errno. */
int draft_open(struct draft *draft, struct workplace *place, const struct task *task) MUST_CHECK;

/* Gives the file its name; *size is set to its bytes. Returns -1 with errno, and the file is gone. */
int draft_publish(struct draft *draft, const struct workplace *place, uint64_t *size) MUST_CHECK;

/* Removes the file, if there is one. Keeps errno. */
void draft_discard(struct draft *draft);

#endif
