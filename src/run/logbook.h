/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorders of a run (journal/recorder.h): opens them, calls them for each event, and ends the run if one fails. */
#ifndef RUN_LOGBOOK_H
#define RUN_LOGBOOK_H

#include "base/dialect.h"
#include "base/error.h"
#include "board/message.h"
#include "journal/recorder.h"

struct logbook {
	/* The owner's recorder, if there is one, the memo, then those of the options; an array of the logbook's. */
	struct recorder **recorders;
	/* The number of open recorders. */
	size_t count;
	/* The error of a recorder, until it is reported. */
	struct error error;
};

struct session;

/* Opens the recorders of the session's options. Returns -1 with the error; then, too, the caller closes the logbook. */
int logbook_open(struct session *session, struct error *error) MUST_CHECK;

/* Records a piece of an attempt's output. */
void logbook_put(struct session *session, const struct output_header *header, struct slice bytes);

/* Drops the pieces of an attempt that begins anew. */
void logbook_forget(struct session *session, uint64_t index, uint32_t attempt);

/* Records a result that counts. A skipped task is not recorded; task is NULL if it is not known. */
void logbook_count(struct session *session, const struct result *result, const struct task *task);

/* True if a recorder wants logbook_written. */
bool logbook_wants_written(const struct session *session);

/* Records that the kernel has accepted all output of a task. */
void logbook_written(struct session *session, const struct result *result);

/* Writes what the recorders have gathered. */
void logbook_flush(struct session *session);

/* Has the recorders end what they record: no further task will count. */
void logbook_end(struct session *session);

/* Writes output, then what recorders note of it, then the message of a recorder that has failed. */
void logbook_write(struct session *session);

/* Closes all recorders but the owner's. What they have gathered since the last flush is lost. */
void logbook_close(struct session *session);

#endif
