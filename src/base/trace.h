/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trace: events of all processes of a run as JSON lines, in the file that MPMAP_TRACE names.
 *
 * Each event is one write to a file opened for appending, so that lines of several processes never mix. Tests wait for
 * events instead of sleeping. HACKING.md lists the events.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include "base/dialect.h"

/* Opens the trace if MPMAP_TRACE is set; called early in each program image. A failure is ignored. */
void trace_open(void);

bool trace_is_on(void);

/* Returns the trace's descriptor, which forked processes keep, or -1 if the trace is off. */
int trace_descriptor(void);

/*
 * Writes an event. The format after its name yields further JSON members, such as "\"worker\":\"%s\"", or "". Strings
 * must need no escaping. Costs a branch if the trace is off.
 */
#define trace_event(event, ...) \
	do { \
		if (trace_is_on()) \
			trace_write(event, __VA_ARGS__); \
	} while (0)
void trace_write(const char *event, const char *fields, ...) PRINTF_LIKE(2, 3);

#endif
