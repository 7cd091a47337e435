/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads lines and carries them out, one after the other. */
#include "interactive/console/script.h"

#include "base/diag.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "run/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

enum {
	READ_SIZE = 4096,
	/* The longest line. */
	LINE_SIZE_MAX = 1024 * 1024,
};

/* Reads lines of standard input. */
struct reader {
	struct watch watch;
	/* True if input can be read. */
	bool is_ready;
	/* Input that was read, and how many bytes of it have been taken. */
	struct bytes bytes;
	size_t taken;
	uint64_t number;
	bool ended;
};

static void script_run_ended(struct runs_owner *owner, struct run *run)
{
	struct console *console = container_of(owner, struct console, runs_owner);

	console->ending.status = run->end.status;
	console->ending.signal = run->end.signal;
}

static void script_program_ended(struct foreground *foreground UNUSED)
{
}

/* Runs a run to its end. */
static void script_take_on(struct console *console, struct run *run)
{
	while (run->state != RUN_DONE)
		runs_step(&console->runs, NSEC_FOREVER);
	if (run->end.signal)
		console->ending.state = CONSOLE_OVER;
}

static int script_show(struct console *console, struct answer *answer, struct error *error)
{
	if (!answer->error.text)
		return 0;
	*error = answer->error;
	answer->error = (struct error){.number = 0};
	console->ending.has_failed = true;
	return -1;
}

static int script_call(struct console *console, const char *script, int input, struct error *error)
{
	/* Standard input is the script. */
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), started;

	if (null < 0)
		return error_set_errno(error, errno, "/dev/null");
	started = foreground_start(&console->foreground, script, input < 0 ? null : input, error);
	fd_close(&null);
	if (started == 0)
		foreground_wait(&console->foreground);
	return started;
}

/* Reports an error of the input itself, and ends the script. Returns false. */
static bool script_fail(struct console *console, int number, const char *what)
{
	if (number)
		diag_error("%s: %s", what, strerror(number));
	else
		diag_error("%s", what);
	console->ending.status = EXIT_TROUBLE;
	return false;
}

static void input_ready(struct watch *watch, unsigned events UNUSED)
{
	container_of(watch, struct reader, watch)->is_ready = true;
}

static void script_signals_ready(struct watch *watch, unsigned events UNUSED)
{
	struct console *console = container_of(watch, struct console, signals);
	int number;

	while ((number = signals_next(watch->fd))) {
		if (number == SIGTSTP) {
			signals_stop(number);
		} else if (number != SIGUSR1 && number != SIGUSR2 && number != SIGWINCH && number != SIGCHLD) {
			console->ending.signal = number;
			console->ending.state = CONSOLE_OVER;
		}
	}
}

/* Waits for input. Returns false if a signal ends the script. While runs are active, they handle signals. */
static bool wait_for_input(struct console *console, struct reader *reader)
{
	struct loop *loop = &console->runs.loop;

	reader->is_ready = false;
	if (loop_watch(loop, &console->signals, LOOP_INPUT) < 0 || loop_watch(loop, &reader->watch, LOOP_INPUT) < 0)
		return script_fail(console, errno, "cannot wait for standard input");
	while (!reader->is_ready && console->ending.state == CONSOLE_GOES_ON)
		runs_step(&console->runs, NSEC_FOREVER);
	loop_forget(loop, &reader->watch);
	loop_forget(loop, &console->signals);
	return console->ending.state == CONSOLE_GOES_ON;
}

/* Adds the next line to the agenda. Returns false at the end of input, or after an error. */
static bool read_line(struct console *console, struct reader *reader)
{
	char *begin = reader->bytes.data + reader->taken, *end = NULL;
	ssize_t got;

	while (!reader->bytes.size || !(end = memchr(begin, '\n', reader->bytes.size - reader->taken))) {
		if (reader->ended && reader->bytes.size == reader->taken)
			return false;
		if (reader->ended) {
			bytes_append(&reader->bytes, "\n", 1);
		} else {
			bytes_consume(&reader->bytes, reader->taken);
			reader->taken = 0;
			if (!wait_for_input(console, reader))
				return false;
			got = fd_read(STDIN_FILENO, bytes_reserve(&reader->bytes, READ_SIZE), READ_SIZE);
			if (got < 0)
				return script_fail(console, errno, "cannot read standard input");
			reader->ended = got == 0;
			reader->bytes.size += (size_t)got;
		}
		if (reader->bytes.size > LINE_SIZE_MAX)
			return script_fail(console, 0, "standard input has a line of more than 1M");
		begin = reader->bytes.data + reader->taken;
	}
	*end = '\0';
	reader->taken = (size_t)(end - reader->bytes.data) + 1;
	reader->number++;
	if (strlen(begin) != (size_t)(end - begin))
		return script_fail(console, 0, "standard input holds no text (a line has a NUL in it)");
	agenda_add(&console->agenda, begin, reader->number);
	return true;
}

static int script_open(struct console *console, struct error *error)
{
	if (console->runs.options.closed & 1u << STDIN_FILENO)
		return error_set_errno(error, EBADF, "cannot read standard input");
	console->signals = (struct watch){.fd = signals_open(), .ready = script_signals_ready};
	if (console->signals.fd < 0)
		return error_set_errno(error, errno, "cannot watch for signals");
	console->runs_owner = (struct runs_owner){.run_ended = script_run_ended};
	foreground_init(&console->foreground, &console->runs.loop, script_program_ended);
	screen_init(&console->screen, NULL, SCREEN_PLAIN);
	return 0;
}

static void script_run(struct console *console)
{
	struct reader reader = {.watch = {.fd = STDIN_FILENO, .ready = input_ready}};

	while (console->ending.state == CONSOLE_GOES_ON && read_line(console, &reader)) {
		while (console->ending.state == CONSOLE_GOES_ON && agenda_take(&console->agenda, &console->at)) {
			if (console_carry_out(console) == 0)
				continue;
			console->ending.status = console->ending.has_failed ? EXIT_TROUBLE : EXIT_USAGE;
			console->ending.state = CONSOLE_OVER;
		}
	}
	bytes_release(&reader.bytes);
	/* A signal that interrupted a line is the reason for its error. */
	script_signals_ready(&console->signals, 0);
	fd_close(&console->signals.fd);
	screen_release(&console->screen);
}

const struct console_mode script_mode = {
	.open = script_open,
	.run = script_run,
	.show = script_show,
	.call = script_call,
	.take_on = script_take_on,
};
