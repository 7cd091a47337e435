/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands, how a line becomes a command, and the commands that act on runs and workers. */
#include "interactive/commands/commands.h"

#include "base/mem.h"
#include "base/number.h"
#include "machine/capacity.h"
#include "process/process.h"
#include "front/hint/nearest.h"

#include <inttypes.h>

static int command_workers(struct console *console, const struct entered *entered, struct error *error)
{
	struct runs *runs = &console->runs;
	struct answer answer;
	struct bytes text = {.data = NULL};
	uint64_t workers;
	int shown;

	if (entered_id(entered)) {
		if (number_parse(entered_id(entered), CAPACITY_JOBS_MAX, &workers) < 0 || !workers)
			return error_set(error, "workers '%s': not a number from 1 to %d", entered_id(entered),
					 CAPACITY_JOBS_MAX);
		runs_set_workers(runs, (size_t)workers);
		return 0;
	}
	console_answer(console, &answer);
	bytes_append_format(&text, "%zu workers at most, %zu there, %zu of them with a run\n", runs->options.workers,
			    process_active_children(NULL, 0), runs->reserve.engaged);
	answer_put(&answer, bytes_slice(&text));
	shown = console_show(console, &answer, error);
	bytes_release(&text);
	return shown;
}

/* Returns the last run that is not done, NULL if all are done. */
static struct run *last_active(const struct runs *runs)
{
	struct run *run, *found = NULL;

	for (run = runs_next(runs, NULL); run; run = runs_next(runs, run)) {
		if (run->state != RUN_DONE)
			found = run;
	}
	return found;
}

/* Calls act for each selected run that is not done. Returns -1 with the error, also if a task is selected. */
static int for_each(struct console *console, const char *id, void (*act)(struct run *run), struct error *error)
{
	struct selection selection;
	struct run *run;
	bool some = false;

	if (id && selection_parse(&console->runs, id, &selection, error) < 0)
		return -1;
	if (!id)
		selection = (struct selection){.run = last_active(&console->runs), .index = ARCHIVE_NONE};
	if (selection.failed || selection.index != ARCHIVE_NONE)
		return error_set(error, "'%s' is not a run: this is for whole runs", id);
	if (id && selection.run && selection.run->state == RUN_DONE)
		return error_set(error, "run %" PRIu64 " is over", selection.run->number);
	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run)) {
		if (run->state == RUN_DONE || (selection.run && selection.run != run))
			continue;
		act(run);
		some = true;
	}
	if (!some && console->is_terminal)
		screen_say(&console->screen, slice_of("nothing is running\n"));
	return 0;
}

static int command_cancel(struct console *console, const struct entered *entered, struct error *error)
{
	return for_each(console, entered_id(entered), run_cancel, error);
}

static int command_pause(struct console *console, const struct entered *entered, struct error *error)
{
	const char *id = entered_id(entered) ? entered_id(entered) : "all";

	return for_each(console, id, run_pause, error);
}

static int command_resume(struct console *console, const struct entered *entered, struct error *error)
{
	const char *id = entered_id(entered) ? entered_id(entered) : "all";

	return for_each(console, id, run_resume, error);
}

const struct verb verbs[] = {
	{.name = "map",
	 .least = 1,
	 .most = SIZE_MAX,
	 .takes_input = true,
	 .operands = OPERANDS_OPTIONS,
	 .run = command_map},
	{.name = "apply", .least = 1, .most = SIZE_MAX, .operands = OPERANDS_OPTIONS, .run = command_apply},
	{.name = "jobs", .shows = true, .run = command_jobs},
	{.name = "workers", .shows = true, .most = 1, .run = command_workers},
	{.name = "out", .shows = true, .most = 1, .operands = OPERANDS_IDS, .run = command_out},
	{.name = "errors", .shows = true, .most = 1, .operands = OPERANDS_IDS, .run = command_errors},
	{.name = "show", .shows = true, .most = 1, .operands = OPERANDS_IDS, .run = command_show},
	{.name = "wait", .most = 2, .operands = OPERANDS_IDS, .run = command_await},
	{.name = "cancel", .most = 1, .operands = OPERANDS_IDS, .run = command_cancel},
	{.name = "retry", .most = 1, .operands = OPERANDS_IDS, .run = command_retry},
	{.name = "pause", .most = 1, .operands = OPERANDS_IDS, .run = command_pause},
	{.name = "resume", .most = 1, .operands = OPERANDS_IDS, .run = command_resume},
	{.name = "set", .shows = true, .most = 2, .operands = OPERANDS_SETTING, .run = command_set},
	{.name = "stats", .shows = true, .most = 1, .operands = OPERANDS_IDS, .run = command_stats},
	{.name = "state", .least = 1, .most = SIZE_MAX, .run = command_state},
	{.name = "history", .shows = true, .run = command_history},
	{.name = "source", .least = 1, .most = 1, .run = command_source},
	{.name = "!", .most = SIZE_MAX, .run = command_shell},
	{.name = "cd", .most = 1, .run = command_cd},
	{.name = "clear", .run = command_clear},
	{.name = "help", .shows = true, .most = 1, .operands = OPERANDS_COMMANDS, .run = command_help},
	{.name = "?", .shows = true, .most = 1, .operands = OPERANDS_COMMANDS, .run = command_help},
	{.name = "quit", .run = command_quit},
	{.name = "exit", .run = command_quit},
	{.name = "q", .run = command_quit},
	{.name = NULL},
};

