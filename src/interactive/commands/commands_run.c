/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands that begin runs (map, apply, retry), and set, which changes the options of later ones. */
#include "interactive/commands/commands.h"

#include "base/mem.h"
#include "base/quote.h"
#include "front/batch.h"
#include "interactive/runs/again.h"

#include <inttypes.h>
#include <unistd.h>

/* A list of words that grows; ends with NULL. */
struct phrase {
	char **words;
	size_t count;
};

static void command_add(struct phrase *phrase, char *word)
{
	phrase->words = mem_resize(phrase->words, phrase->count + 2, sizeof *phrase->words);
	phrase->words[phrase->count++] = word;
	phrase->words[phrase->count] = NULL;
}

/*
 * Returns the words that each map begins with: the options of the command line, and the settings except unwanted ones.
 * is_unwanted may be NULL.
 */
static struct phrase begin_phrase(const struct console *console, bool (*is_unwanted)(const char *setting))
{
	struct phrase phrase = {.count = 0};
	size_t i;

	command_add(&phrase, mem_string("map"));
	for (i = 0; i < console->settings.base_count; i++)
		command_add(&phrase, mem_string(console->settings.base[i]));
	/* The pool's size may have changed since the command line set --jobs. */
	command_add(&phrase, mem_format("--jobs=%zu", console->runs.options.workers));
	for (i = 0; i < console->settings.count; i++) {
		if (!is_unwanted || !is_unwanted(console->settings.words[i]))
			command_add(&phrase, mem_string(console->settings.words[i]));
	}
	return phrase;
}

/* Returns -1 with the error for options that only batch mode can have. */
static int phrase_check(const struct console *console, const struct options *options, struct error *error)
{
	size_t i;

	if (options->mode == MODE_INTERACTIVE)
		return error_set(error, "no COMMAND to run for each record (help map shows how)");
	if (options->mode != MODE_RUN)
		return error_set(error, "--help and --version are for the command line (help map tells all about map)");
	if (options->run.command.terminal)
		return error_set(error, "--tty: the terminal is the prompt's (! COMMAND runs a program with it)");
	if (options->run.output.ungrouped && console->is_terminal)
		return error_set(error, "--ungroup: what tasks write comes in above the prompt, and so is captured");
	for (i = 0; i < options->feed.source_count; i++) {
		const struct source_options *source = &options->feed.sources[i];

		if (!source->items && (!source->file || strcmp(source->file, "-") == 0))
			return error_set(
				error,
				"where are the records? ::: ITEM... or < FILE says (standard input has the commands)");
	}
	return 0;
}

/*
 * Parses the first count words of a phrase into run. run owns all words afterwards, also on failure. Returns 0, 1 if
 * nothing is to be run, but the state of its journal shown, or -1 with the error.
 */
static int parse(const struct console *console, struct phrase *phrase, size_t count, struct run_options *run,
		 struct error *error)
{
	struct options options;
	int parsed = options_parse(&options, (int)count, phrase->words, error);

	run->text = run_text_new(phrase->words);
	run->text->sources = options.feed.sources;
	run->text->function = options.function.words;
	*phrase = (struct phrase){.count = 0};
	run->settings = options.run;
	run->feed = options.feed;
	run_options_settle(run, console->folder);
	run->first_operand = (size_t)options.first_operand;
	if (parsed == 0 && options.mode == MODE_STATUS)
		return 1;
	if (parsed < 0 || phrase_check(console, &options, error) < 0)
		return -1;
	/* The brackets and commas of an array would be lines that belong to no task. */
	if (console->is_terminal && run->settings.output.format == &output_json && !run->settings.output.file)
		run->settings.output.format = &output_json_lines;
	/* A number equal to the pool's is no limit: the pool may grow. */
	if (options.run.workers.jobs != console->runs.options.workers)
		run->most = options.run.workers.jobs;
	if (console->is_terminal)
		run->settings.output.progress.kind = PROGRESS_NONE;
	return 0;
}

/* Parses a phrase that is to be run. -1 with the error. */
static int parse_run(const struct console *console, struct phrase *phrase, size_t count, struct run_options *run,
		     struct error *error)
{
	int parsed = parse(console, phrase, count, run, error);

	return parsed > 0 ? error_set(error, "--status: only map has it (map --journal=FILE --status)") : parsed;
}

static int command_begin(struct console *console, struct run_options *options, struct feeder *feeder,
			 struct error *error)
{
	struct run *run = run_begin(&console->runs, options, feeder, error);

	if (!run)
		return -1;
	console_take_on(console, run);
	return 0;
}

/* True if the only word after the command asks for help. */
static bool wants_help(const struct words *words)
{
	return words->count == 2 && (strcmp(words->words[1], "--help") == 0 || strcmp(words->words[1], "-h") == 0);
}

