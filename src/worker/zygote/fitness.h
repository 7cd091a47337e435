/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which programs can be zygotes, by their files. */
#ifndef WORKER_ZYGOTE_FITNESS_H
#define WORKER_ZYGOTE_FITNESS_H

#include "base/dialect.h"

/*
 * Returns why the program at path cannot be stopped before its main, in words ("it is a script"); NULL if there is no
 * such reason, or it cannot be executed at all. Fit are programs that mpmap's own dynamic linker starts, without rights
 * of their own.
 */
const char *fitness_problem(const char *path);

#endif
