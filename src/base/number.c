/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing numbers: everything that is not exactly a number in range is an error. */
#include "base/number.h"

#include <errno.h>

/* Parses leading digits; *end is set behind them. */
static int parse_digits(const char *text, const char **end, uint64_t *value)
{
	uint64_t sum = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(sum, UINT64_C(10), &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*at - '0'), &sum)) {
			errno = ERANGE;
			return -1;
		}
	}
	if (at == text) {
		errno = EINVAL;
		return -1;
	}
	*end = at;
	*value = sum;
	return 0;
}

int number_parse(const char *text, uint64_t maximum, uint64_t *value)
{
	const char *end;
	uint64_t parsed;

	if (parse_digits(text, &end, &parsed))
		return -1;
	if (*end || parsed > maximum) {
		errno = *end ? EINVAL : ERANGE;
		return -1;
	}
	*value = parsed;
	return 0;
}

int number_parse_signed(const char *text, int64_t minimum, int64_t maximum, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t magnitude;
	int64_t parsed;

	if (number_parse(text + (negative || *text == '+'), (uint64_t)INT64_MAX + negative, &magnitude))
		return -1;
	parsed = negative && magnitude ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
	if (parsed < minimum || parsed > maximum) {
		errno = ERANGE;
		return -1;
	}
	*value = parsed;
	return 0;
}

int number_parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	const char *end, *suffix;
	uint64_t parsed;
	ptrdiff_t power;

	if (parse_digits(text, &end, &parsed))
		return -1;
	if (*end) {
		suffix = strchr(suffixes, *end >= 'a' ? *end - ('a' - 'A') : *end);
		if (!suffix || end[1]) {
			errno = EINVAL;
			return -1;
		}
		for (power = suffix - suffixes + 1; power; power--) {
			if (__builtin_mul_overflow(parsed, UINT64_C(1024), &parsed)) {
				errno = ERANGE;
				return -1;
			}
		}
	}
	if (parsed > INT64_MAX) {
		errno = ERANGE;
		return -1;
	}
	*bytes = parsed;
	return 0;
}
