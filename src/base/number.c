/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing numbers. */
#include "base/number.h"

#include <errno.h>

/* A century. */
#define SECONDS_MAX (UINT64_C(100) * 366 * 86400)

/* Parses leading digits and sets *end to the character after them. Returns 0, or -1 with errno. */
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

/* Parses seconds with a fraction, which is cut to nanoseconds. */
static int parse_seconds(const char *text, nsec *time)
{
	const char *end = text;
	uint64_t whole = 0;
	nsec fraction = 0, unit = NSEC_PER_SEC / 10;

	if (*text != '.' && parse_digits(text, &end, &whole))
		return -1;
	if (*end == '.') {
		if (end == text && !end[1])
			goto invalid;
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			fraction += (*end - '0') * unit;
	}
	if (*end)
		goto invalid;
	if (whole > SECONDS_MAX) {
		errno = ERANGE;
		return -1;
	}
	*time = (nsec)whole * NSEC_PER_SEC + fraction;
	return 0;
invalid:
	errno = EINVAL;
	return -1;
}

int number_parse_time(const char *text, nsec *time)
{
	static const char units[] = "hms";
	static const uint64_t lengths[] = {3600, 60, 1};
	const char *rest = text, *unit = units, *found;
	uint64_t sum = 0, number;

	if (!strpbrk(text, units))
		return parse_seconds(text, time);
	/* Each unit at most once, the larger first. */
	while (*rest) {
		if (parse_digits(rest, &rest, &number))
			return -1;
		found = *rest ? strchr(unit, *rest) : NULL;
		if (!found || number > SECONDS_MAX) {
			errno = found ? ERANGE : EINVAL;
			return -1;
		}
		sum += number * lengths[found - units];
		unit = found + 1;
		rest++;
	}
	if (sum > SECONDS_MAX) {
		errno = ERANGE;
		return -1;
	}
	*time = (nsec)sum * NSEC_PER_SEC;
	return 0;
}

void number_print(char *text, uint64_t value)
{
	char digits[NUMBER_TEXT_MAX], *first = digits + sizeof digits;

	*--first = '\0';
	do
		*--first = (char)('0' + value % 10);
	while (value /= 10);
	memcpy(text, first, (size_t)(digits + sizeof digits - first));
}
