/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines without readline: the terminal edits them.
 *
 * Its modes are never changed, and only text is written. What is being typed is unknown until it is entered, so text
 * that is shown meanwhile begins a new line, and the prompt follows it.
 */
#include "interactive/prompt/line.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "interactive/prompt/line_state.h"

#include <errno.h>
#include <unistd.h>

/* Writes the prompt without what is between \001 and \002 (control sequences). */
static void write_prompt(struct line *line)
{
	const char *prompt;
	struct bytes plain = {.data = NULL};
	bool is_hidden = false;

	for (prompt = line->prompt; *prompt; prompt++) {
		is_hidden = *prompt == '\001' || (is_hidden && *prompt != '\002');
		if (!is_hidden && *prompt != '\002')
			bytes_append(&plain, prompt, 1);
	}
	line_output_put(&line->output, bytes_slice(&plain));
	bytes_release(&plain);
}

static void plain_show(struct line *line)
{
	write_prompt(line);
}

static void plain_hide(struct line *line)
{
	line_output_put(&line->output, slice_of("\n"));
}

static void plain_ready(struct watch *watch, unsigned events)
{
	enum { PIECE = 4096 };
	struct line *line = container_of(watch, struct line, watch);
	ssize_t got;

	if (line->state != LINE_PROMPT) {
		line_state_report(line);
		return;
	}
	if (!(events & LOOP_HANGUP) && line_state_holds(line))
		return;
	got = events & LOOP_HANGUP ? -1 : line_state_read(line, bytes_reserve(&line->entered, PIECE), PIECE);
	if (got < 0) {
		if (events & LOOP_HANGUP || errno != EAGAIN)
			line_state_lose(line);
		return;
	}
	if (!got) {
		line_output_put(&line->output, slice_of("\n"));
		line_state_end(line);
		return;
	}
	line->entered.size += (size_t)got;
	if (memchr(line->entered.data, '\n', line->entered.size))
		line_state_report(line);
}

static void plain_release(struct line *line UNUSED)
{
}

static const struct line_kind plain = {
	.ready = plain_ready,
	.show = plain_show,
	.hide = plain_hide,
	.release = plain_release,
};

int line_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_options *options UNUSED,
	      struct error *error)
{
	if (line_state_open(line, loop, owner, &plain, error) < 0)
		return -1;
	line_state_show(line);
	return 0;
}

/* Writes only the first prompt at once: an old one cannot be removed from the screen. */
void line_set_prompt(struct line *line, const char *prompt)
{
	bool is_first = !*line->prompt;

	free(line->prompt);
	line->prompt = mem_string(prompt);
	if (is_first && line->state == LINE_PROMPT)
		write_prompt(line);
}

void line_show(struct line *line, struct slice text)
{
	if (line->state == LINE_PROMPT)
		line_output_put(&line->output, slice_of("\n"));
	line_output_put(&line->output, text);
	if (line->state == LINE_PROMPT)
		write_prompt(line);
}

/* The terminal has echoed ^C and dropped what was typed. */
void line_interrupt(struct line *line)
{
	bytes_clear(&line->entered);
	if (line->state != LINE_PROMPT)
		return;
	line_output_put(&line->output, slice_of("\n"));
	write_prompt(line);
}

nsec line_deadline(const struct line *line UNUSED)
{
	return NSEC_FOREVER;
}

void line_expire(struct line *line UNUSED)
{
}

void line_resized(struct line *line UNUSED)
{
}

void line_add_history(struct line *line UNUSED, const char *text UNUSED)
{
}

void line_history(struct line *line UNUSED, line_taker *take UNUSED, void *context UNUSED)
{
}
