/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode: one run of the command line, to its end. */
#ifndef FRONT_BATCH_H
#define FRONT_BATCH_H

#include "base/bytes.h"
#include "front/options.h"

/*
 * Runs the command over all records. Returns the exit status, or dies by the signal that ended the run. closed is a
 * mask of the standard descriptors that were closed at the start.
 */
int batch_run(const struct options *options, unsigned closed);

/* Checks the options about a journal. -1 with the error. */
int batch_check(const struct options *options, struct error *error) MUST_CHECK;

/* Prints how far the run of a journal is, to standard output; closed as with help_print. Returns the exit status. */
int batch_status(const char *journal, unsigned closed);

/*
 * Sets the command line that resumes the run, as a shell reads it. What it cannot say, such as which input is read,
 * follows in words, as a comment.
 */
void batch_note_again(struct options *options, int argc, char **argv);

/* Writes the report of a run that has ended. Returns the exit status. */
int batch_report(const struct options *options);

/* Appends words, each after a blank, as a shell reads them, but not --force before the number-th of them. */
void batch_append_words(struct bytes *line, char *const *words, size_t count, size_t number);

/* Returns the command line as a shell reads it. The caller's (free). */
char *batch_line(int argc, char **argv);

#endif
