/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of results (--log): result objects without outputs, of failures with the beginning of standard error. */
#ifndef JOURNAL_RESULT_LOG_H
#define JOURNAL_RESULT_LOG_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/recorder.h"

/* Opens the log as a recorder, by log_file_open. NULL with the error. */
struct recorder *result_log_open(const char *name, bool continues, struct error *error) MUST_CHECK;

#endif
