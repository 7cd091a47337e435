/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/runs/shares: how workers are divided among runs. */
#include "unit.h"

#include "interactive/runs/shares.h"

enum { CLAIMANTS_MAX = 6 };

static void test_cases(void)
{
	static const struct {
		size_t total, count, wanted[CLAIMANTS_MAX], part[CLAIMANTS_MAX];
		bool enough;
	} cases[] = {
		{8, 0, {0}, {0}, true},
		{8, 1, {SIZE_MAX}, {8}, true},
		{8, 1, {3}, {3}, true},
		{8, 2, {SIZE_MAX, SIZE_MAX}, {4, 4}, true},
		{7, 2, {9, 9}, {4, 3}, true},
		{8, 2, {1, 20}, {1, 7}, true},
		{8, 3, {20, 0, 2}, {6, 0, 2}, true},
		{8, 3, {0, 0, 0}, {0, 0, 0}, true},
		{2, 3, {5, 5, 5}, {1, 1, 0}, false},
		{2, 3, {5, 0, 5}, {1, 0, 1}, true},
		{1, 2, {0, 1}, {0, 1}, true},
	};
	size_t i, j;

	for (i = 0; i < countof(cases); i++) {
		struct share shares[CLAIMANTS_MAX] = {{.wanted = 0}};

		for (j = 0; j < cases[i].count; j++)
			shares[j].wanted = cases[i].wanted[j];
		check_int(shares_divide(shares, cases[i].count, cases[i].total), cases[i].enough);
		for (j = 0; j < cases[i].count; j++)
			check_int(shares[j].part, cases[i].part[j]);
	}
}

/*
 * The model deals out workers one by one: each to the first claimant that has less than an equal part and wants more;
 * if no claimant does, to the first that wants more.
 */
static void model_divide(struct share *shares, size_t count, size_t total)
{
	size_t claimants = 0, equal, i;

	for (i = 0; i < count; i++)
		claimants += shares[i].wanted > 0;
	equal = claimants && total / claimants ? total / claimants : 1;
	for (; total; total--) {
		struct share *chosen = NULL;

		for (i = 0; i < count; i++) {
			struct share *share = &shares[i];

			if (share->part < share->wanted && (!chosen || (share->part < equal && chosen->part >= equal)))
				chosen = share;
		}
		if (!chosen)
			return;
		chosen->part++;
	}
}

static void test_model(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 2000; round++) {
		size_t count = unit_below(&random, CLAIMANTS_MAX + 1), total = 1 + unit_below(&random, 20), i;
		struct share shares[CLAIMANTS_MAX] = {{.wanted = 0}}, model[CLAIMANTS_MAX] = {{.wanted = 0}};
		bool enough = true;

		for (i = 0; i < count; i++)
			model[i].wanted = shares[i].wanted = unit_below(&random, 4) ? unit_below(&random, 12) : 0;
		model_divide(model, count, total);
		for (i = 0; i < count; i++)
			enough &= model[i].part || !model[i].wanted;
		check_int(shares_divide(shares, count, total), enough);
		for (i = 0; i < count; i++)
			check_int(shares[i].part, model[i].part);
	}
}

const struct unit_test unit_shares[] = {
	{"equal parts, and what is left in the order of turns", .run = test_cases},
	{"as by a model that gives workers away one by one", .run = test_model},
	{.name = NULL},
};
