/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of GNU parallel, xargs, rush and make that mpmap does not have. */
#ifndef FRONT_HINT_FOREIGN_H
#define FRONT_HINT_FOREIGN_H

/* Returns what to write instead of an option of another program (its long name, or its letter); NULL if unknown. */
const char *foreign_hint(const char *name);

#endif
