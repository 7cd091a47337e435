/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prompt's loop: lines that are entered, runs, signals, and who uses the terminal.
 *
 * The prompt is shown unless a program has the terminal, runs are waited for, or the console ends. Lines that arrive
 * meanwhile, as in a block that was pasted, wait in the agenda.
 */
#include "interactive/console/interactive.h"

#include "base/diag.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "interactive/console/display.h"
#include "interactive/prompt/history.h"

#include <errno.h>
#include <unistd.h>

enum {
	HISTORY_SIZE = 10000,
};

/* The time between two updates of the figures in the prompt. */
#define PROMPT_PERIOD (200 * NSEC_PER_MSEC)

/* Updates the figures in the prompt, not too often, and not while the terminal takes nothing. */
static void update_prompt(struct console *console)
{
	char *prompt;

	if (console_is_busy(console) || !line_is_idle(&console->line) || clock_now() < console->prompt_at)
		return;
	console->prompt_at = clock_now() + PROMPT_PERIOD;
	prompt = display_prompt(console);
	line_set_prompt(&console->line, prompt);
	free(prompt);
}

/* Removes or shows the prompt, as the console's state requires. */
static void arrange(struct console *console)
{
	if (console_is_busy(console)) {
		line_suspend(&console->line);
		if (console->ending.state == CONSOLE_LEAVING && console->runs.active &&
		    !foreground_is_busy(&console->foreground))
			screen_say(&console->screen, slice_of("ending what runs; ^C ends it at once\n"));
		return;
	}
	console->prompt_at = 0;
	update_prompt(console);
	line_resume(&console->line);
}

/* Carries out the lines that wait, until one makes the console busy. */
static void go_on(struct console *console)
{
	while (!console_is_busy(console) && agenda_take(&console->agenda, &console->at)) {
		bool of_file = agenda_file_name(&console->at);

		/* Later lines of a file may depend on the line that failed. */
		if (console_carry_out(console) < 0 && of_file)
			agenda_drop_files(&console->agenda);
	}
	arrange(console);
}

static void line_entered(struct line_owner *owner, const char *text)
{
	struct console *console = container_of(owner, struct console, line_owner);

	bool was_warned = console->reported.leaving;

	line_add_history(&console->line, text);
	agenda_add(&console->agenda, text, 0);
	go_on(console);
	/* The warning is good for the next line. */
	if (was_warned)
		console->reported.leaving = false;
}

static void line_ended(struct line_owner *owner)
{
	struct console *console = container_of(owner, struct console, line_owner);

	if (console->line.is_gone) {
		console->ending.signal = SIGHUP;
		console->ending.state = CONSOLE_OVER;
		return;
	}
	if (!console_may_leave(console, "^D"))
		return;
	console_leave(console);
	arrange(console);
}

static char **ids(void *context)
{
	return selection_ids(context);
}

static char **line_complete(struct line_owner *owner, const char *text, size_t start)
{
	struct console *console = container_of(owner, struct console, line_owner);
	const struct completion completion = {
		.commands = console->language->names(),
		.operands = console->language->operands,
		.ids = ids,
		.context = &console->runs,
		.path = console->options->run.command.path,
	};

	return completion_find(&completion, text, start);
}

/* Shows what has waited while a program or a file had the terminal, and the prompt. */
static void leave_stage(struct console *console)
{
	fd_close(&console->page);
	reel_end(&console->reel);
	screen_let_go(&console->screen);
	go_on(console);
}

static void interactive_program_ended(struct foreground *foreground)
{
	struct console *console = container_of(foreground, struct console, foreground);

	/* After the ^C that the terminal shows. */
	if (foreground->signal == SIGINT)
		line_show(&console->line, slice_of("\n"));
	leave_stage(console);
}

/*
 * Starts a script of the shell in the foreground, or plans to, until the terminal has taken what was written before.
 * input is its standard input, -1 for the terminal; it remains the caller's, and open. Returns -1 with the error.
 */
