/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time limit of tasks. Durations are counted on a logarithmic scale, from which the median is read. */
#include "run/policy/limit.h"

#include "base/number.h"

/* After SURE tasks the median is computed only every PERIOD tasks. */
enum { SURE = 256, PERIOD = 64 };

int limit_parse(const char *text, struct limit_options *options, struct error *error)
{
	struct limit_options parsed = {.fixed = 0};
	size_t length = strlen(text);
	char digits[32];

	if (length && length < sizeof digits && text[length - 1] == '%') {
		memcpy(digits, text, length - 1);
		digits[length - 1] = '\0';
		if (number_parse(digits, UINT64_C(1000000), &parsed.percent) == 0 && parsed.percent) {
			*options = parsed;
			return 0;
		}
	} else if (number_parse_time(text, &parsed.fixed) == 0 && parsed.fixed) {
		*options = parsed;
		return 0;
	}
	return error_set(
		error,
		"--timeout '%s': not a time in seconds above 0 (5, 0.5, 1h30m), nor a percentage of the median "
		"(200%%)",
		text);
}

/* Returns the place of a time on the scale: its doublings of a nanosecond, and the five bits after the first. */
static size_t place_of(nsec time)
{
	uint64_t value = time > 0 ? (uint64_t)time : 1;
	unsigned doublings = 63 - (unsigned)__builtin_clzll(value);
	uint64_t steps = doublings >= 5 ? value >> (doublings - 5) : value << (5 - doublings);

	return doublings * LIMIT_STEPS + (size_t)(steps & (LIMIT_STEPS - 1));
}

/* Returns the middle of the times that are counted at a place. */
static nsec time_at(size_t place)
{
	size_t doublings = place / LIMIT_STEPS;
	double step = (double)(place % LIMIT_STEPS) + 0.5;

	return (nsec)((double)(UINT64_C(1) << doublings) * (1 + step / LIMIT_STEPS));
}

bool limit_learn(struct limit *limit, const struct result *result)
{
	if (!limit->options.percent || (result->outcome != OUTCOME_OK && result->outcome != OUTCOME_FAILED))
		return false;
	limit->counts[place_of(result->duration)]++;
	limit->count++;
	return limit->count >= LIMIT_LEAST && (limit->count < SURE || limit->count % PERIOD == 0);
}

nsec limit_now(const struct limit *limit)
{
	uint64_t below = 0;
	size_t place = 0;

	if (!limit->options.percent || limit->count < LIMIT_LEAST)
		return limit->options.fixed;
	while (2 * (below + limit->counts[place]) < limit->count)
		below += limit->counts[place++];
	return (nsec)((double)time_at(place) * (double)limit->options.percent / 100);
}
