/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This process's control groups: version 2's one hierarchy, version 1's one per controller. cgroups(7). */
#ifndef MACHINE_CGROUP_H
#define MACHINE_CGROUP_H

#include "base/dialect.h"

/* Is shown a group's folder; true: go on with the one above. */
typedef bool cgroup_visit(const char *folder, void *owner);

/* Shows the folders of the groups that control this for us ("cpu", "memory"), each hierarchy from our own group up. */
void cgroup_each(const char *controller, cgroup_visit *visit, void *owner);

/* The first line of a file in a folder, without its newline: false when it cannot be read. */
bool cgroup_line(const char *folder, const char *name, char *line, size_t size);

/* The number behind a word, in a file of lines "word number"; false when there is none. */
bool cgroup_value(const char *folder, const char *name, const char *word, uint64_t *value);

#endif
