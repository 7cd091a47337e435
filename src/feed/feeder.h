/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeders: they read the sources that the user names and submit tasks to a session. One file for each kind. */
#ifndef FEED_FEEDER_H
#define FEED_FEEDER_H

#include "base/dialect.h"
#include "base/error.h"
#include "run/session.h"
#include "feed/packer.h"
#include "feed/source.h"

/* As many records for a task as fit on its command line. */
#define FEED_MAX UINT64_MAX
/* As many as share the input evenly among the jobs, and fit. */
#define FEED_AUTO (UINT64_MAX - 1)

/* Bytes of a record, or of records together, for a task's standard input at most. */
#define FEED_STDIN_MAX (UINT64_C(1) << 30)

struct feed_options {
	struct source_options *sources;
	size_t source_count;
	/* True if all sources advance together (--link), the shorter ones from the start again. */
	bool link_all;
	/* True if the first record of each source names its columns. */
	bool has_header;
	/* Largest number of records for a task: 1, FEED_MAX, FEED_AUTO, or the number of --max-args. */
	uint64_t group;
	/* Bytes of input for a task, which has as many records as fit; 0 where group says how many. */
	uint64_t block;
	enum feed_framing {
		/* Records, each with its delimiter. */
		FEED_TEXT,
		/* One JSON array, or consecutive JSON values. */
		FEED_JSON,
		/* One JSON value on each line. */
		FEED_JSON_LINES,
	} framing;
	/* True if standard input was closed when the program started. */
	bool input_is_closed;
};

struct feeder;

/* A kind of feeder. Functions that may be NULL have nothing to do then. */
struct feeder_kind {
	/* Reads what is needed before the session opens; may wait for it. -1 with the error. May be NULL. */
	int (*prepare)(struct feeder *feeder, struct error *error);
	/* Begins, with the session open. */
	void (*begin)(struct feeder *feeder);
	/* Submits tasks while the session has room. */
	void (*feed)(struct feeder *feeder);
	/* True if everything has been submitted. */
	bool (*is_fed)(struct feeder *feeder);
	/* Releases what the kind holds. May be NULL. */
	void (*close)(struct feeder *feeder);
};

/* Embedded in each kind's own struct, as the first member: feeder_close frees it. */
struct feeder {
	const struct feeder_kind *kind;
	const struct feed_options *options;
	/* Options of the run. */
	const struct session_options *run;
	/* The session that is fed. NULL until feeder_begin; packer and sink are unset until then, too. */
	struct session *session;
	struct packer packer;
	/* The session, as the packer sees it. */
	struct packer_sink sink;
	/* The open sources, whose headers have been read. */
	struct source *sources;
	/* The names in the headers. */
	char **names;
	size_t name_count;
	/* Number of names in each source's header. */
	uint32_t *widths;
};

/* A new feeder for one source of records, which reads as input comes. */
struct feeder *reader_new(void);
/* A new feeder for one source of records of persistent commands, which passes them on as they are. */
struct feeder *lines_new(void);
/* A new feeder for one source of JSON, which reads as input comes. */
struct feeder *elements_new(void);
/* A new feeder for several sources: all combinations of their records, or linked ones. */
struct feeder *combination_new(void);

/*
 * Makes the feeder for some options (which outlive it): opens the sources, reads their headers and sets the names in
 * *run, which outlives it, too. NULL with the error.
 */
struct feeder *feeder_open(const struct feed_options *options, struct session_options *run,
			   struct error *error) MUST_CHECK;

/* Makes the same feeder, followed by that of the queue if the run takes records from one (--queue). */
struct feeder *feeder_open_with_queue(const struct feed_options *options, struct session_options *run,
				      struct error *error) MUST_CHECK;

/* Begins to feed a session, which outlives the feeder or is not used any more. */
void feeder_begin(struct feeder *feeder, struct session *session);

/* Submits tasks while the session has room. To be called whenever it has some again. */
void feeder_feed(struct feeder *feeder);

/* True if nothing more will be submitted: everything has been, or the session begins no tasks any more. */
bool feeder_is_fed(struct feeder *feeder);

/* For kinds: submits the open chunk at the end of the input, or where workers wait for it, if the session has room. */
void feeder_flush(struct feeder *feeder, bool at_end);

/* For kinds: submits what is open, then the next record as a task that was not started, for the given reason. */
void feeder_refuse(struct feeder *feeder, const char *reason);

/* Closes the sources and frees the feeder. */
void feeder_close(struct feeder *feeder);

#endif
