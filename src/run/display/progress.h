/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The progress of a run, on standard error: a bar on a terminal, drawn at most ten times a second and removed before
 * anything else is written there; or plain lines at growing intervals. One line stays at the end.
 */
#ifndef RUN_DISPLAY_PROGRESS_H
#define RUN_DISPLAY_PROGRESS_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "run/display/gauge.h"
#include "run/outlet.h"

struct session;

enum progress_kind {
	PROGRESS_NONE,
	/* The bar on a terminal, else plain lines. */
	PROGRESS_AUTO,
	/* The bar on a terminal (plain lines if it understands no control sequences), else nothing. */
	PROGRESS_BAR,
	PROGRESS_PLAIN,
};

struct progress_options {
	enum progress_kind kind;
	/* Time between plain lines; 0: from 2 s to a minute, growing. */
	nsec interval;
	/* The terminal understands control sequences (TERM). */
	bool terminal_is_able;
	/* Failures are red. */
	bool colored;
};

struct progress {
	struct progress_options options;
	/* Messages on standard error may have colours. */
	bool is_colored;
	struct outlet *outlet;
	struct gauge gauge;
	/* When the next frame or line is due; NSEC_FOREVER if none. */
	nsec next;
	/* When the last frame was drawn. */
	nsec drawn;
	/* Tasks that had ended by then. */
	uint64_t finished;
	/* Time from a plain line to the next. */
	nsec interval;
	/* A frame is on the screen. */
	bool shown;
	/* A line on the whole run is due at its end. */
	bool concludes;
};

/* Parses the value of --progress (NULL if it has none). -1 with the error. */
int progress_parse(const char *text, struct progress_options *options, struct error *error) MUST_CHECK;

/* Chooses the kind: none if the run is quiet, no bar if its tasks write to the terminal themselves. */
void progress_init(struct progress *progress, const struct session *session, struct outlet *outlet);

/* Returns when progress_update is to be called; NSEC_FOREVER if never. */
nsec progress_deadline(const struct progress *progress);

/* Draws a frame or prints a line, if one is due. */
void progress_update(struct progress *progress, struct session *session);

/* True if the user is shown how far the run is. */
static inline bool progress_is_on(const struct progress *progress)
{
	return progress->options.kind != PROGRESS_NONE;
}

/* Removes the frame until the next is due. */
void progress_hide(struct progress *progress);

/* Draws anew after the terminal has changed its size. */
void progress_resized(struct progress *progress);

/* Removes the frame for good. */
void progress_close(struct progress *progress);

/* Prints the line that stays, after the output: "60 tasks in 3.1 s, 1 failed". */
void progress_conclude(struct progress *progress, const struct session *session);

#endif
