/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ps(1) and top(1) show of a process of mpmap: the command "mpmap", and its arguments, "mpmap: NAME". */
#ifndef PROCESS_TITLE_H
#define PROCESS_TITLE_H

#include "base/dialect.h"

/* The beginning of a title. */
#define TITLE_PREFIX "mpmap: "

enum { TITLE_SIZE = 64 };

/*
 * Shows "mpmap: NAME" as the arguments of this process, cut to 63 bytes. name may be a part of the arguments. The bytes
 * remain in title, which must outlive the process and be on its stack: the kernel shows no bytes of files. The
 * environment, also in /proc/PID/environ, remains as it is. Has no effect without /proc.
 */
void title_set(char title[TITLE_SIZE], const char *name);

/* Shows "mpmap" as the command of this process, which was executed by another name. */
void title_set_command(void);

/* Does before a fork what title_set would do in each child. */
void title_prepare(void);

#endif
