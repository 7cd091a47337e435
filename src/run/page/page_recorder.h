/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorder of --report: a page (FILE.html) or trace events (FILE.json). */
#ifndef RUN_PAGE_PAGE_RECORDER_H
#define RUN_PAGE_PAGE_RECORDER_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/recorder.h"

struct page_facts;
struct result_object;

/* True if a report can have this name; else it is the name of neither kind. */
bool page_name_is_good(const char *name);

/*
 * Opens the file of that name, which is emptied. name and the facts, and what they refer
 * to, outlive the recorder; the facts are read when the run has ended, but for the command and when it began. NULL with
 * the error.
 */
struct recorder *page_open(const char *name, const struct page_facts *facts, struct error *error) MUST_CHECK;

/* Adds a task that a log has. -1 with the error. */
int page_record(struct recorder *recorder, const struct result_object *object, struct error *error) MUST_CHECK;

#endif
