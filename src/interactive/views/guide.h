/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The help of the interactive mode: a tutorial of one screen, and a text for each command. */
#ifndef INTERACTIVE_VIEWS_GUIDE_H
#define INTERACTIVE_VIEWS_GUIDE_H

#include "base/bytes.h"
#include "base/dialect.h"

struct guide_row {
	/* The command. */
	const char *name;
	/* Its forms, a line each, without a newline at the end. */
	const char *synopsis;
	/* Whole lines. */
	const char *text;
};

/* What is told of a command; NULL when there is none of that name. */
const struct guide_row *guide_find(const char *name);

void guide_tutorial(struct bytes *out);

/* Appends all there is to say of a command; nothing when there is none of that name. */
void guide_command(const char *name, struct bytes *out);

#endif
