/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From results to bytes: output formats, and the words for what came of a task. */
#ifndef CODEC_OUTPUT_H
#define CODEC_OUTPUT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "codec/base64.h"

/* Where formatted bytes go, and how far a format is; embedded in its owner, who sets the first two. */
struct output_target {
	void (*put)(struct output_target *target, enum stream stream, struct slice bytes);
	/* What the names of workers begin with, before their number. */
	const char *worker_prefix;
	/* Something has been put since the beginning. */
	bool begun;
	/* Both streams go to one place. */
	bool is_shared;
	/* Of the task at hand: for each stream, whether its last line has not ended. */
	bool within_line[STREAM_ERRORS + 1];
	/* The stream whose text is being put (0: none yet), and which of them are text (as order_sink's begin says). */
	unsigned current;
	unsigned text;
	struct base64 base64;
	struct bytes scratch;
};

struct output_format {
	const char *name;
	/* Tasks go out whole, as order_options has it. */
	bool is_whole;
	/* Nothing that tasks write is of interest. */
	bool is_silent;
	/* The beginning and the end of the run; may be NULL. */
	void (*open)(struct output_target *target);
	void (*close)(struct output_target *target);
	/* A task begins that goes out whole; may be NULL. */
	void (*begin)(struct output_target *target, const struct result *result, const char *label, unsigned text);
	/* A piece of a task's output, in its turn. */
	void (*data)(struct output_target *target, const char *label, enum stream stream, struct slice bytes);
	/* The end of a task. */
	void (*result)(struct output_target *target, const struct result *result);
};

/* What can be asked for by name. Ends with NULL; the first is the default. */
extern const struct output_format *const output_formats[];
/* What tasks wrote, byte for byte. */
extern const struct output_format output_text;
/* The same by lines, each with the label in front; a last line without its newline gets one. */
extern const struct output_format output_lines;
/* A result object on each line; one array of them. */
extern const struct output_format output_json_lines;
extern const struct output_format output_json;
/* Nothing. */
extern const struct output_format output_none;

/* The format of that name, or NULL. */
const struct output_format *output_find(const char *name);

/* Appends the label of a task for the JSON formats: its id (JSON; empty: none) and the words of its command (NULL: it
 * has none). */
void output_json_label(struct bytes *out, struct slice id, char *const *words);

/* Appends the fields of a result object, without braces and without what the task wrote. */
void output_json_fields(struct bytes *out, const struct result *result, const char *label, const char *worker_prefix);

/* Appends what came of a task, for people: "exit status 2", "killed by SIGKILL", "lost: ..." . */
void output_describe(const struct result *result, struct bytes *out);

/* Appends why, where there is more to say than its outcome, status and signal do: as in output_describe. */
void output_explain(const struct result *result, struct bytes *out);

#endif
