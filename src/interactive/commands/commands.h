/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the interactive language: one table, a function each. */
#ifndef INTERACTIVE_COMMANDS_COMMANDS_H
#define INTERACTIVE_COMMANDS_COMMANDS_H

#include "base/dialect.h"
#include "base/error.h"
#include "interactive/prompt/words.h"
#include "interactive/console/console.h"

/* A line, divided. */
struct entered {
	/* As it was typed, from its first word on. */
	const char *line;
	/* words[0] is the command. */
	struct words words;
};

/* The id behind a command, or NULL. */
static inline const char *entered_id(const struct entered *entered)
{
	return entered->words.count > 1 ? entered->words.words[1] : NULL;
}

struct verb {
	const char *name;
	/* How many words may follow it. */
	size_t least;
	size_t most;
	/* < FILE may follow it. */
	bool takes_input;
	/* What the words after it are: completion offers them. */
	enum operands operands;
	/* Carries it out. Returns -1 with the error. */
	int (*run)(struct console *console, const struct entered *entered, struct error *error);
};

/* Ends with a NULL name. */
extern const struct verb verbs[];

/* All of them, for a console. */
extern const struct language commands;

/* Those that begin runs, and those that look at what there is: for the table. */
int command_map(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_apply(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_retry(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_set(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_jobs(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_out(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_errors(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_show(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_stats(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_history(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;
int command_help(struct console *console, const struct entered *entered, struct error *error) MUST_CHECK;

#endif
