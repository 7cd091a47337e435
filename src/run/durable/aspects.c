/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The aspects of a run, as texts with names. */
#include "run/durable/aspects.h"

#include "base/mem.h"
#include "base/quote.h"
#include "codec/output.h"
#include "journal/durable/note.h"
#include "journal/durable/scroll.h"
#include "run/session.h"
#include "worker/executor.h"

#include <unistd.h>

/* Returns the words of the command, quoted for a shell. The caller's. */
static char *command_text(const struct command_options *command)
{
	bool is_function = command->function[0];
	const char *const *words = is_function ? command->function : (const char *const *)command->template.words;
	size_t count = is_function ? countof(command->function) : command->template.word_count, i;
	struct bytes text = {.data = NULL};

	for (i = 0; i < count; i++) {
		bytes_append(&text, " ", i > 0);
		quote_shell(&text, slice_of(words[i]));
	}
	bytes_append(&text, "", 1);
	return text.data;
}

/*
 * Returns the options of a function, quoted for a shell, as its adapter gets them between its own name and the code;
 * empty without one. The caller's.
 */
static char *function_options_text(const struct command_options *command)
{
	const struct template_options *template = &command->template;
	struct bytes text = {.data = NULL};
	size_t i;

	for (i = 2; command->function[0] && i + 2 < template->word_count; i++) {
		bytes_append(&text, " ", i > 2);
		quote_shell(&text, slice_of(template->words[i]));
	}
	bytes_append(&text, "", 1);
	return text.data;
}

/* Returns the folder in which tasks run. The caller's. */
static char *folder_text(const struct command_options *command)
{
	char *here = getcwd(NULL, 0), *text;

	if (command->directory && command->directory[0] == '/')
		text = mem_string(command->directory);
	else if (command->directory)
		text = mem_format("%s/%s", here ? here : "", command->directory);
	else
		text = mem_string(here ? here : "");
	free(here);
	return text;
}

/* Appends what the columns of a table are named after. */
static void put_columns(struct bytes *notes, const struct template_options *template)
{
	struct bytes names = {.data = NULL};
	size_t i;

	for (i = 0; i < template->name_count; i++) {
		bytes_append_text(&names, i ? "," : "");
		bytes_append_text(&names, template->names[i]);
	}
	if (!template->name_count)
		bytes_append_format(&names, "%zu", template->value_count);
	note_put_text(notes, "columns of the output", bytes_slice(&names));
	bytes_release(&names);
}

/* Appends the aspects. */
static void put_aspects(struct bytes *notes, const struct session_options *options)
{
	const struct template_options *template = &options->command.template;
	const struct output_options *output = &options->output;
	char *command = command_text(&options->command), *folder = folder_text(&options->command);
	char *settings = function_options_text(&options->command);
	const char csv[2] = {template->csv, '\0'};
	const struct {
		const char *name;
		const char *value;
	} rows[] = {
		{"command", command},
		{"kind", options->command.shell ? "script" : options->command.executor->name},
		{"options of the function", settings},
		{"folder", folder},
		{"output", output->format ? output->format->name : output_text.name},
		{"order", output->order == ORDER_COMPLETION ? "of completion" : "of the input"},
		{"tag", output->tag ? output->tag : ""},
		{"file of each task", output->each ? output->each : ""},
		{"standard error", output->merged ? "among the output" : "apart"},
		{"replacement string", template->replace ? template->replace : "{}"},
		{"separator of columns", template->separator ? template->separator : csv},
		{"records", options->input.is_json    ? "JSON"
			    : options->input.to_stdin ? "on standard input"
						      : "texts"},
	};
	size_t i;

	for (i = 0; i < countof(rows); i++)
		note_put_text(notes, rows[i].name, slice_of(rows[i].value));
	/* The first line of the output is not written again. */
	if (output->format && output->format->is_table)
		put_columns(notes, template);
	free(command);
	free(folder);
	free(settings);
}

void aspects_note(struct bytes *notes, const struct session_options *options, const char *id)
{
	size_t begun = note_begin(notes);

	note_put_number(notes, "journal", SCROLL_FORMAT);
	note_put_text(notes, "run", slice_of(id));
	note_put_text(notes, "version", slice_of(PACKAGE_VERSION));
	put_aspects(notes, options);
	note_end(notes, begun);
}

/* Sets the error for an aspect that differs. Returns -1. */
static int refuse_aspect(const char *journal, const struct note *old, const struct note *new, const char *name,
			 struct error *error)
{
	char *was = note_text(old, name), *is = note_text(new, name);

	error_refuse(error, "--resume: %s is of another run: its %s was '%s', and is '%s' now", journal, name,
		     was ? was : "", is ? is : "");
	free(was);
	free(is);
	return -1;
}

int aspects_check(const char *journal, struct slice line, const struct session_options *options, struct error *error)
{
	struct bytes own = {.data = NULL};
	size_t begun = note_begin(&own), i;
	struct note old, new;
	int result = 0;

	put_aspects(&own, options);
	note_end(&own, begun);
	if (!note_read(line, &old) || !note_read((struct slice){.data = own.data, .size = own.size - 1}, &new))
		BUG("a note that cannot be read");
	for (i = 0; i < new.count && !result; i++) {
		char *name = mem_copy(new.fields[i].name.data, new.fields[i].name.size + 1);
		struct slice was = {.data = NULL};

		name[new.fields[i].name.size] = '\0';
		/* What an earlier version did not note was not there. */
		(void)note_raw(&old, name, &was);
		if (!slice_equals(was, new.fields[i].text))
			result = refuse_aspect(journal, &old, &new, name, error);
		free(name);
	}
	bytes_release(&own);
	return result;
}
