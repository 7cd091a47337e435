/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that takes the place of standard output (--out). */
#ifndef RUN_OUT_FILE_H
#define RUN_OUT_FILE_H

#include "base/dialect.h"
#include "base/error.h"

struct out_file {
	/* The caller's. NULL without --out. */
	const char *name;
	/* -1 if not open. */
	int fd;
	/* True if it may replace a regular file that exists. */
	bool replaces;
	/* True if the reader of a named pipe is waited for; else a pipe without one is an error. */
	bool waits;
	/* True if it is read, too. */
	bool is_read;
	/* True if it was begun by an earlier session, and is continued; with parts, it has to be there. */
	bool resumes;
	bool has_parts;
	/* The name that it had in that session; NULL if it is not known. */
	const char *earlier;
	/* True if it may have output of an earlier session, of which nothing is known. */
	bool is_unknown;
	/* True if a file that exists may be written if it is empty. */
	bool may_be_empty;
	/* True if it did not exist before. Set by out_file_open. */
	bool is_new;
};

/*
 * Opens the file, if it has a name, without emptying it. A regular file that exists is refused unless it is to be
 * replaced; a pipe or device is written to. -1 with the error.
 */
int out_file_open(struct out_file *file, struct error *error) MUST_CHECK;

/* Empties a regular file that is replaced: once nothing else can prevent the run. -1 with the error. */
int out_file_clear(const struct out_file *file, struct error *error) MUST_CHECK;

/* Closes the file of a run that does not begin, and removes it if it is new. */
void out_file_discard(struct out_file *file);

/* Checks whether what was written is stored, which a network's file may report only at a close. -1 with errno. */
int out_file_check(const struct out_file *file) MUST_CHECK;

/* Closes the file, if it is open. */
void out_file_close(struct out_file *file);

#endif
