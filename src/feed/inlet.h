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
	/* Bytes of the regular file that is read; 0 for another file, or if the number of tasks is not wanted. */
	uint64_t size;
	/* Bytes read. */
	uint64_t got;
	/* True if the records were counted before they are read. */
	bool is_counted;
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

/*
 * Counts the records of a regular file that is not too large, which make tasks of group records each, and announces how
 * many tasks that will be. Does nothing where nobody asks.
 */
void inlet_count(struct inlet *inlet, uint64_t group);

/* Announces, at the end of the input, that after these tasks records are left, for tasks of group records each. */
void inlet_expect(struct inlet *inlet, uint64_t tasks, uint64_t records, uint64_t group);

/*
 * Announces how many tasks there will be, guessed from those so far and what these took of the bytes read, of which
 * unread are left. Does nothing where nobody asks, or where it is known.
 */
void inlet_foresee(const struct inlet *inlet, uint64_t tasks, size_t unread);

/* Watches the source if more input is wanted, else forgets it. May stop the process (SIGTTIN). */
void inlet_watch(struct inlet *inlet, bool wanted);

/* Ends the input and closes the source. */
void inlet_end(struct inlet *inlet);

/* Ends the input by a failure: prints the error and releases it, and makes the run end with EXIT_TROUBLE. */
void inlet_refuse(struct inlet *inlet, struct error *error);

/* Ends the input by a failure: prints what and the meaning of errno, and makes the run end with EXIT_TROUBLE. */
void inlet_fail(struct inlet *inlet, const char *what);

#endif
