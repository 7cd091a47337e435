/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run's use of the state server: what its tasks find of it, and what is reported of them.
 *
 * The server reads on the board what is in work. It learns from here that an attempt has ended, before another attempt
 * at the same task may begin: no task begins while there are reports that could not be sent.
 */
#ifndef RUN_COMPANION_SHARING_H
#define RUN_COMPANION_SHARING_H

#include "base/dialect.h"
#include "base/error.h"
#include "board/message.h"
#include "run/companion/ends.h"
#include "run/companion/finding.h"
#include "run/companion/state_server.h"
#include "task/task.h"

struct session;

/* All zero in a run without a server. */
struct sharing {
	struct state_user user;
	/* True while there is a server. */
	bool is_open;
	/* True once the input has ended. */
	bool is_fed;
	/* Those that have not been reported. */
	struct ends ends;
	/* What was last reported of the tasks to come. */
	uint64_t jobs;
	uint64_t remaining;
	/* The items of a queue that it takes. */
	struct finding finding;
};

/* Makes the run a user of the server, if it wants one, and briefs its workers. Returns 0, or -1 with the error. */
int sharing_open(struct session *session, struct error *error) MUST_CHECK;

/* Reports that the run begins, whose pool is open. Returns 0, or -1 with the error. */
int sharing_begin(struct session *session, struct error *error) MUST_CHECK;

/* Notes the end of an attempt, or of several, whose result counts, or whose task is run again. */
void sharing_note(struct session *session, const struct result *result, bool counts);

/* Notes that no further task will come. */
void sharing_note_end(struct session *session);

/* Reports what has been noted. */
void sharing_flush(struct session *session);

/* True if ends could not be reported yet. */
static inline bool sharing_is_behind(const struct sharing *sharing)
{
	return sharing->ends.count != 0;
}

/* Reports that the run has ended, and leaves the server. Harmless if the run has none. */
void sharing_close(struct session *session);

#endif
