/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What determines the output of a run besides its records: in its journal, and compared when it is resumed. */
#ifndef RUN_DURABLE_ASPECTS_H
#define RUN_DURABLE_ASPECTS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"

struct session_options;

/* Appends the note "journal" of a run that begins. */
void aspects_note(struct bytes *notes, const struct session_options *options, const char *id);

/* Compares a run with the note "journal" of an earlier session, a whole line. -1 with the error: what differs. */
int aspects_check(const char *journal, struct slice line, const struct session_options *options,
		  struct error *error) MUST_CHECK;

#endif
