/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run/policy/halt, run/policy/limit and pool/retries. */
#include "unit.h"

#include "base/mem.h"
#include "pool/retries.h"
#include "run/policy/halt.h"
#include "run/policy/limit.h"

static void test_halt_parse(void)
{
	static const struct {
		const char *text;
		struct halt halt;
	} good[] = {
		{"never", {.when = HALT_NEVER}},
		{"now,fail=1", {.when = HALT_NOW, .why = HALT_FAIL, .count = 1}},
		{"soon,fail=1", {.when = HALT_SOON, .why = HALT_FAIL, .count = 1}},
		{"now,success=20", {.when = HALT_NOW, .why = HALT_SUCCESS, .count = 20}},
		{"soon,done=3%", {.when = HALT_SOON, .why = HALT_DONE, .count = 3, .is_percent = true}},
		{"now,fail=100%", {.when = HALT_NOW, .why = HALT_FAIL, .count = 100, .is_percent = true}},
		{"now,fail=9223372036854775807", {.when = HALT_NOW, .why = HALT_FAIL, .count = INT64_MAX}},
	};
	size_t i;

	for (i = 0; i < countof(good); i++) {
		struct halt halt = {.count = 77};
		struct error error = {.number = 0};

		check_int(halt_parse(good[i].text, &halt, &error), 0);
		check_int(halt.when, good[i].halt.when);
		check_int(halt.why, good[i].halt.why);
		check_int(halt.count, good[i].halt.count);
		check_int(halt.is_percent, good[i].halt.is_percent);
		check(!error.text);
	}
}

static void test_halt_refused(void)
{
	static const char *const bad[] = {
		"",
		"now",
		"soon",
		"now,",
		"now,fail",
		"now,fail=",
		"now,fail=0",
		"now,fail=0%",
		"now,fail=%",
		"now,fail=101%",
		"now,fail=-1",
		"now,fail=+1",
		"now,fail=1.5",
		"now,fail=1%%",
		"now,fail=1,fail=2",
		"now,fail= 1",
		"now,failed=1",
		"now, fail=1",
		"fail=1",
		"never,fail=1",
		"nevermore",
		"NOW,fail=1",
		"now,fail=9223372036854775808",
		"now,fail=00000000000000000000000000000000000000001",
		"later,fail=1",
	};
	size_t i;

	for (i = 0; i < countof(bad); i++) {
		struct halt halt = {.when = HALT_SOON, .count = 77};
		struct error error = {.number = 0};

		check_int(halt_parse(bad[i], &halt, &error), -1);
		check(halt.when == HALT_SOON && halt.count == 77);
		check(strstr(error_text(&error), "now,fail=1") != NULL);
		error_release(&error);
	}
}

static void test_halt_due(void)
{
	static const struct {
		const char *text;
		uint64_t failed;
		uint64_t succeeded;
		uint64_t total;
		bool due;
	} cases[] = {
		{"never", 1000, 1000, 2000, false},
		{"now,fail=1", 0, 1000, 1000, false},
		{"now,fail=1", 1, 0, 0, true},
		{"now,fail=2", 1, 5, 0, false},
		{"soon,fail=2", 2, 5, 0, true},
		{"soon,success=3", 9, 2, 0, false},
		{"soon,success=3", 0, 3, 0, true},
		{"now,done=3", 1, 1, 0, false},
		{"now,done=3", 1, 2, 0, true},
		{"now,done=3", 3, 0, 0, true},
		/* A percentage is due when it is reached, once the total is known. */
		{"now,fail=10%", 50, 0, 0, false},
		{"now,fail=10%", 9, 0, 100, false},
		{"now,fail=10%", 10, 0, 100, true},
		{"now,fail=50%", 1, 1, 3, false},
		{"now,fail=50%", 2, 0, 3, true},
		{"now,fail=100%", 2, 0, 3, false},
		{"now,fail=100%", 3, 0, 3, true},
		{"now,fail=1%", 1, 0, 1000, false},
		{"now,fail=1%", 10, 0, 1000, true},
		{"soon,success=1%", 0, 1, 1, true},
		{"soon,done=100%", 1, 2, 3, true},
		{"soon,done=34%", 1, 0, 3, false},
		{"soon,done=33%", 1, 0, 3, true},
		{"now,fail=100%", INT64_MAX, 0, INT64_MAX, true},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct error error = {.number = 0};
		struct halt halt;

		check_int(halt_parse(cases[i].text, &halt, &error), 0);
		if (halt_is_due(&halt, cases[i].failed, cases[i].succeeded, cases[i].total) != cases[i].due) {
			check_str("wrong", cases[i].text);
			check_int(cases[i].failed, cases[i].due);
		}
	}
}