/* Sets the line that goes on with the run of a journal: what was typed, of which words to first may be options. */
static void note_again(struct run_options *run, const struct entered *entered, size_t first)
{
	struct durable_options *durable = &run->settings.durable;
	struct bytes before = {.data = NULL}, after = {.data = NULL};

	bytes_append_format(&before, "map%s", durable->resumes ? "" : " --resume");
	batch_append_words(&after, entered->words.words + 1, entered->words.count - 1, first - 1);
	if (entered->words.input) {
		bytes_append_text(&after, " < ");
		quote_shell(&after, slice_of(entered->words.input));
	}
	bytes_append(&before, "", 1);
	bytes_append(&after, "", 1);
	durable->again = run->text->again = before.data;
	durable->again_rest = run->text->again_rest = after.data;
}

/* Shows how far the run of a journal is. -1 with the error. */
static int show_status(struct console *console, const char *journal, struct error *error)
{
	struct bytes text = {.data = NULL};
	struct answer answer;
	int shown = durable_status(journal, &text, error);

	if (shown == 0) {
		console_answer(console, &answer);
		answer_put(&answer, bytes_slice(&text));
		shown = console_show(console, &answer, error);
	}
	bytes_release(&text);
	return shown;
}

int command_map(struct console *console, const struct entered *entered, struct error *error)
{
	struct phrase phrase;
	struct run_options options = {.line = NULL};
	size_t i, before;
	int parsed;

	if (wants_help(&entered->words))
		return command_help(console, entered, error);
	phrase = begin_phrase(console, NULL);
	if (entered->words.input)
		command_add(&phrase, mem_format("--arg-file=%s", entered->words.input));
	before = phrase.count - 1;
	for (i = 1; i < entered->words.count; i++)
		command_add(&phrase, mem_string(entered->words.words[i]));
	options.line = mem_string(entered->line);
	parsed = parse(console, &phrase, phrase.count, &options, error);
	if (parsed == 0) {
		if (options.settings.durable.journal)
			note_again(&options, entered, options.first_operand - before);
		return command_begin(console, &options, NULL, error);
	}
	if (parsed > 0)
		parsed = show_status(console, options.settings.durable.journal, error);
	run_options_release(&options);
	return parsed;
}

/* True for settings about records, which apply does not have, and about commands for many records. */
static bool is_about_records(const char *setting)
{
	static const char *const names[] = {
		"shell",  "stdin",    "block",   "header",   "colsep",     "delimiter", "record-start",
		"null",   "max-args", "replace", "arg-file", "json",       "jsonl",     "link",
		"zygote", "filter",   "coproc",  "python",   "bash",       "perl",      "node",
		"setup",  "teardown", "source",  "isolate",  "no-isolate", "plugin"};
	size_t length = strcspn(setting, "="), i;

	for (i = 0; i < countof(names); i++) {
		if (strlen(names[i]) == length - 2 && strncmp(setting + 2, names[i], length - 2) == 0)
			return true;
	}
	return false;
}

int command_apply(struct console *console, const struct entered *entered, struct error *error)
{
	/* The command's words are the records of one group, so that no word is a replacement string. */
	static const char *const form[] = {"--replace={}", "--max-args=max", "{}", ":::"};
	struct phrase phrase = begin_phrase(console, is_about_records);
	struct run_options options = {.line = mem_string(entered->line)};
	size_t i, count;

	for (i = 0; i < countof(form); i++)
		command_add(&phrase, mem_string(form[i]));
	count = phrase.count;
	for (i = 1; i < entered->words.count; i++)
		command_add(&phrase, mem_string(entered->words.words[i]));
	if (parse_run(console, &phrase, count, &options, error) < 0) {
		run_options_release(&options);
		return -1;
	}
	options.feed.sources[0].items = options.text->words + count;
	options.feed.sources[0].item_count = entered->words.count - 1;
	return command_begin(console, &options, NULL, error);
}

/* Begins a run of the failed tasks of a selection. Returns 1, 0 if none failed, or -1 with the error. */
static int run_again(struct console *console, const struct selection *selection, struct error *error)
{
	struct selection failed = *selection;
	struct run_options options;
	char *line;

	failed.failed = true;
	if (selection->run->state != RUN_DONE)
		return error_set(error, "run %" PRIu64 " still goes on (wait %" PRIu64 " waits for its end)",
				 selection->run->number, selection->run->number);
	if (selection_next(&failed, selection->run, 0) == ARCHIVE_NONE)
		return 0;
	line = selection->index == ARCHIVE_NONE
		       ? mem_format("retry %" PRIu64 ": %s", selection->run->number, selection->run->options.line)
		       : mem_format("retry %" PRIu64 ".%" PRIu64 ": %s", selection->run->number, selection->index + 1,
				    selection->run->options.line);
	options = run_options_share(&selection->run->options, line);
	free(line);
	run_options_settle(&options, console->first_folder);
	/* The file has the output of the run that is repeated. */
	options.settings.output.file = NULL;
	/* So have its journal and its job log of the tasks. */
	if (options.settings.durable.resumes)
		options.settings.output.joblog = NULL;
	options.settings.durable = (struct durable_options){.journal = NULL};
	return command_begin(console, &options, again_new(&failed), error) < 0 ? -1 : 1;
}

