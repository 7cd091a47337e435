/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that wait to be carried out: what was typed or pasted, and what files hold, in their order. */
#ifndef INTERACTIVE_CONSOLE_AGENDA_H
#define INTERACTIVE_CONSOLE_AGENDA_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"

struct agenda_file;

/* One line, its owner's. */
struct agenda_line {
	struct list link;
	char *text;
	/* Where it stands; NULL: it was typed, or is the script's. */
	struct agenda_file *file;
	uint64_t number;
};

struct agenda {
	struct list lines;
};

void agenda_init(struct agenda *agenda);

/* A line behind all others, with its number. */
void agenda_add(struct agenda *agenda, const char *text, uint64_t number);

/*
 * All lines of a file before all others; by is the line that asks for it. -1 with the error: it cannot be read, is too
 * large, or is being carried out already.
 */
int agenda_add_file(struct agenda *agenda, const char *name, const struct agenda_line *by,
		    struct error *error) MUST_CHECK;

/* Takes the next line: false when there is none. */
bool agenda_take(struct agenda *agenda, struct agenda_line *line);

/* The name of the file a line stands in, or NULL. */
const char *agenda_file_name(const struct agenda_line *line);

/* A line was carried out, and is let go. */
void agenda_line_release(struct agenda_line *line);

/* Drops the lines of files at the front: one of them could not be carried out. */
void agenda_drop_files(struct agenda *agenda);

/* Drops everything. */
void agenda_clear(struct agenda *agenda);

#endif
