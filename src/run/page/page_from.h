/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a run that has ended, from the log of its results (--report=FILE --from=LOG). */
#ifndef RUN_PAGE_PAGE_FROM_H
#define RUN_PAGE_PAGE_FROM_H

#include "base/dialect.h"
#include "base/error.h"

/* Reads the log and writes the report, whose names are given. -1 with the error. */
int page_write_from(const char *report, const char *log, struct error *error) MUST_CHECK;

#endif
