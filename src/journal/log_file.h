/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of lines that a run writes beside its output: whole lines, or none of those that are written at a time. */
#ifndef JOURNAL_LOG_FILE_H
#define JOURNAL_LOG_FILE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"

struct log_file {
	/* The option, for messages, and the file's name; the caller's. */
	const char *option;
	const char *name;
	int fd;
	/* Lines that are still to be written. */
	struct bytes lines;
};

enum log_file_start {
	/* The file is new, or has become empty. */
	LOG_FILE_EMPTY,
	LOG_FILE_HAS_LINES,
};

/*
 * Opens the file of an option (mode 0600), whose value is the name, after a plus sign if it is appended to. Otherwise a
 * file that is there is emptied, but not if the run continues an earlier one: then a line that its writer was killed
 * within is removed. Returns an enum log_file_start, or -1 with the error; log_file_close in any case.
 */
int log_file_open(struct log_file *file, const char *option, const char *value, bool continues,
		  struct error *error) MUST_CHECK;

/* Writes the lines, and has none then. -1 with the error. */
int log_file_flush(struct log_file *file, struct error *error) MUST_CHECK;

void log_file_close(struct log_file *file);

#endif
