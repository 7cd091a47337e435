/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads ranges. */
#include "interactive/prompt/word/range.h"

#include <stdlib.h>

enum {
	/* The most digits of a number. */
	DIGITS_MAX = 15,
};

/* Reads a whole number of up to 15 digits, and moves *at past it. False if there is none. */
static bool read_whole(const char **at, int64_t *number, int *width, bool *is_padded)
{
	const char *digits = *at + (**at == '-');
	int length = (int)strspn(digits, "0123456789");

	if (!length || length > DIGITS_MAX)
		return false;
	*number = strtoll(*at, NULL, 10);
	*is_padded |= digits[0] == '0' && length > 1;
	length += (int)(digits - *at);
	*width = length > *width ? length : *width;
	*at += length;
	return true;
}

/* Reads the range at a brace. False if there is none. */
static bool read_range(const char *at, struct range *range)
{
	int ignored = 0;
	bool is_padded = false, is_ignored = false;

	*range = (struct range){.begin = at++, .step = 1};
	if (!read_whole(&at, &range->first, &range->width, &is_padded) || strncmp(at, "..", 2) != 0)
		return false;
	at += 2;
	if (!read_whole(&at, &range->last, &range->width, &is_padded))
		return false;
	if (strncmp(at, "..", 2) == 0) {
		at += 2;
		if (!read_whole(&at, &range->step, &ignored, &is_ignored) || !range->step)
			return false;
	}
	range->width = is_padded ? range->width : 0;
	range->end = at + 1;
	range->step = range->step < 0 ? -range->step : range->step;
	return *at == '}';
}

bool range_find(const char *word, const char *end, struct range *range)
{
	char quote = 0;

	for (; word < end; word++) {
		if (*word == '\\' && quote != '\'')
			word++;
		else if (quote)
			quote = *word == quote ? 0 : quote;
		else if (*word == '\'' || *word == '"')
			quote = *word;
		else if (*word == '{' && read_range(word, range))
			return true;
	}
	return false;
}

uint64_t range_count(const struct range *range)
{
	int64_t span = range->last - range->first;

	return (uint64_t)((span < 0 ? -span : span) / range->step) + 1;
}

int64_t range_number(const struct range *range, uint64_t place)
{
	int64_t way = (int64_t)place * range->step;

	return range->last < range->first ? range->first - way : range->first + way;
}
