/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dividing records of CSV into fields. */
#include "task/csv.h"

struct slice csv_next(char separator, const char **rest, struct bytes *fields)
{
	enum csv_state state = CSV_BEGIN, next;
	char *begin = fields->data + fields->size, *end = begin;
	const char *at;

	for (at = *rest; *at; at++) {
		next = csv_after(state, *at, separator);
		if (next == CSV_BEGIN)
			break;
		/* The quotes around the field are dropped, and the first of two. */
		if (next == CSV_TEXT || (next == CSV_QUOTED && state != CSV_BEGIN))
			*end++ = *at;
		state = next;
	}
	if (!*at && state == CSV_TEXT && end[-1] == '\r')
		end--;
	*end = '\0';
	fields->size += (size_t)(end - begin) + 1;
	*rest = *at ? at + 1 : NULL;
	return (struct slice){.data = begin, .size = (size_t)(end - begin)};
}
