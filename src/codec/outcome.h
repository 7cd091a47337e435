/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outcome of a task, in words for people. */
#ifndef CODEC_OUTCOME_H
#define CODEC_OUTCOME_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "task/task.h"

/* Appends the outcome of a task: "exit status 2", "killed by SIGKILL", "lost: ..." . */
void outcome_describe(const struct result *result, struct bytes *out);

/* Appends the reason for an outcome, where it says more than outcome, status and signal do; else nothing. */
void outcome_explain(const struct result *result, struct bytes *out);

/* Returns the outcome as results have it: a task of --dry-run is skipped. */
enum outcome outcome_shown(const struct result *result);

/* Appends a time that is not below 0, in seconds. */
void outcome_put_time(struct bytes *out, nsec time);

#endif
