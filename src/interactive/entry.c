/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the interactive mode begins: chooses a prompt or a script, runs it, and releases the console. */
#include "interactive/entry.h"

#include "base/diag.h"
#include "base/mem.h"
#include "process/signals.h"
#include "interactive/console/interactive.h"
#include "interactive/console/script.h"
#include "interactive/commands/commands.h"

/* Limits of the archive, in bytes: in memory, and in its file. */
#define KEPT_IN_MEMORY (UINT64_C(64) << 20)
#define KEPT_ON_DISK (UINT64_C(1) << 30)

/* Stores the options of the command line, with which each map begins, without those that chose this mode. */
static void entry_take_base(struct console *console, char **words)
{
	int i;

	console->settings.base = mem_new((size_t)console->options->first_operand, sizeof *console->settings.base);
	for (i = 1; i < console->options->first_operand; i++) {
		if (strcmp(words[i], "--interactive") != 0 && strcmp(words[i], "--") != 0)
			console->settings.base[console->settings.base_count++] = words[i];
	}
}

static int entry_begin(struct console *console, const struct options *options, unsigned closed, struct error *error)
{
	const struct runs_options runs = {
		.workers = options->run.workers.jobs,
		.memory = KEPT_IN_MEMORY,
		.disk = KEPT_ON_DISK,
		.directory = options->run.machine.temporary,
		.closed = closed,
	};

	*console = (struct console){.language = &commands, .options = options};
	console->page = console->reel.fd = console->signals.fd = -1;
	agenda_init(&console->agenda);
	console->is_terminal = interactive_is_possible();
	console->mode = console->is_terminal ? &interactive_mode : &script_mode;
	if (runs_open(&console->runs, &runs, &console->runs_owner, error) < 0)
		return -1;
	return console->mode->open(console, error);
}

int entry_run(const struct options *options, char **words, unsigned closed)
{
	struct console *console = mem_new(1, sizeof *console);
	struct error error = {.number = 0};
	int status = EXIT_TROUBLE, signal = 0;
	size_t i;

	if (entry_begin(console, options, closed, &error) < 0) {
		diag_error("%s", error_text(&error));
		error_release(&error);
	} else {
		entry_take_base(console, words);
		console->mode->run(console);
		status = console->ending.status;
		signal = console->ending.signal;
	}
	runs_close(&console->runs);
	agenda_line_release(&console->at);
	agenda_clear(&console->agenda);
	for (i = 0; i < console->settings.count; i++)
		free(console->settings.words[i]);
	free(console->settings.words);
	free(console->settings.base);
	free(console->folder);
	free(console->first_folder);
	free(console);
	if (signal)
		signals_die(signal);
	return status;
}
