/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What views are drawn on: lines that fit, columns that are aligned, figures in one style. */
#ifndef INTERACTIVE_VIEWS_CANVAS_H
#define INTERACTIVE_VIEWS_CANVAS_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

struct canvas {
	/* Whole lines are appended here. */
	struct bytes *out;
	/* The columns of the terminal; 0: it is none, and nothing is cut. */
	size_t width;
	/* It shows UTF-8 (and so the locale has it). */
	bool is_utf8;
};

/* Appends a line, cut to the width; nothing in it acts on a terminal (quote_terminal). */
void canvas_line(const struct canvas *canvas, struct slice line);

/* Begins a line with what it is about; the rest of it is the caller's. */
void canvas_key(const struct canvas *canvas, const char *key);

/* Rows of cells. All zero but columns: blanks to begin each row with, then a letter for each column: l, or r to the
 * right. */
struct canvas_table {
	const char *columns;
	/* The cells row by row, each with a NUL; behind them the cell at hand, which the caller appends to. */
	struct bytes cells;
};

/* Ends the cell at hand. */
void canvas_cell(struct canvas_table *table);

/* Appends all rows and empties the table. A column of empty cells takes no room. */
void canvas_draw(const struct canvas *canvas, struct canvas_table *table);

/* Appends a bar: so much (0 to 1) of so many columns. Something is seen of whatever is not 0. */
void canvas_bar(const struct canvas *canvas, struct bytes *out, double share, size_t columns);

/* Append "850 us", "12 ms", "1.2 s", "3 m 05 s", "2 h 03 m"; "57 bytes", "1.2 KiB"; "1.5" or "120", of whatever in a
 * second. */
void canvas_time(struct bytes *out, nsec time);
void canvas_size(struct bytes *out, uint64_t size);
void canvas_rate(struct bytes *out, uint64_t count, nsec time);

/* The ending of a noun after so many. */
const char *canvas_plural(uint64_t count);

#endif
