/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What appears above the prompt: lines of tasks' output, each with its tag, messages, and answers to commands.
 *
 * Output is gathered for a moment, so that the prompt is not drawn anew for every line; answers are shown at once.
 * Where there is no prompt nothing is shown here.
 */
#ifndef INTERACTIVE_CONSOLE_SCREEN_H
#define INTERACTIVE_CONSOLE_SCREEN_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "interactive/prompt/line.h"

/* A line that has begun and not ended: of a run's task. */
struct screen_tail {
	uint64_t run;
	uint64_t index;
	enum stream stream;
	struct bytes text;
};

struct screen {
	/* NULL: there is no prompt. */
	struct line *line;
	bool colored;
	/* One for each run whose output goes on. */
	struct screen_tail *tails;
	size_t tail_count;
	/* Whole lines that wait; shown no earlier than this. */
	struct bytes text;
	nsec due;
	/* Somebody else has the terminal. */
	bool held;
	/* It was released: what comes now is dropped. */
	bool closed;
};

enum screen_kind { SCREEN_PLAIN, SCREEN_COLORED };

void screen_init(struct screen *screen, struct line *line, enum screen_kind kind);

/* Whether more output can be taken now. */
bool screen_has_room(const struct screen *screen);

/*
 * Appends text (of one line, or more) without what would move about on a terminal: that is shown escaped, all but
 * newlines, tabs and colours; and these end with the line.
 */
void screen_clean(struct bytes *out, struct slice text);

/* A piece of what task index of a run wrote. */
void screen_put(struct screen *screen, uint64_t run, uint64_t index, enum stream stream, struct slice bytes);

/* What a task of the run wrote has ended: a last line without a newline gets one. */
void screen_end_task(struct screen *screen, uint64_t run);

/* There is no more of the run. */
void screen_end_run(struct screen *screen, uint64_t run);

/* Lines for the user, whole: shown at once, behind what waits. */
void screen_say(struct screen *screen, struct slice lines);

/* When screen_flush wants to be called; NSEC_FOREVER. */
nsec screen_deadline(const struct screen *screen);

/* Shows what waits, if it is time. */
void screen_flush(struct screen *screen);

/* While held nothing is shown: what comes meanwhile waits. */
void screen_hold(struct screen *screen);
void screen_let_go(struct screen *screen);

/* How many columns and rows there are; 0 where there is no terminal. */
void screen_size(const struct screen *screen, size_t *columns, size_t *rows);

void screen_release(struct screen *screen);

#endif
