/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ends of attempts that were not yet reported to the state server: they gather while its channel is full. */
#ifndef RUN_COMPANION_ENDS_H
#define RUN_COMPANION_ENDS_H

#include "base/dialect.h"
#include "run/companion/state_server.h"
#include "state/server/control.h"

#include <stddef.h>

/* All zero without ends. */
struct ends {
	/* In their order; owned. */
	struct control_end *list;
	size_t count;
	size_t capacity;
};

/* Adds one. */
void ends_add(struct ends *ends, const struct control_end *end);

/* Reports as many as the server takes. Returns 0 if that is all, or -1 with errno (EAGAIN: the channel is full). */
int ends_report(struct ends *ends, uint64_t run) MUST_CHECK;

/*
 * Reports the ends that remain, and that the run has ended, which has left the server: what can be sent at once, and
 * the rest when the server has room for it. The ends are taken over.
 */
void ends_report_last(struct ends *ends, uint64_t run);

void ends_release(struct ends *ends);

#endif
