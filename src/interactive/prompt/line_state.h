/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state machine of a line, shared by the two ways to read one: with readline (line.c) and without (line_plain.c).
 *
 *  state      | input: lines  | input: ^D    | suspend    | resume           | owner returns
 *  -----------+---------------+--------------+------------+------------------+--------------------
 *  PROMPT     | -> REPORTING  | -> REPORTING | -> SUSPENDED |                |
 *  REPORTING  |               |              | -> AWAY    |                  | next line, or -> PROMPT
 *  AWAY       |               |              |            | -> REPORTING     | -> SUSPENDED
 *  SUSPENDED  |               |              |            | -> PROMPT/PENDING |
 *  PENDING    | (loop's turn) -> REPORTING   | -> SUSPENDED |                |
 *  GONE       |               |              |            |                  |
 *
 * An empty cell changes nothing. In every state the terminal may be lost (-> GONE) and the line be closed (-> CLOSED).
 */
#ifndef INTERACTIVE_PROMPT_LINE_STATE_H
#define INTERACTIVE_PROMPT_LINE_STATE_H

#include "base/dialect.h"
#include "interactive/prompt/line.h"

/* The functions in which the two ways to read lines differ. */
struct line_kind {
	/* Takes input, or calls line_state_report where the prompt is not shown. */
	void (*ready)(struct watch *watch, unsigned events);
	/* Draws the prompt. */
	void (*show)(struct line *line);
	/* Removes the prompt that show has drawn, and restores the terminal's modes. */
	void (*hide)(struct line *line);
	/* Releases what line_open of this kind has made. */
	void (*release)(struct line *line);
};

/* Opens a line in the state SUSPENDED. Returns -1 with the error; there is nothing to close then. */
int line_state_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_kind *kind,
		    struct error *error) MUST_CHECK;

/* Reads what was typed, as read(2) does. Does not block where that is possible (EAGAIN). */
ssize_t line_state_read(const struct line *line, char *data, size_t size);

/* Shows the prompt and watches for input: -> PROMPT. */
void line_state_show(struct line *line);

/* Reports each line of line->entered to the owner. The prompt, if it was shown, has been removed by the caller. */
void line_state_report(struct line *line);

/* Reports ^D to the owner, and then lines as line_state_report does. */
void line_state_end(struct line *line);

/*
 * True if the prompt is shown and the terminal is stuck: no key is read, since what is kept of its echo has no bound.
 * The line's watch is ready again when there is room. A terminal that is merely slower than the results does not keep
 * keys waiting, or a flood of results would keep out the command that ends it.
 */
bool line_state_holds(struct line *line);

/* True if the prompt is shown and keys are read. */
bool line_takes_keys(const struct line *line);

/* Drops what was typed and reports the loss of the terminal to the owner: -> GONE. */
void line_state_lose(struct line *line);

#endif
