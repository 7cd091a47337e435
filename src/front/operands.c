/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words behind the options: the command, and sources of records. */
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

/* Takes in what follows a separator: items, or the names of files. */
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

/* Divides the operands into the command and its sources. */
int operands_parse(struct options *options, int count, char **operands, struct error *error)
{
	int i, end;

	options->run.words = operands;
	for (i = 0; i < count && !is_separator(operands[i]); i++)
		;
	options->run.word_count = (size_t)i;
	for (; i < count; i = end) {
		for (end = i + 1; end < count && !is_separator(operands[end]); end++)
			;
		if (parse_source(options, operands[i], operands + i + 1, end - i - 1, error) < 0)
			return -1;
	}
	return 0;
}

/* What JSON is read from, and what is made of it. */
static int check_json(struct options *options, struct error *error)
{
	const struct feed_options *feed = &options->feed;
	const char *name = feed->framing == FEED_JSON ? "--json" : "--jsonl";
	struct session_options *run = &options->run;

	if (feed->source_count != 1 || feed->sources[0].items)
		return error_set(error, "%s reads standard input, or one --arg-file", name);
	if (options->has_delimiter || run->separator || feed->has_header || feed->group != 1 || feed->link_all)
		return error_set(
			error,
			"%s: its values are the records; --null, --delimiter, --colsep, --header, --max-args and "
			"--link are for lines",
			name);
	if (run->shell && !run->word_count)
		return error_set(error, "%s and --shell without a SCRIPT: tasks in JSON say {\"shell\": SCRIPT}", name);
	if (run->to_stdin && !run->word_count)
		return error_set(error, "%s and --stdin: there is no COMMAND to read the values", name);
	options->feed.sources[0].is_bare = true;
	run->brings_commands = !run->word_count;
	run->names_vary = run->word_count;
	return 0;
}

/* What the sources make of each other, and of the options for them. */
int operands_check(struct options *options, struct error *error)
{
	struct feed_options *feed = &options->feed;
	size_t readers = 0, i;

	if (!feed->source_count)
		*options_add_source(options) = (struct source_options){.file = NULL};
	options->run.delimiter = options->delimiter;
	for (i = 0; i < feed->source_count; i++) {
		struct source_options *source = &feed->sources[i];

		source->delimiter = options->delimiter;
		readers += !source->items && (!source->file || strcmp(source->file, "-") == 0);
	}
	if (readers > 1)
		return error_set(error, "standard input can be one source only");
	if (options->run.to_stdin && (feed->source_count > 1 || options->run.separator || feed->has_header))
		return error_set(error, "--stdin: records that go to standard input have no columns, and one source");
	if (options->run.to_stdin && feed->group == FEED_MAX)
		return error_set(error, "--stdin and --max-args=max: nothing limits what a task gets");
	if (feed->group != 1 && feed->source_count > 1)
		return error_set(error, "--max-args and several sources: groups are made of the records of one");
	if (options->run.shell && !options->run.word_count &&
	    (feed->group != 1 || feed->source_count > 1 || options->run.separator || options->run.to_stdin))
		return error_set(error,
				 "--shell without a SCRIPT: each record is a command line of its own, from one source");
	options->run.is_grouped = feed->group != 1;
	if (feed->framing != FEED_TEXT)
		return check_json(options, error);
	/* Of how many values a task has for certain. */
	if (!options->run.separator && !options->run.is_grouped)
		options->run.value_count = feed->source_count;
	return 0;
}
