/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any sequence of additions and bounds is one shift and two bounds. */
#include "state/value/change.h"

#include <float.h>

/* Adds to a part of a change. -1 if the sum does not fit. */
static int change_shift(struct numeral *part, const struct numeral *operand)
{
	struct numeral sum;

	if (numeral_add(part, operand, &sum) < 0)
		return -1;
	*part = sum;
	return 0;
}

int change_add(struct change *change, const struct numeral *operand)
{
	change->is_any = true;
	if (change_shift(&change->shift, operand) < 0 || change_shift(&change->start, operand) < 0)
		return -1;
	if (change->has_low && change_shift(&change->low, operand) < 0)
		return -1;
	return change->has_high ? change_shift(&change->high, operand) : 0;
}

/* Returns the one that is in the given relation to the other. */
static struct numeral change_choose(const struct numeral *a, const struct numeral *b, int wanted)
{
	return numeral_compare(a, b) * wanted > 0 ? *a : *b;
}

int change_raise(struct change *change, const struct numeral *operand)
{
	change->low = change->has_low ? change_choose(operand, &change->low, 1) : *operand;
	change->has_low = true;
	if (change->has_high)
		change->high = change_choose(operand, &change->high, 1);
	change->start = change->is_any ? change_choose(operand, &change->start, 1) : *operand;
	change->is_any = true;
	return 0;
}

int change_lower(struct change *change, const struct numeral *operand)
{
	change->high = change->has_high ? change_choose(operand, &change->high, -1) : *operand;
	change->has_high = true;
	change->start = change->is_any ? change_choose(operand, &change->start, -1) : *operand;
	change->is_any = true;
	return 0;
}

/* Returns the number that is nearest to a sum that does not fit. */
static struct numeral change_nearest(const struct numeral *shift, bool is_real)
{
	static const struct numeral zero = {.whole = 0};
	bool is_up = numeral_compare(shift, &zero) > 0;

	if (is_real)
		return (struct numeral){.is_real = true, .real = is_up ? DBL_MAX : -DBL_MAX};
	return (struct numeral){.whole = is_up ? INT64_MAX : INT64_MIN};
}

int change_apply(const struct change *change, const struct numeral *present, struct numeral *result)
{
	int fits;

	if (!present) {
		*result = change->start;
		return 0;
	}
	fits = numeral_add(present, &change->shift, result);
	if (fits < 0)
		*result = change_nearest(&change->shift, present->is_real || change->shift.is_real);
	if (change->has_low)
		*result = change_choose(&change->low, result, 1);
	if (change->has_high)
		*result = change_choose(&change->high, result, -1);
	return fits;
}
