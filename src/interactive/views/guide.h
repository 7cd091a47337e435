/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The help of the interactive mode: a tutorial of one screen, and a text for each command. */
#ifndef INTERACTIVE_VIEWS_GUIDE_H
#define INTERACTIVE_VIEWS_GUIDE_H

#include "base/bytes.h"
#include "base/dialect.h"

/* The help for one command. */
struct guide_row {
	/* The command. */
	const char *name;
	/* Its forms, a line each, without the last newline. */
	const char *synopsis;
	/* Its effect, in whole lines. */
	const char *text;
};

/* Returns the help for a command, NULL if it is unknown. */
const struct guide_row *guide_find(const char *name);

/* Appends the tutorial. */
void guide_tutorial(struct bytes *out);

/* Appends the help for a command; nothing if it is unknown. */
void guide_command(const char *name, struct bytes *out);

#endif
