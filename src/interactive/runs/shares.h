/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How workers are divided among claimants. */
#ifndef INTERACTIVE_RUNS_SHARES_H
#define INTERACTIVE_RUNS_SHARES_H

#include "base/dialect.h"

/* One claimant's share of the workers. */
struct share {
	/* How many it can use; 0 if it needs none. */
	size_t wanted;
	/* How many it gets. */
	size_t part;
};

/*
 * Divides total workers among count claimants, in the order of their turns: sets each part. Everybody gets an equal
 * part (at least 1, while there are any), or what it wants if that is less; what is left goes to the first that want
 * more. Returns false if a claimant that wants some gets none.
 */
bool shares_divide(struct share *shares, size_t count, size_t total);

#endif
