/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From jobs to the screen. */
#include "interactive/console/display.h"

#include "base/diag.h"
#include "base/quote.h"
#include "run/report.h"
#include "interactive/views/canvas.h"
#include "interactive/console/console.h"

#include <inttypes.h>

/* Messages go above the prompt of the one console there is. */
static struct console *diag_console;

/* Messages of a run bear its number in the place of our name. */
static void display_put_diag(struct slice lines)
{
	static const char prefix[] = "mpmap: ";
	struct console *console = diag_console;
	struct bytes text = {.data = NULL};

	while (lines.size) {
		const char *end = memchr(lines.data, '\n', lines.size);
		size_t size = end ? (size_t)(end - lines.data) + 1 : lines.size, skip = 0;

		if (console->jobs.current && size >= sizeof prefix - 1 &&
		    memcmp(lines.data, prefix, sizeof prefix - 1) == 0) {
			bytes_append_format(&text, "[%" PRIu64 "] ", console->jobs.current->number);
			skip = sizeof prefix - 1;
		}
		bytes_append(&text, lines.data + skip, size - skip);
		lines.data += size;
		lines.size -= size;
	}
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
}

static bool jobs_have_room(struct jobs_owner *owner)
{
	return screen_has_room(&container_of(owner, struct console, jobs_owner)->screen);
}

static void jobs_put(struct jobs_owner *owner, struct job *job, uint64_t index, enum stream stream, struct slice bytes)
{
	screen_put(&container_of(owner, struct console, jobs_owner)->screen, job->number, index, stream, bytes);
}

static void task_ended(struct jobs_owner *owner, struct job *job, uint64_t index UNUSED)
{
	screen_end_task(&container_of(owner, struct console, jobs_owner)->screen, job->number);
}

/* Says how a run has ended, behind what it wrote. */
static void display_run_ended(struct jobs_owner *owner, struct job *job)
{
	struct console *console = container_of(owner, struct console, jobs_owner);
	struct job_counts counts = job_counts(job);
	struct bytes text = {.data = NULL};
	uint64_t dropped = archive_dropped(&console->jobs.archive),
		 ended = counts.finished - counts.outcomes[OUTCOME_SKIPPED];

	screen_end_run(&console->screen, job->number);
	bytes_append_format(&text, "[%" PRIu64 "] %s: %" PRIu64 " task%s in ", job->number,
			    job->cancelled ? "cancelled"
			    : job->status  ? "ended"
					   : "done",
			    ended, ended == 1 ? "" : "s");
	canvas_time(&text, counts.time);
	if (job->status)
		bytes_append_format(&text, ", status %d", job->status);
	bytes_append_text(&text, "\n");
	if (job->options.run.quiet)
		bytes_clear(&text);
	if (dropped > console->dropped)
		bytes_append_format(
			&text, "what the oldest %" PRIu64 " tasks wrote is not kept any more, to make room\n", dropped);
	console->dropped = dropped;
	if (console->jobs.archive.error.text && !console->told_of_disk) {
		console->told_of_disk = true;
		bytes_append_text(&text, "what runs write is kept in memory alone from now on: ");
		quote_terminal(&text, slice_of(error_text(&console->jobs.archive.error)));
		bytes_append_text(&text, "\n");
	}
	screen_say(&console->screen, bytes_slice(&text));
	bytes_release(&text);
}

void display_state(struct console *console)
{
	struct job *job;

	for (job = jobs_next(&console->jobs, NULL); job; job = jobs_next(&console->jobs, job)) {
		console->jobs.current = job;
		if (job->state != JOB_DONE)
			report_state(&job->session);
	}
	console->jobs.current = NULL;
}

void display_open(struct console *console)
{
	console->jobs_owner = (struct jobs_owner){
		.has_room = jobs_have_room,
		.put = jobs_put,
		.task_ended = task_ended,
		.job_ended = display_run_ended,
	};
	diag_console = console;
	diag_set_sink(display_put_diag);
}

void display_close(void)
{
	diag_set_sink(NULL);
}
