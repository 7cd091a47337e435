/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way from runs to the screen. */
#include "interactive/console/display.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/quote.h"
#include "run/report.h"
#include "interactive/views/canvas.h"
#include "interactive/console/console.h"

#include <inttypes.h>

/* The console above whose prompt messages are shown. */
static struct console *diag_console;

/* Shows messages; those of a run have its number in the place of the program's name. */
static void display_put_diag(struct slice lines)
{
	static const char prefix[] = "mpmap: ";
	const struct diag_context *context = diag_current();
	struct bytes text = {.data = NULL};

	while (lines.size) {
		const char *end = memchr(lines.data, '\n', lines.size);
		size_t size = end ? (size_t)(end - lines.data) + 1 : lines.size, skip = 0;

		if (context && size >= sizeof prefix - 1 && memcmp(lines.data, prefix, sizeof prefix - 1) == 0) {
			bytes_append_format(&text, "[%" PRIu64 "] ", context->run);
			skip = sizeof prefix - 1;
		}
		bytes_append(&text, lines.data + skip, size - skip);
		lines.data += size;
		lines.size -= size;
	}
	screen_say(&diag_console->screen, bytes_slice(&text));
	bytes_release(&text);
}

static bool runs_have_room(struct runs_owner *owner)
{
	return screen_has_room(&container_of(owner, struct console, runs_owner)->screen);
}

static void runs_put(struct runs_owner *owner, struct run *run, uint64_t index, enum stream stream, struct slice bytes)
{
	screen_put(&container_of(owner, struct console, runs_owner)->screen, run->number, index, stream, bytes);
}

static void task_ended(struct runs_owner *owner, struct run *run, uint64_t index UNUSED)
{
	screen_end_task(&container_of(owner, struct console, runs_owner)->screen, run->number);
}

void display_text(struct console *console, struct slice lines)
{
	struct bytes text = {.data = NULL};

	screen_clean(&text, lines);
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
}

void display_run_begun(struct console *console, const struct run *run)
{
	struct bytes text = {.data = NULL};

	if (run->options.settings.output.quiet)
		return;
	bytes_append_format(&text, "[%" PRIu64 "] begun\n", run->number);
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
}

/* Reports how a run has ended, after its output. */
static void display_run_ended(struct runs_owner *owner, struct run *run)
{
	struct console *console = container_of(owner, struct console, runs_owner);
	struct run_counts counts = run_counts(run);
	struct bytes text = {.data = NULL};
	uint64_t dropped = archive_dropped(&console->runs.archive),
		 ended = counts.finished - counts.outcomes[OUTCOME_SKIPPED];

	screen_end_run(&console->screen, run->number);
	bytes_append_format(&text, "[%" PRIu64 "] %s: %" PRIu64 " task%s in ", run->number,
			    run->cancelled    ? "cancelled"
			    : run->end.status ? "ended"
					      : "done",
			    ended, ended == 1 ? "" : "s");
	canvas_time(&text, counts.time);
	if (run->end.status)
		bytes_append_format(&text, ", status %d", run->end.status);
	bytes_append_text(&text, "\n");
	if (run->options.settings.output.quiet)
		bytes_clear(&text);
	if (dropped > console->reported.dropped)
		bytes_append_format(
			&text, "what the oldest %" PRIu64 " tasks wrote is not kept any more, to make room\n", dropped);
	console->reported.dropped = dropped;
	if (console->runs.archive.error.text && !console->reported.disk) {
		console->reported.disk = true;
		bytes_append_text(&text, "what is kept of runs takes no more disk space from now on: ");
		quote_terminal(&text, slice_of(error_text(&console->runs.archive.error)));
		bytes_append_text(&text, "\n");
	}
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
}

void display_state(struct console *console)
{
	const struct diag_context *before = diag_current();
	struct run *run;

	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run)) {
		diag_enter(&run->context);
		if (run->state != RUN_DONE)
			report_state(run->session);
	}
	diag_enter(before);
}

char *display_prompt(const struct console *console)
{
	uint64_t busy = 0, left = 0, failed = 0;
	bool paused = false, more = false;
	struct bytes text = {.data = NULL};
	struct run *run;
	char *prompt;

	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run)) {
		struct run_counts counts = run_counts(run);

		if (run->state == RUN_DONE)
			continue;
		busy += counts.running;
		left += (counts.total ? counts.total : counts.submitted) - counts.finished;
		more |= !counts.total;
		failed += counts.finished - counts.outcomes[OUTCOME_OK] - counts.outcomes[OUTCOME_SKIPPED];
		paused |= run->state == RUN_PAUSED;
	}
	bytes_append_format(&text, "mpmap[%" PRIu64 "/%zu", busy, console->runs.options.workers);
	if (console->runs.active)
		bytes_append_format(&text, " %" PRIu64 "%s left", left, more ? "+" : "");
	if (failed)
		bytes_append_format(&text, " %" PRIu64 " failed", failed);
	bytes_append_text(&text, paused ? " paused]> " : "]> ");
	prompt = mem_string(bytes_text(&text));
	bytes_release(&text);
	return prompt;
}

void display_open(struct console *console)
{
	console->runs_owner = (struct runs_owner){
		.has_room = runs_have_room,
		.put = runs_put,
		.task_ended = task_ended,
		.run_ended = display_run_ended,
	};
	diag_console = console;
	diag_set_sink(display_put_diag);
}

void display_close(void)
{
	diag_set_sink(NULL);
}
