/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the trace. */
#include "base/trace.h"

#include "base/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

static int trace_fd = -1;

void trace_open(void)
{
	const char *path = getenv("MPMAP_TRACE");

	if (path && *path && trace_fd < 0)
		trace_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

bool trace_is_on(void)
{
	return trace_fd >= 0;
}

int trace_descriptor(void)
{
	return trace_fd;
}

void trace_write(const char *event, const char *fields, ...)
{
	char line[512];
	size_t room = sizeof line - 3, used;
	va_list arguments;
	int length;

	length = snprintf(line, room, "{\"time\":%" PRId64 ",\"pid\":%ld,\"event\":\"%s\"%s", clock_now(),
			  (long)getpid(), event, *fields ? "," : "");
	used = (size_t)length;
	va_start(arguments, fields);
	length = vsnprintf(line + used, room - used, fields, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room - used)
		BUG("a trace event too long for its line");
	used += (size_t)length;
	line[used++] = '}';
	line[used++] = '\n';
	(void)!write(trace_fd, line, used);
}
