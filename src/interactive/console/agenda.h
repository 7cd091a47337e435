/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that wait to be carried out, in their order: those typed or pasted, and those of files. */
#ifndef INTERACTIVE_CONSOLE_AGENDA_H
#define INTERACTIVE_CONSOLE_AGENDA_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"

struct agenda_file;

/* A line. The caller that takes it owns it: agenda_line_release. */
struct agenda_line {
	struct list link;
	char *text;
	/* The file that holds the line, NULL if it was typed or is the script's. */
	struct agenda_file *file;
	uint64_t number;
};

struct agenda {
	struct list lines;
};

void agenda_init(struct agenda *agenda);

/* Appends a copy of text; number is its line number, 0 if none. */
void agenda_add(struct agenda *agenda, const char *text, uint64_t number);

/*
 * Inserts all lines of a file before all others. by is the line that asks for the file. Returns -1 with the error: the
 * file cannot be read, is too large, or is being carried out already.
 */
int agenda_add_file(struct agenda *agenda, const char *name, const struct agenda_line *by,
		    struct error *error) MUST_CHECK;

/* Removes the next line and stores it. Returns false if the agenda is empty. */
bool agenda_take(struct agenda *agenda, struct agenda_line *line);

/* Returns the name of the file that holds a line, NULL if no file does. */
const char *agenda_file_name(const struct agenda_line *line);

/* Releases a line that was carried out. */
void agenda_line_release(struct agenda_line *line);

/* Drops the lines of files up to the first line that is not from a file: a line of theirs could not be carried out. */
void agenda_drop_files(struct agenda *agenda);

/* Drops all lines. */
void agenda_clear(struct agenda *agenda);

#endif
