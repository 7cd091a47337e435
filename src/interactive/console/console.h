/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interactive mode: lines are carried out one after the other, from a prompt while runs run, or from a pipe or
 * file, where each run runs to its end before the next line.
 */
#ifndef INTERACTIVE_CONSOLE_CONSOLE_H
#define INTERACTIVE_CONSOLE_CONSOLE_H

#include "base/dialect.h"
#include "base/error.h"
#include "front/options.h"
#include "interactive/runs/runs.h"
#include "interactive/runs/selection.h"
#include "interactive/prompt/completion.h"
#include "interactive/prompt/line.h"
#include "interactive/prompt/words.h"
#include "interactive/console/agenda.h"
#include "interactive/console/answer.h"
#include "interactive/console/foreground.h"
#include "interactive/console/screen.h"

/* How far leaving has come. */
enum console_end {
	CONSOLE_GOES_ON,
	/* Everything that runs was told to end. */
	CONSOLE_LEAVING,
	/* Nothing is waited for. */
	CONSOLE_OVER,
};

struct console;

/* What lines mean. */
struct language {
	/* Carries out a line. -1 with the error: nothing of it was done. */
	int (*carry_out)(struct console *console, const char *line, struct error *error);
	/* What the first word can be, for completion: ends with NULL. */
	const char *const *(*names)(void);
	/* Returns what the words after a command are, for completion. */
	enum operands (*operands)(struct slice name);
};

/* Where lines come from, and where answers are shown: a row each for the prompt and for a script. */
struct console_mode {
	/* Prepares the console for this mode. Returns -1 with the error. */
	int (*open)(struct console *console, struct error *error);
	/* Carries out lines until the end; status and signal of the console say how it ended. */
	void (*run)(struct console *console);
	/* Shows an answer, which remains the caller's. Returns -1 with the error. */
	int (*show)(struct console *console, struct answer *answer, struct error *error);
	/* Runs a script of the shell with the terminal. Returns -1 with the error. */
	int (*call)(struct console *console, const char *script, struct error *error);
	/* Accepts a run that has begun. */
	void (*take_on)(struct console *console, struct run *run);
};

struct console {
	const struct console_mode *mode;
	const struct language *language;
	/* What the program was started with; the words of it that hold for each map. */
	const struct options *options;
	char **base;
	size_t base_count;
	/* What was set since: words like "--retries=2". */
	char **settings;
	size_t setting_count;
	struct runs runs;
	struct runs_owner runs_owner;
	/* With a terminal. */
	bool is_terminal;
	struct line line;
	struct line_owner line_owner;
	struct screen screen;
	struct watch signals;
	struct foreground foreground;
	/* What the program in the foreground reads; -1. */
	int page;
	struct agenda agenda;
	/* The line being carried out. */
	struct agenda_line at;
	/* The next line only comes when these runs are done. */
	bool is_waiting;
	struct selection awaited;
	/* It was said that leaving ends what runs. */
	bool asked;
	enum console_end end;
	/* What went wrong is a failure of our own: an answer could not be written. */
	bool has_failed;
	/* Of the last map, or of what ended it all; the signal that did. */
	int status;
	int signal;
	/* How many tasks' output is gone, as far as that was told. */
	uint64_t dropped;
	/* It was said that the file for it cannot be written. */
	bool told_of_disk;
	char *prompt;
	nsec prompt_at;
};

/* For commands: shows an answer, by pages where it is long, and lets go of it. -1 with the error. */
int console_show(struct console *console, struct answer *answer, struct error *error) MUST_CHECK;

/* A new answer. */
void console_answer(const struct console *console, struct answer *answer);

/* Runs a script of the shell with the terminal. -1 with the error. */
int console_call(struct console *console, const char *script, struct error *error) MUST_CHECK;

/* No further line is carried out before these runs are done. */
void console_wait(struct console *console, const struct selection *selection);

/* Whether no further line can be carried out now; and whether what is waited for has come. */
bool console_is_busy(const struct console *console);
bool console_has_awaited(struct console *console);

/* Carries out console->at, and says what is wrong with it if anything is: -1 then. */
int console_carry_out(struct console *console);

/* Takes a run on, to its end where there is no prompt. */
void console_take_on(struct console *console, struct run *run);

/* Ends what runs, and then the program. */
void console_leave(struct console *console);

#endif
