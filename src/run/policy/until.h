/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The time until which a run may last (--until): no task begins that would not end by then, if it took as long as the
 * longest so far and the grace time.
 *
 * A time of day and a date are what the wall clock says: if that is set, or the machine sleeps, the end comes sooner or
 * later. A duration counts from the start of the run, whatever the wall clock is set to, and while the machine sleeps.
 */
#ifndef RUN_POLICY_UNTIL_H
#define RUN_POLICY_UNTIL_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"

struct until_options {
	enum until_kind {
		UNTIL_NEVER,
		/* value is a time from the start of the run, nanoseconds. */
		UNTIL_DURATION,
		/* value is a time of day, seconds since midnight: the next one in the time zone. */
		UNTIL_CLOCK,
		/* value is UTC since 1970, nanoseconds. */
		UNTIL_MOMENT,
	} kind;
	nsec value;
	/* The option as it was given; NULL if it was not. The caller's. */
	const char *text;
};

/* The clocks at an instant. */
struct until_time {
	/* UTC since 1970. */
	nsec wall;
	/* Time since the machine was started, with the time that it slept. */
	nsec uptime;
};

struct until {
	enum until_kind kind;
	/* The end: of the wall clock, or with UNTIL_DURATION the uptime. */
	nsec end;
	/* Reserve for a task to end: the longest so far, and the grace time. */
	nsec longest;
	nsec grace;
};

/* Parses the value of --until. -1 with the error. */
int until_parse(const char *text, struct until_options *options, struct error *error) MUST_CHECK;

/* Returns the present time. */
struct until_time until_now(void);

/* Sets the end of a run that begins now. */
void until_begin(struct until *until, const struct until_options *options, nsec grace, struct until_time now);

/* Counts the duration of a task. */
void until_learn(struct until *until, nsec duration);

/* Returns the time for which tasks may still begin; not above 0 if none may. NSEC_FOREVER without an end. */
nsec until_remains(const struct until *until, struct until_time now);

/* Returns the end as the wall clock is set now, UTC since 1970. There is one. */
nsec until_end(const struct until *until, struct until_time now);

#endif
