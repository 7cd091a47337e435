/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening sources, reading their headers, and choosing who feeds from them. */
#include "feed/feeder.h"

#include "base/mem.h"
#include "task/columns.h"

#include <errno.h>
#include <unistd.h>

/* What was asked for does not fit what the sources hold. */
static int usage_error(int failed, struct error *error)
{
	error->is_usage = true;
	return failed;
}

static int add_name(struct feeder *feeder, struct slice name, struct error *error)
{
	size_t i;

	for (i = 0; i < feeder->name_count; i++) {
		if (slice_equals(slice_of(feeder->names[i]), name))
			return usage_error(error_set(error, "the header names the column '%s' twice", feeder->names[i]),
					   error);
	}
	feeder->names = mem_resize(feeder->names, feeder->name_count + 1, sizeof *feeder->names);
	feeder->names[feeder->name_count++] = mem_format("%.*s", (int)name.size, name.data);
	return 0;
}

/* Takes the names of a source's columns off its beginning. */
static int read_header(struct feeder *feeder, struct source *source, const struct session_options *run,
		       struct error *error)
{
	struct columns columns = {.expression = NULL};
	char *header = source_header(source, error);
	const char *rest = header;
	int named = 0;

	if (!header)
		/* Without records nothing is run, and nothing needs a name. */
		return error->text ? -1 : 0;
	if (run->separator && columns_compile(&columns, run->separator, error) < 0)
		named = usage_error(-1, error);
	while (rest && named == 0)
		named = add_name(feeder, columns_next(&columns, &rest, rest == header), error);
	columns_release(&columns);
	free(header);
	return named;
}

static int open_sources(struct feeder *feeder, const struct session_options *run, struct error *error)
{
	const struct feed_options *options = feeder->options;
	size_t named = 0, i;

	feeder->widths = mem_new(options->source_count, sizeof *feeder->widths);
	feeder->sources = mem_new(options->source_count, sizeof *feeder->sources);
	for (i = 0; i < options->source_count; i++)
		feeder->sources[i].fd = -1;
	for (i = 0; i < options->source_count; i++) {
		struct source *source = &feeder->sources[i];

		if (source_open(source, &options->sources[i], error) < 0)
			return -1;
		if (source->fd == STDIN_FILENO && options->input_is_closed)
			return error_set_errno(error, EBADF, "cannot read standard input");
		if (options->has_header && read_header(feeder, source, run, error) < 0)
			return -1;
		feeder->widths[i] = (uint32_t)(feeder->name_count - named);
		named = feeder->name_count;
	}
	return 0;
}

struct feeder *feeder_open(const struct feed_options *options, struct session_options *run, struct error *error)
{
	struct feeder *feeder = options->framing != FEED_TEXT ? elements_new()
				: options->source_count == 1  ? reader_new()
							      : combination_new();

	feeder->options = options;
	if (open_sources(feeder, run, error) < 0 || feeder->kind->prepare(feeder, run, error) < 0) {
		feeder_close(feeder);
		return NULL;
	}
	if (options->has_header) {
		run->names = feeder->names;
		run->name_count = feeder->name_count;
		run->widths = feeder->widths;
		run->width_count = run->separator ? options->source_count : 0;
	}
	return feeder;
}

void feeder_begin(struct feeder *feeder, struct session *session)
{
	feeder->session = session;
	feeder->kind->begin(feeder);
}

void feeder_close(struct feeder *feeder)
{
	size_t i;

	feeder->kind->close(feeder);
	for (i = 0; feeder->sources && i < feeder->options->source_count; i++)
		source_close(&feeder->sources[i]);
	for (i = 0; i < feeder->name_count; i++)
		free(feeder->names[i]);
	free(feeder->names);
	free(feeder->widths);
	free(feeder->sources);
	free(feeder);
}
