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
#include "base/quote.h"
#include "process/signals.h"
#include "run/report.h"
#include "run/session_private.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FIRST_AFTER (200 * NSEC_PER_MSEC)
#define FRAME_TIME (100 * NSEC_PER_MSEC)
/* Time until a frame is drawn although no task has ended. */
#define IDLE_TIME NSEC_PER_SEC
#define PLAIN_TIME (3 * NSEC_PER_SEC)
/* The time span of the rate. */
#define RATE_TIME (2 * NSEC_PER_SEC)

enum {
	WIDTH_UNKNOWN = 80,
	WIDTH_MIN = 10,
	/* Columns of the bar, where there is room. */
	BAR_MIN = 10,
	BAR_MAX = 16,
	/* The least columns for a task. */
	TASK_MIN = 12,
};

int progress_parse(const char *text, enum progress_kind *kind, struct error *error)
{
	static const char *const words[] = {
		[PROGRESS_NONE] = "none",
		[PROGRESS_AUTO] = "auto",
		[PROGRESS_BAR] = "bar",
		[PROGRESS_PLAIN] = "plain",
	};
	size_t i;

	*kind = PROGRESS_AUTO;
	if (!text)
		return 0;
	for (i = 0; i < countof(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*kind = (enum progress_kind)i;
			return 0;
		}
	}
	return error_set(error, "--progress '%s': not one of bar, plain, auto, none", text);
}

static void clear(struct outlet *outlet)
{
	progress_hide(&container_of(outlet, struct session, outlet)->progress);
}

void progress_init(struct progress *progress, const struct session *session, struct outlet *outlet)
{
	const struct session_options *options = session->options;
	bool able = options->output.progress.terminal_is_able && isatty(diag_descriptor());
	nsec now = clock_now();

	*progress = (struct progress){
		.options = options->output.progress, .outlet = outlet, .started = now, .rate_since = now};
	progress->is_colored = able && options->output.progress.colored && !session->place.screen;
	/* Tasks that write to the terminal themselves would break the frame. */
	able = able && !options->output.ungrouped && !options->command.terminal;
	if (progress->options.kind == PROGRESS_AUTO)
		progress->options.kind = able ? PROGRESS_BAR : PROGRESS_PLAIN;
	if ((progress->options.kind == PROGRESS_BAR && !able) || options->output.quiet)
		progress->options.kind = PROGRESS_NONE;
	progress->next = progress->options.kind == PROGRESS_BAR     ? now + FIRST_AFTER
			 : progress->options.kind == PROGRESS_PLAIN ? now + PLAIN_TIME
								    : NSEC_FOREVER;
	if (progress->options.kind == PROGRESS_BAR)
		outlet->clear = clear;
}

nsec progress_deadline(const struct progress *progress)
{
	return progress->next;
}

static void update_rate(struct progress *progress, const struct session *session)
{
	nsec now = clock_now(), span = now - progress->rate_since;
	double rate =
		span > 0 ? (double)(session->tally.finished - progress->rate_finished) / ((double)span / NSEC_PER_SEC)
			 : 0;

	/* The first span counts at once, and later ones half. */
	if (!progress->rate_finished || span >= RATE_TIME) {
		progress->rate = progress->rate > 0 && progress->rate_finished ? (progress->rate + rate) / 2 : rate;
		if (span >= RATE_TIME) {
			progress->rate_since = now;
			progress->rate_finished = session->tally.finished;
		}
	}
}

/* Appends a time: "1:05", "2:03:04". */
static void append_time(struct bytes *out, double seconds)
{
	uint64_t whole = (uint64_t)seconds;

	if (whole >= 3600)
		bytes_append_format(out, "%" PRIu64 ":%02u:%02u", whole / 3600, (unsigned)(whole / 60 % 60),
				    (unsigned)(whole % 60));
	else
		bytes_append_format(out, "%u:%02u", (unsigned)(whole / 60), (unsigned)(whole % 60));
}

static uint64_t progress_failures(const struct session *session)
{
	return session->tally.finished - session->tally.outcomes[OUTCOME_OK] - session->tally.outcomes[OUTCOME_SKIPPED];
}

