/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result objects. */
#ifndef CODEC_OUTPUT_JSON_H
#define CODEC_OUTPUT_JSON_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"

/*
 * Appends the label of a task for the JSON formats: its id (JSON; empty if none) and the words of its command (NULL if
 * it has none).
 */
void output_json_label(struct bytes *out, struct slice id, char *const *words);

/* Appends the fields of a result object, without braces and without the output of the task. */
void output_json_fields(struct bytes *out, const struct result *result, const char *label, const char *worker_prefix);

/* Appends an object on an attempt that another follows; errors is the beginning of its standard error. */
void output_json_try(struct bytes *out, const struct result *result, struct slice errors);

#endif
