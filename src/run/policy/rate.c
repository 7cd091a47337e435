/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The value of --rate. */
#include "run/policy/rate.h"

#include "base/number.h"

/* The most starts, in a time and at once. */
enum { RATE_MOST = 1000000000 };

/* Parses the number before a byte. Returns what follows the byte, or NULL. */
static const char *parse_starts(const char *text, char end, uint64_t *number)
{
	const char *stop = strchrnul(text, end);
	char digits[NUMBER_TEXT_MAX];

	if ((size_t)(stop - text) >= sizeof digits)
		return NULL;
	memcpy(digits, text, (size_t)(stop - text));
	digits[stop - text] = '\0';
	if (number_parse(digits, RATE_MOST, number) < 0 || !*number)
		return NULL;
	return *stop ? stop + 1 : stop;
}

/* Returns the time that a letter stands for, 0 if it stands for none. */
static nsec unit_of(char letter)
{
	switch (letter) {
	case 's':
		return NSEC_PER_SEC;
	case 'm':
		return 60 * NSEC_PER_SEC;
	case 'h':
		return 3600 * NSEC_PER_SEC;
	default:
		return 0;
	}
}

/* Parses N/s, N/m or N/h and what may follow it. -1 if it is wrong. */
static int parse_rate(const char *text, struct rate_options *rate)
{
	static const char word[] = ",burst=";
	uint64_t starts, burst = 1;
	nsec unit;

	text = parse_starts(text, '/', &starts);
	unit = text ? unit_of(*text) : 0;
	if (!unit)
		return -1;
	text++;
	if (strncmp(text, word, strlen(word)) == 0)
		text = parse_starts(text + strlen(word), '\0', &burst);
	if (!text || *text)
		return -1;
	rate->interval = (unit + (nsec)starts - 1) / (nsec)starts;
	if (__builtin_mul_overflow(rate->interval, (nsec)burst - 1, &rate->slack))
		rate->slack = NSEC_FOREVER / 2;
	return 0;
}

int rate_parse(const char *text, struct rate_options *rate, struct error *error)
{
	struct rate_options parsed = {.text = text};

	if (parse_rate(text, &parsed) < 0)
		return error_set(
			error,
			"--rate '%s': not N/s, N/m or N/h with a number of starts, such as 10/s, or 100/m,burst=5",
			text);
	*rate = parsed;
	return 0;
}
