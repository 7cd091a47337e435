/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shared object that makes zygotes (preload.c), as this binary carries it: what is preloaded is never somebody
 * else's. */
#ifndef WORKER_ZYGOTE_OBJECT_H
#define WORKER_ZYGOTE_OBJECT_H

#include "base/dialect.h"
#include "base/slice.h"

struct slice zygote_object(void);

#endif
