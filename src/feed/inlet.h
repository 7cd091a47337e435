/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source that is read by the event loop: watched only while more input is wanted, and read from a terminal only in
 * the foreground.
 */
#ifndef FEED_INLET_H
#define FEED_INLET_H

#include "base/dialect.h"
#include "run/session.h"
#include "feed/source.h"

/* Embedded in its owner. */
struct inlet {
	struct session *session;
	struct source *source;
	struct watch watch;
	/* True if the source is a terminal. */
	bool is_terminal;
	/* True if nothing more is read: the source is closed. */
	bool end;
	/* True if the input ended early, by a failure. */
	bool failed;
};

/* Begins with an open source, which the inlet closes. ready is called when the source may be read. */
void inlet_open(struct inlet *inlet, struct session *session, struct source *source,
		void (*ready)(struct watch *watch, unsigned events));

/* True if the source has bytes without waiting for a descriptor. */
bool inlet_has_bytes(const struct inlet *inlet);

/* True if nothing can be read now, but perhaps later. */
bool inlet_is_idle(const struct inlet *inlet);

/*
 * Reads once, at most size bytes. Returns how many; 0 if nothing can be read now, at the end, and after a failure,
 * which is printed and ends the input.
 */
size_t inlet_read(struct inlet *inlet, char *data, size_t size);

/* Watches the source if more input is wanted, else forgets it. May stop the process (SIGTTIN). */
void inlet_watch(struct inlet *inlet, bool wanted);

/* Ends the input and closes the source. */
void inlet_end(struct inlet *inlet);

/* Ends the input by a failure: prints the error and releases it, and makes the run end with EXIT_TROUBLE. */
void inlet_refuse(struct inlet *inlet, struct error *error);

/* Ends the input by a failure: prints what and the meaning of errno, and makes the run end with EXIT_TROUBLE. */
void inlet_fail(struct inlet *inlet, const char *what);

#endif
