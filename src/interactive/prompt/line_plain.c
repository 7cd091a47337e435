/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines without readline: the terminal edits them itself, and what is shown appears on lines of its own.
 *
 * Its modes are never changed and nothing but text is written. What is being typed cannot be seen by us before it is
 * entered, so that text which comes meanwhile begins a new line, and the prompt comes again below.
 */
#include "interactive/prompt/line.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "interactive/prompt/entered.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void write_text(struct slice text)
{
	fwrite(text.data, 1, text.size, stdout);
	fflush(stdout);
}

/* The prompt without what stands between \001 and \002: what a terminal would act on. */
static void write_prompt(const char *prompt)
{
	struct bytes plain = {.data = NULL};
	bool is_hidden = false;

	for (; *prompt; prompt++) {
		is_hidden = *prompt == '\001' || (is_hidden && *prompt != '\002');
		if (!is_hidden && *prompt != '\002')
			bytes_append(&plain, prompt, 1);
	}
	write_text(bytes_slice(&plain));
	bytes_release(&plain);
}

static void plain_lose(struct line *line)
{
	line->is_gone = true;
	loop_forget(line->loop, &line->watch);
	bytes_clear(&line->entered);
	line->owner->ended(line->owner);
}

static void plain_show_prompt(struct line *line)
{
	write_prompt(line->prompt);
	line->is_shown = true;
	if (loop_watch(line->loop, &line->watch, LOOP_INPUT) < 0)
		plain_lose(line);
}

/* Tells the owner the lines that have come in; the prompt comes again when nothing else has happened. */
static void plain_tell(struct line *line)
{
	char *text;

	line->is_telling = true;
	line->is_shown = false;
	loop_forget(line->loop, &line->watch);
	while (line->is_open && !line->is_suspended && (text = entered_take(&line->entered)) != NULL) {
		line->owner->entered(line->owner, text);
		free(text);
	}
	if (!line->is_open)
		return;
	line->is_telling = false;
	if (!line->is_suspended && !line->is_gone)
		plain_show_prompt(line);
}

static void plain_take_input(struct watch *watch, unsigned events)
{
	enum { PIECE = 4096 };
	struct line *line = container_of(watch, struct line, watch);
	ssize_t got;

	if (!line->is_shown) {
		plain_tell(line);
		return;
	}
	got = events & LOOP_HANGUP ? -1 : fd_read(STDIN_FILENO, bytes_reserve(&line->entered, PIECE), PIECE);
	if (got < 0) {
		if (events & LOOP_HANGUP || errno != EAGAIN)
			plain_lose(line);
		return;
	}
	if (!got) {
		write_text(slice_of("\n"));
		line->is_telling = true;
		line->is_shown = false;
		line->owner->ended(line->owner);
		if (line->is_open)
			plain_tell(line);
		return;
	}
	line->entered.size += (size_t)got;
	if (memchr(line->entered.data, '\n', line->entered.size))
		plain_tell(line);
}

int line_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_options *options UNUSED,
	      struct error *error)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(error, "lines can only be entered at a terminal");
	*line = (struct line){
		.watch = {.fd = STDIN_FILENO, .ready = plain_take_input},
		.loop = loop,
		.owner = owner,
		.prompt = mem_string(""),
		.is_open = true,
	};
	if (loop_watch(loop, &line->watch, LOOP_INPUT) < 0) {
		error_set_errno(error, errno, "the terminal cannot be waited for");
		line_close(line);
		return -1;
	}
	plain_show_prompt(line);
	return 0;
}

/* It is not written again before it is due: what stands there cannot be taken away. */
void line_set_prompt(struct line *line, const char *prompt)
{
	bool is_first = !*line->prompt;

	free(line->prompt);
	line->prompt = mem_string(prompt);
	if (is_first && line->is_shown)
		write_prompt(prompt);
}

void line_show(struct line *line, struct slice text)
{
	if (line->is_shown)
		write_text(slice_of("\n"));
	write_text(text);
	if (line->is_shown)
		write_prompt(line->prompt);
}

/* The terminal has echoed it and dropped what was typed. */
void line_interrupt(struct line *line)
{
	bytes_clear(&line->entered);
	if (!line->is_shown)
		return;
	write_text(slice_of("\n"));
	write_prompt(line->prompt);
}

void line_resized(struct line *line UNUSED)
{
}

void line_suspend(struct line *line)
{
	if (!line->is_open || line->is_suspended)
		return;
	line->is_suspended = true;
	loop_forget(line->loop, &line->watch);
	if (line->is_shown)
		write_text(slice_of("\n"));
	line->is_shown = false;
}

void line_resume(struct line *line)
{
	if (!line->is_suspended)
		return;
	line->is_suspended = false;
	if (line->is_telling || line->is_gone)
		return;
	/* The rest of what was pasted is told by the loop, not within a function of the owner's. */
	if (!line->entered.size)
		plain_show_prompt(line);
	else if (loop_watch(line->loop, &line->watch, LOOP_OUTPUT) < 0)
		plain_lose(line);
}

void line_add_history(struct line *line UNUSED, const char *text UNUSED)
{
}

void line_history(struct line *line UNUSED, line_taker *take UNUSED, void *context UNUSED)
{
}

void line_close(struct line *line)
{
	if (!line->is_open)
		return;
	loop_forget(line->loop, &line->watch);
	if (line->is_shown)
		write_text(slice_of("\n"));
	free(line->prompt);
	bytes_release(&line->entered);
	*line = (struct line){.is_gone = line->is_gone};
}
