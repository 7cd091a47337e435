/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines entered at a terminal, edited as they are typed: one descriptor in the event loop.
 *
 * Descriptors 0 and 1 must be terminals, and one line can be open at a time. The owner receives signals, and calls
 * line_interrupt, line_resized and line_suspend. The terminal's modes are restored by line_suspend and line_close, and
 * when the process crashes. Without readline the terminal edits, and there is neither completion nor a history.
 *
 * No function waits for the terminal: neither for the rest of a key, nor until it takes what is written.
 */
#ifndef INTERACTIVE_PROMPT_LINE_H
#define INTERACTIVE_PROMPT_LINE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "ipc/loop.h"
#include "interactive/prompt/keys.h"
#include "interactive/prompt/line_output.h"

struct line;

/*
 * Callbacks of the owner. entered and ended may call every function of this file but line_open; after line_close the
 * struct must remain until they have returned.
 */
struct line_owner {
	/* A line was entered; text lacks the newline and is valid during the call. Pasted lines come one by one. */
	void (*entered)(struct line_owner *owner, const char *text);
	/*
	 * ^D was typed on an empty line: the prompt is shown again unless the line is closed. Or the terminal is lost
	 * (is_gone of the line): nothing is read any more.
	 */
	void (*ended)(struct line_owner *owner);
	/*
	 * Returns candidates for the word that begins at start and ends text, as completion_find does; the caller
	 * frees them. May be NULL itself.
	 */
	char **(*complete)(struct line_owner *owner, const char *text, size_t start);
};

struct line_options {
	/* The history's file, created if absent; NULL if none is kept. */
	const char *history;
	/* How many lines of it are kept. */
	size_t history_size;
};

/* Receives a line of the history and its number, from 1. */
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
	/* Another program has the terminal. */
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
	/* True if the terminal is lost; remains true after line_close. */
	bool is_gone;
	char *prompt;
	/* Lines that are not reported yet; without readline also the beginning of a line. */
	struct bytes entered;
	/*
	 * Descriptor 0 opened anew, -1 if that is not possible. It does not block: between the report of input and its
	 * reading the terminal may drop the input, as it does for ^C.
	 */
	int input;
	/* What the terminal is sent. */
	struct line_output output;
	/* The rest is readline's: the history's file (NULL if none), and how many lines of it are kept. */
	char *history;
	size_t history_size;
	/* True if the prompt was changed during a search, and is to be redrawn after it. */
	bool is_prompt_due;
	/* Bytes that were typed and not read by readline yet. */
	struct keys keys;
	/* How many bytes readline has asked for in vain since it was last called. */
	size_t missed;
	/* The text that had been typed when the line was suspended (NULL if none), and the cursor's place in it. */
	char *kept;
	size_t kept_at;
};

/* Begins to read; the prompt is empty until line_set_prompt. Returns -1 with the error. */
int line_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_options *options,
	      struct error *error) MUST_CHECK;

/* Sets the prompt, and redraws it if it has changed. Parts between \001 and \002 take no columns. */
void line_set_prompt(struct line *line, const char *prompt);

/*
 * Shows text, which ends with a newline, above the prompt, and redraws the prompt with the line being typed. Only
 * writes the text if there is no prompt.
 */
void line_show(struct line *line, struct slice text);

/*
 * True if text can be shown now; else the terminal has a lot to take first, and the loop makes a step once it has taken
 * it.
 */
bool line_has_room(const struct line *line);

/* True if the terminal has taken everything that was shown. The loop makes a step when that becomes true. */
bool line_is_idle(const struct line *line);

/* Returns when line_expire is to be called, NSEC_FOREVER if nothing is waited for. */
nsec line_deadline(const struct line *line);

/* Gives up a key whose rest has not come in time. No effect before line_deadline. */
void line_expire(struct line *line);

/* Handles ^C: drops what was typed or searched for, and shows a new prompt. */
void line_interrupt(struct line *line);

/* Handles a change of the terminal's size. */
void line_resized(struct line *line);

/* Leaves the terminal to others: restores its modes and removes the prompt. No effect if suspended. */
void line_suspend(struct line *line);

/* Shows the prompt again with what was typed. No effect unless suspended. */
void line_resume(struct line *line);

/* Adds a line to the history and its file, unless it begins with a blank or repeats the last one. */
void line_add_history(struct line *line, const char *text);

/* Calls take for every line of the history, the oldest first. */
void line_history(struct line *line, line_taker *take, void *context);

/*
 * Restores the terminal and stops reading; what the terminal has not taken is dropped. No effect if it is not open (all
 * zero).
 */
void line_close(struct line *line);

#endif
