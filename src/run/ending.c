/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a run: its phases, and the rest of its output. */
#include "run/ending.h"

#include "base/bytes.h"
#include "base/diag.h"
#include "base/trace.h"
#include "process/signals.h"
#include "run/session_private.h"

#include <errno.h>
#include <inttypes.h>

/* How long after the kill a silent worker of a shared pool is given up. */
#define GIVE_UP_TIME (3 * NSEC_PER_SEC)

/* How often --until is compared with the clocks at least: the wall clock may be set, and the machine sleep. */
#define UNTIL_CHECK_TIME NSEC_PER_SEC

const struct ending_permits ending_phases[ENDING_PHASES] = {
	[ENDING_RUNNING] = {.submits = true, .begins = true, .waits = true},
	[ENDING_DRAINING] = {.skips = true, .waits = true},
	[ENDING_ABORTING] = {.skips = true},
	[ENDING_FAILED] = {.submits = false},
};

bool ending_is_aborted(const struct session *session)
{
	return session->ending.phase >= ENDING_ABORTING;
}

void ending_drain(struct session *session)
{
	if (session->ending.phase != ENDING_RUNNING)
		return;
	session->ending.phase = ENDING_DRAINING;
	pool_set_gate(session->pool, 0);
}

/* Signals the tasks that run, then what others have left: a group is entered there before its task has ended. */
static void signal_all(struct session *session, int number)
{
	pool_signal_tasks(session->pool, number);
	session->ending.clears = true;
	clearance_signal(&session->clearance, number);
}

void ending_cancel(struct session *session)
{
	ending_drain(session);
	signal_all(session, SIGTERM);
	session->ending.kill_at = clock_now() + session->options->policy.grace;
}

void ending_abort(struct session *session)
{
	if (ending_is_aborted(session))
		return;
	session->ending.phase = session->ending.failure ? ENDING_FAILED : ENDING_ABORTING;
	session->ending.cut = pool_running(session->pool);
	pool_set_gate(session->pool, 0);
	signal_all(session, SIGKILL);
}

void ending_interrupt(struct session *session, int number)
{
	struct ending *ending = &session->ending;

	if (ending_is_aborted(session))
		ending->is_impatient = true;
	if (ending->signal || number == SIGQUIT) {
		ending->signal = ending->signal ? ending->signal : number;
		ending_abort(session);
		return;
	}
	ending->signal = number;
	ending_drain(session);
	signal_all(session, number);
	if (number != SIGINT)
		ending->kill_at = clock_now() + session->options->policy.grace;
}

/* Sets the status of the run's own failure, and the phase that goes with one. */
static void ending_set_failure(struct session *session, enum exit_status status)
{
	struct ending *ending = &session->ending;

	if (ending->failure != EXIT_TROUBLE)
		ending->failure = status;
	if (ending->phase == ENDING_ABORTING)
		ending->phase = ENDING_FAILED;
}

bool ending_is_complete(const struct session *session)
{
	return session->ending.phase == ENDING_RUNNING && !session->ending.failure;
}

void ending_note_trouble(struct session *session)
{
	ending_set_failure(session, EXIT_TROUBLE);
}

void ending_fail(struct session *session, enum exit_status status, const struct error *error)
{
	/* Every worker may report what has ended the run. */
	if (session->ending.phase == ENDING_FAILED)
		return;
	ending_set_failure(session, status);
	diag_report(error_text(error));
	ending_drain(session);
}

/* Reports that output cannot be written (errno): to a file, with how much of it was. */
static void report_write_error(struct session *session, int number)
{
	uint64_t written = session->outlet.output.total;

	ending_note_trouble(session);
	if (!session->out.name)
		diag_error("write error: %s", strerror(number));
	else
		diag_error("--out: cannot write %s: %s (%" PRIu64 " byte%s written)", session->out.name,
			   strerror(number), written, written == 1 ? " was" : "s were");
}

void ending_lose_output(struct session *session, int number)
{
	struct ending *ending = &session->ending;

	if (ending_is_aborted(session) || ending->lost_output)
		return;
	trace_event("output_gone", "\"errno\":%d", number);
	ending->lost_output = true;
	/* The reader has gone: a silent end, unless our starter ignores SIGPIPE to see the error. */
	ending->reader_gone =
		number == EPIPE && !session->out.name && !(signals_ignored_at_start() >> (SIGPIPE - 1) & 1);
	if (!ending->reader_gone)
		report_write_error(session, number);
	ending_drain(session);
	pool_close_streams(session->pool, outlet_lost_streams(&session->outlet));
}

void ending_count(struct session *session, const struct result *result)
{
	if (!session->ending.signal || !result_is_failure(result) || result->outcome == OUTCOME_NOT_STARTED)
		return;
	session->tally.stopped++;
	session->ending.cut -= session->ending.cut > 0;
}

int ending_signal(const struct session *session)
{
	const struct ending *ending = &session->ending;

	return !ending->signal && ending->reader_gone ? SIGPIPE : ending->signal;
}

/*
 * Kills tasks that outlive their grace time. On a shared pool the kill is repeated; a worker still silent after its
 * output was accepted is given up.
 */
static void kill_late(struct session *session)
{
	struct ending *ending = &session->ending;
	struct order_sink *sink = &session->outlet.sink;
	bool repeats = session->place.screen && !ending->signal;

	ending->kill_at = repeats ? clock_now() + GIVE_UP_TIME : 0;
	if (ending->signal || (ending->killed && repeats && !ending_is_settled(session) && sink->has_room(sink)))
		ending_abort(session);
	else if (!ending->killed || !repeats)
		pool_signal_tasks(session->pool, SIGKILL);
	ending->killed = true;
}

