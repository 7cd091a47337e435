/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rewriting a journal that is mostly history, when its run is resumed. */
#ifndef RUN_DURABLE_REWRITE_H
#define RUN_DURABLE_REWRITE_H

#include "base/dialect.h"
#include "base/error.h"

struct durable;

/*
 * Writes the journal anew if that is worth while, after the session's beginning was committed. The run goes on with the
 * old one if that cannot be done. -1 with the error if neither is possible.
 */
int rewrite_journal(struct durable *durable, struct error *error) MUST_CHECK;

#endif
