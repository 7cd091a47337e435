/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin in C: each record in capital letters.
 *
 *	cc -O2 -shared -fPIC -o upper.so plugin_upper.c
 *	ls | mpmap --plugin ./upper.so:upper
 */
#include <mpmap-plugin.h>

#include <ctype.h>

MPMAP_PLUGIN;

int upper(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	size_t i;

	for (i = 0; i < record->size; i++) {
		char letter = (char)toupper((unsigned char)record->data[i]);

		if (mpmap_write(writer, &letter, 1) < 0)
			return 1;
	}
	return mpmap_write(writer, "\n", 1) < 0;
}
