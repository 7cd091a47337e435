/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking memory and load, and reading the number of jobs. */
#include "machine/throttle.h"

#include "base/diag.h"
#include "base/trace.h"
#include "machine/capacity.h"
#include "machine/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

/* How often memory and load are checked, since the kernel does not announce their changes. */
#define PERIOD (100 * NSEC_PER_MSEC)
/* How long all tasks are held back until the user is notified. */
#define REPORT_TIME (5 * NSEC_PER_SEC)

void throttle_init(struct throttle *throttle, const struct throttle_options *options)
{
	*throttle = (struct throttle){.options = *options};
	if (!options->memory && !options->load)
		throttle->next_check = NSEC_FOREVER;
}

size_t throttle_most(const struct throttle_options *options)
{
	return options->load ? (size_t)((options->load + 99) / 100) : SIZE_MAX;
}

nsec throttle_deadline(const struct throttle *throttle)
{
	return throttle->next_check;
}

/* True if the last check found too little memory. */
static bool lacks_memory(const struct throttle *throttle)
{
	return throttle->options.memory && throttle->memory < throttle->options.memory;
}

/* True if the last check found too high a load. */
static bool is_loaded(const struct throttle *throttle)
{
	return throttle->options.load && throttle->load >= throttle->options.load;
}

bool throttle_check(struct throttle *throttle)
{
	nsec now = clock_now();
	bool shut;

	if (now < throttle->next_check)
		return false;
	throttle->next_check = now + PERIOD;
	if (throttle->options.memory)
		throttle->memory = pressure_memory();
	if (throttle->options.load)
		throttle->load = pressure_load();
	shut = lacks_memory(throttle) || is_loaded(throttle);
	if (shut != throttle->shut)
		trace_event("throttle", "\"shut\":%s", shut ? "true" : "false");
	throttle->shut = shut;
	return true;
}

void throttle_report(struct throttle *throttle, bool is_idle)
{
	struct bytes words = {.data = NULL};
	nsec now;

	if (!throttle->shut || !is_idle) {
		throttle->held_since = 0;
		return;
	}
	now = clock_now();
	if (!throttle->held_since)
		throttle->held_since = now;
	if (throttle->reported || now - throttle->held_since < REPORT_TIME)
		return;
	throttle->reported = true;
	throttle_describe(throttle, &words);
	diag_note("no task is started: %s", bytes_text(&words));
	bytes_release(&words);
}

enum { UNITS = 5 };

/* The suffixes of --memfree's SIZE. */
static const char *const units[UNITS] = {"", "K", "M", "G", "T"};

/* Appends a size exactly, in the largest unit in which it is a whole number. */
static void append_exact_size(struct bytes *out, uint64_t size)
{
	size_t unit = 0;

	for (; unit + 1 < UNITS && size && size % 1024 == 0; unit++)
		size /= 1024;
	bytes_append_format(out, "%" PRIu64 "%s", size, units[unit]);
}

/* Appends a size, rounded down, so that it never seems to be the larger size that is wanted. */
static void append_rough_size(struct bytes *out, uint64_t size)
{
	size_t unit = 0;
	uint64_t rest = 0;

	for (; unit + 1 < UNITS && size >= 1024; unit++) {
		rest = size % 1024;
		size /= 1024;
	}
	bytes_append_format(out, "%" PRIu64, size);
	if (unit)
		bytes_append_format(out, ".%" PRIu64, rest * 10 / 1024);
	bytes_append_text(out, units[unit]);
}

void throttle_describe(const struct throttle *throttle, struct bytes *out)
{
	if (!throttle->shut)
		return;
	bytes_append_text(out, "waiting ");
	if (lacks_memory(throttle)) {
		bytes_append_text(out, "for memory (");
		append_rough_size(out, throttle->memory);
		bytes_append_text(out, " is available, --memfree=");
		append_exact_size(out, throttle->options.memory);
		bytes_append_text(out, is_loaded(throttle) ? ") and " : ")");
	}
	if (is_loaded(throttle))
		bytes_append_format(out, "for a lower load (it is %.2f, --load=%.15g)", (double)throttle->load / 100,
				    (double)throttle->options.load / 100);
}

int throttle_read_jobs(const char *path, size_t *jobs)
{
	/* O_NONBLOCK: a pipe without a writer does not block. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char line[64] = "";
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, line, sizeof line - 1);
	close(fd);
	if (got < 0)
		return -1;
	/* A longer line is not a number. */
	got = (ssize_t)strcspn(line, " \t\r\n");
	if (got < (ssize_t)sizeof line - 1) {
		line[got] = '\0';
		if (capacity_parse_jobs(line, jobs) == 0)
			return 0;
	}
	/* An empty file is being written. */
	errno = *line ? EINVAL : EAGAIN;
	return -1;
}

size_t throttle_jobs(struct throttle *throttle)
{
	const char *path = throttle->options.jobs_file;
	size_t jobs;

	if (throttle_read_jobs(path, &jobs) == 0) {
		throttle->warned = false;
		return jobs < throttle_most(&throttle->options) ? jobs : throttle_most(&throttle->options);
	}
	if (errno == EAGAIN)
		return 0;
	if (!throttle->warned && errno != EINVAL)
		diag_note("--jobs @%s: %s; the number of jobs stays as it is", path, strerror(errno));
	else if (!throttle->warned)
		diag_note("--jobs @%s: its first line is not a number of jobs; it stays as it is", path);
	throttle->warned = true;
	return 0;
}
