/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole numbers in braces, as in bash: {1..5}, {01..10}, {9..1..3}. */
#ifndef INTERACTIVE_PROMPT_WORD_RANGE_H
#define INTERACTIVE_PROMPT_WORD_RANGE_H

#include "base/dialect.h"

/* The most numbers that one may stand for. */
enum { RANGE_MAX = 1000000 };

struct range {
	/* The opening brace, and the place after the closing one. */
	const char *begin;
	const char *end;
	int64_t first;
	int64_t last;
	/* Above 0, also where last is below first. */
	int64_t step;
	/* The fewest characters of a number, 0 if they are not padded. */
	int width;
};

/* Finds the first range between word and end that is not quoted. */
bool range_find(const char *word, const char *end, struct range *range);

/* Returns how many numbers it stands for. */
uint64_t range_count(const struct range *range);

/* Returns the number at a place, from 0. */
int64_t range_number(const struct range *range, uint64_t place);

#endif
