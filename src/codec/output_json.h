/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result objects. */
#ifndef CODEC_OUTPUT_JSON_H
#define CODEC_OUTPUT_JSON_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "task/values.h"

/*
 * Appends the label of a task for the JSON formats: its id (JSON; empty if none) and the words of its command (NULL if
 * it has none).
 */
void output_json_label(struct bytes *out, struct slice id, char *const *words);

/*
 * Appends the values of a task as the key "values" and a comma, or in base64 as "values_base64" where one of them is
 * not UTF-8. A missing column is null.
 */
void output_json_values(struct bytes *out, const struct values *values);

/* Appends those of them that have a name, and are not missing, as an object likewise: "fields". */
void output_json_named(struct bytes *out, const struct values *values, char *const *names, size_t count);

enum output_json_kind {
	/* The text of a value, which may have blanks between its tokens. */
	OUTPUT_JSON_VALUE,
	/* The text of a number, or the characters of a string that does not look like one. */
	OUTPUT_JSON_SCALAR,
	/* The characters of a string. */
	OUTPUT_JSON_STRING,
};

/* Appends a record of JSON on one line, as the key "input" and a comma. */
void output_json_input(struct bytes *out, struct slice record, enum output_json_kind kind);

/* Appends a value as a word: a string as its characters, others as their text. Nothing for an empty text. */
void output_json_word(struct bytes *out, struct slice text);

/* Appends the name of the file that the task's standard output goes to, for a label. */
void output_json_file(struct bytes *out, const char *name);

/* Appends the fields of a result object, without braces and without the output of the task. */
void output_json_fields(struct bytes *out, const struct result *result, const char *label, const char *worker_prefix);

/* Appends the key of how a task's standard error begins, after a comma. */
void output_json_errors(struct bytes *out, struct slice errors);

/* Appends an object on an attempt that another follows; errors is the beginning of its standard error. */
void output_json_try(struct bytes *out, const struct result *result, struct slice errors);

/* Appends a string. Bytes that are not UTF-8 are replaced. */
void output_json_words(struct bytes *out, struct slice words);

#endif
