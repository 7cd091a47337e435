/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words by which adapters are run. */
#include "front/function.h"

#include "base/mem.h"
#include "front/options.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

struct language {
	/* Its option. */
	const char *option;
	/* NULL where the function is called in the worker: its name is the only word. */
	const char *interpreter;
	/* The adapter's file. */
	const char *adapter;
	/* Other adapters can be forked from one. */
	bool is_forkable;
	/* The names of the adapter's options, with blanks around. */
	const char *settings;
};

static const struct language languages[] = {
	{"--python", "python3", "adapter.py", true, " --setup --teardown --isolate "},
	{"--bash", "bash", "adapter.bash", false, " --setup --teardown --source --isolate --no-isolate "},
	{"--perl", "perl", "adapter.pl", true, " --setup --teardown --isolate "},
	{"--node", "node", "adapter.js", false, " --setup --teardown "},
	{"--plugin", NULL, NULL, false, ""},
};

int function_set_code(struct options *options, const char *language, const char *code, struct error *error)
{
	struct function *function = &options->function;
	size_t i;

	if (function->language)
		return error_set(error, "%s and %s: a run calls one function", function->language->option, language);
	if (!*code)
		return error_set(error, "%s '': no code", language);
	for (i = 0; i < countof(languages); i++) {
		if (strcmp(languages[i].option, language) == 0)
			function->language = &languages[i];
	}
	function->code = code;
	return 0;
}

int function_add_setting(struct options *options, const char *name, const char *value, struct error *error)
{
	struct function *function = &options->function;

	if (value && !*value)
		return error_set(error, "%s '': no %s", name, strcmp(name, "--source") == 0 ? "file" : "code");
	if (!function->setting)
		function->setting = name;
	bytes_append_text(&function->settings, name);
	if (value) {
		bytes_append_text(&function->settings, "=");
		bytes_append_text(&function->settings, value);
	}
	bytes_append(&function->settings, "", 1);
	return 0;
}

const char *function_option(const struct options *options)
{
	return options->function.language ? options->function.language->option : NULL;
}

/* Returns the path of an adapter, the caller's: beside this program, as in the build tree, or in the data folder. */
static char *find_adapter(const char *name)
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
	char *slash, *path;

	program[size < 0 ? 0 : size] = '\0';
	slash = strrchr(program, '/');
	if (slash) {
		*slash = '\0';
		path = mem_format("%s/adapters/%s", program, name);
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return mem_format("%s/adapters/%s", DATA_FOLDER, name);
}

/* Checks that the adapter has the options that were given. -1 with the error. */
static int check_settings(const struct function *function, struct error *error)
{
	const char *word = function->settings.data, *end = word + function->settings.size;

	for (; word < end; word += strlen(word) + 1) {
		char *name = mem_format(" %.*s ", (int)strcspn(word, "="), word);
		bool is_known = strstr(function->language->settings, name);

		free(name);
		if (!is_known)
			return error_set(error, "%s and %.*s: that is not for this language%s",
					 function->language->option, (int)strcspn(word, "="), word,
					 strcmp(word, "--isolate") == 0 ? " (--chunksize=1 gives one record at a time)"
									: "");
	}
	return 0;
}

/* Splits texts, each with its NUL, into words: one allocation. Returns them, and their number in *count. */
static char **split_texts(const struct bytes *texts, size_t *count)
{
	size_t i, number = 0;
	char **words, *text;

	for (i = 0; i < texts->size; i++)
		number += !texts->data[i];
	words = mem_new(1, (number + 1) * sizeof *words + texts->size);
	text = (char *)(words + number + 1);
	memcpy(text, texts->data, texts->size);
	for (i = 0; i < number; i++, text += strlen(text) + 1)
		words[i] = text;
	*count = number;
	return words;
}

static void add_text(struct bytes *texts, const char *text)
{
	bytes_append(texts, text, strlen(text) + 1);
}

/* Appends the adapter's words before the code. -1 with the error. */
static int add_adapter(struct bytes *texts, const struct function *function, struct error *error)
{
	char *adapter = find_adapter(function->language->adapter);
	int found = access(adapter, R_OK);

	if (found < 0)
		error_set_errno(error, errno, "%s: the adapter %s", function->language->option, adapter);
	add_text(texts, function->language->interpreter);
	add_text(texts, adapter);
	bytes_append(texts, function->settings.data, function->settings.size);
	add_text(texts, "--");
	free(adapter);
	return found;
}

/* Sets COMMAND to the words of the adapter, or to the function itself. -1 with the error. */
static int set_words(struct options *options, struct error *error)
{
	struct function *function = &options->function;
	struct template_options *command = &options->run.command.template;
	struct bytes texts = {.data = NULL};
	int added = function->language->interpreter ? add_adapter(&texts, function, error) : 0;

	if (added == 0) {
		add_text(&texts, function->code);
		function->words = split_texts(&texts, &command->word_count);
		command->words = function->words;
		options->run.command.is_forkable = function->language->is_forkable;
		options->run.command.function[0] = function->language->option;
		options->run.command.function[1] = function->code;
	}
	bytes_release(&texts);
	return added;
}

/* Does the work of function_settle. */
static int settle_function(struct options *options, struct error *error)
{
	const struct function *function = &options->function;
	const struct command_options *command = &options->run.command;

	if (!function->language && function->setting)
		return error_set(error, "%s is for functions (--python, --bash, --perl, --node)", function->setting);
	if (!function->language)
		return 0;
	if (command->shell)
		return error_set(error, "%s and --shell: a run calls a function or runs commands",
				 function->language->option);
	if (command->template.word_count)
		return error_set(error,
				 "%s CODE takes no operand, but '%s' follows it: records come from standard input, "
				 ":::, :::: or --arg-file",
				 function->language->option, command->template.words[0]);
	return check_settings(function, error) < 0 ? -1 : set_words(options, error);
}

int function_settle(struct options *options, struct error *error)
{
	int settled = options->mode == MODE_RUN ? settle_function(options, error) : 0;

	bytes_release(&options->function.settings);
	return settled;
}
