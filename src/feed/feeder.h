/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What feeds a session with tasks: made from the sources that the user names, one file for each way to do it. */
#ifndef FEED_FEEDER_H
#define FEED_FEEDER_H

#include "base/dialect.h"
#include "base/error.h"
#include "run/session.h"
#include "feed/source.h"

/* As many records for a task as fit. */
#define FEED_MAX UINT64_MAX

struct feed_options {
	struct source_options *sources;
	size_t source_count;
	/* All sources go along with each other, the shorter ones from the start again. */
	bool link_all;
	/* The first record of each source names its columns. */
	bool has_header;
	/* Records for a task at most: 1, FEED_MAX, or what was asked for. */
	uint64_t group;
	enum feed_framing {
		/* Records, each with its delimiter. */
		FEED_TEXT,
		/* One array or values one behind the other; a value on each line. */
		FEED_JSON,
		FEED_JSON_LINES,
	} framing;
	/* Standard input was closed when the program started. */
	bool input_is_closed;
};

struct feeder;

struct feeder_kind {
	/* Reads what must be there before anything is begun, waiting for it. -1 with the error. */
	int (*prepare)(struct feeder *feeder, const struct session_options *run, struct error *error);
	/* Begins, with the session open. */
	void (*begin)(struct feeder *feeder);
	/* Submits what there is, while the session has room. */
	void (*feed)(struct feeder *feeder);
	/* Whether everything has been submitted, and nothing more will be. */
	bool (*is_fed)(struct feeder *feeder);
	void (*close)(struct feeder *feeder);
};

struct feeder {
	const struct feeder_kind *kind;
	const struct feed_options *options;
	struct session *session;
	/* Opened, with the header read. */
	struct source *sources;
	/* The names in the header. */
	char **names;
	size_t name_count;
	/* How many each source has. */
	uint32_t *widths;
};

/* One source of records, read as it comes. */
struct feeder *reader_new(void);
/* One source of JSON, read as it comes. */
struct feeder *elements_new(void);
/* Combinations of several sources, or sources that go along with each other. */
struct feeder *combination_new(void);

/*
 * Makes the feeder for some options (which outlive it): opens the sources, and with a header reads that and sets the
 * names in *run. NULL with the error.
 */
struct feeder *feeder_open(const struct feed_options *options, struct session_options *run,
			   struct error *error) MUST_CHECK;

/* Feeds a session from now on. */
void feeder_begin(struct feeder *feeder, struct session *session);

void feeder_close(struct feeder *feeder);

#endif
