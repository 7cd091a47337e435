/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Variables of tasks with a value for each slot (--slot-env), such as a GPU. */
#ifndef BOARD_SLOT_VALUES_H
#define BOARD_SLOT_VALUES_H

#include "base/dialect.h"
#include "base/error.h"

enum {
	/* The most of these variables. */
	SLOT_VARIABLES_MAX = 16,
};

struct slot_options {
	size_t count;
	/* NAME=V1,V2,... The caller's. */
	const char *list[SLOT_VARIABLES_MAX];
};

/* Adds NAME=V1,V2,..., in place of an earlier one of that name. -1 with the error. */
int slot_values_add(struct slot_options *options, const char *text, struct error *error) MUST_CHECK;

/* Returns how many slots have values of their own: the least number of values; SIZE_MAX without such variables. */
size_t slot_values_most(const struct slot_options *options);

/* Returns NAME=VALUE with the value of a seat; after the last value comes the first again. The caller's (free). */
char *slot_values_pick(const char *text, size_t seat);

#endif
