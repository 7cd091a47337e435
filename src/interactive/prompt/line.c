/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines edited by readline, through its callback interface: the only file that uses it.
 *
 * readline handles no signals and asks no questions (both would block the loop). Its handler is removed while lines are
 * reported, so that the owner may call any function. readline is global, and so is the open line.
 */
#include "interactive/prompt/line.h"

#include "base/mem.h"
#include "interactive/prompt/history.h"
#include "interactive/prompt/line_state.h"
#include "interactive/prompt/modes.h"
#include "interactive/prompt/words.h"

#include <signal.h>
#include <readline/history.h>
#include <readline/readline.h>

/* Older versions lack it, and print nothing at the end of input. */
#if RL_READLINE_VERSION < 0x0802
static int rl_eof_found;
#endif

/* States in which something else takes the place of the prompt. */
#define OTHER_PROMPT (RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG)

static struct line *current;

static void prepare_terminal(int meta)
{
	const char *pastes = rl_variable_value("enable-bracketed-paste");

	modes_keep(pastes && strcmp(pastes, "on") == 0 ? "\033[?2004l\r\n" : "\r\n");
	rl_prep_terminal(meta);
}

/* Restores the terminal's modes, unless another process group has the terminal. */
static void release_terminal(void)
{
	rl_eof_found = 0;
	if (modes_are_ours())
		rl_deprep_terminal();
	modes_forget();
}

static int read_key(FILE *stream)
{
	int key = rl_getc(stream);

	if (key < 0 && current)
		current->is_gone = true;
	return key;
}

static void line_take_line(char *text);

static void edited_show(struct line *line)
{
	modes_await();
	rl_reset_screen_size();
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

/* Ends a search: the line that was found replaces the line being typed. */
static void end_search(void)
{
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
	fflush(stdout);
}

/* Drops the rest of a key that was bound to several lines: readline would read it without a handler, and crash. */
static void drop_macro(void)
{
	RL_SETSTATE(RL_STATE_CALLBACK | RL_STATE_READCMD);
	while (RL_ISSTATE(RL_STATE_MACROINPUT))
		rl_read_key();
	RL_UNSETSTATE(RL_STATE_CALLBACK | RL_STATE_READCMD);
	rl_clear_pending_input();
}

/* Called by readline for a line, or with NULL for the end of input. */
static void line_take_line(char *text)
{
	struct line *line = current;

	rl_callback_handler_remove();
	/* The prompt is removed: nothing is to be hidden. */
	line->state = LINE_REPORTING;
	if (line->is_gone) {
		line_state_lose(line);
	} else if (text) {
		bytes_append_text(&line->entered, text);
		bytes_append(&line->entered, "\n", 1);
		line_state_report(line);
	} else {
		fputs("\n", stdout);
		fflush(stdout);
		line_state_end(line);
	}
	free(text);
	if (line->state != LINE_PROMPT)
		drop_macro();
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

static void edited_ready(struct watch *watch, unsigned events)
{
	struct line *line = container_of(watch, struct line, watch);

	if (events & LOOP_HANGUP) {
		line_state_lose(line);
	} else if (line->state == LINE_PROMPT) {
		rl_callback_read_char();
		if (line->state == LINE_PROMPT && line->is_gone)
			line_state_lose(line);
		else if (line->state == LINE_PROMPT && line->is_prompt_due)
			change_prompt(line);
	} else {
		line_state_report(line);
	}
}

/* Returns the characters that end a word for completion: in an option also "=". */
static char *find_breaks(void)
{
	static char plain[] = " \t\n<", option[] = " \t\n<=";
	bool is_quoted;
	size_t start = words_last(rl_line_buffer, (size_t)rl_point, &is_quoted);

	return strncmp(rl_line_buffer + start, "--", 2) == 0 ? option : plain;
}

static int is_quoted_at(char *text, int at)
{
	bool is_quoted;

	words_last(text, (size_t)at, &is_quoted);
	return is_quoted;
}

static char *quote_name(char *name, int match UNUSED, char *quote)
{
	return words_quote_name(name, quote ? *quote : 0);
}

static char *unquote_name(char *typed, int quote)
{
	return words_unquote_name(typed, (char)quote);
}

/* Candidates that readline has not fetched yet. */
static char **candidates;

static char *next_candidate(const char *text, int state UNUSED)
{
	for (; *candidates; candidates++) {
		if (strncmp(*candidates, text, strlen(text)) == 0)
			return mem_string(*candidates++);
	}
	return NULL;
}

static char **line_offer(const char *text, int start, int end)
{
	char *typed = mem_format("%.*s", end, rl_line_buffer), **found, **matches, **each;

	found = current->owner->complete ? current->owner->complete(current->owner, typed, (size_t)start) : NULL;
	free(typed);
	rl_attempted_completion_over = found != NULL;
	if (!found)
		return NULL;
	candidates = found;
	matches = rl_completion_matches(text, next_candidate);
	/* No blank is added to an option that takes a value. */
	if (matches && !matches[1] && matches[0][0] && matches[0][strlen(matches[0]) - 1] == '=')
		rl_completion_suppress_append = 1;
	for (each = found; *each; each++)
		free(*each);
	free(found);
	return matches;
}

/* Configures readline before it reads ~/.inputrc, which may change some of it. */
static void set_up_readline(void)
{
	rl_readline_name = "mpmap";
	rl_instream = stdin;
	rl_outstream = stdout;
	rl_catch_signals = rl_catch_sigwinch = rl_change_environment = 0;
	rl_getc_function = read_key;
	rl_prep_term_function = prepare_terminal;
	rl_deprep_term_function = release_terminal;
	rl_completion_query_items = -1;
	rl_variable_bind("page-completions", "off");
	rl_attempted_completion_function = line_offer;
	rl_completion_word_break_hook = find_breaks;
	rl_completer_quote_characters = "'\"";
	rl_filename_quote_characters = " \t\n\"\\'|&;<>*?[#";
	rl_filename_quoting_function = quote_name;
	rl_filename_dequoting_function = unquote_name;
	rl_char_is_quoted_p = is_quoted_at;
}

static void edited_release(struct line *line)
{
	modes_unguard();
	if (line->history)
		history_trim(line->history, line->history_size);
	clear_history();
	free(line->history);
	free(line->kept);
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
	set_up_readline();
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
	if (text.size)
		fwrite(text.data, 1, text.size, stdout);
	if (line->state == LINE_PROMPT)
		rl_forced_update_display();
	fflush(stdout);
}

void line_interrupt(struct line *line)
{
	bytes_clear(&line->entered);
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
	if (line->state == LINE_PROMPT)
		rl_resize_terminal();
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
