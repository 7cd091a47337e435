/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shared object that makes zygotes (preload.c), which this binary carries, so that it always matches. */
#ifndef WORKER_ZYGOTE_OBJECT_H
#define WORKER_ZYGOTE_OBJECT_H

#include "base/dialect.h"
#include "base/slice.h"

/* Returns the object's bytes. */
struct slice zygote_object(void);

#endif
