/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is done once in a zygote, so that its children need not do it in each task. Like preload.c a part of the
 * preloaded object.
 */
#ifndef WORKER_ZYGOTE_PRELOAD_READY_H
#define WORKER_ZYGOTE_PRELOAD_READY_H

#include "base/dialect.h"

/*
 * Loads the locale of the environment, so that libc finds its files in memory when a program sets it. A category that
 * does not exist is passed over. A program that sets none, or another, does not notice.
 */
void ready_locale(void);

/* Binds the functions of libraries that the program calls, as the dynamic linker does at the first call of each. */
void ready_functions(void);

#endif
