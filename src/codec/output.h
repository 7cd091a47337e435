/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Output formats: bytes of tasks in, bytes of the run's output out. A format appends to a buffer; it writes nowhere.
 *
 *   of a run:       open  (task)*  close
 *   task:           (data)* end for each stream             in any order of streams, piece by piece
 *   task, is_whole: join  begin  (data)*  end for STREAM_OUTPUT  all of standard output, of standard error, the value
 *
 * What a format that is_whole appends is for standard output; otherwise it is for the stream of the call.
 */
#ifndef CODEC_OUTPUT_H
#define CODEC_OUTPUT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "base/base64.h"

/*
 * The state of a format between calls. The caller sets the first four fields, and 0 for the others; it ends with
 * output_release.
 */
struct output_state {
	/* The prefix of the names of workers, before their number. */
	const char *worker_prefix;
	/* Both streams are written to one file. */
	bool is_shared;
	/* For tables: the names of the columns that labels fill, each a cell after a comma; and their number. */
	const char *columns;
	size_t column_count;
	/* A task was begun before. */
	bool begun;
	/* For each stream: the last line of the current task has no end yet. */
	bool within_line[STREAM_ERRORS + 1];
	/* The stream that is being formatted; 0 before the first. */
	unsigned current;
	/* The streams of the current task that are UTF-8: bits 1 << stream. */
	unsigned text;
	/* The value of the current task, as far as it has come; in a table its output, while that is one line. */
	struct bytes value;
	/* In a table: the row of the current task without its output. Standard error may be written before it. */
	struct bytes row;
	/* In a table: newlines in the current task's standard output, 2 if anything follows the first. */
	unsigned lines;
	/* True if the rest of the current task's output has been lost. */
	bool is_lost;
	struct base64 base64;
};

/* Each function appends to out. NULL: appends nothing, but for data. */
struct output_format {
	const char *name;
	/* Tasks are written as a whole: as in struct order_options. */
	bool is_whole;
	/* Its labels are cells, and standard error of tasks goes where it goes without a format. */
	bool is_table;
	/* Values of functions are in the output by themselves, apart from what is written. */
	bool has_values;
	/* Output of tasks is dropped. */
	bool is_silent;
	/* The beginning and the end of the run. */
	void (*open)(struct output_state *state, struct bytes *out);
	void (*close)(struct output_state *state, struct bytes *out);
	/* What is between tasks, and before the first: before each begin. */
	void (*join)(struct output_state *state, struct bytes *out);
	/*
	 * The beginning of a task's output, given again with another index. Returns how many bytes of the old one that
	 * replaces. NULL if the index is not in the output.
	 */
	size_t (*renumber)(struct slice task, uint64_t index, struct bytes *out);
	/* The beginning of a task; text as in struct order_sink. */
	void (*begin)(struct output_state *state, const struct result *result, const char *label, unsigned text,
		      struct bytes *out);
	/* A piece of a task's output. NULL: it is written as it is. */
	void (*data)(struct output_state *state, const char *label, enum stream stream, struct slice bytes,
		     struct bytes *out);
	/* The end of a task's stream. */
	void (*end)(struct output_state *state, enum stream stream, struct bytes *out);
};

/* The formats that have a name for users. Ends with NULL; the first is the default. */
extern const struct output_format *const output_formats[];
/* Output of tasks, byte for byte. */
extern const struct output_format output_text;
/* The same by lines, each after the label; a last line without its newline gets one. */
extern const struct output_format output_lines;
/* A result object on each line; an array of them. */
extern const struct output_format output_json_lines;
extern const struct output_format output_json;
/* A table: a line for each task. */
extern const struct output_format output_csv;
/* Nothing. */
extern const struct output_format output_none;

/* Releases what a format has kept. */
void output_release(struct output_state *state);

/* Returns the format of that name, or NULL. */
const struct output_format *output_find(const char *name);

#endif