static int interactive_start_program(struct console *console, const char *script, int input, struct error *error)
{
	/* Output that waits is shown before the program's own. */
	screen_say(&console->screen, (struct slice){.data = NULL});
	screen_hold(&console->screen);
	line_suspend(&console->line);
	foreground_plan(&console->foreground, script, input);
	if (!line_is_idle(&console->line) || foreground_begin(&console->foreground, error) == 0)
		return 0;
	screen_let_go(&console->screen);
	return -1;
}

/* Starts what was planned, if the terminal is ready for it now. */
static void begin_program(struct console *console)
{
	struct error error = {.number = 0};

	if (!foreground_is_planned(&console->foreground) || !line_is_idle(&console->line) ||
	    foreground_begin(&console->foreground, &error) == 0)
		return;
	diag_error("%s", error_text(&error));
	error_release(&error);
	leave_stage(console);
}

static int interactive_call(struct console *console, const char *script, int input, struct error *error)
{
	return interactive_start_program(console, script, input, error);
}

/* Shows the next piece of a file, if the terminal has room for it. */
static void show_more(struct console *console)
{
	struct bytes text = {.data = NULL};
	int got;

	if (!reel_is_on(&console->reel) || !line_has_room(&console->line))
		return;
	got = reel_next(&console->reel, &text);
	if (got < 0)
		diag_error("cannot read back what is to be shown: %s", strerror(errno));
	line_show(&console->line, bytes_slice(&text));
	bytes_release(&text);
	if (got <= 0)
		leave_stage(console);
}

static int interactive_show(struct console *console, struct answer *answer, struct error *error)
{
	const char *pager = console_pager(console);
	size_t columns, rows;

	if (answer_is_small(answer) && !answer->text.size)
		answer_put(answer, slice_of("(nothing)\n"));
	else if (answer->last != '\n')
		answer_put(answer, slice_of("\n"));
	screen_size(&console->screen, &columns, &rows);
	if (answer_is_small(answer) && (!pager || answer->lines < rows)) {
		display_text(console, bytes_slice(&answer->text));
		return 0;
	}
	if (answer_to_file(answer, error) < 0)
		return -1;
	if (pager && interactive_start_program(console, pager, answer->fd, error) < 0)
		return -1;
	if (pager) {
		console->page = answer->fd;
	} else {
		screen_hold(&console->screen);
		reel_begin(&console->reel, answer->fd);
	}
	answer->fd = -1;
	return 0;
}

/* Handles ^C, which ends the first of these that applies: leaving, a program, a file, waiting, the line. */
static void interrupt(struct console *console)
{
	if (console->ending.state == CONSOLE_LEAVING) {
		console->ending.state = CONSOLE_OVER;
	} else if (console->ending.state == CONSOLE_OVER) {
		/* Only the terminal is waited for, if no signal has ended that. */
		if (!console->ending.signal)
			console->ending.signal = SIGINT;
	} else if (foreground_is_planned(&console->foreground)) {
		foreground_drop(&console->foreground);
		leave_stage(console);
	} else if (foreground_is_busy(&console->foreground)) {
		/* The program has received it, too. */
		return;
	} else if (reel_is_on(&console->reel)) {
		line_show(&console->line, slice_of("\n"));
		leave_stage(console);
	} else if (console->waiting.is_on) {
		console->waiting.is_on = false;
		agenda_clear(&console->agenda);
		line_show(&console->line, slice_of("\n"));
		arrange(console);
	} else {
		line_interrupt(&console->line);
	}
}

/* Handles ^Z: the tasks, and the program that has the terminal, stop and continue together with this process. */
static void interactive_stop(struct console *console, int number)
{
	line_suspend(&console->line);
	runs_freeze(&console->runs);
	signals_stop(number);
	runs_thaw(&console->runs);
	foreground_continue(&console->foreground);
	arrange(console);
}

static void interactive_signals_ready(struct watch *watch, unsigned events UNUSED)
{
	struct console *console = container_of(watch, struct console, signals);
	int number;

	while ((number = signals_next(watch->fd))) {
		switch (number) {
		case SIGINT:
			interrupt(console);
			break;
		case SIGTSTP:
			interactive_stop(console, number);
			break;
		case SIGWINCH:
			line_resized(&console->line);
			break;
		case SIGUSR1:
			display_state(console);
			break;
		case SIGCHLD:
			runs_child_changed(&console->runs);
			break;
		case SIGUSR2:
			break;
		default:
			console->ending.signal = number;
			console->ending.state = CONSOLE_OVER;
			break;
		}
	}
}

