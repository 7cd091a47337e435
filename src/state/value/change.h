/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A change to a number that is made later: what additions and bounds amount to, in the order in which they came, for
 * whatever number it finds then.
 */
#ifndef STATE_VALUE_CHANGE_H
#define STATE_VALUE_CHANGE_H

#include "base/dialect.h"
#include "state/value/value.h"

/* All zero changes nothing. The number is shifted, then raised to low, then lowered to high. */
struct change {
	bool is_any;
	bool has_low;
	bool has_high;
	struct numeral shift;
	struct numeral low;
	struct numeral high;
	/* What it makes of no number at all. */
	struct numeral start;
};

/* Add a number; make it at least, and at most, so large. -1 if that does not fit: the change is then undefined. */
int change_add(struct change *change, const struct numeral *operand) MUST_CHECK;
int change_raise(struct change *change, const struct numeral *operand) MUST_CHECK;
int change_lower(struct change *change, const struct numeral *operand) MUST_CHECK;

/* Changes the number present, or none (NULL). -1 if the result does not fit: it is then the nearest that does. */
int change_apply(const struct change *change, const struct numeral *present, struct numeral *result);

#endif
