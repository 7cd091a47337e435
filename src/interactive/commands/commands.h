/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the interactive language: a table with a row and a function each. */
#ifndef INTERACTIVE_COMMANDS_COMMANDS_H
#define INTERACTIVE_COMMANDS_COMMANDS_H

#include "base/dialect.h"
#include "base/error.h"
#include "interactive/prompt/words.h"
#include "interactive/console/console.h"

/* A line, divided into words. */
struct entered {
	/* The line as typed, from its first word on. */
	const char *line;
	/* words[0] is the command. */
	struct words words;
};

/* Returns the id after the command, NULL if absent. */
static inline const char *entered_id(const struct entered *entered)
{
	return entered->words.count > 1 ? entered->words.words[1] : NULL;
}

/* A command. */
struct verb {
	const char *name;
	/* How many words must follow it, and may follow it. */
	size_t least;
	size_t most;
	/* True if < FILE may follow it. */
	bool takes_input;
	/* True if it shows something, which > FILE or | COMMAND may receive. */
	bool shows;
	/* The kind of the words after it, for completion. */
	enum operands operands;
	/* Carries it out. Returns -1 with the error. */
	int (*run)(struct console *console, const struct entered *entered, struct error *error);
};

/* Ends with a NULL name. */
extern const struct verb verbs[];

/* All commands, for a console. */
extern const struct language commands;

/* Commands of the other files, for the table. Each returns -1 with the error. */
int command_map(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_apply(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_retry(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_set(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_jobs(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_out(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_errors(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_show(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_stats(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_state(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_history(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_await(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_source(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_shell(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_cd(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_clear(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_quit(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_help(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;

#endif
