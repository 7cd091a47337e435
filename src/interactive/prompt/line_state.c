/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states of a line: line_state.h has the table. */
#include "interactive/prompt/line_state.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "interactive/prompt/entered.h"

#include <errno.h>
#include <unistd.h>

/* Reads on after the terminal has taken most of what was written. */
static void line_output_changed(struct writer *writer)
{
	struct line *line = container_of(writer, struct line, output.writer);

	if (line->state == LINE_PROMPT && loop_watch(line->loop, &line->watch, LOOP_INPUT) < 0)
		line_state_lose(line);
}

int line_state_open(struct line *line, struct loop *loop, struct line_owner *owner, const struct line_kind *kind,
		    struct error *error)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(error, "lines can only be entered at a terminal");
	*line = (struct line){
		.watch = {.fd = STDIN_FILENO, .ready = kind->ready},
		.loop = loop,
		.owner = owner,
		.kind = kind,
		.input = fd_reopen_for_reading(STDIN_FILENO),
	};
	if (loop_watch(loop, &line->watch, LOOP_INPUT) < 0) {
		error_set_errno(error, errno, "the terminal cannot be waited for");
		fd_close(&line->input);
		return -1;
	}
	if (line_output_open(&line->output, loop, line_output_changed, error) < 0) {
		loop_forget(loop, &line->watch);
		fd_close(&line->input);
		return -1;
	}
	line->prompt = mem_string("");
	line->state = LINE_SUSPENDED;
	return 0;
}

ssize_t line_state_read(const struct line *line, char *data, size_t size)
{
	return fd_read(line->input < 0 ? STDIN_FILENO : line->input, data, size);
}

void line_state_show(struct line *line)
{
	line->state = LINE_PROMPT;
	line->kind->show(line);
	if (loop_watch(line->loop, &line->watch, LOOP_INPUT) < 0)
		line_state_lose(line);
}

bool line_state_holds(struct line *line)
{
	if (line->state != LINE_PROMPT || !line_output_is_stuck(&line->output))
		return false;
	if (loop_watch(line->loop, &line->watch, 0) < 0)
		line_state_lose(line);
	return true;
}

void line_state_lose(struct line *line)
{
	loop_forget(line->loop, &line->watch);
	if (line->state == LINE_PROMPT)
		line->kind->hide(line);
	line->state = LINE_GONE;
	line->is_gone = true;
	bytes_clear(&line->entered);
	line->owner->ended(line->owner);
}

/* Continues in REPORTING or AWAY, which the owner may have left by any function of line.h. */
static void line_report_rest(struct line *line)
{
	char *text;

	while (line->state == LINE_REPORTING && (text = entered_take(&line->entered)) != NULL) {
		line->owner->entered(line->owner, text);
		free(text);
	}
	if (line->state == LINE_REPORTING)
		line_state_show(line);
	else if (line->state == LINE_AWAY)
		line->state = LINE_SUSPENDED;
}

void line_state_report(struct line *line)
{
	loop_forget(line->loop, &line->watch);
	line->state = LINE_REPORTING;
	line_report_rest(line);
}

void line_state_end(struct line *line)
{
	loop_forget(line->loop, &line->watch);
	line->state = LINE_REPORTING;
	line->owner->ended(line->owner);
	line_report_rest(line);
}

bool line_has_room(const struct line *line)
{
	return !line_output_is_full(&line->output);
}

bool line_takes_keys(const struct line *line)
{
	return line->state == LINE_PROMPT && !line_output_is_stuck(&line->output);
}

bool line_is_idle(const struct line *line)
{
	return line_output_is_idle(&line->output);
}

void line_suspend(struct line *line)
{
	switch (line->state) {
	case LINE_REPORTING:
		line->state = LINE_AWAY;
		break;
	case LINE_PROMPT:
	case LINE_PENDING:
		loop_forget(line->loop, &line->watch);
		if (line->state == LINE_PROMPT)
			line->kind->hide(line);
		line->state = LINE_SUSPENDED;
		break;
	case LINE_CLOSED:
	case LINE_AWAY:
	case LINE_SUSPENDED:
	case LINE_GONE:
	default:
		break;
	}
}

void line_resume(struct line *line)
{
	if (line->state == LINE_AWAY)
		line->state = LINE_REPORTING;
	if (line->state != LINE_SUSPENDED)
		return;
	if (!line->entered.size) {
		line_state_show(line);
		return;
	}
	/* Lines are reported from the loop, not from within a function that the owner has called. */
	line->state = LINE_PENDING;
	if (loop_watch(line->loop, &line->watch, LOOP_OUTPUT) < 0)
		line_state_lose(line);
}

void line_close(struct line *line)
{
	if (line->state == LINE_CLOSED)
		return;
	loop_forget(line->loop, &line->watch);
	if (line->state == LINE_PROMPT)
		line->kind->hide(line);
	line->kind->release(line);
	line_output_close(&line->output);
	fd_close(&line->input);
	free(line->prompt);
	bytes_release(&line->entered);
	*line = (struct line){.is_gone = line->is_gone};
}
