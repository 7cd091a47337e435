/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several sources: all combinations of their values, the last source varying fastest. Linked sources advance together,
 * as ::: and :::+ in GNU parallel's manual.
 *
 * The values of each source are stored once, combinations never: the next is made by advancing in the sources, as on an
 * odometer whose digits are the groups of linked sources.
 */
#include "feed/feeder.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "ipc/shm.h"
#include "codec/input.h"

#include <errno.h>
#include <inttypes.h>

enum { READ_SIZE = 65536, MEMORY_MIN = 2 * READ_SIZE };

/* A value that cannot be an argument. */
struct misfit {
	/* Its number in its source, from 0. */
	uint64_t number;
	/* The step that found it. */
	struct input_step step;
};

/* The values of a source, and the current one. */
struct wheel {
	/* The values, consecutive, each with its NUL. */
	struct shm text;
	size_t size;
	/* Number of values. */
	uint64_t count;
	/* By number. An empty value is stored in place of each. */
	struct misfit *misfits;
	size_t misfit_count;
	size_t misfit_capacity;
	/* Offset and number of the current value. */
	size_t at;
	uint64_t number;
	/* The first misfit whose number is not lower. */
	size_t misfit;
	/* True if this wheel advances together with the wheel before it. */
	bool is_linked;
};

struct combination {
	struct feeder feeder;
	struct wheel *wheels;
	size_t count;
	/* Number of combinations; UINT64_MAX if it is too large to be counted. */
	uint64_t total;
	/* Number of combinations packed. */
	uint64_t made;
};

/* Makes room for size bytes of text: in memory up to --buffer or MEMORY_MIN, then in a file. -1 with errno. */
static int combination_grow(struct wheel *wheel, size_t size, const struct session_options *options)
{
	struct shm file;

	if (size <= wheel->text.size)
		return 0;
	size = size_multiply((size + READ_SIZE - 1) / READ_SIZE, 2 * (size_t)READ_SIZE);
	if (size <= options->output.buffer || size <= MEMORY_MIN)
		return wheel->text.base ? shm_grow(&wheel->text, size)
					: shm_create_growing(&wheel->text, "mpmap-values", size);
	if (shm_create_file(&file, options->machine.temporary, size) < 0) {
		int number = errno;

		shm_release(&file);
		errno = number;
		return -1;
	}
	if (wheel->text.base)
		memcpy(file.base, wheel->text.base, wheel->size);
	shm_release(&wheel->text);
	wheel->text = file;
	return 0;
}

/* Makes a value of the record at bytes, after the values before *parsed. A misfit becomes an empty value. */
static void add_value(struct wheel *wheel, const char *bytes, const struct input_step *step, size_t *parsed)
{
	char *to = wheel->text.base + *parsed;

	if (step->event == INPUT_RECORD) {
		if (to != bytes)
			memmove(to, bytes, (size_t)step->size + 1);
		*parsed += (size_t)step->size + 1;
	} else {
		struct misfit misfit = {.number = wheel->count, .step = *step};

		wheel->misfits = mem_grow(wheel->misfits, wheel->misfit_count, &wheel->misfit_capacity, sizeof misfit);
		wheel->misfits[wheel->misfit_count++] = misfit;
		*to = '\0';
		*parsed += 1;
	}
	wheel->count++;
}

/*
 * Makes values of the whole records that have been read: each ends with a NUL and is counted. Those before *parsed are
 * values already. Returns the line of a quote that is not closed within the limit, or 0.
 */
static uint64_t split(struct wheel *wheel, struct input *input, size_t *parsed)
{
	size_t at = *parsed;
	struct input_step step;

	for (;;) {
		char *bytes = wheel->text.base + at;

		step = input_next(input, bytes, wheel->size - at);
		at += step.consumed;
		if (step.event == INPUT_MORE || step.event == INPUT_UNCLOSED)
			break;
		add_value(wheel, bytes, &step, parsed);
	}
	/* What is left follows the values. */
	if (at != *parsed)
		memmove(wheel->text.base + *parsed, wheel->text.base + at, wheel->size - at);
	wheel->size -= at - *parsed;
	return step.line;
}

