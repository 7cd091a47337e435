/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source that is read as it comes: watched only while more of it is wanted, and from the terminal only in the
 * foreground. */
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
	/* What is read is a terminal. */
	bool is_terminal;
	bool end;
	/* That is because it could not be read. */
	bool failed;
};

/* ready is called when the source may be read. */
void inlet_open(struct inlet *inlet, struct session *session, struct source *source,
		void (*ready)(struct watch *watch, unsigned events));

/* Whether the source has bytes without waiting. */
bool inlet_is_at_hand(const struct inlet *inlet);

/* Reads once, up to size bytes: how many; 0 when there are none now, or ever. What goes wrong is said, and is the end,
 * too. */
size_t inlet_read(struct inlet *inlet, char *data, size_t size);

/* Watches the source while more is wanted, and not otherwise. */
void inlet_watch(struct inlet *inlet, bool wanted);

/* Nothing more is read; or cannot be, for want of something (errno), which is said. */
void inlet_end(struct inlet *inlet);
void inlet_fail(struct inlet *inlet, const char *what);

#endif
