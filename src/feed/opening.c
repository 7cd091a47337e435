/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing the kind of feeder for the options, opening its sources and reading their headers. */
#include "feed/feeder.h"

#include "base/mem.h"
#include "task/columns.h"
#include "worker/executor.h"

#include <errno.h>
#include <unistd.h>

/* Marks an error as one of usage: the options do not fit the sources. Returns failed. */
static int usage_error(int failed, struct error *error)
{
	error->is_usage = true;
	return failed;
}

/* Adds a name of a column. -1 with the error when there is one already. */
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

/* Takes the names of its columns off the beginning of a source. -1 with the error. */
static int read_header(struct feeder *feeder, struct source *source, const struct session_options *run,
		       struct error *error)
{
	struct columns columns = {.csv = run->command.template.csv};
	struct bytes fields = {.data = NULL};
	char *header = source_header(source, error);
	const char *rest = header;
	int named = 0;

	if (!header)
		/* An empty source runs nothing, so no name is missing. */
		return error->text ? -1 : 0;
	if (run->command.template.separator && columns_compile(&columns, run->command.template.separator, error) < 0)
		named = usage_error(-1, error);
	bytes_reserve(&fields, strlen(header) + 1);
	while (rest && named == 0)
		named = add_name(feeder, columns_next(&columns, header, &rest, &fields), error);
	bytes_release(&fields);
	columns_release(&columns);
	free(header);
	return named;
}

/* Opens all sources and reads their headers. -1 with the error; what is open by then is feeder_close's. */
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

/* True if records are passed on as they are. Items may have newlines in them: only a filter gets them as lines. */
static bool passes_lines(const struct feed_options *options, const struct command_options *command)
{
	bool has_columns = command->template.separator || command->template.csv;
	bool has_items = options->sources[0].items || options->sources[0].handed;

	return command->executor->persists && !has_columns && !(command->executor->answers_each && has_items);
}

/* Returns a new feeder of the kind for these options. A persistent command is given the records of one source whole. */
static struct feeder *new_feeder(const struct feed_options *options, const struct command_options *command)
{
	if (options->framing != FEED_TEXT)
		return elements_new();
	if (options->source_count > 1)
		return combination_new();
	return passes_lines(options, command) ? lines_new() : reader_new();
}

struct feeder *feeder_open(const struct feed_options *options, struct session_options *run, struct error *error)
{
	struct feeder *feeder = new_feeder(options, &run->command);

	feeder->options = options;
	feeder->run = run;
	if (open_sources(feeder, run, error) < 0 ||
	    (feeder->kind->prepare && feeder->kind->prepare(feeder, error) < 0)) {
		feeder_close(feeder);
		return NULL;
	}
	if (options->has_header) {
		run->command.template.names = feeder->names;
		run->command.template.name_count = feeder->name_count;
		run->command.template.widths = feeder->widths;
		run->command.template.width_count =
			run->command.template.separator || run->command.template.csv ? options->source_count : 0;
	}
	return feeder;
}
