/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written of a run besides its output: the job log and the results folder. */
#ifndef RUN_LOGBOOK_H
#define RUN_LOGBOOK_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "board/message.h"

struct session;

/* Opens what was asked for. -1 with the error. */
int record_open(struct session *session, struct error *error) MUST_CHECK;

/* A piece of a task's output. */
void record_output(struct session *session, const struct output_header *header, struct slice bytes);

/* A result that counts; task is NULL when there is nothing to be seen of it. */
void record_result(struct session *session, const struct result *result, const struct task *task);

/* Writes what is gathered. */
void record_flush(struct session *session);

void record_close(struct session *session);

#endif
