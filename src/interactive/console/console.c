/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of the console that commands call, whatever its mode. */
#include "interactive/console/console.h"

#include "base/diag.h"
#include "process/command.h"

#include <inttypes.h>

void console_answer(const struct console *console, struct answer *answer)
{
	answer_init(answer, console->is_terminal || console->receiver ? ANSWER_GATHERED : ANSWER_DIRECT,
		    console->options->run.machine.temporary);
}

/* Has a script of the shell read an answer. Returns -1 with the error. */
static int pass_on(struct console *console, struct answer *answer, struct error *error)
{
	if (answer_to_file(answer, error) < 0 || console->mode->call(console, console->receiver, answer->fd, error) < 0)
		return -1;
	if (!foreground_is_busy(&console->foreground))
		return 0;
	console->page = answer->fd;
	answer->fd = -1;
	return 0;
}

int console_show(struct console *console, struct answer *answer, struct error *error)
{
	int shown = console->receiver ? pass_on(console, answer, error) : console->mode->show(console, answer, error);

	answer_release(answer);
	return shown;
}

const char *console_pager(const struct console *console)
{
	const char *pager = console->options->pager;
	char *found;

	if (pager)
		return *pager ? pager : NULL;
	found = command_find("less", console->options->run.command.path);
	free(found);
	return found ? "less -FRX" : NULL;
}

int console_call(struct console *console, const char *script, struct error *error)
{
	return console->mode->call(console, script, -1, error);
}

/* True if all selected runs are done. */
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
	return !console->waiting.is_on || is_done(console, &console->waiting.runs);
}

void console_wait(struct console *console, const struct selection *selection, nsec until)
{
	if (is_done(console, selection))
		return;
	console->waiting.is_on = true;
	console->waiting.runs = *selection;
	console->waiting.until = until;
}

void console_take_on(struct console *console, struct run *run)
{
	console->mode->take_on(console, run);
}

bool console_may_leave(struct console *console, const char *way)
{
	struct bytes text = {.data = NULL};
	size_t active = console->runs.active;

	if (!active || console->reported.leaving)
		return true;
	console->reported.leaving = true;
	bytes_append_format(&text, "%zu %s still going: %s again ends %s, wait waits\n", active,
			    active == 1 ? "run is" : "runs are", way, active == 1 ? "it" : "them");
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
	return false;
}

void console_leave(struct console *console)
{
	struct run *run;

	if (console->ending.state != CONSOLE_GOES_ON)
		return;
	console->ending.state = CONSOLE_LEAVING;
	agenda_clear(&console->agenda);
	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run))
		run_cancel(run);
}

bool console_is_busy(const struct console *console)
{
	return console->waiting.is_on || foreground_is_busy(&console->foreground) || reel_is_on(&console->reel) ||
	       console->ending.state != CONSOLE_GOES_ON;
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
