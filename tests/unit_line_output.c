/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/prompt/line_output: what is kept for a terminal that does not read. */
#include "unit.h"

#include "ipc/fd.h"
#include "interactive/prompt/line_output.h"

#include <unistd.h>

static int changes;

static void count_changes(struct writer *writer UNUSED)
{
	changes++;
}

/* Writes 64 KiB at a time, until the output is (full or stuck). Returns how many bytes that took. */
static size_t put_until(struct line_output *output, bool (*is_reached)(const struct line_output *output))
{
	static char block[65536];
	size_t size = 0;

	memset(block, 'x', sizeof block);
	while (!is_reached(output) && size < (size_t)64 << 20) {
		line_output_put(output, (struct slice){.data = block, .size = sizeof block});
		size += sizeof block;
	}
	return size;
}

/* Reads what the other end gets, and lets the output write on, until it is idle. Returns how many bytes came. */
static size_t read_all(struct line_output *output, struct loop *loop, int fd)
{
	static char block[65536];
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;
	size_t size = 0;

	while (clock_now() < deadline) {
		struct fd_wait input = {.fd = fd, .want_input = true};
		ssize_t got = fd_wait(&input, 1, 0) > 0 && input.input ? fd_read(fd, block, sizeof block) : 0;

		size += got > 0 ? (size_t)got : 0;
		if (got <= 0 && line_output_is_idle(output))
			break;
		loop_step(loop, clock_now() + NSEC_PER_MSEC);
	}
	return size;
}

/* An output is full long before it is stuck: keys are still read in between. Both end once the terminal has read. */
static void test_stuck(void)
{
	struct error error = {.text = NULL};
	struct line_output output;
	struct loop loop;
	int ends[2], saved = dup(STDOUT_FILENO);
	size_t full, stuck;

	check_int(loop_init(&loop), 0);
	check_int(fd_pipe(ends), 0);
	check(dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
	fd_close(&ends[1]);
	check_int(line_output_open(&output, &loop, count_changes, &error), 0);
	full = put_until(&output, line_output_is_full);
	check(!line_output_is_stuck(&output));
	stuck = full + put_until(&output, line_output_is_stuck);
	check(stuck >= 4 * full);
	check(stuck <= (size_t)8 << 20);
	check_int(changes, 0);
	check(read_all(&output, &loop, ends[0]) == stuck);
	check(!line_output_is_full(&output));
	check(!line_output_is_stuck(&output));
	check_int(changes, 1);
	line_output_close(&output);
	check(dup2(saved, STDOUT_FILENO) == STDOUT_FILENO);
	fd_close(&saved);
	fd_close(&ends[0]);
	loop_release(&loop);
}

const struct unit_test unit_line_output[] = {
	{"full, and stuck", .run = test_stuck},
	{.name = NULL},
};
