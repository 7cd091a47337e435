/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A writer of its own for the prompt, and a stream that leads there. */
#include "interactive/prompt/line_output.h"

#include <errno.h>
#include <unistd.h>

/* Bytes kept of what a stuck terminal has not taken: several times as many as a screen's worth of results. */
enum { STUCK = 4 * 1024 * 1024 };

static ssize_t stream_write(void *cookie, const char *data, size_t size)
{
	struct line_output *output = cookie;

	writer_put(&output->writer, (struct slice){.data = data, .size = size});
	writer_flush(&output->writer);
	return (ssize_t)size;
}

int line_output_open(struct line_output *output, struct loop *loop, void (*changed)(struct writer *writer),
		     struct error *error)
{
	const cookie_io_functions_t functions = {.write = stream_write};

	*output = (struct line_output){.stream = fopencookie(output, "w", functions)};
	if (!output->stream)
		return error_set_errno(error, errno, "the terminal cannot be written to");
	writer_init(&output->writer, loop, STDOUT_FILENO);
	output->writer.changed = changed;
	return 0;
}

void line_output_put(struct line_output *output, struct slice text)
{
	fflush(output->stream);
	writer_put(&output->writer, text);
	writer_flush(&output->writer);
}

void line_output_flush(struct line_output *output)
{
	fflush(output->stream);
}

bool line_output_is_full(const struct line_output *output)
{
	return writer_is_full(&output->writer);
}

bool line_output_is_stuck(const struct line_output *output)
{
	return writer_kept(&output->writer) >= STUCK;
}

bool line_output_is_idle(const struct line_output *output)
{
	return writer_is_idle(&output->writer);
}

void line_output_capture(struct line_output *output UNUSED)
{
#ifdef __GLIBC__
	if (output->errors)
		return;
	output->standard = stdout;
	output->errors = stderr;
	stdout = stderr = output->stream;
#endif
}

void line_output_free_streams(struct line_output *output UNUSED)
{
#ifdef __GLIBC__
	if (!output->errors)
		return;
	fflush(output->stream);
	stdout = output->standard;
	stderr = output->errors;
	output->standard = output->errors = NULL;
#endif
}

void line_output_close(struct line_output *output)
{
	if (!output->stream)
		return;
	line_output_free_streams(output);
	fclose(output->stream);
	writer_release(&output->writer);
	*output = (struct line_output){.stream = NULL};
}
