/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines edited by readline, through its callback interface: only this file and its helpers (line_input, line_offers)
 * use it.
 *
 * readline handles no signals and asks no questions (both would block the loop). Its handler is removed while lines are
 * reported, so that the owner may call any function. readline is global, and so is the open line.
 *
 * It is called once a key can be read whole (keys.h), and never waits for more (line_input.h). All that it writes goes
 * through the line's output.
 */
#include "interactive/prompt/line.h"

#include "base/mem.h"
#include "interactive/prompt/history.h"
#include "interactive/prompt/line_input.h"
#include "interactive/prompt/line_offers.h"
#include "interactive/prompt/line_state.h"
#include "interactive/prompt/modes.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <readline/history.h>
#include <readline/readline.h>

/* Older versions lack it, and print nothing at the end of input. */
#if RL_READLINE_VERSION < 0x0802
static int rl_eof_found;
#endif

/* States in which something else takes the place of the prompt. */
#define OTHER_PROMPT (RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG)

enum {
	/* The least width that readline is given: it divides by less. */
	LEAST_WIDTH = 8,
};

static struct line *current;

/* True if the modes were restored without readline, which does not know yet. */
static bool is_bypassed;

static bool pastes_are_bracketed(void)
{
	const char *value = rl_variable_value("enable-bracketed-paste");

	return value && strcmp(value, "on") == 0;
}

static void prepare_terminal(int meta)
{
	modes_keep(pastes_are_bracketed() ? "\033[?2004l\r\n" : "\r\n");
	if (is_bypassed)
		rl_deprep_terminal();
	is_bypassed = false;
	rl_prep_terminal(meta);
}

/* True if a serial line has not sent everything: readline would wait for that before it changes the modes. */
static bool is_sending(void)
{
	int left;

	return ioctl(STDOUT_FILENO, TIOCOUTQ, &left) == 0 && left > 0;
}

/* Restores the terminal's modes, unless another process group has the terminal. */
static void release_terminal(void)
{
	rl_eof_found = 0;
	if (modes_are_ours() && is_sending()) {
		if (pastes_are_bracketed())
			fputs("\033[?2004l\r", rl_outstream);
		modes_restore();
		is_bypassed = true;
	} else if (modes_are_ours()) {
		rl_deprep_terminal();
	}
	modes_forget();
}

/* Lets readline have the size of the terminal, and a width that it can work with. */
static void fit_width(void)
{
	int rows, columns;

	rl_reset_screen_size();
	rl_get_screen_size(&rows, &columns);
	if (columns < LEAST_WIDTH)
		rl_set_screen_size(rows, LEAST_WIDTH);
}

static void line_take_line(char *text);

/* Reads ~/.inputrc, once, and changes what would ask a question. */
static void begin_readline(void)
{
	if (RL_ISSTATE(RL_STATE_INITIALIZED))
		return;
	rl_initialize();
	rl_completion_query_items = -1;
	rl_variable_bind("page-completions", "off");
}

static void edited_show(struct line *line)
{
	modes_await();
	begin_readline();
	fit_width();
	rl_callback_handler_install(line->prompt, line_take_line);
	line->is_prompt_due = false;
	if (line->kept) {
		rl_insert_text(line->kept);
		rl_point = (int)line->kept_at;
		rl_redisplay();
		free(line->kept);
		line->kept = NULL;
	}
}

/*
 * Drops the line that waits while one of the history is shown, which remains in its place. Else readline 8.2 frees the
 * list of its changes twice: with the state of the line, and when the next line begins.
 */
static void drop_saved_line(void)
{
	char *text = mem_string(rl_line_buffer), *bell = mem_string(rl_variable_value("bell-style"));
	int point = rl_point;

	/* Where no line waits, readline would ring. */
	rl_variable_bind("bell-style", "none");
	rl_maybe_unsave_line();
	rl_variable_bind("bell-style", bell);
	rl_replace_line(text, 0);
	rl_point = point;
	free(bell);
	free(text);
}

/* Ends a search: the line that was found replaces the line being typed. */
static void end_search(void)
{
	drop_saved_line();
	rl_free_line_state();
	rl_callback_sigcleanup();
}

/* Removes the prompt, and keeps what was typed for the next one. */
static void edited_hide(struct line *line)
{
	end_search();
	rl_redisplay();
	rl_clear_visible_line();
	free(line->kept);
	line->kept = mem_string(rl_line_buffer);
	line->kept_at = (size_t)rl_point;
	rl_callback_handler_remove();
	line_output_flush(&line->output);
}

/* Called by readline for a line, or with NULL for the end of input. */
static void line_take_line(char *text)
{
	struct line *line = current;

	line_output_free_streams(&line->output);
	rl_callback_handler_remove();
	/* The prompt is removed: nothing is to be hidden. */
	line->state = LINE_REPORTING;
	if (text) {
		bytes_append_text(&line->entered, text);
		bytes_append(&line->entered, "\n", 1);
		line_state_report(line);
	} else {
		line_output_put(&line->output, slice_of("\n"));
		line_state_end(line);
	}
	free(text);
	if (line->state == LINE_PROMPT)
		line_output_capture(&line->output);
	else
		line_input_drop_macro();
}

