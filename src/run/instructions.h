/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The briefing of a run's workers, its command lines, its pool and the form of its output. */
#ifndef RUN_INSTRUCTIONS_H
#define RUN_INSTRUCTIONS_H

#include "base/dialect.h"
#include "base/error.h"
#include "run/out_file.h"
#include "run/outlet.h"

struct session;
struct session_options;
struct session_place;

/* Makes the briefing, compiles the command lines and opens the pool. -1 with the error; releasing is the caller's. */
int instructions_open(struct session *session, struct error *error) MUST_CHECK;

/* Releases what instructions_open has made, as far as it came. No worker is left. */
void instructions_release(struct session *session);

/* Returns the options of the session's order. With a journal tasks are given on as they end: the stage orders them. */
struct order_options instructions_order(const struct session *session);

/* Returns the file of --out, to be opened; without a name if there is none. */
struct out_file instructions_out_file(const struct session_options *options, const struct session_place *place);

/* Returns the form of the output and where it goes. To be called once --out is open. */
struct outlet_options instructions_outlet(const struct session *session);

#endif
