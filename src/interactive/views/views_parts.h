/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts that several views show. */
#ifndef INTERACTIVE_VIEWS_VIEWS_PARTS_H
#define INTERACTIVE_VIEWS_VIEWS_PARTS_H

#include "base/dialect.h"
#include "interactive/runs/runs.h"
#include "interactive/views/canvas.h"

/* Appends a row of words, up to NULL, to a table. */
void views_heading(struct canvas_table *table, const char *const *words);

/* Draws a table of the tasks that run now: of one run, or of all runs where run is NULL. Draws nothing if none runs. */
void views_running(const struct canvas *canvas, struct runs *runs, struct run *run);

#endif
