/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The progress bar and the plain lines.
 *
 * A frame leaves the cursor at the start of its line. Clearing from there to the end of the screen removes the frame,
 * even if a narrower terminal has wrapped it.
 */
#include "run/display/progress.h"

#include "base/bytes.h"
#include "base/diag.h"
#include "base/number.h"
#include "process/signals.h"
#include "run/display/frame.h"
#include "run/session_private.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define FIRST_AFTER (200 * NSEC_PER_MSEC)
#define FRAME_TIME (100 * NSEC_PER_MSEC)
/* Time until a frame is drawn although no task has ended. */
#define IDLE_TIME NSEC_PER_SEC
/* The time until the first plain line, and the most from one to the next. */
#define PLAIN_FIRST (2 * NSEC_PER_SEC)
#define PLAIN_MOST (60 * NSEC_PER_SEC)

enum {
	WIDTH_UNKNOWN = 80,
	WIDTH_MIN = 10,
};

int progress_parse(const char *text, struct progress_options *options, struct error *error)
{
	static const char *const words[] = {
		[PROGRESS_NONE] = "none",
		[PROGRESS_AUTO] = "auto",
		[PROGRESS_BAR] = "bar",
		[PROGRESS_PLAIN] = "plain",
	};
	static const char with_interval[] = "plain:";
	size_t prefix = sizeof with_interval - 1, i;

	options->kind = PROGRESS_AUTO;
	options->interval = 0;
	if (!text)
		return 0;
	for (i = 0; i < countof(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			options->kind = (enum progress_kind)i;
			return 0;
		}
	}
	options->kind = PROGRESS_PLAIN;
	if (strncmp(text, with_interval, prefix) == 0 && number_parse_time(text + prefix, &options->interval) == 0 &&
	    options->interval)
		return 0;
	return error_set(error, "--progress '%s': not one of bar, plain, plain:SECS, auto, none", text);
}

static void clear(struct outlet *outlet)
{
	progress_hide(&container_of(outlet, struct session, outlet)->progress);
}

/* Returns what is shown, on a terminal or not. */
static enum progress_kind choose_kind(const struct session_options *options, bool is_terminal)
{
	const struct progress_options *progress = &options->output.progress;
	/* Tasks that write to the terminal themselves would break the frame. */
	bool is_broken = options->output.ungrouped || options->command.terminal;
	bool able = is_terminal && progress->terminal_is_able && !is_broken;

	if (options->output.quiet)
		return PROGRESS_NONE;
	if (progress->kind == PROGRESS_AUTO)
		return able ? PROGRESS_BAR : PROGRESS_PLAIN;
	if (progress->kind == PROGRESS_BAR && !able)
		return is_terminal && !is_broken ? PROGRESS_PLAIN : PROGRESS_NONE;
	return progress->kind;
}

void progress_init(struct progress *progress, const struct session *session, struct outlet *outlet)
{
	const struct progress_options *options = &session->options->output.progress;
	bool is_terminal = isatty(diag_descriptor());
	nsec now = clock_now();

	*progress =
		(struct progress){.options = *options, .outlet = outlet, .gauge.started = now, .next = NSEC_FOREVER};
	progress->is_colored = is_terminal && options->terminal_is_able && options->colored && !session->place.screen;
	progress->options.kind = choose_kind(session->options, is_terminal);
	progress->interval = options->interval ? options->interval : PLAIN_FIRST;
	if (progress->options.kind == PROGRESS_PLAIN) {
		progress->next = now + progress->interval;
		progress->concludes = true;
	}
	if (progress->options.kind == PROGRESS_BAR) {
		progress->next = now + FIRST_AFTER;
		outlet->clear = clear;
	}
}

nsec progress_deadline(const struct progress *progress)
{
	return progress->next;
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(diag_descriptor(), TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_UNKNOWN;
	return size.ws_col > WIDTH_MIN ? size.ws_col : WIDTH_MIN;
}

static void draw(struct progress *progress, struct session *session)
{
	struct bytes frame = {.data = NULL};

	bytes_append_text(&frame, "\r\033[J");
	frame_compose(session, terminal_width(), &frame);
	bytes_append_text(&frame, "\r");
	outlet_put_frame(progress->outlet, bytes_slice(&frame));
	bytes_release(&frame);
	progress->shown = progress->concludes = true;
}

/* Prints a plain line, and sets when the next is due. */
static void progress_say(struct progress *progress, struct session *session)
{
	struct bytes line = {.data = NULL};

	bytes_append_text(&line, "mpmap: ");
	frame_figures(session, &line);
	bytes_append_text(&line, "\n");
	diag_line(bytes_slice(&line));
	bytes_release(&line);
	progress->next = clock_now() + progress->interval;
	if (!progress->options.interval)
		progress->interval = 2 * progress->interval < PLAIN_MOST ? 2 * progress->interval : PLAIN_MOST;
}

void progress_update(struct progress *progress, struct session *session)
{
	nsec now = clock_now();

	if (progress->options.kind == PROGRESS_NONE || now < progress->next)
		return;
	if (progress->options.kind == PROGRESS_PLAIN) {
		progress_say(progress, session);
		outlet_flush(progress->outlet);
		return;
	}
	progress->next = now + FRAME_TIME;
	/* Nothing new: draw once in a while for the time alone. */
	if (progress->shown && progress->finished == session->tally.finished && now - progress->drawn < IDLE_TIME)
		return;
	if (signals_in_background(diag_descriptor()) || !outlet_takes_frame(progress->outlet))
		return;
	progress->drawn = now;
	progress->finished = session->tally.finished;
	draw(progress, session);
	outlet_flush(progress->outlet);
}

void progress_hide(struct progress *progress)
{
	if (!progress->shown)
		return;
	progress->shown = false;
	outlet_put_frame(progress->outlet, slice_of("\r\033[J"));
}

void progress_resized(struct progress *progress)
{
	if (progress->options.kind != PROGRESS_BAR || !progress->shown)
		return;
	progress_hide(progress);
	progress->next = 0;
}

void progress_close(struct progress *progress)
{
	progress_hide(progress);
	progress->options.kind = PROGRESS_NONE;
	progress->next = NSEC_FOREVER;
	progress->outlet->clear = NULL;
}

void progress_conclude(struct progress *progress, const struct session *session)
{
	struct bytes line = {.data = NULL};

	/* What ended the run early has a message of its own. */
	if (!progress->concludes || session->ending.signal || session->ending.failure || ending_is_aborted(session))
		return;
	bytes_append_text(&line, "mpmap: ");
	frame_conclude(session, &line);
	bytes_append_text(&line, "\n");
	diag_line(bytes_slice(&line));
	bytes_release(&line);
}
