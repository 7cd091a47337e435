/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named events as JSON lines in the file that MPMAP_TRACE names, from every process of a run.
 *
 * Each event is one write to a file opened for appending, so processes never tear each other's lines. Tests wait for
 * events instead of sleeping. HACKING.md lists the events.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include "base/dialect.h"

/* Opens the trace when MPMAP_TRACE is set; once, early, in each program image. Failing to is silent. */
void trace_open(void);

bool trace_is_on(void);

/* The trace's descriptor, which a forked process keeps; -1 when the trace is off. */
int trace_descriptor(void);

/*
 * One event. fields is a format that yields the JSON members after the event's name, e.g. "\"worker\":\"%s\"", or "".
 * Strings must need no escaping. Costs a branch when the trace is off.
 */
#define trace_event(event, ...) \
	do { \
		if (trace_is_on()) \
			trace_write(event, __VA_ARGS__); \
	} while (0)
void trace_write(const char *event, const char *fields, ...) PRINTF_LIKE(2, 3);

#endif