/* Drains if no task may begin any more because of --until. */
static void check_until(struct session *session)
{
	if (!ending_permits(session)->begins || until_remains(&session->until, until_now()) > 0)
		return;
	session->ending.out_of_time = true;
	ending_drain(session);
}

void ending_learn(struct session *session, const struct result *result)
{
	until_learn(&session->until, result->duration);
	check_until(session);
}

void ending_tick(struct session *session)
{
	if (session->ending.kill_at && clock_now() >= session->ending.kill_at)
		kill_late(session);
	check_until(session);
}

/* Returns the number of tasks that are known and were not begun. */
static uint64_t count_not_begun(const struct session *session)
{
	const struct session_tally *tally = &session->tally;
	uint64_t total = tally->total > tally->submitted ? tally->total : tally->submitted;

	return total - (tally->finished - tally->outcomes[OUTCOME_SKIPPED]);
}

bool ending_is_out_of_time(const struct session *session)
{
	return session->ending.out_of_time && (!session->tally.total || count_not_begun(session));
}

/* Appends a moment as the clock of the time zone shows it. */
static void append_moment(struct bytes *out, nsec moment)
{
	time_t second = (time_t)(moment / NSEC_PER_SEC);
	struct tm parts;
	char text[64];

	localtime_r(&second, &parts);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
	bytes_append_text(out, text);
}

void ending_report_until(const struct session *session)
{
	const struct session_tally *tally = &session->tally;
	uint64_t count = count_not_begun(session);
	struct bytes line = {.data = NULL};

	if (session->ending.signal || !ending_is_out_of_time(session))
		return;
	bytes_append_text(&line, "stopped by --until ");
	append_moment(&line, until_end(&session->until, until_now()));
	/* More may not have been read. */
	if (tally->total == 1)
		bytes_append_text(&line, ": the only task was not begun");
	else if (tally->total)
		bytes_append_format(&line, ": %" PRIu64 " of %" PRIu64 " tasks not begun", count, tally->total);
	else
		bytes_append_format(&line, ": at least %" PRIu64 " task%s not begun", count, count == 1 ? "" : "s");
	bytes_append_format(&line, " (--grace is %.6g s, the longest task took %.6g s)",
			    (double)session->until.grace / (double)NSEC_PER_SEC,
			    (double)session->until.longest / (double)NSEC_PER_SEC);
	diag_note("%s", bytes_text(&line));
	bytes_release(&line);
}

nsec ending_deadline(const struct session *session)
{
	nsec deadline = session->ending.kill_at ? session->ending.kill_at : NSEC_FOREVER, remains;

	if (session->until.kind == UNTIL_NEVER || !ending_permits(session)->begins)
		return deadline;
	remains = until_remains(&session->until, until_now());
	remains = remains < UNTIL_CHECK_TIME ? remains : UNTIL_CHECK_TIME;
	remains += clock_now();
	return remains < deadline ? remains : deadline;
}

bool ending_is_settled(const struct session *session)
{
	return session->tally.finished == session->tally.submitted || !ending_permits(session)->waits;
}

bool ending_is_over(const struct session *session)
{
	if (!ending_permits(session)->waits)
		return true;
	return ending_is_settled(session) && order_head(&session->order) >= session->tally.submitted &&
	       outlet_is_idle(&session->outlet);
}

bool ending_awaits_workers(const struct session *session)
{
	if (session->options->command.finalizer)
		return !ending_is_aborted(session);
	return !session->ending.signal || session->place.reserve;
}

/*
 * Waits until some of the output has been written, or all of it. False if waiting is of no use: a signal ends the run
 * and nothing was written for the grace time, or another signal came.
 */
static bool wait_for_reader(struct session *session)
{
	const struct ending *ending = &session->ending;
	uint64_t before = session->outlet.output.total;
	nsec deadline = ending->signal ? clock_now() + session->options->policy.grace : NSEC_FOREVER;

	/* With a screen there is no descriptor to wait for. */
	if (session->outlet.screen)
		return false;
	while (!ending->is_impatient && session->outlet.output.total == before && !outlet_is_idle(&session->outlet)) {
		if (clock_now() >= deadline)
			return false;
		loop_step(session->place.loop, deadline);
		outlet_flush(&session->outlet);
		if (ending->signal && deadline == NSEC_FOREVER)
			deadline = clock_now() + session->options->policy.grace;
	}
	return !ending->is_impatient;
}

/* True if a task that is written as a whole has ended and can still be written. */
static bool has_whole_task(const struct session *session)
{
	const struct order *order = &session->order;

	return order->options.whole && !session->ending.failure && !order->held.loss.text &&
	       order_is_finished(order, order->current);
}

bool ending_write_out(struct session *session)
{
	struct order *order = &session->order;

	while (order_is_midway(order) || has_whole_task(session)) {
		if (order_is_midway(order))
			order_continue(order);
		else
			order_pump(order);
		outlet_flush(&session->outlet);
		if (session->outlet.output.error || (!order->sink->has_room(order->sink) && !wait_for_reader(session)))
			return false;
	}
	return true;
}

void ending_finish_words(struct session *session)
{
	bool formed = session->outlet.format->is_whole;

	while (!outlet_is_idle(&session->outlet) && (formed || !session->ending.signal) && wait_for_reader(session))
		outlet_flush(&session->outlet);
}
