/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report of a run as trace events (--report=FILE.json), which Perfetto (https://ui.perfetto.dev) and
 * chrome://tracing open: a thread for each slot, and an event for each task (the Trace Event Format, "X" and "M").
 */
#ifndef RUN_PAGE_TRACE_FILE_H
#define RUN_PAGE_TRACE_FILE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "run/page/page_task.h"

struct trace_file {
	/* What is to be written. */
	struct bytes out;
	/* UTC from which times count; 0 before the first task that ran. */
	nsec origin;
	/* Slots that have a name, from 1. */
	uint32_t named;
};

/* Begins the file. began: UTC, 0 if the first task's start stands for it. */
void trace_file_begin(struct trace_file *trace, struct slice command, nsec began);

void trace_file_add(struct trace_file *trace, const struct page_task *task);

/* Ends the file; out is all of the rest. */
void trace_file_end(struct trace_file *trace);

void trace_file_release(struct trace_file *trace);

#endif