static void change_prompt(struct line *line)
{
	line->is_prompt_due = RL_ISSTATE(OTHER_PROMPT);
	if (line->is_prompt_due)
		return;
	rl_clear_visible_line();
	rl_set_prompt(line->prompt);
	rl_forced_update_display();
}

/* Gives readline the keys that are whole. */
static void dispatch_keys(struct line *line)
{
	while (line->state == LINE_PROMPT && keys_are_ready(&line->keys)) {
		line->missed = 0;
		line_output_capture(&line->output);
		rl_callback_read_char();
		line_output_free_streams(&line->output);
		if (line->state == LINE_PROMPT && line->is_prompt_due)
			change_prompt(line);
	}
}

static void edited_ready(struct watch *watch, unsigned events)
{
	struct line *line = container_of(watch, struct line, watch);

	if (events & LOOP_HANGUP)
		line_state_lose(line);
	else if (line->state != LINE_PROMPT)
		line_state_report(line);
	else if (line_state_holds(line))
		return;
	else if (line_input_receive(line))
		dispatch_keys(line);
	else
		line_state_lose(line);
}

/* Configures readline before it reads ~/.inputrc, which may change some of it. */
static void set_up_readline(struct line *line)
{
	rl_readline_name = "mpmap";
	rl_instream = stdin;
	rl_outstream = line->output.stream;
	rl_catch_signals = rl_catch_sigwinch = rl_change_environment = 0;
	line_input_begin(line);
	rl_prep_term_function = prepare_terminal;
	rl_deprep_term_function = release_terminal;
	line_offers_begin(line->owner);
}

static void edited_release(struct line *line)
{
	modes_unguard();
	if (line->history)
		history_trim(line->history, line->history_size);
	clear_history();
	free(line->history);
	free(line->kept);
	keys_release(&line->keys);
	line_input_end();
	current = NULL;
}

static const struct line_kind edited = {
	.ready = edited_ready,
	.show = edited_show,
	.hide = edited_hide,
	.release = edited_release,
};

int line_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_options *options,
	      struct error *error)
{
	if (line_state_open(line, loop, owner, &edited, error) < 0)
		return -1;
	line->history = options->history ? mem_string(options->history) : NULL;
	line->history_size = options->history_size;
	current = line;
	set_up_readline(line);
	using_history();
	stifle_history((int)(options->history_size < INT32_MAX ? options->history_size : INT32_MAX));
	if (line->history)
		history_read(line->history, add_history);
	modes_guard();
	line_state_show(line);
	return 0;
}

void line_set_prompt(struct line *line, const char *prompt)
{
	if (strcmp(line->prompt, prompt) == 0)
		return;
	free(line->prompt);
	line->prompt = mem_string(prompt);
	if (line->state == LINE_PROMPT)
		change_prompt(line);
}

void line_show(struct line *line, struct slice text)
{
	if (line->state == LINE_PROMPT)
		rl_clear_visible_line();
	line_output_put(&line->output, text);
	if (line->state == LINE_PROMPT)
		rl_forced_update_display();
	line_output_flush(&line->output);
}

nsec line_deadline(const struct line *line)
{
	if (!line_takes_keys(line))
		return NSEC_FOREVER;
	return keys_are_ready(&line->keys) ? 0 : keys_deadline(&line->keys);
}

void line_expire(struct line *line)
{
	if (clock_now() < line_deadline(line))
		return;
	if (!keys_are_ready(&line->keys)) {
		/* More may have come while nothing was read. */
		if (line_input_is_waiting())
			return;
		keys_expire(&line->keys);
	}
	dispatch_keys(line);
}

void line_interrupt(struct line *line)
{
	bytes_clear(&line->entered);
	keys_interrupt(&line->keys);
	if (line->state != LINE_PROMPT)
		return;
	end_search();
	rl_point = rl_end;
	rl_redisplay();
	rl_echo_signal_char(SIGINT);
	rl_crlf();
	rl_callback_handler_remove();
	line_state_show(line);
}

void line_resized(struct line *line)
{
	if (line->state != LINE_PROMPT)
		return;
	rl_clear_visible_line();
	fit_width();
	/* The places where it is wrapped depend on the width. */
	if (!RL_ISSTATE(OTHER_PROMPT))
		rl_set_prompt(line->prompt);
	else
		line->is_prompt_due = true;
	rl_forced_update_display();
	line_output_flush(&line->output);
}

void line_add_history(struct line *line, const char *text)
{
	const HIST_ENTRY *last = history_get(history_base + history_length - 1);

	if (!*text || strchr(" \t", *text) || strchr(text, '\n') || (last && strcmp(last->line, text) == 0))
		return;
	add_history(text);
	if (line->history)
		history_append(line->history, text);
}

void line_history(struct line *line UNUSED, line_taker *take, void *context)
{
	int number;

	for (number = history_base; number < history_base + history_length; number++)
		take(context, (size_t)number, history_get(number)->line);
}
