/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grid, and what makes it coarser. */
#include "run/page/lanes.h"

#include "base/mem.h"

#include <string.h>

/* The width of columns at first: finer is never seen. */
#define LEAST_WIDTH (NSEC_PER_SEC / 1000)

/* Adds a cell to another. */
static void merge_cell(struct lane_cell *into, const struct lane_cell *cell)
{
	into->busy += cell->busy;
	into->failures += cell->failures;
}

/* Makes each two lanes one. */
static void merge_lanes(struct lanes *lanes)
{
	size_t lane, column;

	for (lane = 1; lane < LANES_MAX; lane++) {
		struct lane_cell **into = &lanes->cells[lane / 2], *cells = lanes->cells[lane];

		lanes->cells[lane] = NULL;
		if (!*into) {
			*into = cells;
			continue;
		}
		for (column = 0; cells && column < LANES_COLUMNS; column++)
			merge_cell(&(*into)[column], &cells[column]);
		free(cells);
	}
	lanes->slots *= 2;
}

/* Moves the cells of a lane, of which the first used are in use, by some columns to the right. */
static void shift_cells(struct lane_cell *cells, size_t used, size_t by)
{
	memmove(cells + by, cells, used * sizeof *cells);
	memset(cells, 0, by * sizeof *cells);
}

/* Has the first column begin earlier, by so many columns. */
static void shift_columns(struct lanes *lanes, size_t by)
{
	size_t lane;

	for (lane = 0; lane < LANES_MAX; lane++) {
		if (lanes->cells[lane])
			shift_cells(lanes->cells[lane], lanes->columns, by);
	}
	lanes->columns += by;
	lanes->origin -= (nsec)by * lanes->width;
}

/* Makes each two columns one. The first may get the place of an earlier one that was empty. */
static void merge_columns(struct lanes *lanes)
{
	size_t lane, column, odd = (size_t)(lanes->origin / lanes->width % 2);

	for (lane = 0; lane < LANES_MAX; lane++) {
		struct lane_cell *cells = lanes->cells[lane];

		if (!cells)
			continue;
		for (column = 0; column < lanes->columns; column++) {
			struct lane_cell cell = cells[column];

			cells[column] = (struct lane_cell){.busy = 0};
			merge_cell(&cells[(column + odd) / 2], &cell);
		}
	}
	lanes->origin -= (nsec)odd * lanes->width;
	lanes->columns = (lanes->columns + odd + 1) / 2;
	lanes->width *= 2;
}

/* Makes the grid hold a span of time. */
static void lanes_span(struct lanes *lanes, nsec from, nsec to)
{
	if (!lanes->width) {
		lanes->width = LEAST_WIDTH;
		lanes->origin = from - from % lanes->width;
	}
	for (;;) {
		nsec first = from < lanes->origin ? from - from % lanes->width : lanes->origin;
		nsec end = lanes->origin + (nsec)lanes->columns * lanes->width;

		end = to > end ? to : end;
		if ((end - first) / lanes->width < LANES_COLUMNS - 1)
			break;
		merge_columns(lanes);
	}
	if (from < lanes->origin)
		shift_columns(lanes, (size_t)((lanes->origin - from + lanes->width - 1) / lanes->width));
}

/* Returns the cells of the lane of a slot. */
static struct lane_cell *lanes_row(struct lanes *lanes, uint32_t slot)
{
	struct lane_cell **cells;

	if (!lanes->slots)
		lanes->slots = 1;
	while ((slot - 1) / lanes->slots >= LANES_MAX)
		merge_lanes(lanes);
	if (slot > lanes->highest)
		lanes->highest = slot;
	cells = &lanes->cells[(slot - 1) / lanes->slots];
	if (!*cells)
		*cells = mem_new(LANES_COLUMNS, sizeof **cells);
	return *cells;
}

void lanes_add(struct lanes *lanes, uint32_t slot, nsec start, nsec duration, bool has_failed)
{
	nsec end = start + (duration > 0 ? duration : 0), now = start;
	struct lane_cell *cells;
	size_t column;

	lanes_span(lanes, start, end);
	cells = lanes_row(lanes, slot);
	column = (size_t)((start - lanes->origin) / lanes->width);
	for (;; column++) {
		nsec border = lanes->origin + ((nsec)column + 1) * lanes->width;

		cells[column].busy += (end < border ? end : border) - now;
		if (end <= border)
			break;
		now = border;
	}
	cells[column].failures += has_failed;
	if (column >= lanes->columns)
		lanes->columns = column + 1;
}

/* Returns the sum of a column over a lane, or over all. */
static struct lane_cell lanes_sum(const struct lanes *lanes, size_t lane, size_t column)
{
	size_t last = lane < LANES_MAX ? lane + 1 : LANES_MAX;
	struct lane_cell sum = {.busy = 0};

	for (lane = lane < LANES_MAX ? lane : 0; lane < last; lane++) {
		if (lanes->cells[lane])
			merge_cell(&sum, &lanes->cells[lane][column]);
	}
	return sum;
}

double lanes_level(const struct lanes *lanes, size_t lane, size_t column)
{
	return (double)lanes_sum(lanes, lane, column).busy / (double)lanes->width;
}

uint32_t lanes_failures(const struct lanes *lanes, size_t lane, size_t column)
{
	return lanes_sum(lanes, lane, column).failures;
}

void lanes_release(struct lanes *lanes)
{
	size_t lane;

	for (lane = 0; lane < LANES_MAX; lane++)
		free(lanes->cells[lane]);
	*lanes = (struct lanes){.width = 0};
}
