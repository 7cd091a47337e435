/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The means to draw views: lines that fit, aligned columns, figures in one style. */
#ifndef INTERACTIVE_VIEWS_CANVAS_H
#define INTERACTIVE_VIEWS_CANVAS_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

/* The place where a view is drawn. */
struct canvas {
	/* Receives whole lines. */
	struct bytes *out;
	/* The columns of the terminal, 0 if there is no terminal: nothing is cut then. */
	size_t width;
	/* True if the terminal, and so the locale, has UTF-8. */
	bool is_utf8;
};

/* Appends a line, cut to the width and escaped for a terminal. */
void canvas_line(const struct canvas *canvas, struct slice line);

/* Begins a line with its subject; the caller appends the rest. */
void canvas_key(const struct canvas *canvas, const char *key);

/* Rows of cells. All zero but columns. */
struct canvas_table {
	/* Blanks that each row begins with, then a letter for each column: l for left, r for right. */
	const char *columns;
	/* The cells row by row, each ended by a NUL; then the current cell, which the caller appends to. */
	struct bytes cells;
};

/* Ends the current cell. */
void canvas_cell(struct canvas_table *table);

/* Draws all rows and empties the table. A column of empty cells takes no room. */
void canvas_draw(const struct canvas *canvas, struct canvas_table *table);

/* Appends a bar whose length is a share (0 to 1) of columns. It is visible unless share is 0. */
void canvas_bar(const struct canvas *canvas, struct bytes *out, double share, size_t columns);

/* Appends a time: "850 us", "12 ms", "1.2 s", "3 m 05 s", "2 h 03 m"; "-" if negative. */
void canvas_time(struct bytes *out, nsec time);

/* Appends a size in bytes: "57 bytes", "1.2 KiB". */
void canvas_size(struct bytes *out, uint64_t size);

/* Appends a count per second: "1.5", "120". */
void canvas_rate(struct bytes *out, uint64_t count, nsec time);

/* Returns the ending of a noun after a count: "s" unless count is 1. */
const char *canvas_plural(uint64_t count);

#endif
