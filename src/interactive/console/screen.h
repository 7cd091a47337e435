/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lines above the prompt: tasks' output, each line with its tag, messages, and answers to commands.
 *
 * Output is gathered for a moment, so that the prompt is not redrawn for every line; answers are shown at once. Without
 * a prompt nothing is shown.
 */
#ifndef INTERACTIVE_CONSOLE_SCREEN_H
#define INTERACTIVE_CONSOLE_SCREEN_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "interactive/prompt/line.h"

/* The unfinished last line of a run's output. */
struct screen_tail {
	uint64_t run;
	uint64_t index;
	enum stream stream;
	struct bytes text;
};

struct screen {
	/* The prompt's line, NULL if there is no prompt. */
	struct line *line;
	bool colored;
	/* A tail for each run that has written and not ended. */
	struct screen_tail *tails;
	size_t tail_count;
	/* Whole lines to be shown. */
	struct bytes text;
	/* When the text is to be shown. */
	nsec due;
	/* True if a program in the foreground has the terminal. */
	bool held;
	/* True if the screen was released: later output is dropped. */
	bool closed;
};

enum screen_kind { SCREEN_PLAIN, SCREEN_COLORED };

void screen_init(struct screen *screen, struct line *line, enum screen_kind kind);

/* True if more output is accepted now. */
bool screen_has_room(const struct screen *screen);

/*
 * Appends one or more lines of text. Control characters are escaped, except newlines, tabs and sequences that set
 * colours, which are reset at the end of the line.
 */
void screen_clean(struct bytes *out, struct slice text);

/* Adds a piece of the output of task index of a run. */
void screen_put(struct screen *screen, uint64_t run, uint64_t index, enum stream stream, struct slice bytes);

/* Ends the output of the run's current task: a last line without a newline gets one. */
void screen_end_task(struct screen *screen, uint64_t run);

/* Ends the output of a run. */
void screen_end_run(struct screen *screen, uint64_t run);

/* Shows whole lines at once, after the output that waits. */
void screen_say(struct screen *screen, struct slice lines);

/* Returns when screen_flush is to be called, NSEC_FOREVER if nothing waits or the terminal has a lot to take first. */
nsec screen_deadline(const struct screen *screen);

/* Shows what waits, if it is due. */
void screen_flush(struct screen *screen);

/* Shows nothing until screen_let_go: output waits. */
void screen_hold(struct screen *screen);

/* Ends screen_hold, and shows what has waited. */
void screen_let_go(struct screen *screen);

/* Stores how many columns and rows the terminal has, 0 if there is no terminal. */
void screen_size(const struct screen *screen, size_t *columns, size_t *rows);

void screen_release(struct screen *screen);

#endif
