/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states of a line: line_state.h has the table. */
#include "interactive/prompt/line_state.h"

#include "base/mem.h"
#include "interactive/prompt/entered.h"

#include <errno.h>
#include <unistd.h>

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
	};
	if (loop_watch(loop, &line->watch, LOOP_INPUT) < 0)
		return error_set_errno(error, errno, "the terminal cannot be waited for");
	line->prompt = mem_string("");
	line->state = LINE_SUSPENDED;
	return 0;
}

void line_state_show(struct line *line)
{
	line->state = LINE_PROMPT;
	line->kind->show(line);
	if (loop_watch(line->loop, &line->watch, LOOP_INPUT) < 0)
		line_state_lose(line);
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
	free(line->prompt);
	bytes_release(&line->entered);
	*line = (struct line){.is_gone = line->is_gone};
}
