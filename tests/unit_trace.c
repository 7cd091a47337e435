/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/trace, base/diag and base/fault: events, messages and failures on demand. */
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

/* All of a small file (free). */
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

/* Events from several processes never tear each other's lines. */
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

static struct bytes told;

static void tell(struct slice line)
{
	bytes_append(&told, line.data, line.size);
}

static void test_diag(void)
{
	diag_set_sink(tell);
	diag_error("%s: bad \x1b[1m name\n", "a");
	diag_note("noted");
	diag_line(slice_of("as it is\n"));
	diag_set_level(DIAG_ERRORS);
	diag_note("not heard");
	diag_error("heard");
	diag_line(slice_of("heard too\n"));
	diag_set_sink(NULL);
	check_str(bytes_text(&told),
		  "mpmap: a: bad \\x1b[1m name\\n\nmpmap: noted\nas it is\nmpmap: heard\nheard too\n");
	bytes_release(&told);
}

static void tell_last(void)
{
	fd_write(STDERR_FILENO, "last\n", 5);
}

static void test_fatal(void)
{
	char *path = unit_file("stderr", "", 0600), *text;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		dup2(fd, STDERR_FILENO);
		diag_set_sink(tell);
		fatal_on_exit(tell_last);
		fatal("no %d", 5);
	}
	check_int(unit_wait(pid), 1);
	text = contents_of(path);
	check_str(text, "last\nmpmap: no 5\n");
	free(text);
	free(path);
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
	{"a fatal message", .run = test_fatal},
#ifdef MPMAP_FAULTS
	{"failures on demand", .run = test_fault},
	{"a death on demand", .run = test_fault_kills},
	{"nonsense is refused", .run = test_fault_nonsense},
#endif
	{.name = NULL},
};
