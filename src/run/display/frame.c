/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Composing the line that shows how far a run is. */
#include "run/display/frame.h"

#include "base/quote.h"
#include "run/report.h"
#include "run/session_private.h"

#include <inttypes.h>

enum {
	/* The columns of a terminal from which there is a bar, which takes one of so many. */
	BAR_FROM = 36,
	BAR_SHARE = 4,
	/* Columns of its brackets, and the blank after them. */
	BAR_FRAME = 3,
	/* Columns that figures and a task want, which the bar leaves to them on a terminal that has as many. */
	REST = 64,
	REST_FROM = 72,
	/* Tasks that are shown at most, the least columns for one, with its comma, and the most while others follow. */
	TASKS_MOST = 16,
	TASK_MIN = 18,
	TASK_COLUMNS = 32,
	/* How many times as long as the median a task takes that is marked, and tasks of which there is a median. */
	SLOW = 3,
	TIMES_LEAST = 5,
};

#define SLOW_LEAST NSEC_PER_SEC
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[m"

/* What the figures are made from. */
struct figures {
	/* Tasks there will be in all, as far as known, and true if that is their number: counted, or known. */
	uint64_t total;
	bool is_exact;
	/* True if total is more than what has been read so far. */
	bool is_foreseen;
	/* Tasks that have ended. */
	uint64_t done;
	struct gauge_reading reading;
	/* The tasks that have been running longest, the oldest first. */
	struct figures_task {
		size_t seat;
		nsec started;
	} oldest[TASKS_MOST];
	size_t count;
	/* How much of tasks that run may be done, as a number of tasks. */
	double half_done;
};

uint64_t frame_ended(const struct session *session)
{
	const struct session_tally *tally = &session->tally;
	uint64_t ended = tally->finished - tally->outcomes[OUTCOME_SKIPPED];
	size_t i;

	for (i = 0; i < OUTCOMES; i++)
		ended -= i == OUTCOME_SKIPPED ? 0 : tally->recalled[i];
	return ended;
}

/* Inserts a running task where it belongs among the oldest. */
static void note_running(struct figures *figures, size_t seat, nsec started)
{
	size_t at = figures->count < TASKS_MOST ? figures->count++ : TASKS_MOST;

	for (; at > 0 && figures->oldest[at - 1].started > started; at--) {
		if (at < TASKS_MOST)
			figures->oldest[at] = figures->oldest[at - 1];
	}
	if (at < TASKS_MOST)
		figures->oldest[at] = (struct figures_task){.seat = seat, .started = started};
}

/* Returns the median of the times that tasks took, 0 if too few have ended. */
static nsec median_time(const struct session *session)
{
	return session->times.count < TIMES_LEAST ? 0 : times_percentile(&session->times, 50);
}

/* Sets the total: what is known, else what the input says, else what has been read. */
static void find_total(const struct session *session, struct figures *figures)
{
	const struct session_tally *tally = &session->tally;
	const struct gauge *gauge = &session->progress.gauge;
	bool is_foreseen = !tally->total && gauge->foreseen;

	figures->total = is_foreseen ? gauge->foreseen : tally->total;
	figures->is_exact = tally->total || (is_foreseen && gauge->is_counted);
	figures->is_foreseen = is_foreseen || tally->total;
	if (figures->total < tally->submitted)
		figures->total = tally->submitted;
}

static void gather_figures(struct session *session, struct figures *figures)
{
	struct gauge *gauge = &session->progress.gauge;
	nsec now = clock_now(), median = median_time(session);
	struct running_task task;
	size_t seat;

	find_total(session, figures);
	figures->done = session->tally.finished;
	for (seat = 0; seat < pool_counts(session->pool).seats; seat++) {
		if (!pool_running_at(session->pool, seat, &task))
			continue;
		note_running(figures, seat, task.started);
		if (median)
			figures->half_done +=
				now - task.started < median ? (double)(now - task.started) / (double)median : 1;
	}
	gauge_read(gauge, &figures->reading, frame_ended(session),
		   figures->is_foreseen ? figures->total - (figures->done - frame_ended(session)) : 0,
		   figures->half_done);
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

static void append_rate(struct bytes *out, double rate)
{
	if (rate <= 0)
		return;
	if (rate < 0.1)
		bytes_append_format(out, "%.1f/min", rate * 60);
	else
		bytes_append_format(out, rate < 10 ? "%.1f/s" : "%.0f/s", rate);
}

/* Appends how much of the run is done, which is all of it only at its end. */
static void append_percent(struct bytes *out, const struct figures *figures)
{
	double part = figures->total ? (double)figures->done / (double)figures->total : 1;
	unsigned percent = (unsigned)(part * 100);

	if (figures->is_foreseen)
		bytes_append_format(out, "%u%%", figures->is_exact || percent < 100 ? percent : 99);
}

/* The parts of the line, the first of which go before the others where there is little room. */
enum figure {
	FIGURE_TASKS,
	FIGURE_PERCENT,
	FIGURE_FAILED,
	FIGURE_THROTTLE,
	FIGURE_STOPPED,
	FIGURE_ELAPSED,
	FIGURE_LEFT,
	FIGURE_RATE,
	FIGURE_RUNNING,
	FIGURES,
};

/* Appends a part of the line; nothing if it does not apply. */
static void append_figure(struct bytes *out, enum figure figure, struct session *session, const struct figures *figures)
{
	uint64_t failures = session_failures(&session->tally);
	size_t stopped;

	switch (figure) {
	case FIGURE_TASKS:
		/* "~": about so many; "+": at least so many. */
		bytes_append_format(out, "%" PRIu64 "/%s%" PRIu64 "%s", figures->done,
				    figures->is_foreseen && !figures->is_exact ? "~" : "", figures->total,
				    figures->is_foreseen ? "" : "+");
		break;
	case FIGURE_PERCENT:
		append_percent(out, figures);
		break;
	case FIGURE_FAILED:
		if (failures)
			bytes_append_format(out, "%" PRIu64 " failed", failures);
		break;
	case FIGURE_THROTTLE:
		throttle_describe(&session->throttle, out);
		break;
	case FIGURE_STOPPED:
		if ((stopped = pool_counts(session->pool).stopped))
			bytes_append_format(out, "%zu worker%s stopped", stopped, stopped == 1 ? "" : "s");
		break;
	case FIGURE_ELAPSED:
		append_time(out, (double)(clock_now() - session->started) / NSEC_PER_SEC);
		break;
	case FIGURE_LEFT:
		if (figures->reading.left < 0)
			break;
		bytes_append_text(out, "ETA ");
		append_time(out, figures->reading.left);
		break;
	case FIGURE_RATE:
		append_rate(out, figures->reading.rate);
		break;
	case FIGURE_RUNNING:
	case FIGURES:
	default:
		bytes_append_format(out, "%zu running", pool_running(session->pool));
	}
}

/* Appends as many of the figures as fit into columns. Returns the columns used. */
static size_t append_figures(struct bytes *out, struct session *session, const struct figures *figures, size_t columns)
{
	struct bytes part = {.data = NULL};
	size_t used = 0;
	enum figure i;

	for (i = FIGURE_TASKS; i < FIGURES; i++) {
		bool colored = i == FIGURE_FAILED && session->progress.is_colored;

		bytes_clear(&part);
		append_figure(&part, i, session, figures);
		if (!part.size || used + part.size + (used ? 2 : 0) > columns)
			continue;
		bytes_append_text(out, used ? ", " : "");
		used += part.size + (used ? 2 : 0);
		bytes_append_text(out, colored ? RED : "");
		bytes_append(out, part.data, part.size);
		bytes_append_text(out, colored ? PLAIN : "");
	}
	bytes_release(&part);
	return used;
}

/*
 * Appends the task that runs in a seat: "#17 0:05 gzip foo", "#17 0:05! ..." if it is slow. Returns the columns used,
 * 0 if they do not suffice.
 */
static size_t append_running_at(struct bytes *out, struct session *session, size_t seat, size_t columns)
{
	struct bytes head = {.data = NULL}, command = {.data = NULL}, safe = {.data = NULL};
	nsec median = median_time(session), time;
	struct running_task task;
	bool is_slow, colored;
	struct slice text;
	size_t used = 0;

	if (!pool_running_at(session->pool, seat, &task))
		return 0;
	time = clock_now() - task.started;
	is_slow = median && time > SLOW * median && time > SLOW_LEAST;
	colored = is_slow && session->progress.is_colored;
	bytes_append_format(&head, "#%" PRIu64 " ", task.task.index + 1);
	append_time(&head, (double)time / NSEC_PER_SEC);
	bytes_append_text(&head, is_slow ? "!" : "");
	if (head.size < columns) {
		bytes_append_text(out, colored ? YELLOW : "");
		bytes_append(out, head.data, head.size);
		bytes_append_text(out, colored ? PLAIN : "");
		bytes_append_text(&command, " ");
		report_command_line(session, &task.task, task.slot, &command);
		quote_terminal(&safe, bytes_slice(&command));
		text = bytes_slice(&safe);
		used = head.size + quote_fitting(out, &text, columns - head.size);
	}
	bytes_release(&head);
	bytes_release(&command);
	bytes_release(&safe);
	return used;
}

/* Appends as many of the running tasks as fit into columns, each after a comma. */
static void append_tasks(struct bytes *out, struct session *session, const struct figures *figures, size_t columns)
{
	size_t i;

	for (i = 0; i < figures->count && columns >= TASK_MIN; i++) {
		size_t share = columns / (figures->count - i), before = out->size, used;

		if (share < TASK_COLUMNS)
			share = columns < TASK_COLUMNS ? columns : TASK_COLUMNS;
		bytes_append_text(out, ", ");
		used = append_running_at(out, session, figures->oldest[i].seat, share - 2);
		if (!used) {
			out->size = before;
			return;
		}
		columns -= used + 2;
	}
}

static void append_bar(struct bytes *out, const struct figures *figures, size_t columns)
{
	double part = figures->total ? (double)figures->done / (double)figures->total : 1;
	size_t full = (size_t)(part * (double)columns), i;

	bytes_append_text(out, "[");
	for (i = 0; i < columns; i++)
		bytes_append_text(out, i < full ? "=" : i == full ? ">" : " ");
	bytes_append_text(out, "] ");
}

/* Returns the columns of the bar on a terminal of this width, 0 for none. */
static size_t bar_columns(const struct figures *figures, size_t width)
{
	size_t columns = width / BAR_SHARE;

	if (!figures->is_foreseen || width < BAR_FROM)
		return 0;
	return width >= REST_FROM && columns > width - REST ? width - REST : columns;
}

void frame_compose(struct session *session, size_t width, struct bytes *out)
{
	struct figures figures = {.total = 0};
	size_t left = width - 1, bar;

	gather_figures(session, &figures);
	bar = bar_columns(&figures, width);
	if (bar)
		append_bar(out, &figures, bar - BAR_FRAME);
	left -= bar;
	left -= append_figures(out, session, &figures, width >= REST_FROM && figures.count ? left - TASK_MIN : left);
	append_tasks(out, session, &figures, left);
}

void frame_figures(struct session *session, struct bytes *out)
{
	struct figures figures = {.total = 0};

	gather_figures(session, &figures);
	append_figures(out, session, &figures, SIZE_MAX / 2);
}

void frame_conclude(const struct session *session, struct bytes *out)
{
	const struct session_tally *tally = &session->tally;
	uint64_t total = tally->total > tally->submitted ? tally->total : tally->submitted,
		 ended = frame_ended(session);
	uint64_t failures = session_failures(tally), all = tally->finished - tally->outcomes[OUTCOME_SKIPPED];
	double seconds = (double)(clock_now() - session->started) / NSEC_PER_SEC;

	bytes_append_format(out, "%" PRIu64, ended);
	if (all < total)
		bytes_append_format(out, " of %" PRIu64, total);
	bytes_append_format(out, " task%s in ", (all < total ? total : ended) == 1 ? "" : "s");
	if (seconds < 100)
		bytes_append_format(out, "%.1f s", seconds);
	else
		append_time(out, seconds);
	if (failures) {
		bool colored = session->progress.is_colored;

		bytes_append_format(out, ", %s%" PRIu64 " failed%s", colored ? RED : "", failures,
				    colored ? PLAIN : "");
	}
}
