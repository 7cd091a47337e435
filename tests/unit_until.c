/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run/policy/until, with fixed clocks. */
#include "unit.h"

#include "run/policy/until.h"

#include <stdlib.h>

/* Central Europe: an hour is left out on 2026-03-29 from 02:00, and comes twice on 2026-10-25 from 02:00. */
static const char europe[] = "CET-1CEST,M3.5.0,M10.5.0/3";

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* Parses an option that must be right. */
static struct until_options parse_until(const char *text)
{
	struct until_options options = {.kind = UNTIL_NEVER};
	struct error error = {.number = 0};

	check_int(until_parse(text, &options, &error), 0);
	return options;
}

/* Returns the moment of a date and time, in seconds. */
static nsec second_of(const char *text)
{
	return parse_until(text).value / NSEC_PER_SEC;
}

static void test_until_parse(void)
{
	static const struct {
		const char *text;
		enum until_kind kind;
		nsec value;
	} cases[] = {
		{"90", UNTIL_DURATION, 90 * NSEC_PER_SEC},
		{"0.5", UNTIL_DURATION, NSEC_PER_SEC / 2},
		{"1h30m10s", UNTIL_DURATION, 5410 * NSEC_PER_SEC},
		{"00:00", UNTIL_CLOCK, 0},
		{"07:30", UNTIL_CLOCK, 27000},
		{"23:59:59", UNTIL_CLOCK, 86399},
		{"1970-01-01T00:00Z", UNTIL_MOMENT, 0},
		{"2026-11-27T07:30:15Z", UNTIL_MOMENT, 1795764615 * NSEC_PER_SEC},
		{"2026-11-27T07:30:15", UNTIL_MOMENT, 1795761015 * NSEC_PER_SEC},
		{"2026-07-27 07:30", UNTIL_MOMENT, 1785130200 * NSEC_PER_SEC},
		{"2026-11-27T07:30:15,999999999+01:00", UNTIL_MOMENT, 1795761015 * NSEC_PER_SEC},
		{"2026-11-27T07:30:15.5-0130", UNTIL_MOMENT, 1795770015 * NSEC_PER_SEC},
		{"2026-11-27T07:30+02", UNTIL_MOMENT, 1795757400 * NSEC_PER_SEC},
		{"2024-02-29T12:00Z", UNTIL_MOMENT, 1709208000 * NSEC_PER_SEC},
	};
	size_t i;

	set_zone(europe);
	for (i = 0; i < countof(cases); i++) {
		struct until_options options = parse_until(cases[i].text);

		check_str(options.value == cases[i].value ? cases[i].text : "another value", cases[i].text);
		check_int(options.kind, cases[i].kind);
	}
}

static void test_until_refused(void)
{
	static const char *const bad[] = {
		"",
		"0",
		"-1",
		"soon",
		"7:30",
		"07:3",
		"07:30:",
		"07:30:5",
		"07:30:60",
		"07:60",
		"24:00",
		"07:30Z",
		"07:30 ",
		"2026-11-27",
		"2026-11-27T",
		"2026-11-27T07",
		"2026-11-27x07:30",
		"2026-11-31T07:30",
		"2026-02-29T07:30",
		"2026-13-01T07:30",
		"2026-00-01T07:30",
		"2026-01-00T07:30",
		"1969-12-31T23:59Z",
		"2201-01-01T00:00Z",
		"26-11-27T07:30",
		"2026-11-27T07:30z",
		"2026-11-27T07:30ZZ",
		"2026-11-27T07:30+",
		"2026-11-27T07:30+1",
		"2026-11-27T07:30+01:",
		"2026-11-27T07:30+01:0",
		"2026-11-27T07:30+0100x",
		"2026-11-27T07:30+24",
		"2026-11-27T07:30:00.",
		"2026-11-27T07:30:00.Z",
	};
	size_t i;

	for (i = 0; i < countof(bad); i++) {
		struct until_options options = {.kind = UNTIL_NEVER, .value = 7};
		struct error error = {.number = 0};

		check_str(until_parse(bad[i], &options, &error) < 0 ? "refused" : bad[i], "refused");
		check_int(options.value, 7);
		check(error.text && strstr(error.text, "--until '"));
		error_release(&error);
	}
}

/* Checks the end, a moment, of a run with the option that begins at another moment. */
static void check_end(const char *option, const char *begin, const char *end)
{
	struct until_options options = parse_until(option);
	struct until_time now = {.wall = second_of(begin) * NSEC_PER_SEC, .uptime = 5 * NSEC_PER_SEC};
	struct until until;

	until_begin(&until, &options, 0, now);
	if (until_end(&until, now) / NSEC_PER_SEC != second_of(end)) {
		check_str(begin, option);
		check_int(until_end(&until, now) / NSEC_PER_SEC, second_of(end));
	}
}

