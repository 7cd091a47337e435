/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --help, made from the option table, and --version. */
#include "front/help.h"

#include "base/diag.h"
#include "run/session.h"
#include "front/options.h"

#include <errno.h>

enum { HELP_COLUMN = 32 };

static const char usage[] =
	"Usage: mpmap [OPTION]... COMMAND [ARG]...             for each line of standard input\n"
	"       mpmap [OPTION]... COMMAND [ARG]... ::: ITEM... for each ITEM (:::: FILE: each line of FILE)\n"
	"       mpmap [OPTION]... --shell SCRIPT               sh -c SCRIPT, the record as \"$1\"\n"
	"       mpmap [OPTION]... --shell                      each record is a command line\n"
	"\n"
	"Runs COMMAND once for each record on a pool of workers; what comes out is in the\n"
	"order of what went in. {} in an ARG is the record, {.} {/} {//} {/.} {..} {/..} a part\n"
	"of it as a path, {1} {name} a column or source, {1.} {name.} ... parts of these, {#} or\n"
	"{#:04} its number, {%} the slot; without any of them the record becomes the last ARG.\n"
	"\n"
	"  find . -name '*.wav' -print0 | mpmap -0 flac --best\n"
	"  mpmap -j4 gzip -9 ::: *.log\n"
	"  mpmap --shell 'cc -c \"$1\" -o \"${1%.c}.o\"' ::: *.c\n"
	"\n"
	"Options:\n";

static const char trailer[] =
	"\n"
	"SIZE is in bytes, or with K, M, G, T; SECS a time: 5, 0.5, 1h30m. Exit status: 0 all\n"
	"tasks succeeded, 123 a task failed, 124 stopped by --halt or --until, 125 one was\n"
	"killed, timed out, lost or not started, 126 and 127 COMMAND cannot be run, 1 a failure\n"
	"of mpmap's own, 2 wrong usage; a signal that ended mpmap, or SIGPIPE when its output's\n"
	"reader has gone. The manual, mpmap(1), tells the rest.\n";

void help_option(struct bytes *out, const struct option_row *row)
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

/* Appends a row: its names, then the lines of its help in one column. */
static void append_row(struct bytes *out, const struct option_row *row)
{
	size_t start = out->size, column;
	const char *line = row->help, *end;

	help_option(out, row);
	for (column = out->size - start;; column = 0, line = end + 1) {
		end = strchr(line, '\n');
		bytes_append_format(out, "%*s%.*s\n", (int)(column < HELP_COLUMN ? HELP_COLUMN - column : 1), "",
				    (int)(end ? (size_t)(end - line) : strlen(line)), line);
		if (!end)
			return;
	}
}

void help_usage(struct bytes *out)
{
	const struct option_row *row;

	bytes_append_text(out, usage);
	for (row = option_table; row->name; row++)
		append_row(out, row);
	bytes_append_text(out, trailer);
}

void help_version(struct bytes *out)
{
	bytes_append_text(out, "mpmap " PACKAGE_VERSION
			       "\n"
			       "License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\n"
			       "This is free software: you are free to change and redistribute it.\n"
			       "There is NO WARRANTY, to the extent permitted by law.\n");
}

int help_print(void (*text)(struct bytes *out), unsigned closed)
{
	struct bytes out = {.data = NULL};
	bool written = false;

	text(&out);
	errno = EBADF;
	if (!(closed & 1u << STDOUT_FILENO))
		written = fwrite(out.data, 1, out.size, stdout) == out.size && fclose(stdout) == 0;
	if (!written)
		diag_error("write error: %s", strerror(errno));
	bytes_release(&out);
	return written ? EXIT_OK : EXIT_TROUBLE;
}
