/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a source by the event loop. */
#include "feed/inlet.h"

#include "base/diag.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "run/supply.h"

#include <errno.h>

/* Number of SIGTTINs in a row after which a terminal is read from the background. */
enum { STOPS_MAX = 16 };

/* Bytes of the largest file whose records are counted in advance. */
enum { COUNTED_MOST = 16 << 20 };

void inlet_open(struct inlet *inlet, struct session *session, struct source *source,
		void (*ready)(struct watch *watch, unsigned events))
{
	*inlet = (struct inlet){
		.session = session,
		.source = source,
		.watch = {.fd = source->fd, .ready = ready, .context = supply_context(session)},
		.is_terminal = source->fd >= 0 && isatty(source->fd),
		.size = supply_foresees(session) ? source_size(source) : 0,
	};
	if (inlet->is_terminal)
		diag_note("reading records from the terminal; ^D ends them");
	/* Reading the terminal may stop this process: messages come before. */
	supply_flush(session);
}

bool inlet_has_bytes(const struct inlet *inlet)
{
	return inlet->source->fd < 0 || inlet->source->ahead.size;
}

bool inlet_is_idle(const struct inlet *inlet)
{
	struct fd_wait wait = {.fd = inlet->source->fd, .want_input = true};

	return !inlet->end && !inlet_has_bytes(inlet) && fd_wait(&wait, 1, clock_now()) == 0;
}

void inlet_end(struct inlet *inlet)
{
	inlet->end = true;
	loop_forget(supply_loop(inlet->session), &inlet->watch);
	source_close(inlet->source);
}

void inlet_refuse(struct inlet *inlet, struct error *error)
{
	diag_error("%s", error_text(error));
	supply_fail(inlet->session);
	inlet->failed = true;
	error_release(error);
	inlet_end(inlet);
}

void inlet_fail(struct inlet *inlet, const char *what)
{
	struct error error = {.number = 0};

	error_set_errno(&error, errno, "%s", what);
	inlet_refuse(inlet, &error);
}

size_t inlet_read(struct inlet *inlet, char *data, size_t size)
{
	struct error error = {.number = 0};
	ssize_t got = source_read(inlet->source, data, size, &error);

	if (error.text)
		inlet_refuse(inlet, &error);
	else if (got == 0)
		inlet_end(inlet);
	inlet->got += got > 0 ? (uint64_t)got : 0;
	return got > 0 ? (size_t)got : 0;
}

void inlet_count(struct inlet *inlet, uint64_t group)
{
	uint64_t records;

	if (!inlet->size || inlet->size > COUNTED_MOST || source_count(inlet->source, inlet->size, &records) < 0)
		return;
	inlet->is_counted = true;
	supply_foresee(inlet->session, (records + group - 1) / group, true);
}

void inlet_expect(struct inlet *inlet, uint64_t tasks, uint64_t records, uint64_t group)
{
	inlet->is_counted = true;
	supply_foresee(inlet->session, tasks + (records + group - 1) / group, true);
}

void inlet_foresee(const struct inlet *inlet, uint64_t tasks, size_t unread)
{
	/* At its end all that was read is the input, whatever it was. */
	uint64_t size = inlet->end ? inlet->got : inlet->size, taken = inlet->got - unread;

	if (inlet->is_counted || !tasks || !taken || size < taken || !supply_foresees(inlet->session))
		return;
	supply_foresee(inlet->session, (uint64_t)((double)tasks * (double)size / (double)taken + 0.5), false);
}

/* Stops this process while it is in the background of the terminal that it reads, even if nothing is typed. */
static void wait_for_foreground(const struct inlet *inlet)
{
	int attempt;

	/* An orphaned process group cannot be stopped: the attempts are counted. */
	for (attempt = 0; inlet->is_terminal && signals_in_background(inlet->source->fd) && attempt < STOPS_MAX;
	     attempt++)
		signals_tell_self(SIGTTIN);
}

void inlet_watch(struct inlet *inlet, bool wanted)
{
	struct loop *loop = supply_loop(inlet->session);

	if (inlet->end || inlet_has_bytes(inlet))
		return;
	/* Forgotten rather than watched for no events: a hangup would be reported again and again. */
	if (!wanted) {
		loop_forget(loop, &inlet->watch);
		return;
	}
	wait_for_foreground(inlet);
	if (loop_watch(loop, &inlet->watch, LOOP_INPUT) < 0)
		inlet_fail(inlet, "cannot wait for the input");
}
