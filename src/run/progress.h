/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a run is, on standard error while it goes on: a bar on a terminal, drawn anew at most ten times a second and
 * taken away before anything else is written there; or plain lines every few seconds.
 */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "run/outlet.h"

struct session;

enum progress_kind {
	PROGRESS_NONE,
	/* The bar where there is a terminal, else plain lines. */
	PROGRESS_AUTO,
	/* The bar where there is a terminal, else nothing. */
	PROGRESS_BAR,
	PROGRESS_PLAIN,
};

struct progress_options {
	enum progress_kind kind;
	/* The terminal can do more than show letters one after the other (TERM). */
	bool terminal_is_able;
	bool colored;
};

struct progress {
	struct progress_options options;
	struct outlet *outlet;
	nsec started;
	/* No frame before this. */
	nsec next;
	/* When the last one was drawn, and how many tasks had ended by then. */
	nsec drawn;
	uint64_t finished;
	/* A frame is on the screen. */
	bool shown;
	bool said;
	/* How many tasks ended in the last while, for the rate. */
	nsec rate_since;
	uint64_t rate_finished;
	double rate;
};

/* Takes in what --progress says (NULL: no more than that). -1 with the error. */
int progress_parse(const char *text, enum progress_kind *kind, struct error *error) MUST_CHECK;

/* Decides what there will be: nothing if the run is quiet or its tasks write to the terminal themselves. */
void progress_init(struct progress *progress, const struct session *session, struct outlet *outlet);

/* When progress_update wants to be called; NSEC_FOREVER. */
nsec progress_deadline(const struct progress *progress);

/* Draws a frame, or says a line, if it is time. */
void progress_update(struct progress *progress, struct session *session);

/* Takes the frame away; the next one comes when it is time. */
void progress_hide(struct progress *progress);

/* The terminal has another size. */
void progress_resized(struct progress *progress);

/* There is no more to come. */
void progress_close(struct progress *progress);

#endif
