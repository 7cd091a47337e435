/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of values, and the one of a slot. */
#include "board/slot_values.h"

#include "base/mem.h"

#include <ctype.h>

/* The beginning of the names of variables that mpmap sets itself. */
#define OWN "MPMAP_"

/* Returns the bytes of the name before the equals sign, 0 if it is no name, or mpmap's. */
static size_t name_size(const char *text)
{
	size_t size = strcspn(text, "="), i;

	if (!text[size] || isdigit((unsigned char)*text) || strncmp(text, OWN, strlen(OWN)) == 0)
		return 0;
	for (i = 0; i < size; i++) {
		if (text[i] != '_' && !(isascii(text[i]) && isalnum((unsigned char)text[i])))
			return 0;
	}
	return size;
}

/* Returns the number of values. */
static size_t count_values(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == ',';
	return count;
}

int slot_values_add(struct slot_options *options, const char *text, struct error *error)
{
	size_t size = name_size(text), i;

	if (!size || !text[size + 1])
		return error_set(error,
				 "--slot-env '%s': not NAME=V1,V2,... with a value for each slot, nor NAME=auto, such "
				 "as CUDA_VISIBLE_DEVICES=0,1,2,3",
				 text);
	for (i = 0; i < options->count && strncmp(options->list[i], text, size + 1) != 0; i++)
		;
	if (i == SLOT_VARIABLES_MAX)
		return error_set(error, "--slot-env '%s': there are %d variables already, which are the most", text,
				 SLOT_VARIABLES_MAX);
	options->list[i] = text;
	options->count += i == options->count;
	return 0;
}

size_t slot_values_most(const struct slot_options *options)
{
	size_t most = SIZE_MAX, i;

	for (i = 0; i < options->count; i++) {
		size_t count = count_values(options->list[i]);

		most = count < most ? count : most;
	}
	return most;
}

char *slot_values_pick(const char *text, size_t seat)
{
	size_t size = strcspn(text, "=") + 1, skip = seat % count_values(text + size);
	const char *value = text + size;

	while (skip--)
		value += strcspn(value, ",") + 1;
	return mem_format("%.*s%.*s", (int)size, text, (int)strcspn(value, ","), value);
}
