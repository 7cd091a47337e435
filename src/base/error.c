/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building the words of an error. */
#include "base/error.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>

/* Returns a formatted text (free), or a copy of the format if memory is short. */
static char *format_text(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		text = mem_string(format);
	return text;
}

/* Takes ownership of text, in place of earlier words. */
static int error_replace(struct error *error, int number, char *text)
{
	error_release(error);
	error->number = number;
	error->text = text;
	return -1;
}

int error_set(struct error *error, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	return error_replace(error, 0, text);
}

int error_refuse(struct error *error, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	error_replace(error, 0, text);
	error->is_usage = true;
	return -1;
}

int error_set_errno(struct error *error, int number, const char *format, ...)
{
	va_list arguments;
	char *text, *whole;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	whole = mem_format("%s: %s", text, strerror(number));
	free(text);
	return error_replace(error, number, whole);
}

int error_wrap(struct error *error, const char *format, ...)
{
	va_list arguments;
	char *text, *whole;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	whole = mem_format("%s: %s", text, error_text(error));
	free(text);
	free(error->text);
	error->text = whole;
	return -1;
}

const char *error_text(const struct error *error)
{
	return error->text ? error->text : "no error";
}

const char *error_signal(int number)
{
	static char name[24];
	const char *abbreviation = sigabbrev_np(number);

	if (abbreviation)
		snprintf(name, sizeof name, "SIG%s", abbreviation);
	else if (number >= SIGRTMIN && number <= SIGRTMAX)
		snprintf(name, sizeof name, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		snprintf(name, sizeof name, "signal %d", number);
	return name;
}

void error_release(struct error *error)
{
	free(error->text);
	*error = (struct error){.number = 0};
}
