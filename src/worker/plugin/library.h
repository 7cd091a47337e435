/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plugin that is loaded: its function and its hooks (include/mpmap-plugin.h). */
#ifndef WORKER_PLUGIN_LIBRARY_H
#define WORKER_PLUGIN_LIBRARY_H

#include "base/bytes.h"
#include "base/dialect.h"

struct mpmap_record;
struct mpmap_writer;

/* Nothing is loaded if all zero. */
struct library {
	void *handle;
	int (*function)(const struct mpmap_record *record, struct mpmap_writer *writer);
	/* NULL if the plugin has none. */
	int (*init)(unsigned slot);
	void (*exit)(void);
};

/* Loads FILE of "FILE:FUNCTION", and finds what it exports. -1, and appends why not: mostly in the linker's words. */
int library_open(struct library *library, const char *plugin, struct bytes *why) MUST_CHECK;

/* Unloads it. */
void library_close(struct library *library);

#endif
