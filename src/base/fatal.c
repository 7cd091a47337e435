/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last line of a process: formatted into a fixed buffer, written straight to standard error. */
#include "base/fatal.h"

#include <stdarg.h>
#include <unistd.h>

static void (*fatal_last)(void);

void fatal_on_exit(void (*last)(void))
{
	fatal_last = last;
}

void fatal(const char *format, ...)
{
	static const char prefix[] = "mpmap: ";
	char line[512] = "mpmap: ";
	size_t size = sizeof prefix - 1;
	va_list arguments;

	if (fatal_last)
		fatal_last();
	va_start(arguments, format);
	vsnprintf(line + size, sizeof line - size, format, arguments);
	va_end(arguments);
	for (; line[size]; size++) {
		if (line[size] < 0x20 || line[size] > 0x7e)
			line[size] = '?';
	}
	/* In the place of the NUL. */
	line[size++] = '\n';
	(void)!write(STDERR_FILENO, line, size);
	_exit(1);
}

void bug_at(const char *file, int line, const char *what)
{
	char text[256];
	int length = snprintf(text, sizeof text, "mpmap: BUG at %s:%d: %s\n", file, line, what);

	if (length > 0)
		(void)!write(STDERR_FILENO, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
	abort();
}