static void test_limit_parse(void)
{
	static const struct {
		const char *text;
		nsec fixed;
		uint64_t percent;
	} cases[] = {
		{"5", 5 * NSEC_PER_SEC, 0},
		{"0.25", NSEC_PER_SEC / 4, 0},
		{"1m1s", 61 * NSEC_PER_SEC, 0},
		{"0.000000001", 1, 0},
		{"1%", 0, 1},
		{"200%", 0, 200},
		{"1000000%", 0, 1000000},
		{"", 0, 0},
		{"0", 0, 0},
		{"0%", 0, 0},
		{"%", 0, 0},
		{"-1", 0, 0},
		{"1.5%", 0, 0},
		{"1000001%", 0, 0},
		{"5%5", 0, 0},
		{"5 %", 0, 0},
		{"0.0000000001", 0, 0},
		{"many", 0, 0},
		{"0000000000000000000000000000000000000000%", 0, 0},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct limit_options options = {.fixed = 7, .percent = 7};
		struct error error = {.number = 0};
		bool good = cases[i].fixed || cases[i].percent;

		check_int(limit_parse(cases[i].text, &options, &error), good ? 0 : -1);
		check_int(options.fixed, good ? cases[i].fixed : 7);
		check_int(options.percent, good ? cases[i].percent : 7);
		check(good != (strstr(error_text(&error), "200%") != NULL));
		error_release(&error);
	}
}

static int compare_times(const void *a, const void *b)
{
	nsec first = *(const nsec *)a, second = *(const nsec *)b;

	return (first > second) - (first < second);
}

enum { TIMES = 1001 };

/* Returns a random time of one of six distributions, in nanoseconds. */
static nsec draw(int kind, struct unit_random *random)
{
	double uniform = (double)(unit_below(random, 1000000) + 1) / 1000000;

	switch (kind) {
	case 0:
		return 3 * NSEC_PER_SEC;
	case 1:
		return (nsec)(uniform * 1e9);
	case 2:
		return (nsec)((1 / uniform - 1) * 5e6);
	case 3:
		return (nsec)(UINT64_C(1000) << unit_below(random, 20)) + (nsec)unit_below(random, 1000);
	case 4:
		return unit_below(random, 10) ? 1000000 + (nsec)unit_below(random, 1000) : 3600 * NSEC_PER_SEC;
	default:
		return (nsec)unit_below(random, 1000000000) + 1000;
	}
}

static void test_limit_median(void)
{
	struct unit_random random = unit_random();
	int kind, i;

	for (kind = 0; kind < 6; kind++) {
		struct limit limit = {.options.percent = 100};
		nsec times[TIMES], found;

		for (i = 0; i < TIMES; i++) {
			times[i] = draw(kind, &random);
			limit_learn(&limit, &(struct result){.outcome = OUTCOME_OK, .duration = times[i]});
		}
		qsort(times, TIMES, sizeof *times, compare_times);
		found = limit_now(&limit);
		if (!check((double)found > 0.96 * (double)times[TIMES / 2] &&
			   (double)found < 1.04 * (double)times[TIMES / 2]))
			check_int(found, times[TIMES / 2]);
		limit.options.percent = 250;
		check((double)limit_now(&limit) > 2.49 * (double)found &&
		      (double)limit_now(&limit) < 2.51 * (double)found);
	}
}

static void test_limit_learns(void)
{
	struct limit limit = {.options.percent = 200}, fixed = {.options.fixed = 5};
	struct result result = {.outcome = OUTCOME_OK, .duration = NSEC_PER_SEC};
	int i;

	check_int(limit_now(&fixed), 5);
	check(!limit_learn(&fixed, &result));
	for (i = 0; i < LIMIT_LEAST - 1; i++) {
		result.outcome = i % 2 ? OUTCOME_FAILED : OUTCOME_OK;
		check(!limit_learn(&limit, &result));
		check_int(limit_now(&limit), 0);
	}
	/* Tasks that did not end by themselves do not count. */
	for (i = OUTCOME_SIGNALED; i < OUTCOMES; i++) {
		result.outcome = (enum outcome)i;
		check(!limit_learn(&limit, &result));
	}
	check_int(limit_now(&limit), 0);
	result.outcome = OUTCOME_OK;
	check(limit_learn(&limit, &result));
	check(limit_now(&limit) > 1900 * NSEC_PER_MSEC && limit_now(&limit) < 2100 * NSEC_PER_MSEC);
	/* The shortest and the longest time do not move the median. */
	result.duration = 0;
	limit_learn(&limit, &result);
	result.duration = INT64_MAX;
	limit_learn(&limit, &result);
	check(limit_now(&limit) > 1900 * NSEC_PER_MSEC && limit_now(&limit) < 2100 * NSEC_PER_MSEC);
}

