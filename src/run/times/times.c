/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long tasks took. */
#include "run/times/times.h"

#include "base/mem.h"

#include <inttypes.h>

/* Returns the octave of a time, and in *part its part in that. */
static unsigned octave_of(uint64_t time, unsigned *part)
{
	unsigned octave = 0;

	while (time >> octave >= 2 * TIMES_PARTS)
		octave++;
	if (time >= TIMES_PARTS)
		octave++;
	*part = (unsigned)(time >> (octave ? octave - 1 : 0)) % TIMES_PARTS;
	return octave;
}

/* Returns the time in the middle of a part. */
static nsec middle_of(unsigned octave, unsigned part)
{
	unsigned shift = octave ? octave - 1 : 0;

	return ((nsec)(octave ? TIMES_PARTS + part : part) << shift) + (((nsec)1 << shift) / 2);
}

static uint64_t *times_parts(struct times *times, unsigned octave)
{
	if (!times->octaves[octave])
		times->octaves[octave] = mem_new(TIMES_PARTS, sizeof(uint64_t));
	return times->octaves[octave];
}

/* Counts tasks among which these times are the shortest and the longest. */
static void widen(struct times *times, nsec shortest, nsec longest, uint64_t count)
{
	if (!times->count || shortest < times->shortest)
		times->shortest = shortest;
	if (longest > times->longest)
		times->longest = longest;
	times->count += count;
}

void times_add(struct times *times, nsec together, uint64_t count)
{
	nsec each = together > 0 ? together / (nsec)count : 0;
	unsigned part, octave = octave_of((uint64_t)each, &part);

	times_parts(times, octave)[part] += count;
	widen(times, each, each, count);
}

void times_add_all(struct times *times, const struct times *other)
{
	unsigned octave, part;

	if (!other->count)
		return;
	for (octave = 0; octave < TIMES_OCTAVES; octave++) {
		for (part = 0; other->octaves[octave] && part < TIMES_PARTS; part++)
			times_parts(times, octave)[part] += other->octaves[octave][part];
	}
	widen(times, other->shortest, other->longest, other->count);
}

uint64_t times_octave(const struct times *times, unsigned octave, nsec *bound)
{
	uint64_t sum = 0;
	unsigned part;

	for (part = 0; times->octaves[octave] && part < TIMES_PARTS; part++)
		sum += times->octaves[octave][part];
	*bound = octave + 1 < TIMES_OCTAVES ? (nsec)TIMES_PARTS << octave : INT64_MAX;
	return sum;
}

nsec times_percentile(const struct times *times, unsigned percent)
{
	uint64_t sum = 0;
	unsigned octave, part;

	for (octave = 0; octave < TIMES_OCTAVES; octave++) {
		for (part = 0; times->octaves[octave] && part < TIMES_PARTS; part++) {
			nsec time = middle_of(octave, part);

			sum += times->octaves[octave][part];
			if (!sum || (double)sum * 100 < (double)times->count * percent)
				continue;
			if (time < times->shortest)
				return times->shortest;
			return time > times->longest ? times->longest : time;
		}
	}
	return times->longest;
}

void times_put(struct bytes *out, nsec time)
{
	double usec = (double)time / (double)NSEC_PER_USEC, msec = usec / 1000, sec = msec / 1000;
	uint64_t whole = (uint64_t)(sec + 0.5);

	/* Each bound is where a figure is rounded up to the next unit. */
	if (time <= 0)
		bytes_append_text(out, time ? "-" : "0 s");
	else if (usec < 9.95)
		bytes_append_format(out, "%.1f us", usec);
	else if (usec < 999.5)
		bytes_append_format(out, "%.0f us", usec);
	else if (msec < 9.95)
		bytes_append_format(out, "%.1f ms", msec);
	else if (msec < 999.5)
		bytes_append_format(out, "%.0f ms", msec);
	else if (sec < 59.95)
		bytes_append_format(out, "%.1f s", sec);
	else if (whole < 3600)
		bytes_append_format(out, "%" PRIu64 " m %02u s", whole / 60, (unsigned)(whole % 60));
	else if (whole < 86400)
		bytes_append_format(out, "%" PRIu64 " h %02u m", whole / 3600, (unsigned)(whole / 60 % 60));
	else
		bytes_append_format(out, "%" PRIu64 " d %02u h", whole / 86400, (unsigned)(whole / 3600 % 24));
}

void times_describe(const struct times *times, struct bytes *out)
{
	static const unsigned percents[] = {50, 90, 99};
	size_t i;

	for (i = 0; i < countof(percents); i++) {
		bytes_append_format(out, "p%u ", percents[i]);
		times_put(out, times_percentile(times, percents[i]));
		bytes_append_text(out, ", ");
	}
	bytes_append_text(out, "longest ");
	times_put(out, times->longest);
}

void times_release(struct times *times)
{
	unsigned octave;

	for (octave = 0; octave < TIMES_OCTAVES; octave++)
		free(times->octaves[octave]);
	*times = (struct times){.count = 0};
}
