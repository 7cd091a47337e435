/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words after the options: the command, and sources of records. */
#include "front/operands.h"

#include "base/mem.h"

static bool is_separator(const char *word)
{
	size_t colons = strspn(word, ":");

	return (colons == 3 || colons == 4) && (!word[colons] || strcmp(word + colons, "+") == 0);
}

struct source_options *options_add_source(struct options *options)
{
	struct feed_options *feed = &options->feed;

	feed->sources = mem_resize(feed->sources, feed->source_count + 1, sizeof *feed->sources);
	return &feed->sources[feed->source_count++];
}

/* Adds the sources after a separator: items, or the names of files. -1 with the error. */
static int parse_source(struct options *options, const char *separator, char **words, int count, struct error *error)
{
	bool files = separator[strspn(separator, ":") - 1] == ':' && strspn(separator, ":") == 4;
	bool linked = separator[strlen(separator) - 1] == '+';
	int i;

	if (linked && !options->feed.source_count)
		return error_set(error, "%s has no source before it to be linked to", separator);
	if (files && !count)
		return error_set(error, "%s: no FILE", separator);
	for (i = 0; files && i < count; i++)
		*options_add_source(options) = (struct source_options){.file = words[i], .is_linked = linked};
	if (!files)
		*options_add_source(options) = (struct source_options){
			.items = words,
			.item_count = (size_t)count,
			.is_linked = linked,
		};
	return 0;
}

int operands_parse(struct options *options, int count, char **operands, struct error *error)
{
	int i, end;

	options->run.command.template.words = operands;
	for (i = 0; i < count && !is_separator(operands[i]); i++)
		;
	options->run.command.template.word_count = (size_t)i;
	for (; i < count; i = end) {
		for (end = i + 1; end < count && !is_separator(operands[end]); end++)
			;
		if (parse_source(options, operands[i], operands + i + 1, end - i - 1, error) < 0)
			return -1;
	}
	return 0;
}

bool operands_run_nothing(const struct options *options)
{
	return !options->run.command.template.word_count && !options->run.command.shell &&
	       options->feed.framing == FEED_TEXT;
}

void operands_settle(struct options *options)
{
	struct session_options *run = &options->run;
	struct feed_options *feed = &options->feed;
	size_t i;

	run->input.delimiter = options->delimiter;
	for (i = 0; i < feed->source_count; i++) {
		feed->sources[i].delimiter = options->delimiter;
		feed->sources[i].start = options->record_start;
		feed->sources[i].csv = run->command.template.csv;
	}
	if (feed->block)
		feed->group = FEED_MAX;
	run->command.template.is_grouped = feed->group != 1;
	if (feed->framing != FEED_TEXT) {
		feed->sources[0].is_bare = true;
		run->input.is_json = true;
		run->input.brings_commands = !run->command.template.word_count;
		/* The scripts are theirs. */
		run->command.shell &= !run->input.brings_commands;
		run->command.template.names_vary = run->command.template.word_count;
	} else if (!run->command.template.separator && !run->command.template.csv &&
		   !run->command.template.is_grouped) {
		run->command.template.value_count = feed->source_count;
	}
}
