/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interactive mode. Lines are carried out one after the other: from a prompt, while runs continue in the
 * background, or from a pipe or file, where each run is done before the next line is read.
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
#include "interactive/console/reel.h"
#include "interactive/console/screen.h"

enum console_end {
	CONSOLE_GOES_ON,
	/* All runs have been cancelled, and are waited for. */
	CONSOLE_LEAVING,
	/* Nothing is waited for. */
	CONSOLE_OVER,
};

struct console;

/* The language of the lines, provided by interactive/commands. */
struct language {
	/* Carries out a line. Returns -1 with the error if nothing of it was done. */
	int (*carry_out)(struct console *console, const char *line, struct error *error);
	/* Returns the names of all commands, for completion; ends with NULL. */
	const char *const *(*names)(void);
	/* Returns the kind of the words after a command, for completion. */
	enum operands (*operands)(struct slice name);
};

/* A source of lines and place for answers: interactive_mode or script_mode. */
struct console_mode {
	/* Prepares the console for this mode. Returns -1 with the error. */
	int (*open)(struct console *console, struct error *error);
	/* Carries out lines until the end; status and signal of the console say how it ended. */
	void (*run)(struct console *console);
	/* Shows an answer, which remains the caller's. Returns -1 with the error. */
	int (*show)(struct console *console, struct answer *answer, struct error *error);
	/*
	 * Runs a script of the shell with the terminal. input is its standard input, -1 for the terminal or nothing; it
	 * remains the caller's, and open until the script has ended. Returns -1 with the error.
	 */
	int (*call)(struct console *console, const char *script, int input, struct error *error);
	/* Accepts a run that was begun. */
	void (*take_on)(struct console *console, struct run *run);
};

struct console {
	const struct console_mode *mode;
	const struct language *language;
	/* The options that the program was started with. */
	const struct options *options;
	/* Options of each map, as words: those of the command line (borrowed), and those set since, like "--retries=2".
	 */
	struct {
		char **base;
		size_t base_count;
		char **words;
		size_t count;
	} settings;
	struct runs runs;
	struct runs_owner runs_owner;
	/* True if the mode has a prompt; only then line and line_owner are used. */
	bool is_terminal;
	struct line line;
	struct line_owner line_owner;
	struct screen screen;
	/* When the figures in the prompt are next updated. */
	nsec prompt_at;
	struct watch signals;
	struct foreground foreground;
	/* The script of a shell that has the current command's answer, NULL if it is shown. */
	char *receiver;
	/* The folder of maps, since cd; and that of the runs before. NULL if there was no cd. */
	char *folder;
	char *first_folder;
	/* The file that the pager or a receiver reads, -1 if none. */
	int page;
	/* The file that is shown without a pager. */
	struct reel reel;
	/* Lines to be carried out, and the current one. */
	struct agenda agenda;
	struct agenda_line at;
	/* The runs that must be done before the next line is carried out. */
	struct {
		bool is_on;
		struct selection runs;
		/* When they are no longer waited for; NSEC_FOREVER if they always are. */
		nsec until;
	} waiting;
	/* The end of the console. */
	struct {
		enum console_end state;
		/* True if an answer could not be written: a failure of mpmap. */
		bool has_failed;
		/* The exit status of the last map, or of the failure that ended the console. */
		int status;
		/* The signal that ended the console, 0 if none. */
		int signal;
	} ending;
	/* Warnings that the user has been given. */
	struct {
		/* True after the warning that leaving ends the active runs. */
		bool leaving;
		/* True after the warning that the archive cannot write its file. */
		bool disk;
		/* How many tasks had lost their output when the user was last warned of that. */
		uint64_t dropped;
	} reported;
};

/* Shows an answer, by pages where it is long, and releases it. Returns -1 with the error. */
int console_show(struct console *console, struct answer *answer, struct error *error) MUST_CHECK;

/* Begins a new answer. */
void console_answer(const struct console *console, struct answer *answer);

/* Returns the command of the pager, NULL if there is no pager. */
const char *console_pager(const struct console *console);

/* Runs a script of the shell with the terminal. Returns -1 with the error. */
int console_call(struct console *console, const char *script, struct error *error) MUST_CHECK;

/* Carries out no further line before these runs are done, or the time has come. */
void console_wait(struct console *console, const struct selection *selection, nsec until);

/* True if no line can be carried out now. */
bool console_is_busy(const struct console *console);

/* True if the runs of console_wait are done. */
bool console_has_awaited(struct console *console);

/* Carries out console->at and releases it. Returns -1 after an error, which has been reported. */
int console_carry_out(struct console *console);

/* Accepts a run that was begun; a script runs it to its end. */
void console_take_on(struct console *console, struct run *run);

/* True if nothing runs, or the user has been warned. Warns of what leaving ends, in which way is to be repeated. */
bool console_may_leave(struct console *console, const char *way);

/* Cancels all runs, and leaves when they are done. */
void console_leave(struct console *console);

#endif