static void test_until_clock(void)
{
	set_zone(europe);
	check_end("07:30", "2026-11-27T07:29:59", "2026-11-27T07:30");
	/* At that very second, and after it: tomorrow. */
	check_end("07:30", "2026-11-27T07:30", "2026-11-28T07:30");
	check_end("07:30", "2026-11-27T23:59:59", "2026-11-28T07:30");
	check_end("00:00", "2026-12-31T23:59:59", "2027-01-01T00:00");
	check_end("00:00", "2027-01-01T00:00:01", "2027-01-02T00:00");
	check_end("00:10", "2024-02-28T23:50", "2024-02-29T00:10");
	check_end("01:00", "2026-07-01T02:00", "2026-07-02T01:00");
	/* Nights of 23 and of 25 hours. */
	check_end("07:30", "2026-03-28T20:00", "2026-03-29T05:30Z");
	check_end("07:30", "2026-10-24T20:00", "2026-10-25T06:30Z");
	/* An hour that comes twice: the first that is still to come. */
	check_end("02:30", "2026-10-24T20:00", "2026-10-25T00:30Z");
	check_end("02:30", "2026-10-25T00:45Z", "2026-10-25T01:30Z");
	check_end("02:30", "2026-10-25T01:45Z", "2026-10-26T02:30");
	set_zone("UTC0");
	check_end("07:30", "2026-03-28T20:00", "2026-03-29T07:30");
	set_zone("EAST-12:34");
	check_end("00:30", "2026-11-27T11:00Z", "2026-11-27T11:56Z");
}

static void test_until_gap(void)
{
	struct until_options options = parse_until("02:30");
	struct until until;
	nsec end;

	set_zone(europe);
	until_begin(&until, &options, 0, (struct until_time){.wall = second_of("2026-03-28T20:00") * NSEC_PER_SEC});
	end = until.end / NSEC_PER_SEC;
	check(end == second_of("2026-03-29T00:30Z") || end == second_of("2026-03-29T01:30Z"));
}

static void test_until_remains(void)
{
	struct until_options options = parse_until("2026-11-27T07:30Z");
	struct until_time now = {.wall = second_of("2026-11-27T07:29:00Z") * NSEC_PER_SEC, .uptime = 1};
	struct until until;

	until_begin(&until, &options, 2 * NSEC_PER_SEC, now);
	check_int(until_remains(&until, now), 58 * NSEC_PER_SEC);
	until_learn(&until, 30 * NSEC_PER_SEC);
	until_learn(&until, 10 * NSEC_PER_SEC);
	check_int(until_remains(&until, now), 28 * NSEC_PER_SEC);
	until_learn(&until, 58 * NSEC_PER_SEC);
	check_int(until_remains(&until, now), 0);
	until_learn(&until, INT64_MAX);
	check(until_remains(&until, now) <= 0);
	options.kind = UNTIL_NEVER;
	until_begin(&until, &options, 2 * NSEC_PER_SEC, now);
	check_int(until_remains(&until, now), NSEC_FOREVER);
}

static void test_until_jumps(void)
{
	struct until_options moment = parse_until("2026-11-27T07:30Z"), duration = parse_until("60");
	struct until_time begin = {.wall = second_of("2026-11-27T07:29:00Z") * NSEC_PER_SEC, .uptime = 1000}, now;
	struct until until;

	/* The wall clock is set back by an hour after a second. */
	now = (struct until_time){.wall = begin.wall - 3599 * NSEC_PER_SEC, .uptime = 1000 + NSEC_PER_SEC};
	until_begin(&until, &moment, 0, begin);
	check_int(until_remains(&until, now), 3659 * NSEC_PER_SEC);
	check_int(until_end(&until, now), moment.value);
	until_begin(&until, &duration, 0, begin);
	check_int(until_remains(&until, now), 59 * NSEC_PER_SEC);
	check_int(until_end(&until, now), now.wall + 59 * NSEC_PER_SEC);
	/* The longest duration there is does not wrap. */
	duration.value = INT64_MAX;
	until_begin(&until, &duration, 2 * NSEC_PER_SEC, begin);
	check(until_remains(&until, now) > 1000 * NSEC_PER_SEC);
	check_int(until_end(&until, now), NSEC_FOREVER);
}

const struct unit_test unit_until[] = {
	{"every form of --until is parsed", .run = test_until_parse},
	{"other words for --until are refused", .run = test_until_refused},
	{"a time of day is the next one, on the nights when the clock is put on or back, too", .run = test_until_clock},
	{"a time of day that a night leaves out is beside the gap", .run = test_until_gap},
	{"a task may begin while one as long, and the grace time, fit", .run = test_until_remains},
	{"the end follows the wall clock, a duration does not", .run = test_until_jumps},
	{.name = NULL},
};