/* True if a comes before b: it is due before, or at the same time and has the lower index. */
static bool is_before(const struct retry *a, const struct retry *b)
{
	return a->due < b->due || (a->due == b->due && a->chunk.first < b->chunk.first);
}

enum { WAITING_MAX = 200, ROUNDS = 20000 };

/* The retries that wait, unsorted. */
struct model {
	struct retry list[WAITING_MAX];
	size_t count;
};

/* Returns the position of the retry that comes first. */
static size_t first_of(const struct model *model)
{
	size_t best = 0, i;

	for (i = 1; i < model->count; i++) {
		if (is_before(&model->list[i], &model->list[best]))
			best = i;
	}
	return best;
}

static void take_from(struct model *model, size_t at)
{
	model->list[at] = model->list[--model->count];
}

/* Takes the retry of a task, if it is due, from both. */
static void try_task(struct retries *retries, struct model *model, nsec now, uint64_t index)
{
	struct retry retry;
	size_t at;

	for (at = 0; at < model->count && model->list[at].chunk.first != index; at++)
		;
	if (!check_int(retries_take_task(retries, now, index, &retry), at < model->count && model->list[at].due <= now))
		return;
	if (at == model->count || model->list[at].due > now)
		return;
	check_int(retry.chunk.first, index);
	check_int(retry.due, model->list[at].due);
	take_from(model, at);
}

static void test_retries(void)
{
	struct unit_random random = unit_random();
	struct retries retries = {.list = NULL};
	struct model model = {.count = 0};
	struct retry retry;
	uint64_t next = 0;
	int round;

	check_int(retries_due(&retries), NSEC_FOREVER);
	check(!retries_take(&retries, NSEC_FOREVER, &retry));
	for (round = 0; round < ROUNDS && !unit_failures; round++) {
		nsec now = (nsec)unit_below(&random, 50);
		size_t first = first_of(&model);
		bool due = model.count && model.list[first].due <= now;

		check_int(retries.count, model.count);
		check_int(retries_due(&retries), model.count ? model.list[first].due : NSEC_FOREVER);
		if (model.count < WAITING_MAX && unit_below(&random, 2)) {
			retry = (struct retry){.chunk = {.first = next++ * 7919 % 100003, .count = 1, .attempt = 2},
					       .due = (nsec)unit_below(&random, 50)};
			model.list[model.count++] = retry;
			retries_add(&retries, &retry);
		} else if (unit_below(&random, 4)) {
			check_int(retries_take(&retries, now, &retry), due);
			if (!due)
				continue;
			check_int(retry.chunk.first, model.list[first].chunk.first);
			check_int(retry.chunk.attempt, 2);
			take_from(&model, first);
		} else {
			try_task(&retries, &model, now,
				 model.count ? model.list[unit_below(&random, model.count)].chunk.first : 1);
		}
	}
	while (model.count && !unit_failures) {
		size_t first = first_of(&model);

		check(retries_take(&retries, NSEC_FOREVER, &retry));
		check_int(retry.chunk.first, model.list[first].chunk.first);
		take_from(&model, first);
	}
	check_int(retries.count, 0);
	retries_release(&retries);
	check_int(retries_due(&retries), NSEC_FOREVER);
}

const struct unit_test unit_policy[] = {
	{"every form of --halt is parsed", .run = test_halt_parse},
	{"other words for --halt are refused", .run = test_halt_refused},
	{"--halt is due when its condition is met", .run = test_halt_due},
	{"every form of --timeout is parsed, others are refused", .run = test_limit_parse},
	{"a relative limit follows the median within 4 %", .run = test_limit_median},
	{"the median is of tasks that ended by themselves", .run = test_limit_learns},
	{"retries are taken when due, the first due first", .run = test_retries},
	{.name = NULL},
};
