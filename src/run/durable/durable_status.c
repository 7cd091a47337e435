/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far the run of a journal is, in words. */
#include "run/durable/durable.h"

#include "base/quote.h"
#include "journal/durable/note.h"

#include <inttypes.h>

/* Appends a moment as the clock of the time zone shows it. */
static void status_moment(struct bytes *out, uint64_t second)
{
	time_t moment = (time_t)second;
	struct tm parts;
	char text[64] = "";

	if (localtime_r(&moment, &parts))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
	bytes_append_text(out, text);
}

/* Appends the tasks by what became known of them; holder is the process that runs them, 0 if none does. */
static void status_tasks(const struct past *past, pid_t holder, struct bytes *out)
{
	const struct past_progress *progress = &past->progress;
	uint64_t ended = progress->done + progress->failed + progress->running;
	uint64_t known = progress->total > progress->submitted ? progress->total : progress->submitted;

	bytes_append_format(out, "done         %" PRIu64 "\n", progress->done);
	bytes_append_format(out, "failed       %" PRIu64 "\n", progress->failed);
	bytes_append_format(out, "%s  %" PRIu64 "\n", holder ? "running    " : "interrupted", progress->running);
	bytes_append_format(out, "not begun    %s%" PRIu64 "\n", progress->total ? "" : "at least ",
			    known > ended ? known - ended : 0);
}

/* Appends when its sessions began and ended, and the rate of the last. */
static void status_times(const struct past *past, pid_t holder, struct bytes *out)
{
	bytes_append_text(out, "begun        ");
	status_moment(out, past->first_began);
	if (past->session > 1) {
		bytes_append_format(out, ", for the %" PRIu64 ". time ", past->session);
		status_moment(out, past->began);
	}
	bytes_append_text(out, holder ? "\ncommitted    " : past->end ? "\nended        " : "\nkilled after ");
	status_moment(out, past->at);
	if (holder)
		bytes_append_format(out, ", by pid %ld, which runs", (long)holder);
	if (past->at > past->began)
		bytes_append_format(out, "\nrate         %.2f/s",
				    (double)(past->progress.done + past->progress.failed - past->earlier) /
					    (double)(past->at - past->began));
	bytes_append_text(out, "\n");
}

int durable_status(const char *journal, struct bytes *out, struct error *error)
{
	struct past past = {.output = PAST_STREAM};
	char *command = NULL;
	struct scroll scroll;
	struct note note;
	pid_t holder = 0;
	int result = -1;

	if (scroll_open(&scroll, journal, SCROLL_LOOK, error) == 0 && past_load(&past, &scroll, error) == 0)
		result = 0;
	if (result == 0 && !past.header)
		bytes_append_format(out, "%s: nothing has been begun\n", journal);
	if (result == 0 && past.header) {
		holder = scroll_holder(&scroll);
		if (note_read((struct slice){.data = past.header, .size = past.header_size}, &note))
			command = note_text(&note, "command");
		bytes_append_text(out, "command      ");
		quote_terminal(out, slice_of(command ? command : ""));
		bytes_append_text(out, "\n");
		status_tasks(&past, holder, out);
		status_times(&past, holder, out);
	}
	free(command);
	past_release(&past);
	scroll_close(&scroll);
	return result;
}
