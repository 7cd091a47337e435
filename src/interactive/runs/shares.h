/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How workers are divided among claimants. */
#ifndef INTERACTIVE_RUNS_SHARES_H
#define INTERACTIVE_RUNS_SHARES_H

#include "base/dialect.h"

/* The share of one claimant. */
struct share {
	/* How many workers it can use, 0 if none. */
	size_t wanted;
	/* How many workers it gets. */
	size_t part;
};

/*
 * Divides total workers among count claimants, in the order of their turns: sets each part. Each claimant gets an equal
 * part (at least 1, while there are any), or what it wants if that is less; the rest goes to the first that want more.
 * Returns false if a claimant that wants workers gets none.
 */
bool shares_divide(struct share *shares, size_t count, size_t total);

#endif
