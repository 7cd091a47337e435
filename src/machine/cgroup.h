/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control groups of this process (cgroups(7)): one hierarchy of version 2, one per controller of version 1. */
#ifndef MACHINE_CGROUP_H
#define MACHINE_CGROUP_H

#include "base/dialect.h"

/* Visits the folder of a group. Returns true to continue with the group above. */
typedef bool cgroup_visit(const char *folder, void *owner);

/* Visits the groups that control this process by a controller ("cpu", "memory"), in each hierarchy upwards. */
void cgroup_each(const char *controller, cgroup_visit *visit, void *owner);

/* Reads the first line of a file in a folder, without its newline. Returns false on failure. */
bool cgroup_line(const char *folder, const char *name, char *line, size_t size);

/* Finds the number after a word in a file of lines "word number". Returns false on failure. */
bool cgroup_value(const char *folder, const char *name, const char *word, uint64_t *value);

#endif
