/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: one table of options that the parser, --help, the completions and the tests of the manual read, and
 * what comes of parsing.
 */
#ifndef FRONT_OPTIONS_H
#define FRONT_OPTIONS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "run/session.h"
#include "feed/feeder.h"

/* What the command line asks for. Strings point into argv or the environment. */
struct options {
	enum {
		MODE_RUN,
		MODE_HELP,
		MODE_VERSION,
		MODE_INTERACTIVE,
	} mode;
	/* The word of the command line behind the options. */
	int first_operand;
	struct feed_options feed;
	struct session_options run;
	/* What divides the records of all sources that are read. */
	char delimiter;
	/* From the environment, NULL where it is not there: a pager, and folders for what is kept from one time to the
	 * next. */
	const char *pager;
	const char *state;
	const char *home;
	/* It was given, and so was --progress; COLOR_UNSET: --color was not. */
	bool has_delimiter;
	bool has_progress;
	enum option_color {
		COLOR_UNSET,
		COLOR_AUTO,
		COLOR_ALWAYS,
		COLOR_NEVER,
	} color;
};

/* What a word after an option may be, for completions. */
enum option_values {
	VALUES_NONE,
	VALUES_FREE,
	VALUES_FILE,
	VALUES_DIRECTORY,
	VALUES_METHOD,
	/* Those of the row. */
	VALUES_WORDS,
};

struct option_row {
	/* The long name, without dashes. */
	const char *name;
	/* One letter, or 0. */
	char letter;
	/* What the argument is called in --help; NULL: the option takes none. */
	const char *argument;
	/* It may be left out; else it follows an equals sign. */
	bool is_optional;
	enum option_values values;
	/* With VALUES_WORDS: them, with blanks between. */
	const char *words;
	/* A line for --help and the completions. */
	const char *help;
	/* Takes the option in; value is NULL when there is none. -1 with the error: what is wrong and what would be
	 * right. */
	int (*set)(struct options *options, const char *value, struct error *error);
};

/* One source more; valid until the next. */
struct source_options *options_add_source(struct options *options);

/* Ends with a NULL name. Synonyms follow what they stand for. */
extern const struct option_row option_table[];

/* The row of a long name, or NULL. */
const struct option_row *option_find(struct slice name);

/* Parses the command line and the environment's defaults. -1 with the error: a usage error. */
int options_parse(struct options *options, int argc, char **argv, struct error *error) MUST_CHECK;

#endif
