/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escaping. */
#include "run/page/markup.h"

#include "base/quote.h"

#include <string.h>
#include <time.h>

/* Appends text in which nothing acts on a terminal. */
static void put_escaped(struct bytes *out, struct slice text)
{
	static const char *const entities[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
	size_t i;

	for (i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (byte < countof(entities) && entities[byte])
			bytes_append_text(out, entities[byte]);
		else
			bytes_append(out, &text.data[i], 1);
	}
}

void markup_text(struct bytes *out, struct slice text)
{
	struct bytes shown = {.data = NULL};

	quote_terminal(&shown, text);
	put_escaped(out, bytes_slice(&shown));
	bytes_release(&shown);
}

void markup_lines(struct bytes *out, struct slice text)
{
	while (text.size) {
		const char *end = memchr(text.data, '\n', text.size);
		size_t size = end ? (size_t)(end - text.data) : text.size;

		markup_text(out, (struct slice){.data = text.data, .size = size});
		if (!end)
			return;
		bytes_append_text(out, "\n");
		text.data += size + 1;
		text.size -= size + 1;
	}
}

void markup_time(struct bytes *out, nsec time)
{
	time_t seconds = (time_t)(time / NSEC_PER_SEC);
	char text[64] = "";
	struct tm local;

	if (localtime_r(&seconds, &local))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &local);
	markup_text(out, slice_of(text));
}

void markup_size(struct bytes *out, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1024 && unit + 1 < countof(units); unit++)
		size /= 1024;
	bytes_append_format(out, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}
