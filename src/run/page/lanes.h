/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How busy the slots of a run were over time, in bounded memory, however long it lasts and however many slots it has:
 * when the grid is full, each two of its columns (spans of time) or rows (slots) become one.
 */
#ifndef RUN_PAGE_LANES_H
#define RUN_PAGE_LANES_H

#include "base/clock.h"
#include "base/dialect.h"

#include <stddef.h>

enum {
	LANES_MAX = 256,
	LANES_COLUMNS = 1024,
};

struct lane_cell {
	/* Time in which tasks ran, added up. */
	nsec busy;
	/* Failures that ended here. */
	uint32_t failures;
};

/* Empty if all zero. */
struct lanes {
	/* LANES_COLUMNS cells for each lane; NULL if the lane had no task. */
	struct lane_cell *cells[LANES_MAX];
	/* UTC at which the first column begins, which is a multiple of the width; and the time that a column spans. */
	nsec origin;
	nsec width;
	/* The number of columns in use. */
	size_t columns;
	/* Slots in a lane. */
	uint32_t slots;
	/* The highest slot, from 1. */
	uint32_t highest;
};

/* Adds the time of a task in a slot, from 1. */
void lanes_add(struct lanes *lanes, uint32_t slot, nsec start, nsec duration, bool has_failed);

/* Returns the number of lanes. */
static inline size_t lanes_count(const struct lanes *lanes)
{
	return lanes->highest ? (lanes->highest - 1) / lanes->slots + 1 : 0;
}

/* Returns how many tasks ran at a time in a column, of a lane or with LANES_MAX of all, on an average. */
double lanes_level(const struct lanes *lanes, size_t lane, size_t column);

/* Returns the failures that ended there. */
uint32_t lanes_failures(const struct lanes *lanes, size_t lane, size_t column);

void lanes_release(struct lanes *lanes);

#endif
