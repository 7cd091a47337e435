/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/trace, base/diag, base/fatal and base/fault: events, messages, last messages and failure points. */
#include "unit.h"

#include "base/diag.h"
#include "base/fatal.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { WRITERS = 4, EVENTS = 500 };

/* Returns the contents of a small file (free). */
static char *contents_of(const char *path)
{
	struct bytes bytes = {.data = NULL};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	while ((got = fd_read(fd, bytes_reserve(&bytes, 4096), 4096)) > 0)
		bytes.size += (size_t)got;
	check_int(got, 0);
	fd_close(&fd);
	bytes_text(&bytes);
	return bytes.data;
}

/* Lines of several processes do not mix. */
static void test_trace(void)
{
	char *path = mem_format("%s/trace", unit_directory()), *text, *at, *line;
	int writer, lines = 0, i;

	check(!trace_is_on() || getenv("MPMAP_TRACE"));
	setenv("MPMAP_TRACE", path, 1);
	trace_open();
	if (!check(trace_is_on()))
		return;
	for (writer = 0; writer < WRITERS; writer++) {
		if (fork() == 0) {
			for (i = 0; i < EVENTS; i++)
				trace_event("busy", "\"writer\":%d,\"round\":%d", writer, i);
			_exit(0);
		}
	}
	for (writer = 0; writer < WRITERS; writer++)
		unit_wait(-1);
	trace_event("alone", "%s", "");
	at = text = contents_of(path);
	while ((line = strsep(&at, "\n")) && *line) {
		check(strncmp(line, "{\"time\":", 8) == 0);
		check(strstr(line, ",\"event\":\"busy\",\"writer\":") || strstr(line, ",\"event\":\"alone\""));
		check(line[strlen(line) - 1] == '}');
		lines++;
	}
	check_int(lines, WRITERS * EVENTS + 1);
	free(text);
	free(path);
}

static struct bytes written;

static void record_line(struct slice line)
{
	bytes_append(&written, line.data, line.size);
}

static void test_diag(void)
{
	diag_set_sink(record_line);
	diag_error("%s: bad \x1b[1m name\n", "a");
	diag_note("noted");
	diag_line(slice_of("as it is\n"));
	diag_set_level(DIAG_ERRORS);
	diag_note("not heard");
	diag_error("heard");
	diag_line(slice_of("heard too\n"));
	diag_set_sink(NULL);
	check_str(bytes_text(&written),
		  "mpmap: a: bad \\x1b[1m name\\n\nmpmap: noted\nas it is\nmpmap: heard\nheard too\n");
	bytes_release(&written);
}

static void write_last(void)
{
	fd_write(STDERR_FILENO, "last\n", 5);
}

/* Checks how a process that calls last ends, and what it has written to standard error. */
static void check_last(void (*last)(void), int status, const char *expected)
{
	char *path = unit_file("stderr", "", 0600), *text;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		dup2(fd, STDERR_FILENO);
		diag_set_sink(record_line);
		last();
		_exit(0);
	}
	check_int(unit_wait(pid), status);
	text = contents_of(path);
	check_str(text, expected);
	free(text);
	free(path);
}

static void end_after_hook(void)
{
	fatal_on_exit(write_last);
	fatal("no %d", 5);
}

static void end_with_escapes(void)
{
	fatal("%s", "a\x1b[1m\n\xc3\xa4 b");
}

static void end_with_long_line(void)
{
	fatal("%0600d", 7);
}

static void end_by_bug(void)
{
	bug_at("FILE", 7, "a defect");
}

static void end_by_long_bug(void)
{
	bug_at("FILE", 7,
	       "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	       "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	       "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789");
}

static void test_fatal(void)
{
	char zeroes[505], *line;

	memset(zeroes, '0', 504);
	zeroes[504] = '\0';
	line = mem_format("mpmap: %s\n", zeroes);
	check_last(end_after_hook, 1, "last\nmpmap: no 5\n");
	check_last(end_with_escapes, 1, "mpmap: a?[1m??? b\n");
	check_last(end_with_long_line, 1, line);
	free(line);
}

static void test_bug(void)
{
	char *line = mem_format(
		"%.255s",
		"mpmap: BUG at FILE:7: "
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789");

	check_last(end_by_bug, 1000 + SIGABRT, "mpmap: BUG at FILE:7: a defect\n");
	check_last(end_by_long_bug, 1000 + SIGABRT, line);
	free(line);
}

#ifdef MPMAP_FAULTS

static void test_fault(void)
{
	static const bool fails[] = {false, true, false, false, false};
	size_t i;

	setenv("MPMAP_FAULT", "one:2:ENOSPC,onwards:3+:EAGAIN,default:1", 1);
	for (i = 0; i < countof(fails); i++) {
		errno = 0;
		check_int(fault_at("one"), fails[i]);
		check_int(errno, fails[i] ? ENOSPC : 0);
	}
	for (i = 1; i < 6; i++) {
		errno = 0;
		check_int(fault_at("onwards"), i >= 3);
		check_int(errno, i >= 3 ? EAGAIN : 0);
	}
	check(fault_at("default"));
	check_int(errno, EIO);
	check(!fault_at("default"));
	check(!fault_at("unnamed"));
	check(!fault_at(""));
}

static void test_fault_kills(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setenv("MPMAP_FAULT", "point:2:KILL", 1);
		fault_at("point");
		fault_at("point");
		_exit(0);
	}
	check_int(unit_wait(pid), 1000 + SIGKILL);
}

static void test_fault_nonsense(void)
{
	static const char *const nonsense[] = {"x", "x:",   "x:y",      "x:1:",        "x:1:EWHAT",
					       ":", "x:-1", "x:1,,y:1", "x:1:EIO:KILL"};
	size_t i;

	for (i = 0; i < countof(nonsense); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(STDERR_FILENO);
			setenv("MPMAP_FAULT", nonsense[i], 1);
			fault_at("x");
			_exit(0);
		}
		if (!check_int(unit_wait(pid), 1))
			printf("# MPMAP_FAULT=%s\n", nonsense[i]);
	}
}

#endif

const struct unit_test unit_trace[] = {
	{"events of several processes", .run = test_trace},
	{"messages", .run = test_diag},
	{"a last message", .run = test_fatal},
	{"the message of a defect", .run = test_bug},
#ifdef MPMAP_FAULTS
	{"failure points fail when they are reached the Nth time", .run = test_fault},
	{"a failure point ends the process by a signal", .run = test_fault_kills},
	{"malformed faults are refused", .run = test_fault_nonsense},
#endif
	{.name = NULL},
};
