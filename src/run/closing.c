/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a session: the rest of its output, its workers, and what it holds. */
#include "run/session.h"

#include "base/trace.h"
#include "run/companion/companions.h"
#include "run/instructions.h"
#include "run/interruption.h"
#include "run/logbook.h"
#include "run/page/page_facts.h"
#include "run/report.h"
#include "run/session_private.h"

#include <errno.h>

/* Writes output at the reader's pace until the run is over. */
static void finish_output(struct session *session)
{
	session_advance(session);
	while (!ending_is_over(session))
		session_step(session);
}

bool session_dismiss(struct session *session)
{
	struct pool *pool = session->pool;

	if (!pool_is_closing(pool) && ending_is_aborted(session))
		pool_hang_up(pool);
	else if (!pool_is_closing(pool))
		pool_dismiss(pool);
	else if (!pool_has_hung_up(pool) && !ending_awaits_workers(session))
		pool_hang_up(pool);
	return pool_is_empty(pool) &&
	       (!session->ending.clears || clearance_advance(&session->clearance, ending_is_aborted(session)));
}

/* Ends the session's workers, or waits until they are in the reserve; and what tasks left, if the run is ended. */
static void end_workers(struct session *session)
{
	while (!session_dismiss(session)) {
		nsec deadline = pool_deadline(session->pool), clearance = clearance_deadline(&session->clearance);

		deadline = clearance < deadline ? clearance : deadline;
		if (session->ending.kill_at && session->ending.kill_at < deadline)
			deadline = session->ending.kill_at;
		loop_step(session->place.loop, deadline);
		ending_tick(session);
		pool_tick(session->pool);
	}
	sharing_close(session);
	if (!session->place.reserve)
		companions_end();
}

/* Writes the rest at the reader's pace, and closes the recorders, which may note the last tasks only after that. */
static void write_last(struct session *session)
{
	bool is_read;

	ending_finish_words(session);
	page_facts_end(session);
	logbook_end(session);
	is_read = outlet_is_idle(&session->outlet);
	logbook_write(session);
	logbook_close(session);
	if (out_file_check(&session->out) < 0)
		ending_lose_output(session, errno);
	outlet_flush(&session->outlet);
	/* The message of a recorder that has failed, or of a file that was not stored. */
	if (is_read)
		ending_finish_words(session);
}

int session_close(struct session *session, int *signal)
{
	int status;

	finish_output(session);
	progress_close(&session->progress);
	end_workers(session);
	/* All output has been received. A run that failed ends where its output is whole. */
	if (!session->ending.failure)
		order_pump(&session->order);
	/* What the output has of tasks that are gone is cut before its end is written. */
	durable_end(&session->durable);
	if (ending_write_out(session))
		outlet_end(&session->outlet);
	memo_finish(&session->memo);
	logbook_write(session);
	progress_conclude(&session->progress, session);
	report_end(session);
	logged_report(session);
	durable_report(&session->durable);
	outlet_flush(&session->outlet);
	write_last(session);
	status = report_status(session);
	*signal = ending_signal(session);
	if (session->place.is_alone)
		interruption_close(session);
	trace_event("run_end", "\"status\":%d,\"signal\":%d", status, *signal);
	order_release(&session->order);
	outlet_close(&session->outlet);
	bytes_release(&session->reported.failure_lines);
	tags_release(&session->tags);
	tries_release(&session->tries);
	times_release(&session->times);
	origin_release(&session->origin);
	instructions_release(session);
	arena_release(&session->arena);
	durable_close(&session->durable);
	logged_close(&session->logged);
	memo_close(&session->memo);
	products_close(&session->products);
	out_file_close(&session->out);
	free(session);
	return status;
}