/* Appends a part of the line; nothing if it does not apply. */
static void append_part(struct bytes *out, size_t part, const struct progress *progress, struct session *session)
{
	uint64_t total =
		session->tally.total > session->tally.submitted ? session->tally.total : session->tally.submitted;
	uint64_t done = session->tally.finished;
	size_t stopped;

	switch (part) {
	case 0:
		/* "+": of at least this many, until the end of the input is known. */
		bytes_append_format(out, "%" PRIu64 "/%" PRIu64 "%s", done, total, session->tally.total ? "" : "+");
		break;
	case 1:
		if (session->tally.total)
			bytes_append_format(out, "%" PRIu64 "%%", total ? done * 100 / total : 100);
		break;
	case 2:
		if (progress_failures(session))
			bytes_append_format(out, "%" PRIu64 " failed", progress_failures(session));
		break;
	case 3:
		throttle_describe(&session->throttle, out);
		break;
	case 4:
		if ((stopped = pool_counts(session->pool).stopped))
			bytes_append_format(out, "%zu worker%s stopped", stopped, stopped == 1 ? "" : "s");
		break;
	case 5:
		if (session->tally.total && progress->rate > 0) {
			bytes_append_text(out, "ETA ");
			append_time(out, (double)(total - done) / progress->rate);
		}
		break;
	case 6:
		bytes_append_format(out, "%zu running", pool_running(session->pool));
		break;
	default:
		bytes_append_format(out, progress->rate < 10 ? "%.1f/s" : "%.0f/s", progress->rate);
	}
}

enum { PARTS = 8, PART_FAILED = 2 };

/* Appends the task that has been running longest, as far as it fits: "#17 5s: gzip foo". Returns the columns used. */
static size_t append_oldest(struct bytes *out, struct session *session, size_t columns)
{
	struct running_task oldest = {.started = NSEC_FOREVER}, task;
	struct bytes words = {.data = NULL}, safe = {.data = NULL};
	struct slice text;
	size_t seat, used = 0;

	for (seat = 0; seat < pool_counts(session->pool).seats; seat++) {
		if (pool_running_at(session->pool, seat, &task) && task.started < oldest.started)
			oldest = task;
	}
	if (oldest.started != NSEC_FOREVER && columns >= TASK_MIN) {
		bytes_append_format(&words, "#%" PRIu64 " ", oldest.task.index + 1);
		append_time(&words, (double)(clock_now() - oldest.started) / NSEC_PER_SEC);
		bytes_append_text(&words, " ");
		report_command_line(session, &oldest.task, oldest.slot, &words);
		quote_terminal(&safe, bytes_slice(&words));
		text = bytes_slice(&safe);
		used = quote_fitting(out, &text, columns);
	}
	bytes_release(&words);
	bytes_release(&safe);
	return used;
}

static void append_bar(struct bytes *out, const struct session *session, size_t columns)
{
	size_t full = session->tally.finished >= session->tally.total
			      ? columns
			      : (size_t)(session->tally.finished * columns / session->tally.total),
	       i;

	bytes_append_text(out, "[");
	for (i = 0; i < columns; i++)
		bytes_append_text(out, i < full ? "=" : i == full ? ">" : " ");
	bytes_append_text(out, "] ");
}

/* Appends a frame for a terminal of this width: at most width - 1 columns, or it would wrap. */
static void progress_compose(struct progress *progress, struct session *session, size_t width, struct bytes *out)
{
	struct bytes line = {.data = NULL}, part = {.data = NULL};
	size_t left = width - 1, bar, i;

	for (i = 0; i < PARTS; i++) {
		bool colored = i == PART_FAILED && progress->options.colored;

		bytes_clear(&part);
		append_part(&part, i, progress, session);
		if (!part.size || part.size + (line.size ? 2 : 0) > left)
			continue;
		left -= part.size + (line.size ? 2 : 0);
		bytes_append_text(&line, line.size ? ", " : "");
		bytes_append_text(&line, colored ? "\033[31m" : "");
		bytes_append(&line, part.data, part.size);
		bytes_append_text(&line, colored ? "\033[m" : "");
	}
	bar = left > BAR_MAX + 3 ? BAR_MAX : left > BAR_MIN + 3 ? left - 3 : 0;
	if (session->tally.total && bar) {
		append_bar(out, session, bar);
		left -= bar + 3;
	}
	bytes_append(out, line.data, line.size);
	if (left > TASK_MIN + 2) {
		bytes_append_text(out, ", ");
		if (!append_oldest(out, session, left - 2))
			out->size -= 2;
	}
	bytes_release(&line);
	bytes_release(&part);
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
	progress_compose(progress, session, terminal_width(), &frame);
	bytes_append_text(&frame, "\r");
	outlet_put_frame(progress->outlet, bytes_slice(&frame));
	bytes_release(&frame);
	progress->shown = true;
}

static void progress_say(struct progress *progress, struct session *session)
{
	struct bytes line = {.data = NULL};
	size_t i;

	for (i = 0; i < PARTS; i++) {
		size_t before = line.size;

		bytes_append_text(&line, before ? ", " : "");
		append_part(&line, i, progress, session);
		if (line.size == before + (before ? 2 : 0))
			line.size = before;
	}
	diag_note("%s", bytes_text(&line));
	bytes_release(&line);
}

void progress_update(struct progress *progress, struct session *session)
{
	nsec now = clock_now();

	if (progress->options.kind == PROGRESS_NONE || now < progress->next)
		return;
	update_rate(progress, session);
	if (progress->options.kind == PROGRESS_PLAIN) {
		progress_say(progress, session);
		progress->next = now + PLAIN_TIME;
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
