/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plugin of F4P: returns its argument. */
#include <mpmap-plugin.h>

MPMAP_PLUGIN;

int echo(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	mpmap_write(writer, record->data, record->size);
	return mpmap_write(writer, "\n", 1);
}