/* Makes a value of a last record without a delimiter of several bytes, for which READ_SIZE bytes are free. */
static void split_last(struct wheel *wheel, struct input *input, size_t *parsed)
{
	size_t size = wheel->size - *parsed;
	char *bytes = wheel->text.base + *parsed;
	struct input_step step;

	if (!input_has_last(input, size))
		return;
	step = input_last(input, bytes, size);
	add_value(wheel, bytes, &step, parsed);
	wheel->size = *parsed;
}

/* Reads all values of a source, waiting for them. -1 with the error. */
static int read_wheel(struct wheel *wheel, struct source *source, const struct session_options *run,
		      struct error *error)
{
	struct input input = source_input(source);
	uint64_t line = 0;
	size_t parsed = 0;
	ssize_t got = 1;

	while (got && !line) {
		if (combination_grow(wheel, wheel->size + READ_SIZE, run) < 0)
			return error_set_errno(error, errno,
					       "memory, or temporary space in %s (TMPDIR), for the values of %s",
					       run->machine.temporary, source->name);
		got = source_read(source, wheel->text.base + wheel->size, READ_SIZE, error);
		if (got < 0 && (error->text || source_wait(source, error) < 0))
			return -1;
		if (got < 0)
			continue;
		wheel->size += (size_t)got;
		line = split(wheel, &input, &parsed);
	}
	if (line)
		return source_is_unclosed(source, line, false, error);
	split_last(wheel, &input, &parsed);
	return input_is_quoted(&input, &line) ? source_is_unclosed(source, line, true, error) : 0;
}

static void rewind_wheel(struct wheel *wheel)
{
	wheel->at = 0;
	wheel->number = 0;
	wheel->misfit = 0;
}

/* Advances to the next value. False after the last. */
static bool turn(struct wheel *wheel)
{
	wheel->misfit += wheel->misfit < wheel->misfit_count && wheel->misfits[wheel->misfit].number == wheel->number;
	wheel->at += strlen(wheel->text.base + wheel->at) + 1;
	wheel->number++;
	return wheel->number < wheel->count;
}

/* Returns the first wheel of the group that ends with this one. */
static size_t group_start(const struct combination *combination, size_t last)
{
	while (combination->wheels[last].is_linked)
		last--;
	return last;
}

/* Returns the number of steps of a group: that of its shortest wheel (:::+) or longest (--link); 0 if one is empty. */
static uint64_t group_length(const struct combination *combination, size_t first, size_t last)
{
	bool link_all = combination->feeder.options->link_all;
	uint64_t length = combination->wheels[first].count, i;

	for (i = first; i <= last; i++) {
		uint64_t count = combination->wheels[i].count;

		if (!count)
			return 0;
		length = (count < length) != link_all ? count : length;
	}
	return length;
}

/* Advances a group. False after its last step, when it is at its first again. */
static bool turn_group(struct combination *combination, size_t first, size_t last)
{
	bool link_all = combination->feeder.options->link_all, goes_on = !link_all;
	size_t i;

	/* With --link there is one group, and the shorter wheels begin again. */
	for (i = first; i <= last; i++) {
		struct wheel *wheel = &combination->wheels[i];
		bool more = turn(wheel);

		if (link_all && !more)
			rewind_wheel(wheel);
		goes_on = link_all ? goes_on : goes_on && more;
	}
	if (link_all)
		goes_on = combination->made + 1 < combination->total;
	for (i = first; !goes_on && i <= last; i++)
		rewind_wheel(&combination->wheels[i]);
	return goes_on;
}

/* Advances to the next combination. */
static void combination_advance(struct combination *combination)
{
	size_t last = combination->count - 1, first;

	for (;;) {
		first = group_start(combination, last);
		if (turn_group(combination, first, last) || !first)
			return;
		last = first - 1;
	}
}

/* Returns the number of combinations; UINT64_MAX if it is larger. */
static uint64_t count_all(const struct combination *combination)
{
	uint64_t total = 1;
	size_t last = combination->count - 1;

	for (;;) {
		size_t first = group_start(combination, last);

		if (__builtin_mul_overflow(total, group_length(combination, first, last), &total))
			total = UINT64_MAX;
		if (!first)
			return total;
		last = first - 1;
	}
}

