/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals to the only run of a process.
 *
 *   SIGINT            begins no task; running tasks get it and are waited for
 *   SIGTERM, SIGHUP   the same, and tasks are killed after the grace time
 *   a second one      kills the tasks at once; so does SIGQUIT
 *   SIGTSTP           stops the tasks, then this process
 *   SIGTTIN, SIGTTOU  the same, in the handler, since they arrive in the middle of a read or write
 *   SIGUSR1           reports the state
 *   SIGWINCH          draws the progress bar anew
 *   SIGCHLD           a worker may have stopped or continued
 */
#include "run/interruption.h"

#include "base/trace.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "run/report.h"
#include "run/session_private.h"

/* The session for the handler of SIGTTIN and SIGTTOU. NULL while there is none. */
static struct session *listening;

/* Stops the tasks and this process, and continues both. Async-signal-safe. */
static void interruption_stop(struct session *session, int number)
{
	pool_freeze(session->pool);
	signals_stop(number);
	pool_thaw(session->pool);
}

static void stopped_by_terminal(int number)
{
	if (listening)
		interruption_stop(listening, number);
}

static void interruption_signals_ready(struct watch *watch, unsigned events UNUSED)
{
	struct session *session = container_of(watch, struct session, signals);
	int number;

	while ((number = signals_next(watch->fd))) {
		if (number != SIGCHLD)
			trace_event("signal", "\"number\":%d", number);
		switch (number) {
		case SIGUSR1:
			report_state(session);
			break;
		case SIGCHLD:
			pool_child_changed(session->pool);
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
			ending_interrupt(session, number);
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
