/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorders of a run: which there are, and what they are given (journal/recorder.h). */
#ifndef RUN_LOGBOOK_H
#define RUN_LOGBOOK_H

#include "base/dialect.h"
#include "base/error.h"
#include "board/message.h"
#include "journal/recorder.h"

/* The recorders that a run may have: the owner's, and those of the options. */
enum { LOGBOOK_MOST = 4 };

struct logbook {
	struct recorder *recorders[LOGBOOK_MOST];
	size_t count;
	/* That of the recorder that has just failed. */
	struct error error;
};

struct session;

/* Opens the recorders of the session's options. -1 with the error; logbook_close is the caller's then, too. */
int logbook_open(struct session *session, struct error *error) MUST_CHECK;

/* Records a piece of an attempt's output. */
void logbook_put(struct session *session, const struct output_header *header, struct slice bytes);

/* Records a result that counts; task is NULL if nothing is known of it. */
void logbook_count(struct session *session, const struct result *result, const struct task *task);

/* Records that all output of a task has been written. */
void logbook_written(struct session *session, const struct result *result);

/* Writes gathered lines. */
void logbook_flush(struct session *session);

void logbook_close(struct session *session);

#endif