/* Returns the misfit that is the wheel's current value, or NULL. */
static const struct misfit *misfit_of(const struct wheel *wheel)
{
	const struct misfit *misfit = wheel->misfit < wheel->misfit_count ? &wheel->misfits[wheel->misfit] : NULL;

	return misfit && misfit->number == wheel->number ? misfit : NULL;
}

/* Refuses the current combination, which has a misfit of the given source. */
static void combination_refuse(struct combination *combination, const struct misfit *misfit, size_t source)
{
	struct input input = source_input(&combination->feeder.sources[source]);
	char reason[INPUT_REASON_MAX];

	input_explain(&input, &misfit->step, reason, sizeof reason);
	feeder_refuse(&combination->feeder, reason);
}

/* Packs the current combination. -1 with errno when there is no memory. */
static int combination_pack(struct combination *combination)
{
	const struct misfit *misfit = NULL;
	size_t size = 0, room, i;
	char *to;

	for (i = 0; i < combination->count && !misfit; i++) {
		const struct wheel *wheel = &combination->wheels[i];

		misfit = misfit_of(wheel);
		size += strlen(wheel->text.base + wheel->at) + 1;
	}
	if (misfit) {
		combination_refuse(combination, misfit, i - 1);
		return 0;
	}
	to = packer_room(&combination->feeder.packer, size, &room);
	if (!to)
		return -1;
	for (i = 0; i < combination->count; i++) {
		const char *value = combination->wheels[i].text.base + combination->wheels[i].at;
		size_t length = strlen(value) + 1;

		memcpy(to, value, length);
		to += length;
	}
	packer_add(&combination->feeder.packer, size, (uint32_t)combination->count,
		   combination->total - combination->made);
	return 0;
}

static void feed_combinations(struct feeder *feeder)
{
	struct combination *combination = container_of(feeder, struct combination, feeder);
	struct session *session = feeder->session;

	while (combination->made < combination->total && session_has_room(session)) {
		if (combination_pack(combination) < 0) {
			struct error error = {.number = 0};

			error_set_errno(&error, errno, "memory for the input");
			ending_fail(session, EXIT_TROUBLE, &error);
			error_release(&error);
			return;
		}
		combination_advance(combination);
		combination->made++;
	}
	feeder_flush(feeder, combination->made == combination->total);
}

static bool combinations_are_fed(struct feeder *feeder)
{
	const struct combination *combination = container_of(feeder, struct combination, feeder);

	return combination->made == combination->total && packer_is_empty(&feeder->packer);
}

static int prepare_combinations(struct feeder *feeder, struct error *error)
{
	struct combination *combination = container_of(feeder, struct combination, feeder);
	size_t i;

	combination->count = feeder->options->source_count;
	combination->wheels = mem_new(combination->count, sizeof *combination->wheels);
	/* All before the first is read, since all are released if that fails. */
	for (i = 0; i < combination->count; i++)
		combination->wheels[i].text.fd = -1;
	for (i = 0; i < combination->count; i++) {
		struct wheel *wheel = &combination->wheels[i];

		wheel->is_linked = i > 0 && (feeder->options->link_all || feeder->options->sources[i].is_linked);
		if (read_wheel(wheel, &feeder->sources[i], feeder->run, error) < 0)
			return -1;
	}
	combination->total = count_all(combination);
	return 0;
}

static void begin_combinations(struct feeder *feeder)
{
	struct combination *combination = container_of(feeder, struct combination, feeder);

	/* UINT64_MAX is not a count, and is never reached. */
	if (combination->total != UINT64_MAX)
		session_expect(feeder->session, combination->total);
	trace_event("input_end", "\"records\":%" PRIu64, combination->total);
}

static void close_combinations(struct feeder *feeder)
{
	struct combination *combination = container_of(feeder, struct combination, feeder);
	size_t i;

	for (i = 0; combination->wheels && i < combination->count; i++) {
		shm_release(&combination->wheels[i].text);
		free(combination->wheels[i].misfits);
	}
	free(combination->wheels);
}

static const struct feeder_kind combination_kind = {
	.prepare = prepare_combinations,
	.begin = begin_combinations,
	.feed = feed_combinations,
	.is_fed = combinations_are_fed,
	.close = close_combinations,
};

struct feeder *combination_new(void)
{
	struct combination *combination = mem_new(1, sizeof *combination);

	combination->feeder.kind = &combination_kind;
	return &combination->feeder;
}
