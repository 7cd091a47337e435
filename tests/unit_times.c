/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run/times: percentiles of how long tasks took. */
#include "unit.h"

#include "run/times/times.h"

/* Checks that a time is another one to 1 %. */
static void check_near(nsec time, nsec wanted)
{
	nsec off = time > wanted ? time - wanted : wanted - time;

	check(off * 100 <= wanted);
}

static void check_words(const struct times *times, const char *wanted)
{
	struct bytes out = {.data = NULL};

	times_describe(times, &out);
	check_str(bytes_text(&out), wanted);
	bytes_release(&out);
}

static void test_exact(void)
{
	nsec time;

	/* Of every size: neither the shortest nor the longest, which are exact in any case. */
	for (time = 1; time < INT64_MAX / 4; time += time / 3 + 1) {
		struct times times = {.count = 0};

		times_add(&times, time / 2, 1);
		times_add(&times, time, 1);
		times_add(&times, time * 2, 1);
		check_near(times_percentile(&times, 50), time);
		if (time / 2 < TIMES_PARTS)
			check_int(times_percentile(&times, 1), time / 2);
		check_int(times.longest, time * 2);
		times_release(&times);
	}
}

static void test_words(void)
{
	struct times times = {.count = 0}, sum = {.count = 0};
	nsec i;

	times_add(&times, (nsec)507 * NSEC_PER_MSEC, 1);
	check_words(&times, "p50 507 ms, p90 507 ms, p99 507 ms, longest 507 ms");
	times_add_all(&sum, &times);
	times_release(&times);
	times_add_all(&sum, &times);
	check_words(&sum, "p50 507 ms, p90 507 ms, p99 507 ms, longest 507 ms");
	times_release(&sum);
	for (i = 1; i <= 1000; i++)
		times_add(&times, i * NSEC_PER_MSEC, 1);
	check_near(times_percentile(&times, 50), (nsec)500 * NSEC_PER_MSEC);
	check_near(times_percentile(&times, 90), (nsec)900 * NSEC_PER_MSEC);
	check_near(times_percentile(&times, 99), (nsec)990 * NSEC_PER_MSEC);
	times_release(&times);
}

static void test_together(void)
{
	struct times times = {.count = 0};
	nsec bound;

	check_int(times_percentile(&times, 50), 0);
	times_add(&times, 1000, 10);
	check_int(times_percentile(&times, 99), 100);
	times_add(&times, -5, 90);
	check_int(times_percentile(&times, 90), 0);
	check_int(times_octave(&times, 0, &bound), 90);
	check_int(bound, 64);
	check_int(times_octave(&times, 1, &bound), 10);
	check_int(bound, 128);
	check_int(times_octave(&times, TIMES_OCTAVES - 1, &bound), 0);
	check(bound == INT64_MAX);
	times_add(&times, INT64_MAX, 1);
	check_int(times_octave(&times, TIMES_OCTAVES - 1, &bound), 1);
	check_near(times_percentile(&times, 100) / 128, INT64_MAX / 128);
	times_release(&times);
}

const struct unit_test unit_times[] = {
	{"times are found again to 1 %", .run = test_exact},
	{"percentiles in words, and sums", .run = test_words},
	{"tasks that took a time together, and the bounds", .run = test_together},
	{.name = NULL},
};
