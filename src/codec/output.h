/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From results to bytes: output formats, and the words for what came of a task. */
#ifndef CODEC_OUTPUT_H
#define CODEC_OUTPUT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "work/task.h"

/* Where formatted bytes go; embedded in its owner. */
struct output_target {
	void (*put)(struct output_target *target, enum stream stream, struct slice bytes);
};

struct output_format {
	const char *name;
	/* A piece of a task's output, in its turn. */
	void (*data)(struct output_target *target, uint64_t index, enum stream stream, struct slice bytes);
	/* The end of a task. */
	void (*result)(struct output_target *target, const struct result *result);
};

/* Ends with NULL; the first is the default. */
extern const struct output_format *const output_formats[];
/* What tasks wrote, byte for byte. */
extern const struct output_format output_text;

/* Appends what came of a task, for people: "exit status 2", "killed by SIGKILL", "lost: ..." . */
void output_describe(const struct result *result, struct bytes *out);

#endif
