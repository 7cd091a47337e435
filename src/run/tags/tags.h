/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tags before the lines of tasks. A task's output has its tag as its label in the order, which is set with the
 * first of it. Where tags show times, each line has a tag of its own, which is put before it as it comes.
 */
#ifndef RUN_TAGS_H
#define RUN_TAGS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "board/message.h"
#include "codec/output.h"
#include "task/task.h"

struct session;

/* All zero at first. */
struct tags {
	/* The last task that wrote in each slot, and whether it is within a line. */
	struct tags_writer {
		uint64_t index;
		uint32_t attempt;
		struct output_state lines;
	} * writers;
	size_t count;
	/* The tagged lines. */
	struct bytes bytes;
};

/* Returns the tag of a task's lines, now, with its tab: a new string (free). */
char *tags_label(struct session *session, const struct task *task, uint32_t slot);

/*
 * Tags a piece of a task's output: replaces *bytes by tagged lines, valid until the next call, or has the order put the
 * tag before them. -1 if no such attempt is out.
 */
int tags_apply(struct session *session, const struct output_header *header, uint32_t slot, struct slice *bytes);

void tags_release(struct tags *tags);

#endif
