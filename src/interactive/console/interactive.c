/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prompt's loop: lines that are entered, runs, signals, and who uses the terminal.
 *
 * The prompt is shown unless a program has the terminal, runs are waited for, or the console ends. Lines that arrive
 * meanwhile, as in a block that was pasted, wait in the agenda.
 */
#include "interactive/console/interactive.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "process/signals.h"
#include "interactive/console/display.h"

#include <errno.h>
#include <unistd.h>

enum {
	HISTORY_SIZE = 10000,
	/* Bytes of a file shown at a time. */
	PIECE = 65536,
};

/* The time between two updates of the figures in the prompt. */
#define PROMPT_PERIOD (200 * NSEC_PER_MSEC)

/* Updates the figures in the prompt, not too often. */
static void update_prompt(struct console *console)
{
	char *prompt;

	if (console_is_busy(console) || clock_now() < console->prompt_at)
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
		    !foreground_is_running(&console->foreground))
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

	console->reported.leaving = false;
	line_add_history(&console->line, text);
	agenda_add(&console->agenda, text, 0);
	go_on(console);
}

static void line_ended(struct line_owner *owner)
{
	struct console *console = container_of(owner, struct console, line_owner);
	struct bytes text = {.data = NULL};

	if (console->line.is_gone) {
		console->ending.signal = SIGHUP;
		console->ending.state = CONSOLE_OVER;
		return;
	}
	if (console->runs.active && !console->reported.leaving) {
		console->reported.leaving = true;
		bytes_append_format(&text, "%zu %s still going: ^D again ends %s, wait waits\n", console->runs.active,
				    console->runs.active == 1 ? "run is" : "runs are",
				    console->runs.active == 1 ? "it" : "them");
		screen_say(&console->screen, bytes_slice(&text));
		bytes_release(&text);
		return;
	}
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
	};

	return completion_find(&completion, text, start);
}

static void interactive_program_ended(struct foreground *foreground)
{
	struct console *console = container_of(foreground, struct console, foreground);

	fd_close(&console->page);
	/* After the ^C that the terminal shows. */
	if (foreground->signal == SIGINT)
		line_show(&console->line, slice_of("\n"));
	screen_let_go(&console->screen);
	go_on(console);
}

/*
 * Starts a script of the shell in the foreground. input is its standard input, -1 for the terminal; it remains the
 * caller's. Returns -1 with the error.
 */
static int interactive_start_program(struct console *console, const char *script, int input, struct error *error)
{
	/* Output that waits is shown before the program's own. */
	screen_say(&console->screen, (struct slice){.data = NULL});
	screen_hold(&console->screen);
	line_suspend(&console->line);
	if (foreground_start(&console->foreground, script, input, error) == 0)
		return 0;
	screen_let_go(&console->screen);
	return -1;
}

static int interactive_call(struct console *console, const char *script, struct error *error)
{
	return interactive_start_program(console, script, -1, error);
}

/* Returns the command of the pager, NULL if there is no pager. */
static const char *find_pager(const struct console *console)
{
	const char *pager = console->options->pager;
	char *found;

	if (pager)
		return *pager ? pager : NULL;
	found = command_find("less", console->options->run.command.path);
	free(found);
	return found ? "less -FRX" : NULL;
}

/* Shows whole lines, escaped as by screen_clean. */
static void interactive_show_text(struct console *console, struct slice lines)
{
	struct bytes text = {.data = NULL};

	screen_clean(&text, lines);
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
}

/* Shows the contents of a file in whole lines; a very long line in pieces. Returns -1 with the error. */
static int show_file(struct console *console, int fd, struct error *error)
{
	struct bytes waiting = {.data = NULL};
	ssize_t got;

	while ((got = fd_read(fd, bytes_reserve(&waiting, PIECE), PIECE)) > 0) {
		const char *last;

		waiting.size += (size_t)got;
		last = memrchr(waiting.data, '\n', waiting.size);
		if (last) {
			size_t size = (size_t)(last - waiting.data) + 1;

			interactive_show_text(console, (struct slice){.data = waiting.data, .size = size});
			bytes_consume(&waiting, size);
		} else if (waiting.size >= PIECE) {
			bytes_append_text(&waiting, "\n");
			interactive_show_text(console, bytes_slice(&waiting));
			bytes_clear(&waiting);
		}
	}
	bytes_release(&waiting);
	return got < 0 ? error_set_errno(error, errno, "cannot read back what is to be shown") : 0;
}

static int interactive_show(struct console *console, struct answer *answer, struct error *error)
{
	const char *pager = find_pager(console);
	size_t columns, rows;

	if (answer_is_small(answer) && !answer->text.size)
		answer_put(answer, slice_of("(nothing)\n"));
	else if (answer->last != '\n')
		answer_put(answer, slice_of("\n"));
	screen_size(&console->screen, &columns, &rows);
	if (answer_is_small(answer) && (!pager || answer->lines < rows)) {
		interactive_show_text(console, bytes_slice(&answer->text));
		return 0;
	}
	if (answer_to_file(answer, error) < 0)
		return -1;
	if (!pager)
		return show_file(console, answer->fd, error);
	if (interactive_start_program(console, pager, answer->fd, error) < 0)
		return -1;
	console->page = answer->fd;
	answer->fd = -1;
	return 0;
}

/* Handles ^C, which ends the first of these that applies: leaving, a program, waiting, the line. */
static void interrupt(struct console *console)
{
	if (console->ending.state == CONSOLE_LEAVING) {
		console->ending.state = CONSOLE_OVER;
	} else if (foreground_is_running(&console->foreground)) {
		/* The program has received it, too. */
		return;
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

/* Returns the name of the history's file, a new string, or NULL. */
static char *history_name(const struct options *options)
{
	if (options->state && *options->state == '/')
		return mem_format("%s/mpmap/history", options->state);
	if (options->home && *options->home)
		return mem_format("%s/.local/state/mpmap/history", options->home);
	return NULL;
}

bool interactive_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int interactive_open(struct console *console, struct error *error)
{
	const struct options *options = console->options;
	char *history = history_name(options);
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
	nsec deadline = screen_deadline(&console->screen);

	/* The figures change only while runs are active. */
	if (!console_is_busy(console) && console->runs.active && console->prompt_at < deadline)
		deadline = console->prompt_at;
	return deadline;
}

/* Lets the prompt show the run at once. */
static void interactive_take_on(struct console *console, struct run *run UNUSED)
{
	console->prompt_at = 0;
}

static void interactive_run(struct console *console)
{
	static const char hint[] = "mpmap " PACKAGE_VERSION ": help tells what can be done here, quit leaves\n";

	screen_say(&console->screen, slice_of(hint));
	arrange(console);
	while (console->ending.state == CONSOLE_GOES_ON ||
	       (console->ending.state == CONSOLE_LEAVING && console->runs.active)) {
		size_t active = console->runs.active;

		runs_step(&console->runs, next_deadline(console));
		screen_flush(&console->screen);
		if (active != console->runs.active)
			console->prompt_at = 0;
		if (console->waiting.is_on && console_has_awaited(console)) {
			console->waiting.is_on = false;
			go_on(console);
		}
		update_prompt(console);
	}
	screen_let_go(&console->screen);
	line_close(&console->line);
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
