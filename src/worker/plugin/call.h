/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records as a plugin sees them. */
#ifndef WORKER_PLUGIN_CALL_H
#define WORKER_PLUGIN_CALL_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "task/task.h"
#include "task/template.h"
#include "task/values.h"

#include <mpmap-plugin.h>

/* A record for a plugin, and the memory of its values; used again for the next. */
struct call {
	struct mpmap_record record;
	/* The record and its values, each with a NUL. */
	struct bytes text;
	struct values values;
	/* The lists that the record points to. */
	const char **list;
	size_t *sizes;
	const char **names;
	size_t capacity;
	/* The value of a record that is not divided. */
	const char *only;
	size_t only_size;
};

void call_open(struct call *call, uint32_t slot);

/* Sets call->record to a line, after which there is a NUL. */
static inline void call_set_line(struct call *call, uint64_t index, uint32_t attempt, struct slice line)
{
	struct mpmap_record *record = &call->record;

	record->seq = index + 1;
	record->attempt = attempt;
	record->data = call->only = line.data;
	record->size = call->only_size = line.size;
	record->value_count = 1;
	record->values = &call->only;
	record->value_sizes = &call->only_size;
	record->names = NULL;
}

/* Sets call->record to a task that is no line. Its bytes are copied: what a plugin does to them does no harm. */
void call_set(struct call *call, const struct task *task, const struct template *template);

void call_release(struct call *call);

#endif
