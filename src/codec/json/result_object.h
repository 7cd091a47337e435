/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading result objects, as --log and -o jsonl write them. */
#ifndef CODEC_JSON_RESULT_OBJECT_H
#define CODEC_JSON_RESULT_OBJECT_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"

/* What an object says of a task. Keys that are missing, or null, leave 0 or an empty text. */
struct result_object {
	uint64_t seq;
	uint64_t slot;
	uint64_t attempts;
	enum outcome outcome;
	/* UTC. */
	nsec start;
	nsec duration;
	/* Below 0 if they are unknown. */
	nsec user_time;
	nsec system_time;
	/* Bytes. */
	uint64_t max_rss;
	/* The command line as a shell reads it, else the values; how it ended; its standard error. Owned. */
	struct bytes text;
	struct bytes ending;
	struct bytes errors;
};

/* Reads an object. -1 if the line is not the result of a task; result_object_release in any case. */
int result_object_read(struct result_object *object, struct slice line) MUST_CHECK;

void result_object_release(struct result_object *object);

#endif
