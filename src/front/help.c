/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --help, made from the option table, and --version. */
#include "front/help.h"

#include "base/diag.h"
#include "run/session.h"
#include "front/options.h"

#include <errno.h>

enum {
	/* The column in which the description of an option begins. */
	HELP_COLUMN = 28,
	/* Columns of a line. */
	WIDTH = 79,
};

static const char usage[] =
	"Usage: mpmap [OPTION]... COMMAND [ARG]...               for each line of input\n"
	"       mpmap [OPTION]... COMMAND [ARG]... ::: ITEM...   for each ITEM\n"
	"       mpmap [OPTION]... COMMAND [ARG]... :::: FILE...  for each line of FILE\n"
	"       mpmap [OPTION]... --shell SCRIPT [::: ITEM...]   the record as \"$1\"\n"
	"       mpmap [OPTION]... --shell                        records are commands\n"
	"       mpmap [OPTION]... --python CODE [::: ITEM...]    a function of Python\n"
	"       mpmap                                            a prompt\n"
	"\n"
	"Runs COMMAND once for each record, several at a time, on a pool of workers. The\n"
	"outputs come in the order of the input.\n"
	"\n"
	"  find . -name '*.wav' -print0 | mpmap -0 flac --best\n"
	"  mpmap -j4 gzip -9 ::: *.log\n"
	"  mpmap convert {} {.}.png ::: *.jpg\n"
	"  mpmap --shell 'cc -c \"$1\" -o \"${1%.c}.o\"' ::: *.c\n"
	"\n"
	"Replacement strings; without any of them the record becomes the last ARG:\n"
	"  {}    the record                        {#}  {#:04}    its number; with zeros\n"
	"  {.}   without its extension             {%}            the slot, 1 to jobs\n"
	"  {/}   without its directory             {1} {-1}       a column, or a source\n"
	"  {//}  its directory                     {name}         a column with a name\n"
	"  {/.}  without both                      {1.} {name/}   parts of these\n"
	"  {..}  {/..}  without two extensions\n";

static const char trailer[] =
	"\n"
	"SIZE is in bytes, or with K, M, G, T; SECS a time: 5, 0.5, 1h30m.\n"
	"\n"
	"Exit status: 0 all tasks succeeded, 123 a task failed, 124 stopped by --halt or\n"
	"--until, 125 a task was killed, timed out, was lost or did not start, 126 and\n"
	"127 COMMAND cannot be run, 1 mpmap itself failed, 2 wrong usage; a signal that\n"
	"ended mpmap, or SIGPIPE when the reader of its output has gone.\n"
	"\n"
	"--help=OPTION explains one option. All of this at length: man mpmap\n";

/* Appends the names of an option: "  -n, --max-args=N". */
static void append_names(struct bytes *out, const struct option_row *row)
{
	bytes_append_text(out, "  ");
	if (row->letter)
		bytes_append_format(out, "-%c, ", row->letter);
	else
		bytes_append_text(out, "    ");
	bytes_append_format(out, "--%s", row->name);
	if (row->argument)
		bytes_append_format(out, row->is_optional ? "[=%s]" : "=%s", row->argument);
}

void help_option(struct bytes *out, const struct option_row *row)
{
	size_t start = out->size, size;
	const char *word;

	append_names(out, row);
	if (out->size - start >= HELP_COLUMN) {
		bytes_append_text(out, "\n");
		start = out->size;
	}
	bytes_append_format(out, "%*s", (int)(HELP_COLUMN - 1 - (out->size - start)), "");
	for (word = row->help; *word; word += size + strspn(word + size, " \n")) {
		size = strcspn(word, " \n");
		if (out->size - start + 1 + size > WIDTH) {
			bytes_append_text(out, "\n");
			start = out->size;
			bytes_append_format(out, "%*s", HELP_COLUMN - 1, "");
		}
		bytes_append_text(out, " ");
		bytes_append(out, word, size);
	}
	bytes_append_text(out, "\n");
}

/* Appends the whole help. */
static void append_usage(struct bytes *out)
{
	const struct option_row *row;

	bytes_append_text(out, usage);
	for (row = option_table; row->name; row++) {
		if (row->heading)
			bytes_append_format(out, "\n%s:\n", row->heading);
		help_option(out, row);
	}
	bytes_append_text(out, trailer);
}

void help_usage(struct bytes *out, const struct option_row *topic)
{
	if (!topic) {
		append_usage(out);
		return;
	}
	help_option(out, topic);
	bytes_append_format(out, "More about --%s and what goes with it: man mpmap, section OPTIONS\n", topic->name);
}

void help_version(struct bytes *out, const struct option_row *topic UNUSED)
{
	bytes_append_text(out, "mpmap " PACKAGE_VERSION
			       "\n"
			       "License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\n"
			       "This is free software: you are free to change and redistribute it.\n"
			       "There is NO WARRANTY, to the extent permitted by law.\n");
}

int help_write(const struct bytes *out, unsigned closed)
{
	bool written = false;

	errno = EBADF;
	if (!(closed & 1u << STDOUT_FILENO))
		written = fwrite(out->data, 1, out->size, stdout) == out->size && fclose(stdout) == 0;
	if (!written)
		diag_error("write error: %s", strerror(errno));
	return written ? EXIT_OK : EXIT_TROUBLE;
}

int help_print(help_text *text, const struct option_row *topic, unsigned closed)
{
	struct bytes out = {.data = NULL};
	int status;

	text(&out, topic);
	status = help_write(&out, closed);
	bytes_release(&out);
	return status;
}
