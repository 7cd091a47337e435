/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking memory and load, and reading the number of jobs. */
#include "machine/throttle.h"

#include "base/diag.h"
#include "base/trace.h"
#include "machine/capacity.h"
#include "machine/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How often memory and load are checked, since the kernel does not announce their changes. */
#define PERIOD (100 * NSEC_PER_MSEC)

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

void throttle_check(struct throttle *throttle)
{
	const struct throttle_options *options = &throttle->options;
	nsec now = clock_now();
	bool shut = false;

	if (now < throttle->next_check)
		return;
	throttle->next_check = now + PERIOD;
	if (options->memory)
		shut |= pressure_memory() < options->memory;
	if (options->load)
		shut |= pressure_load() >= options->load;
	if (shut != throttle->shut)
		trace_event("throttle", "\"shut\":%s", shut ? "true" : "false");
	throttle->shut = shut;
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
