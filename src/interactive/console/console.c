/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session: its parts, what commands ask of it, and how it begins and ends. */
#include "interactive/console/console.h"

#include "base/diag.h"
#include "base/mem.h"
#include "process/signals.h"
#include "interactive/console/interactive.h"
#include "interactive/console/script.h"

#include <inttypes.h>
#include <unistd.h>

/* What is kept of runs, in memory and then on disk. */
#define KEPT_IN_MEMORY (UINT64_C(64) << 20)
#define KEPT_ON_DISK (UINT64_C(1) << 30)

void console_answer(const struct console *console, struct answer *answer)
{
	answer_init(answer, console->is_terminal ? ANSWER_GATHERED : ANSWER_DIRECT, console->options->run.temporary);
}

int console_show(struct console *console, struct answer *answer, struct error *error)
{
	int shown = 0;

	if (console->is_terminal) {
		shown = interactive_show(console, answer, error);
	} else if (answer->error.text) {
		*error = answer->error;
		answer->error = (struct error){.number = 0};
		console->has_failed = true;
		shown = -1;
	}
	answer_release(answer);
	return shown;
}

int console_call(struct console *console, const char *script, struct error *error)
{
	return console->is_terminal ? interactive_call(console, script, -1, error)
				    : script_call(console, script, error);
}

/* Whether none of these runs goes on. */
static bool is_done(struct console *console, const struct selection *selection)
{
	struct run *run;

	if (selection->run)
		return selection->run->state == RUN_DONE;
	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run)) {
		if (run->state != RUN_DONE)
			return false;
	}
	return true;
}

bool console_has_awaited(struct console *console)
{
	return !console->is_waiting || is_done(console, &console->awaited);
}

void console_wait(struct console *console, const struct selection *selection)
{
	if (is_done(console, selection))
		return;
	console->is_waiting = true;
	console->awaited = *selection;
}

void console_take_on(struct console *console, struct run *run)
{
	if (console->is_terminal)
		/* It is to be seen in the prompt. */
		console->prompt_at = 0;
	else
		script_finish(console, run);
}

void console_leave(struct console *console)
{
	struct run *run;

	if (console->end != CONSOLE_GOES_ON)
		return;
	console->end = CONSOLE_LEAVING;
	agenda_clear(&console->agenda);
	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run))
		run_cancel(run);
}

bool console_is_busy(const struct console *console)
{
	return console->is_waiting || foreground_is_running(&console->foreground) || console->end != CONSOLE_GOES_ON;
}

int console_carry_out(struct console *console)
{
	struct error error = {.number = 0};
	const char *file = agenda_file_name(&console->at);
	int done = console->language->carry_out(console, console->at.text, &error);

	if (done < 0) {
		if (file)
			error_wrap(&error, "%s: line %" PRIu64, file, console->at.number);
		else if (console->at.number)
			error_wrap(&error, "line %" PRIu64, console->at.number);
		diag_error("%s", error_text(&error));
	}
	error_release(&error);
	agenda_line_release(&console->at);
	return done;
}

/* The words of the command line that are options; what asks for this mode itself is left out. */
static void take_base(struct console *console, char **words)
{
	int i;

	console->base = mem_new((size_t)console->options->first_operand, sizeof *console->base);
	for (i = 1; i < console->options->first_operand; i++) {
		if (strcmp(words[i], "--interactive") != 0 && strcmp(words[i], "--") != 0)
			console->base[console->base_count++] = words[i];
	}
}

static int console_begin(struct console *console, const struct options *options, unsigned closed, struct error *error)
{
	const struct runs_options runs = {
		.workers = options->run.jobs,
		.memory = KEPT_IN_MEMORY,
		.disk = KEPT_ON_DISK,
		.directory = options->run.temporary,
		.closed = closed,
	};

	*console = (struct console){.language = console->language, .options = options, .page = -1, .signals.fd = -1};
	agenda_init(&console->agenda);
	console->is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (runs_open(&console->runs, &runs, &console->runs_owner, error) < 0)
		return -1;
	return console->is_terminal ? interactive_open(console, error) : script_open(console, error);
}

int console_run(const struct options *options, char **words, const struct language *language, unsigned closed)
{
	struct console *console = mem_new(1, sizeof *console);
	struct error error = {.number = 0};
	int status = EXIT_TROUBLE, signal = 0;
	size_t i;

	console->language = language;
	if (console_begin(console, options, closed, &error) < 0) {
		diag_error("%s", error_text(&error));
		error_release(&error);
	} else {
		take_base(console, words);
		if (console->is_terminal)
			interactive_run(console);
		else
			script_run(console);
		status = console->status;
		signal = console->signal;
	}
	runs_close(&console->runs);
	agenda_line_release(&console->at);
	agenda_clear(&console->agenda);
	for (i = 0; i < console->setting_count; i++)
		free(console->settings[i]);
	free(console->settings);
	free(console->base);
	free(console);
	if (signal)
		signals_die(signal);
	return status;
}