bool interactive_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int interactive_open(struct console *console, struct error *error)
{
	const struct options *options = console->options;
	char *history = history_default(options->state, options->home);
	const struct line_options line = {.history = history, .history_size = HISTORY_SIZE};
	bool colored = options->run.output.progress.colored && options->run.output.progress.terminal_is_able;
	int opened;

	console->line_owner =
		(struct line_owner){.entered = line_entered, .ended = line_ended, .complete = line_complete};
	console->signals = (struct watch){.fd = signals_open(), .ready = interactive_signals_ready};
	foreground_init(&console->foreground, &console->runs.loop, interactive_program_ended);
	screen_init(&console->screen, &console->line, colored ? SCREEN_COLORED : SCREEN_PLAIN);
	if (console->signals.fd < 0 || loop_watch(&console->runs.loop, &console->signals, LOOP_INPUT) < 0)
		opened = error_set_errno(error, errno, "cannot watch for signals");
	else
		opened = line_open(&console->line, &console->runs.loop, &console->line_owner, &line, error);
	free(history);
	if (opened < 0)
		return -1;
	display_open(console);
	return 0;
}

static nsec next_deadline(const struct console *console)
{
	nsec deadline = screen_deadline(&console->screen), key = line_deadline(&console->line);

	if (reel_is_on(&console->reel) && line_has_room(&console->line))
		return 0;
	if (console->waiting.is_on && console->waiting.until < deadline)
		deadline = console->waiting.until;
	/* The figures change only while runs are active. */
	if (!console_is_busy(console) && line_is_idle(&console->line) && console->runs.active &&
	    console->prompt_at < deadline)
		deadline = console->prompt_at;
	return key < deadline ? key : deadline;
}

/* Lets the prompt show the run at once, after its number. */
static void interactive_take_on(struct console *console, struct run *run)
{
	display_run_begun(console, run);
	console->prompt_at = 0;
}

/* Waits no longer, and says so if that is before the end. */
static void end_waiting(struct console *console)
{
	if (!console_has_awaited(console))
		screen_say(&console->screen, slice_of("not done yet (wait waits on)\n"));
	console->waiting.is_on = false;
	go_on(console);
}

/* Makes a step of the loop, and does what was due. */
static void interactive_step(struct console *console)
{
	size_t active = console->runs.active;

	runs_step(&console->runs, next_deadline(console));
	line_expire(&console->line);
	screen_flush(&console->screen);
	begin_program(console);
	show_more(console);
	if (active != console->runs.active)
		console->prompt_at = 0;
	if (console->waiting.is_on && (console_has_awaited(console) || clock_now() >= console->waiting.until))
		end_waiting(console);
	update_prompt(console);
}

/* Removes the prompt and lets the terminal take what was written. After a signal nothing is waited for. */
static void drain(struct console *console)
{
	line_suspend(&console->line);
	while (!line_is_idle(&console->line) && !console->ending.signal)
		runs_step(&console->runs, NSEC_FOREVER);
}

static void interactive_run(struct console *console)
{
	static const char hint[] = "mpmap " PACKAGE_VERSION ": help tells what can be done here, quit leaves\n";

	screen_say(&console->screen, slice_of(hint));
	arrange(console);
	while (console->ending.state == CONSOLE_GOES_ON ||
	       (console->ending.state == CONSOLE_LEAVING && console->runs.active))
		interactive_step(console);
	screen_let_go(&console->screen);
	drain(console);
	line_close(&console->line);
	foreground_drop(&console->foreground);
	reel_end(&console->reel);
	display_close();
	loop_forget(&console->runs.loop, &console->signals);
	fd_close(&console->signals.fd);
	screen_release(&console->screen);
}

const struct console_mode interactive_mode = {
	.open = interactive_open,
	.run = interactive_run,
	.show = interactive_show,
	.call = interactive_call,
	.take_on = interactive_take_on,
};
