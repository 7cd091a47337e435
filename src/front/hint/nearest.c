/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distance between words. */
#include "front/hint/nearest.h"

enum {
	/* Bytes of the longest word that is compared. */
	LENGTH_MAX = 63,
	/* The largest distance of words that are near. */
	AWAY_MAX = 2,
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Returns how many letters must be changed, added, dropped or exchanged with their neighbour to make one word of the
 * other (optimal string alignment); SIZE_MAX if b is too long.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LENGTH_MAX + 1], i, j;

	if (strlen(b) > LENGTH_MAX)
		return SIZE_MAX;
	for (j = 0; j <= strlen(b); j++)
		rows[0][j] = j;
	for (i = 1; i <= strlen(a); i++) {
		const size_t *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (j = 1; j <= strlen(b); j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][strlen(b)];
}

/* True if one word is the other's opposite, "unordered" and "ordered": near, but not what is meant. */
static bool is_opposite(const char *a, const char *b)
{
	static const char *const prefixes[] = {"un", "no", "no-"};
	size_t i, size;

	for (i = 0; i < countof(prefixes); i++) {
		size = strlen(prefixes[i]);
		if ((strncmp(a, prefixes[i], size) == 0 && strcmp(a + size, b) == 0) ||
		    (strncmp(b, prefixes[i], size) == 0 && strcmp(b + size, a) == 0))
			return true;
	}
	return false;
}

const char *nearest(const char *mistyped, const char *const *words)
{
	size_t best = least(strlen(mistyped) / 3, AWAY_MAX) + 1;
	const char *found = NULL;

	for (; *words; words++) {
		size_t away = SIZE_MAX;

		if (!is_opposite(mistyped, *words))
			away = strncmp(*words, mistyped, strlen(mistyped)) == 0 ? 1 : distance(mistyped, *words);

		if (away < best) {
			best = away;
			found = *words;
		}
	}
	return found;
}
