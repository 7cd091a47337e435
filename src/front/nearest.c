/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far words are from each other. */
#include "front/nearest.h"

/* How many letters must be changed, added or dropped to make one word of another (Levenshtein); both are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], i, j;

	if (strlen(b) >= countof(row))
		return SIZE_MAX;
	for (j = 0; j <= strlen(b); j++)
		row[j] = j;
	for (i = 1; i <= strlen(a); i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= strlen(b); j++) {
			size_t least = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			least = row[j] + 1 < least ? row[j] + 1 : least;
			row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
		}
	}
	return row[strlen(b)];
}

const char *nearest(const char *mistyped, const char *const *words)
{
	size_t best = strlen(mistyped) / 3 + 1;
	const char *found = NULL;

	for (; *words; words++) {
		size_t away = strncmp(*words, mistyped, strlen(mistyped)) == 0 ? 1 : distance(mistyped, *words);

		if (away < best) {
			best = away;
			found = *words;
		}
	}
	return found;
}
