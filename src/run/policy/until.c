/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time until which a run may last. */
#include "run/policy/until.h"

#include "base/number.h"

#include <errno.h>

enum { YEAR_MIN = 1970, YEAR_MAX = 2200 };

/* Takes a number of so many digits, at most most, from *at. -1 if there is none. */
static int take_number(const char **at, int digits, int most, int *value)
{
	*value = 0;
	for (; digits; digits--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		*value = *value * 10 + (**at - '0');
	}
	return *value <= most ? 0 : -1;
}

/* Takes HH:MM or HH:MM:SS. -1 if it is wrong. */
static int take_clock(const char **at, struct tm *parts)
{
	parts->tm_sec = 0;
	if (take_number(at, 2, 23, &parts->tm_hour) < 0 || *(*at)++ != ':' ||
	    take_number(at, 2, 59, &parts->tm_min) < 0)
		return -1;
	if (**at != ':')
		return 0;
	(*at)++;
	return take_number(at, 2, 59, &parts->tm_sec);
}

/* Takes YYYY-MM-DD. -1 if there is no such day. */
static int take_date(const char **at, struct tm *parts)
{
	struct tm same;

	if (take_number(at, 4, YEAR_MAX, &parts->tm_year) < 0 || parts->tm_year < YEAR_MIN || *(*at)++ != '-' ||
	    take_number(at, 2, 12, &parts->tm_mon) < 0 || *(*at)++ != '-' ||
	    take_number(at, 2, 31, &parts->tm_mday) < 0)
		return -1;
	parts->tm_year -= 1900;
	parts->tm_mon--;
	same = *parts;
	/* The 31st of June would be the 1st of July. */
	(void)timegm(&same);
	return same.tm_mon == parts->tm_mon && same.tm_mday == parts->tm_mday ? 0 : -1;
}

/* Takes the distance from UTC: Z, or +HH, +HHMM or +HH:MM, or the same with a minus sign. -1 if it is wrong. */
static int take_zone(const char **at, int *seconds)
{
	int hours, minutes = 0, sign = **at == '-' ? -1 : 1;

	*seconds = 0;
	if (*(*at)++ == 'Z')
		return 0;
	if (((*at)[-1] != '+' && (*at)[-1] != '-') || take_number(at, 2, 23, &hours) < 0)
		return -1;
	if (**at == ':')
		(*at)++;
	if (((*at)[-1] == ':' || **at) && take_number(at, 2, 59, &minutes) < 0)
		return -1;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

/* Skips a fraction of a second, as date(1) writes it. -1 if there are no digits. */
static int skip_fraction(const char **at)
{
	const char *first = ++*at;

	while (**at >= '0' && **at <= '9')
		(*at)++;
	return *at > first ? 0 : -1;
}

/* Parses a date and a time of ISO 8601 to UTC since 1970. -1 if it is wrong. */
static int parse_moment(const char *text, nsec *moment)
{
	struct tm parts = {.tm_isdst = -1};
	int zone = 0;
	time_t time;

	if (take_date(&text, &parts) < 0 || (*text != 'T' && *text != ' '))
		return -1;
	text++;
	if (take_clock(&text, &parts) < 0 || ((*text == '.' || *text == ',') && skip_fraction(&text) < 0))
		return -1;
	if (!*text) {
		time = mktime(&parts);
	} else {
		if (take_zone(&text, &zone) < 0 || *text)
			return -1;
		time = timegm(&parts) - zone;
	}
	*moment = (nsec)time * NSEC_PER_SEC;
	return 0;
}

/* Parses a time of day to seconds since midnight. -1 if it is wrong. */
static int parse_clock(const char *text, nsec *seconds)
{
	struct tm parts = {.tm_sec = 0};

	if (take_clock(&text, &parts) < 0 || *text)
		return -1;
	*seconds = parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
	return 0;
}

int until_parse(const char *text, struct until_options *options, struct error *error)
{
	struct until_options parsed = {.kind = UNTIL_DURATION, .text = text};

	if (number_parse_time(text, &parsed.value) == 0 && parsed.value) {
		*options = parsed;
		return 0;
	}
	parsed.kind = UNTIL_CLOCK;
	if (parse_clock(text, &parsed.value) < 0) {
		parsed.kind = UNTIL_MOMENT;
		if (parse_moment(text, &parsed.value) < 0)
			return error_set(
				error,
				"--until '%s': not a time of day (07:30), a date and a time (2026-11-27T07:30, "
				"local or with Z or +01:00), nor a time from now in seconds above 0 (90, "
				"1h30m)",
				text);
	}
	*options = parsed;
	return 0;
}

struct until_time until_now(void)
{
	return (struct until_time){.wall = clock_wall(), .uptime = clock_read(CLOCK_BOOTTIME)};
}

/*
 * Returns when a time of day comes next in the time zone. Of a time that a day has twice it is the first that is still
 * to come; one that a day leaves out is moved by libc, out of the gap.
 */
static time_t next_clock(int seconds, time_t now)
{
	time_t next = 0;
	int days, summer;

	for (days = 0; days < 2; days++) {
		for (summer = 1; summer >= -1; summer--) {
			struct tm parts;

			localtime_r(&now, &parts);
			parts.tm_mday += days;
			parts.tm_hour = seconds / 3600;
			parts.tm_min = seconds / 60 % 60;
			parts.tm_sec = seconds % 60;
			parts.tm_isdst = summer;
			next = mktime(&parts);
			/* Summer time was asked for, or winter time, and the day has it at that hour. */
			if (next > now && (summer < 0 || parts.tm_isdst == summer))
				return next;
		}
	}
	return next;
}

void until_begin(struct until *until, const struct until_options *options, nsec grace, struct until_time now)
{
	*until = (struct until){.kind = options->kind, .end = options->value, .grace = grace};
	if (options->kind == UNTIL_DURATION && __builtin_add_overflow(now.uptime, options->value, &until->end))
		until->end = NSEC_FOREVER;
	if (options->kind == UNTIL_CLOCK)
		until->end = next_clock((int)options->value, now.wall / NSEC_PER_SEC) * NSEC_PER_SEC;
}

void until_learn(struct until *until, nsec duration)
{
	if (duration > until->longest)
		until->longest = duration;
}

nsec until_remains(const struct until *until, struct until_time now)
{
	nsec time = until->kind == UNTIL_DURATION ? now.uptime : now.wall, remains;

	if (until->kind == UNTIL_NEVER)
		return NSEC_FOREVER;
	if (__builtin_sub_overflow(until->end - time, until->longest, &remains) ||
	    __builtin_sub_overflow(remains, until->grace, &remains))
		return 0;
	return remains;
}

nsec until_end(const struct until *until, struct until_time now)
{
	nsec end = until->end;

	if (until->kind == UNTIL_DURATION && __builtin_add_overflow(end - now.uptime, now.wall, &end))
		end = NSEC_FOREVER;
	return end;
}
