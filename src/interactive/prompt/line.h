/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines entered at a terminal, edited as they are typed: one descriptor in the event loop.
 *
 * Descriptors 0 and 1 must be terminals. There can be one open line at a time. Signals come to the owner, who calls
 * line_interrupt, line_resized and line_suspend. The terminal's modes are restored by line_suspend and line_close, and
 * when this process crashes. Where mpmap was built without readline the terminal itself edits, and there is no
 * completion and nothing is kept in a history file.
 */
#ifndef INTERACTIVE_PROMPT_LINE_H
#define INTERACTIVE_PROMPT_LINE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "ipc/loop.h"

struct line;

/*
 * Who is told. entered and ended may call every function of this file but line_open, also line_close: the struct itself
 * stays until they have returned.
 */
struct line_owner {
	/* A line was entered, without its newline: a view. A pasted block comes line by line. */
	void (*entered)(struct line_owner *owner, const char *text);
	/*
	 * ^D on an empty line: the prompt comes again unless the line is closed. Or the terminal is gone (the line's
	 * is_gone): nothing is read from now on.
	 */
	void (*ended)(struct line_owner *owner);
	/*
	 * What could stand at the end of text, where the word from start on is being completed: a new NULL-terminated
	 * array of new strings (the caller frees both); an empty one: nothing; NULL: names of files. May be NULL
	 * itself.
	 */
	char **(*complete)(struct line_owner *owner, const char *text, size_t start);
};

struct line_options {
	/* The file that keeps the history, made 0600 with the folders on its way; NULL: none is kept. */
	const char *history;
	/* How many lines of it are kept. */
	size_t history_size;
};

/* Takes a numbered line of the history, from 1. */
typedef void line_taker(void *context, size_t number, const char *text);

/* line_state.h has a table of what changes the state. */
enum line_state {
	LINE_CLOSED,
	/* The prompt is shown, and input is read. */
	LINE_PROMPT,
	/* A function of the owner runs. */
	LINE_REPORTING,
	/* The same, and the owner has suspended the line. */
	LINE_AWAY,
	/* The terminal is used by somebody else. */
	LINE_SUSPENDED,
	/* Resumed: the loop is to report the lines that were entered before. */
	LINE_PENDING,
	/* The terminal is lost. */
	LINE_GONE,
};

struct line_kind;

/* An open line, embedded in its owner. All members but is_gone are private. */
struct line {
	struct watch watch;
	struct loop *loop;
	struct line_owner *owner;
	const struct line_kind *kind;
	enum line_state state;
	/* The terminal is lost; stays true after line_close. */
	bool is_gone;
	char *prompt;
	/* Lines that are not reported yet; without readline also the beginning of a line. */
	struct bytes entered;
	/* The rest is readline's: the history's file (NULL if none), and how many lines of it are kept. */
	char *history;
	size_t history_size;
	/* The prompt was changed during a search, and is to be redrawn after that. */
	bool is_prompt_due;
	/* What had been typed when the line was suspended, and the cursor's place in it; NULL if none. */
	char *kept;
	size_t kept_at;
};

/* Shows the prompt (none as yet: see line_set_prompt) and begins to read. -1 with the error. */
int line_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_options *options,
	      struct error *error) MUST_CHECK;

/* The prompt from now on, redrawn if it is another one. What takes no room in it stands between \001 and \002. */
void line_set_prompt(struct line *line, const char *prompt);

/*
 * Text that ends with a newline appears above the prompt, which is drawn again below it with what is being typed. While
 * the line is suspended, text is just written.
 */
void line_show(struct line *line, struct slice text);

/* ^C: what was typed (or searched for) is left behind, and there is a new prompt. */
void line_interrupt(struct line *line);

/* The terminal has another size. */
void line_resized(struct line *line);

/* The terminal goes to somebody else: its modes are restored and the prompt is taken away. Harmless when it is
 * suspended. */
void line_suspend(struct line *line);

/* It is ours again: the prompt comes back with what was typed. Harmless when it is not suspended. */
void line_resume(struct line *line);

/* Adds to the history, and to its file, what does not begin with a blank and is not the last line once more. */
void line_add_history(struct line *line, const char *text);

/* Calls take for every line of the history, the oldest first. */
void line_history(struct line *line, line_taker *take, void *context);

/* Restores the terminal and stops reading. Harmless when it is not open (all zero). */
void line_close(struct line *line);

#endif
