/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that were entered and are not reported yet. */
#ifndef INTERACTIVE_PROMPT_ENTERED_H
#define INTERACTIVE_PROMPT_ENTERED_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/mem.h"

/* Removes the first line and returns it without its newline (free), NULL if there is no whole line. */
static inline char *entered_take(struct bytes *entered)
{
	const char *newline = entered->size ? memchr(entered->data, '\n', entered->size) : NULL;
	size_t length;
	char *text;

	if (!newline)
		return NULL;
	length = (size_t)(newline - entered->data);
	text = mem_copy(entered->data, length + 1);
	text[length] = '\0';
	bytes_consume(entered, length + 1);
	return text;
}

#endif
