/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a persistent command prints besides its answers: it is that of the oldest record in work. It is read after the
 * answers that are there, and committed before them: all that a command prints before it answers is in the pipe then.
 */
#ifndef WORKER_PROTOCOL_PRINTS_H
#define WORKER_PROTOCOL_PRINTS_H

#include "base/dialect.h"

struct serving;

/* Reads what the command has printed and commits it as output of the oldest record; passes it on if none is in work. */
void prints_take(struct serving *serving);

/*
 * Reads what the command has printed and keeps it (serving->printed, serving->errors) until it is known of which record
 * it is, but for a lot of it. What it prints while none is in work is passed on.
 */
void prints_hold(struct serving *serving);

#endif
