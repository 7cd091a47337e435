/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine/pressure and machine/throttle, as far as a machine without pressure can test them. */
#include "unit.h"

#include "base/diag.h"
#include "machine/pressure.h"
#include "machine/throttle.h"

#include <errno.h>
#include <unistd.h>

static void write_file(const char *name, const char *contents)
{
	free(unit_file(name, contents, 0600));
}

static void remove_file(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", unit_directory(), name);
	check_int(unlink(path), 0);
}

/* Folders of control groups of version 2, of version 1, and others. */
static void test_kills(void)
{
	const char *folder = unit_directory();
	uint64_t kills = 77;

	check(!pressure_oom_kills_of(folder, &kills));
	check(!pressure_oom_kills_of("/nonexistent", &kills));
	write_file("memory.events", "low 0\nhigh 12\nmax 3\noom 2\noom_kill 5\noom_group_kill 9\n");
	check(pressure_oom_kills_of(folder, &kills));
	check_int(kills, 5);
	remove_file("memory.events");
	write_file("memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 7\n");
	check(pressure_oom_kills_of(folder, &kills));
	check_int(kills, 7);
	remove_file("memory.oom_control");
	kills = 77;
	write_file("memory.events", "oom 2\noom_kill\noom_kill many\noom_kill -1\n");
	check(!pressure_oom_kills_of(folder, &kills));
	remove_file("memory.events");
	write_file("memory.events", "");
	check(!pressure_oom_kills_of(folder, &kills));
	check_int(kills, 77);
}

static void test_memory(void)
{
	check(pressure_memory() > 0);
	check(pressure_load() < 100000000);
}

/* Checks at once, however recent the last check is. */
static bool shuts(const struct throttle_options *options)
{
	struct throttle throttle;

	throttle_init(&throttle, options);
	throttle_check(&throttle);
	return throttle.shut;
}

static void test_throttle(void)
{
	struct throttle_options none = {.memory = 0}, memory = {.memory = 1}, much = {.memory = UINT64_MAX};
	/* A load of 10 million. */
	struct throttle_options load = {.load = 1000000000};
	struct throttle throttle;

	check(!shuts(&none));
	check(!shuts(&memory));
	check(shuts(&much) || pressure_memory() == UINT64_MAX);
	check(!shuts(&load));
	/* Running tasks are load. */
	check_int(throttle_most(&load), 10000000);
	load.load = 150;
	check_int(throttle_most(&load), 2);
	check_int(throttle_most(&none), SIZE_MAX);
	load.load = 1000000000;
	throttle_init(&throttle, &none);
	check_int(throttle_deadline(&throttle), NSEC_FOREVER);
	throttle_init(&throttle, &load);
	check(throttle_deadline(&throttle) <= clock_now());
	throttle_check(&throttle);
	check(throttle_deadline(&throttle) > clock_now() &&
	      throttle_deadline(&throttle) < clock_now() + 10 * NSEC_PER_SEC);
}

/* The last message. */
static char message[256];

static void keep_message(struct slice line)
{
	snprintf(message, sizeof message, "%.*s", (int)line.size, line.data);
}

/* Returns the message about a throttle that holds all tasks back, "" if there is none, after that many seconds. */
static const char *report_after(struct throttle *throttle, nsec seconds, bool is_idle)
{
	*message = '\0';
	if (throttle->held_since)
		throttle->held_since -= seconds * NSEC_PER_SEC;
	diag_set_sink(keep_message);
	throttle_report(throttle, is_idle);
	diag_set_sink(NULL);
	return message;
}

static void test_report(void)
{
	struct throttle throttle = {.options.load = 800, .load = 1234, .shut = true};

	check_str(report_after(&throttle, 0, true), "");
	check_str(report_after(&throttle, 4, true), "");
	/* A task runs again, if not for long. */
	check_str(report_after(&throttle, 4, false), "");
	check_str(report_after(&throttle, 4, true), "");
	check_str(report_after(&throttle, 6, true),
		  "mpmap: no task is started: waiting for a lower load (it is 12.34, --load=8)\n");
	check_str(report_after(&throttle, 6, true), "");
	throttle.shut = false;
	check_str(report_after(&throttle, 6, true), "");
	check_int(throttle.held_since, 0);
}

static void test_figures(void)
{
	static const struct {
		uint64_t available, memory, now, load;
		const char *words;
	} cases[] = {
		{0, 1, 0, 0, "waiting for memory (0 is available, --memfree=1)"},
		{1023, 1024, 0, 0, "waiting for memory (1023 is available, --memfree=1K)"},
		{(UINT64_C(8) << 30) - 1, UINT64_C(8) << 30, 0, 0,
		 "waiting for memory (7.9G is available, --memfree=8G)"},
		{1536 << 10, 1025 << 20, 0, 0, "waiting for memory (1.5M is available, --memfree=1025M)"},
		{UINT64_C(2000) << 40, UINT64_MAX, 0, 0,
		 "waiting for memory (2000.0T is available, --memfree=18446744073709551615)"},
		{0, 0, 150, 150, "waiting for a lower load (it is 1.50, --load=1.5)"},
		{0, 0, 7, 1, "waiting for a lower load (it is 0.07, --load=0.01)"},
		{5, 4, 100000000, 100000000, "waiting for a lower load (it is 1000000.00, --load=1000000)"},
		{4, 4, 0, 0, ""},
		{0, 1 << 20, 900, 800,
		 "waiting for memory (0 is available, --memfree=1M) and for a lower load (it is 9.00, --load=8)"},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct throttle throttle = {
			.options = {.memory = cases[i].memory, .load = cases[i].load},
			.memory = cases[i].available,
			.load = cases[i].now,
			.shut = *cases[i].words,
		};
		struct bytes words = {.data = NULL};

		throttle_describe(&throttle, &words);
		check_slice(bytes_slice(&words), slice_of(cases[i].words));
		bytes_release(&words);
	}
}

static void test_jobs_file(void)
{
	static const struct {
		const char *text;
		size_t jobs;
		int fails;
	} cases[] = {
		{"3\n", 3, 0},         {"3", 3, 0},        {"3 workers\n9\n", 3, 0}, {"3\r\n", 3, 0},
		{"3\n9\n", 3, 0},      {"", 0, EAGAIN},    {"\n", 0, EAGAIN},        {" 3\n", 0, EAGAIN},
		{"many\n", 0, EINVAL}, {"-\n", 0, EINVAL}, {"3x\n", 0, EINVAL},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		char name[32], *path;
		size_t jobs = 77;

		snprintf(name, sizeof name, "jobs-%zu", i);
		path = unit_file(name, cases[i].text, 0600);
		if (cases[i].fails)
			check_fails(throttle_read_jobs(path, &jobs), cases[i].fails);
		else
			check_int(throttle_read_jobs(path, &jobs), 0);
		check_int(jobs, cases[i].fails ? 77 : cases[i].jobs);
		free(path);
	}
	check_fails(throttle_read_jobs("/nonexistent/jobs", &(size_t){0}), ENOENT);
}

const struct unit_test unit_pressure[] = {
	{"processes killed for lack of memory", .run = test_kills},
	{"available memory and load", .run = test_memory},
	{"short memory and high load throttle", .run = test_throttle},
	{"all tasks are held back for seconds", .run = test_report},
	{"what tasks wait for, in figures", .run = test_figures},
	{"a file of jobs", .run = test_jobs_file},
	{.name = NULL},
};
