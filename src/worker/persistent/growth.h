/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of a persistent command, which is replaced when it has grown too large (--max-rss). */
#ifndef WORKER_PERSISTENT_GROWTH_H
#define WORKER_PERSISTENT_GROWTH_H

#include "base/dialect.h"
#include "worker/persistent/serving.h"

/*
 * True if the present command, which has just answered, is larger than it may be: then it gets no further records. It
 * is measured after its first answer, and after others at most every 20 ms. Says once in a run that a command is too
 * large from its beginning.
 */
bool growth_is_too_large(struct serving *serving);

#endif
