/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to write instead of a COMMAND that is for a shell, or a SCRIPT with replacement strings. */
#ifndef RUN_DISPLAY_ADVICE_H
#define RUN_DISPLAY_ADVICE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "task/task.h"
#include "task/template.h"

struct session;

/*
 * Appends what to write instead of these words, the first of which was not found as a command; name is what it was for
 * the task. Appends nothing if nothing is known.
 */
void advice_append(struct bytes *out, const struct template_options *command, const char *name);

/* Reports, once for the run, what to write instead, if that is probably why this task failed. task may be NULL. */
void advice_report(struct session *session, const struct result *result, const struct task *task);

#endif
