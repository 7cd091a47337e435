/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals in a run.
 *
 * SIGINT: no new tasks, running ones get it and are waited for. SIGTERM, SIGHUP: likewise, and killed after the grace
 * time. A second one, or SIGQUIT: killed at once. SIGTSTP stops the tasks and then us; so do SIGTTIN and SIGTTOU, which
 * come in the middle of a read or write and are dealt with right there.
 */
#include "run/interruption.h"

#include "base/trace.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "run/report.h"
#include "run/session.h"

/* SIGTTIN and SIGTTOU come to a handler, which has nothing else to go by. One run at a time listens. */
static struct session *listening;

/* Stops the tasks and this process, and goes on with both. Async-signal-safe. */
static void interruption_stop(struct session *session, int number)
{
	pool_freeze(&session->pool);
	signals_stop(number);
	pool_thaw(&session->pool);
}

static void stopped_by_terminal(int number)
{
	if (listening)
		interruption_stop(listening, number);
}

static void end_by(struct session *session, int number)
{
	if (session->phase == SESSION_ABORTING)
		session->impatient = true;
	if (session->signal || number == SIGQUIT) {
		session->signal = session->signal ? session->signal : number;
		session_abort(session);
		return;
	}
	session->signal = number;
	session_drain(session);
	pool_signal_tasks(&session->pool, number);
	if (number != SIGINT)
		session->kill_at = clock_now() + session->options->grace;
}

static void interruption_signals_ready(struct watch *watch, unsigned events UNUSED)
{
	struct session *session = container_of(watch, struct session, signals);
	int number;

	while ((number = signals_next(watch->fd))) {
		trace_event("signal", "\"number\":%d", number);
		switch (number) {
		case SIGUSR1:
			report_state(session);
			break;
		case SIGUSR2:
			break;
		case SIGWINCH:
			progress_resized(&session->progress);
			break;
		case SIGTSTP:
			progress_hide(&session->progress);
			outlet_flush(&session->outlet);
			interruption_stop(session, number);
			break;
		default:
			end_by(session, number);
		}
	}
}

int interruption_open(struct session *session)
{
	session->signals = (struct watch){.fd = signals_open(), .ready = interruption_signals_ready};
	if (session->signals.fd < 0 || loop_watch(session->place.loop, &session->signals, LOOP_INPUT) < 0)
		return -1;
	listening = session;
	signals_on_stop(stopped_by_terminal);
	return 0;
}

void interruption_close(struct session *session)
{
	signals_on_stop(NULL);
	listening = NULL;
	loop_forget(session->place.loop, &session->signals);
	fd_close(&session->signals.fd);
}