static const char *const *list_names(void)
{
	static const char *names[countof(verbs)];
	size_t i;

	for (i = 0; verbs[i].name; i++)
		names[i] = verbs[i].name;
	return names;
}

/* Returns the command of that name, NULL if there is none. */
static const struct verb *verb_of(struct slice name)
{
	const struct verb *command;

	for (command = verbs; command->name; command++) {
		if (slice_equals(slice_of(command->name), name))
			return command;
	}
	return NULL;
}

static enum operands operands_of(struct slice name)
{
	const struct verb *command = verb_of(name);

	return command ? command->operands : OPERANDS_FILES;
}

static int commands_refuse(const char *name, struct error *error)
{
	const char *meant = nearest(name, list_names());

	if (meant)
		return error_set(error, "unknown command '%s'; did you mean %s? (help lists all)", name, meant);
	return error_set(error, "unknown command '%s' (help lists all; map %s ... runs it for each item)", name, name);
}

/* Returns -1 with the error if the words do not fit the command. */
static int commands_check(const struct verb *command, const struct words *words, struct error *error)
{
	if (words->input && !command->takes_input)
		return error_set(error, "%s reads no file (map does: map COMMAND... < FILE)", command->name);
	if (words->count - 1 < command->least)
		return error_set(error, "%s: an argument is missing (help %s tells)", command->name, command->name);
	if (words->count - 1 > command->most && !command->most)
		return error_set(error, "%s takes no argument: '%s' is one too many", command->name, words->words[1]);
	if (words->count - 1 > command->most)
		return error_set(error, "'%s' is too much (help %s tells)", words->words[command->most + 1],
				 command->name);
	return 0;
}

/*
 * Returns the script of a shell that is to have the answer of a command: what follows | or is added to cat from > on.
 * *size is set to the bytes before it. NULL if there is none, or the command shows nothing.
 */
static char *find_receiver(const char *line, size_t *size)
{
	const struct verb *command = verb_of((struct slice){.data = line, .size = strcspn(line, " \t>|")});
	bool is_quoted;

	if (!command || !command->shows)
		return NULL;
	for (*size = 0; line[*size]; ++*size) {
		words_last(line, *size, &is_quoted);
		if (!is_quoted && strchr(">|", line[*size]))
			return line[*size] == '|' ? mem_string(line + *size + 1) : mem_join("cat ", line + *size);
	}
	return NULL;
}

/* As carry_out, of a line without a receiver. */
static int carry_out_words(struct console *console, const char *line, struct error *error)
{
	struct entered entered = {.line = line};
	const struct verb *command;
	int done = 0;

	if (words_split(entered.line, &entered.words, error) < 0)
		return -1;
	if (entered.words.count || entered.words.input) {
		command = entered.words.count ? verb_of(slice_of(entered.words.words[0])) : NULL;
		if (!entered.words.count)
			done = error_set(error, "< FILE without a command before it");
		else if (!command)
			done = commands_refuse(entered.words.words[0], error);
		else if ((done = commands_check(command, &entered.words, error)) == 0)
			done = command->run(console, &entered, error);
	}
	words_release(&entered.words);
	return done;
}

static int carry_out(struct console *console, const char *line, struct error *error)
{
	const char *begin = line + strspn(line, " \t\r");
	struct entered entered = {.line = begin};
	char *own;
	size_t size;
	int done;

	/* The rest of such a line is for the shell and is not divided into words. */
	if (*begin == '!')
		return command_shell(console, &entered, error);
	console->receiver = find_receiver(begin, &size);
	if (!console->receiver)
		return carry_out_words(console, begin, error);
	own = mem_format("%.*s", (int)size, begin);
	done = carry_out_words(console, own, error);
	free(own);
	free(console->receiver);
	console->receiver = NULL;
	return done;
}

const struct language commands = {.carry_out = carry_out, .names = list_names, .operands = operands_of};
