/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The division of workers. */
#include "interactive/runs/shares.h"

/* Gives a claimant up to most of the workers that are left, at most what it wants. Returns how many are left then. */
static size_t share_add(struct share *share, size_t most, size_t left)
{
	size_t more = share->wanted - share->part;

	if (more > most)
		more = most;
	if (more > left)
		more = left;
	share->part += more;
	return left - more;
}

bool shares_divide(struct share *shares, size_t count, size_t total)
{
	size_t claimants = 0, equal, left = total, i;
	bool enough = true;

	for (i = 0; i < count; i++) {
		shares[i].part = 0;
		claimants += shares[i].wanted > 0;
	}
	equal = claimants && total > claimants ? total / claimants : 1;
	for (i = 0; i < count; i++)
		left = share_add(&shares[i], equal, left);
	for (i = 0; i < count; i++) {
		left = share_add(&shares[i], left, left);
		enough &= shares[i].part || !shares[i].wanted;
	}
	return enough;
}
