/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A durable run: its journal, its past, and when what it did counts.
 *
 * What counts is committed in groups, in this order, so that the journal never says what is not stored:
 *
 *   1. the outputs file and the output are written, and stored (fdatasync)
 *   2. the notes of the tasks that have ended, and a commit, are appended to the journal by one write
 *   3. the journal is stored
 *
 * Killed before 2, these tasks are run again, and what they wrote is cut off; after it, they never are.
 */
#ifndef RUN_DURABLE_DURABLE_H
#define RUN_DURABLE_DURABLE_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "journal/durable/past.h"
#include "journal/durable/scroll.h"
#include "journal/key.h"
#include "journal/recorder.h"
#include "run/durable/stage.h"
#include "run/out_file.h"
#include "run/supply.h"

struct session;
struct stat;

/* Nothing is stored by fdatasync(2): a run survives its own end, but not that of the machine. */
#define SYNC_NEVER NSEC_FOREVER

struct durable_options {
	/* The name of the journal; NULL without one. */
	const char *journal;
	/* The run of the journal is continued. */
	bool resumes;
	/* Tasks that failed are run again. */
	bool retries_failed;
	/* That a task may begin is stored before it does. */
	bool at_most_once;
	/* Tasks that may have begun, and have no outcome, are run again. */
	bool retries_interrupted;
	/* Time between commits; 0: each task is committed when it ends. SYNC_NEVER: storing is left to the system. */
	nsec sync;
	/* The command line that resumes the run, up to where an option can be added; NULL if it is not known. */
	const char *again;
	/* Its rest. */
	const char *again_rest;
};

/* True if a task is committed before its worker begins another. */
static inline bool durable_commits_each(const struct durable_options *options)
{
	return options->journal && !options->sync;
}

struct durable {
	/* Embedded among the session's recorders: its flush commits. */
	struct recorder recorder;
	/* The session's; NULL if the run has no journal. */
	const struct durable_options *options;
	struct session *session;
	struct scroll scroll;
	struct past past;
	struct stage stage;
	struct key_command keys;
	struct bytes surroundings;
	/* The descriptor of the output and one to read it by, -1 if it is a stream. The first is the caller's. */
	int output;
	int readable;
	/* When the open group is committed; 0 if it is empty. */
	nsec due;
	/* Tasks are to be submitted of which it is not stored yet that they may begin. */
	bool has_begun;
	/* The journal is not written any more. */
	bool has_failed;
	/* The session's end is to be noted with the next commit, and was. */
	const char *end;
	bool has_ended;
	/* The keys of the last tasks that were prefetched, by their indexes, and the index after these. */
	struct key prefetched[SUPPLY_AHEAD];
	uint64_t prefetched_end;
	/* True if recall_knows has found the last task; its entry, and whether its output is in its place. */
	bool is_known;
	struct past_entry found;
	struct turn turn;
	bool is_in_place;
	bool is_noted;
};

/* Opens the journal that the session's options name, and loads its past; nothing is changed. -1 with the error. */
int durable_open(struct durable *durable, struct session *session, struct error *error) MUST_CHECK;

/* Says what the file of the output is to be: what earlier sessions have written, and not what they have not. */
void durable_expect(const struct durable *durable, struct out_file *out);

/* Checks the output that was opened against the past; nothing is changed. -1 with the error. */
int durable_check(struct durable *durable, struct error *error) MUST_CHECK;

/* Checks that the journal and the files beside it are no other files of the run, nor of another. -1 with the error. */
int durable_check_files(const struct durable *durable, struct error *error) MUST_CHECK;

/* Checks that standard error is not the output, a file of this name and status. -1 with the error. */
int durable_check_errors(const char *name, const struct stat *status, struct error *error) MUST_CHECK;

/* Begins: cuts what was not committed, and commits the beginning of the session. -1 with the error. */
int durable_begin(struct durable *durable, struct error *error) MUST_CHECK;

/* True if the run has a journal. */
static inline bool durable_is_on(const struct durable *durable)
{
	return durable->options;
}

/* The embedded recorder's functions. */
extern const struct recorder_kind durable_recorder;

/* True if what is committed is stored, other than the beginning and what moves, which always is. */
bool durable_syncs(const struct durable *durable);

/* Commits the open group, and has it stored if syncs; size bytes of the output count. -1 with the error. */
int durable_commit(struct durable *durable, uint64_t size, bool syncs, struct error *error) MUST_CHECK;

/* Returns the name of the output, as messages and the journal have it. The caller's. */
char *durable_output_name(const struct durable *durable);

/*
 * Note the beginning of the session of this number; and a commit, when size bytes of the output count, and all that is
 * kept in an outputs file (-1 with the error).
 */
void durable_note_session(struct durable *durable, uint64_t number);
int durable_note_commit(struct durable *durable, uint64_t size, struct kept *kept, struct error *error) MUST_CHECK;

/* Sets the checksum of the end of the output, of which size bytes count. -1 with errno. */
int durable_tail(const struct durable *durable, uint64_t size, uint32_t *crc) MUST_CHECK;

/* Cuts the output, and continues there. -1 with errno. */
int durable_cut_output(struct durable *durable, uint64_t size) MUST_CHECK;

/* Keeps the output from the number-th task on beside the journal, and cuts it off. -1 with the error. */
int durable_move(struct durable *durable, size_t number, struct error *error) MUST_CHECK;

/* True if one of the first tasks of the output is not empty. */
bool durable_has_tasks(const struct durable *durable, size_t number);

/* True if workers wait until what has ended is committed. */
bool durable_owes(const struct durable *durable);

/* Returns when the open group is to be committed. */
nsec durable_deadline(const struct durable *durable);

/* Has the end of the session noted and committed by the next flush of the recorders. */
void durable_end(struct durable *durable);

/* Reports how the run can be resumed, if it has not come to its end. */
void durable_report(const struct durable *durable);

/* Appends lines that say how far the run of a journal is. -1 with the error. */
int durable_status(const char *journal, struct bytes *out, struct error *error) MUST_CHECK;

/* Closes the journal of a run that does not begin, and removes it if it is new. */
void durable_discard(struct durable *durable);

void durable_close(struct durable *durable);

#endif
