/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to standard error. Only this file and fatal.c write there. */
#include "base/diag.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/quote.h"

#include <stdarg.h>
#include <unistd.h>

/* Global, since messages come from every file. */
static enum diag_level level;
static const char *program = "mpmap";
static const struct diag_context *current;
static diag_sink *line_sink;

void diag_set_level(enum diag_level wanted)
{
	level = wanted;
}

void diag_set_program(const char *name)
{
	program = name;
}

const struct diag_context *diag_enter(const struct diag_context *context)
{
	const struct diag_context *before = current;

	current = context;
	return before;
}

const struct diag_context *diag_current(void)
{
	return current;
}

void diag_set_sink(diag_sink *sink)
{
	line_sink = sink;
}

int diag_descriptor(void)
{
	return STDERR_FILENO;
}

/* Writes a line. A failure is ignored: without standard error the program continues. */
static void diag_emit(struct slice line)
{
	if (line_sink) {
		line_sink(line);
		return;
	}
	(void)!file_write_all(STDERR_FILENO, line);
}

/* Formats, escapes and writes a message. */
static void diag_say(const char *format, va_list arguments)
{
	struct bytes line = {.data = NULL};
	char *text = NULL;
	int length = vasprintf(&text, format, arguments);

	if (length < 0)
		return;
	bytes_append_text(&line, program);
	bytes_append_text(&line, ": ");
	quote_terminal(&line, (struct slice){.data = text, .size = (size_t)length});
	bytes_append_text(&line, "\n");
	diag_emit(bytes_slice(&line));
	bytes_release(&line);
	free(text);
}

void diag_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_say(format, arguments);
	va_end(arguments);
}

void diag_note(const char *format, ...)
{
	va_list arguments;

	if ((current ? current->level : level) == DIAG_ERRORS)
		return;
	va_start(arguments, format);
	diag_say(format, arguments);
	va_end(arguments);
}

void diag_report(const char *text)
{
	size_t size = strcspn(text, "\n");

	diag_error("%.*s", (int)size, text);
	for (text += size; *text; text += size) {
		struct bytes out = {.data = NULL};

		text++;
		size = strcspn(text, "\n");
		quote_terminal(&out, (struct slice){.data = text, .size = size});
		bytes_append_text(&out, "\n");
		diag_line(bytes_slice(&out));
		bytes_release(&out);
	}
}

void diag_line(struct slice line)
{
	diag_emit(line);
}
