/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which programs can be zygotes, as far as their files tell. */
#ifndef WORKER_ZYGOTE_FITNESS_H
#define WORKER_ZYGOTE_FITNESS_H

#include "base/dialect.h"

/*
 * Why the program at path cannot be stopped before its main, in words ("it is a script"); NULL when nothing speaks
 * against it, or it cannot be executed at all. Fit are programs that this one's own dynamic linker starts, with no more
 * rights than whoever starts them.
 */
const char *fitness_problem(const char *path);

#endif