int command_retry(struct console *console, const struct entered *entered, struct error *error)
{
	struct selection selection;
	struct run *run, *last;
	struct answer answer;
	int repeated = 0, more;

	if (selection_parse(&console->runs, entered_id(entered) ? entered_id(entered) : "failed", &selection, error) <
	    0)
		return -1;
	if (selection.run) {
		repeated = run_again(console, &selection, error);
	} else {
		last = runs_last(&console->runs);
		for (run = runs_next(&console->runs, NULL); run && repeated >= 0;
		     run = run == last ? NULL : runs_next(&console->runs, run)) {
			selection.run = run;
			more = run_again(console, &selection, error);
			repeated = more < 0 ? -1 : repeated + more;
		}
	}
	if (repeated)
		return repeated < 0 ? -1 : 0;
	console_answer(console, &answer);
	answer_put(&answer, slice_of("nothing failed there\n"));
	return console_show(console, &answer, error);
}

/* Returns the index of an option's setting, the count of settings if it is not set. */
static size_t find_setting(const struct console *console, const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < console->settings.count; i++) {
		const char *setting = console->settings.words[i] + 2;

		if (strncmp(setting, name, length) == 0 && (setting[length] == '=' || !setting[length]))
			break;
	}
	return i;
}

static void drop_setting(struct console *console, size_t at)
{
	if (at == console->settings.count)
		return;
	free(console->settings.words[at]);
	console->settings.words[at] = console->settings.words[--console->settings.count];
}

static int show_settings(struct console *console, struct error *error)
{
	struct answer answer;
	size_t i;

	console_answer(console, &answer);
	for (i = 0; i < console->settings.base_count; i++) {
		answer_put(&answer, slice_of(console->settings.base[i]));
		answer_put(&answer, slice_of("\n"));
	}
	for (i = 0; i < console->settings.count; i++) {
		answer_put(&answer, slice_of(console->settings.words[i]));
		answer_put(&answer, slice_of("\n"));
	}
	if (!console->settings.base_count && !console->settings.count)
		answer_put(&answer, slice_of("nothing is set (set OPTION VALUE; help map lists the options)\n"));
	return console_show(console, &answer, error);
}

/* Tries a setting on a map that does nothing. Returns -1 with the error. */
static int try_setting(const struct console *console, const char *setting, struct error *error)
{
	static const char *const form[] = {"true", ":::"};
	struct phrase phrase = begin_phrase(console, NULL);
	struct run_options options = {.line = NULL};
	size_t i;
	int parsed;

	command_add(&phrase, mem_string(setting));
	for (i = 0; i < countof(form); i++)
		command_add(&phrase, mem_string(form[i]));
	parsed = parse_run(console, &phrase, phrase.count, &options, error);
	run_options_release(&options);
	return parsed;
}

int command_set(struct console *console, const struct entered *entered, struct error *error)
{
	char **words = entered->words.words;
	const char *name, *value = entered->words.count > 2 ? words[2] : NULL;
	const struct option_row *row;
	char *setting, *old;
	size_t at;

	if (entered->words.count < 2)
		return show_settings(console, error);
	name = words[1] + (strncmp(words[1], "--", 2) == 0 ? 2 : 0);
	at = find_setting(console, name);
	if (value && strcmp(value, "off") == 0) {
		drop_setting(console, at);
		return 0;
	}
	row = option_find(slice_of(name));
	if (!value && row && row->argument && !row->is_optional)
		return error_set(error, "set %s: the value is missing (set %s %s; set alone shows what is set)", name,
				 name, row->argument);
	/* "on" is for options without a value: the opposite of "off". */
	if (value && row && !row->argument && strcmp(value, "on") == 0)
		value = NULL;
	setting = value ? mem_format("--%s=%s", name, value) : mem_format("--%s", name);
	/* The setting replaces an earlier one of the same option. */
	old = at < console->settings.count ? console->settings.words[at] : NULL;
	if (old)
		console->settings.words[at] = setting;
	if (try_setting(console, setting, error) < 0) {
		if (old)
			console->settings.words[at] = old;
		free(setting);
		return -1;
	}
	free(old);
	if (old)
		return 0;
	console->settings.words =
		mem_resize(console->settings.words, console->settings.count + 1, sizeof *console->settings.words);
	console->settings.words[console->settings.count++] = setting;
	return 0;
}
