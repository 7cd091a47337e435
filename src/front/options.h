/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: one table of options, which the parser, --help, the completions and the tests of the manual read,
 * and the result of parsing.
 */
#ifndef FRONT_OPTIONS_H
#define FRONT_OPTIONS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "run/session.h"
#include "feed/feeder.h"
#include "front/function.h"

/*
 * A parsed command line. Strings point into argv or the environment; feed.sources and function.words are allocated
 * (free).
 */
struct options {
	enum {
		MODE_RUN,
		MODE_HELP,
		MODE_VERSION,
		/* How far the run of a journal is. */
		MODE_STATUS,
		/* The report of a run whose log is given. */
		MODE_REPORT,
		MODE_INTERACTIVE,
	} mode;
	/* With MODE_HELP the option that is explained, and its name as given; NULL for all. */
	const struct option_row *topic;
	const char *topic_name;
	/* With MODE_REPORT the name of the log. */
	const char *from;
	/* Index into argv of the first word after the options. */
	int first_operand;
	struct feed_options feed;
	struct session_options run;
	/* What ends the records of files. */
	struct delimiter delimiter;
	/* What they begin with; its size is 0 if with anything. */
	struct delimiter record_start;
	/* The name of the executor that lets COMMAND persist; NULL if it does not. */
	const char *persistent;
	/* The function that is called in place of COMMAND. */
	struct function function;
	/* PAGER, XDG_STATE_HOME and HOME of the environment; NULL if unset. */
	const char *pager;
	const char *state;
	const char *home;
	/* True if --delimiter was given, or --null. */
	bool has_delimiter;
	bool has_null;
	/* True if --sync was given. */
	bool has_sync;
	/* True if --progress was given. */
	bool has_progress;
	/* COLOR_UNSET if --color was not given. */
	enum option_color {
		COLOR_UNSET,
		COLOR_AUTO,
		COLOR_ALWAYS,
		COLOR_NEVER,
	} color;
};

/* The values of an option, for completions. */
enum option_values {
	VALUES_NONE,
	VALUES_FREE,
	VALUES_FILE,
	VALUES_DIRECTORY,
	VALUES_METHOD,
	/* The words of the row. */
	VALUES_WORDS,
};

struct option_row {
	/* The title of the group that begins with this row, NULL if none does. */
	const char *heading;
	/* The long name, without dashes. */
	const char *name;
	/* The short name, 0 if none. */
	char letter;
	/* The name of the argument in --help, NULL if the option takes none. */
	const char *argument;
	/* True if the argument may be absent. If present, it follows an equals sign. */
	bool is_optional;
	enum option_values values;
	/* With VALUES_WORDS the words, with blanks between. */
	const char *words;
	/* The description in --help, which divides its lines anew; completions have its first line. */
	const char *help;
	/* Sets the option; value is NULL if absent. -1 with the error, which names the right form. */
	int (*set)(struct options *options, const char *value, struct error *error);
};

/* Adds a source. Returns it; valid until the next is added. */
struct source_options *options_add_source(struct options *options);

/* All options, in the order of --help; ends with a NULL name. A synonym follows its option. */
extern const struct option_row option_table[];

/* Returns the row of a long name, or NULL. */
const struct option_row *option_find(struct slice name);

/* Parses the command line and the environment's defaults. -1 with the error, a usage error. */
int options_parse(struct options *options, int argc, char **argv, struct error *error) MUST_CHECK;

#endif
