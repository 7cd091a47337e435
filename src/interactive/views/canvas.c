/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws lines, tables, bars and figures. */
#include "interactive/views/canvas.h"

#include "base/quote.h"
#include "run/times/times.h"

#include <inttypes.h>

enum {
	COLUMNS_MAX = 12,
	/* Blanks between columns. */
	GAP = 2,
	/* Columns that a key takes. */
	KEY = 12,
	/* How many parts a column of a bar has. */
	EIGHTHS = 8,
};

void canvas_line(const struct canvas *canvas, struct slice line)
{
	struct bytes *out = canvas->out;
	const char *mark = canvas->is_utf8 ? "…" : "...";
	size_t columns = canvas->is_utf8 ? 1 : 3, start = out->size;
	struct slice rest = line;

	if (!canvas->width) {
		bytes_append(out, line.data, line.size);
	} else {
		quote_fitting(out, &rest, canvas->width);
		if (rest.size && canvas->width >= columns) {
			out->size = start;
			rest = line;
			quote_fitting(out, &rest, canvas->width - columns);
			bytes_append_text(out, mark);
		}
	}
	bytes_append_text(out, "\n");
}

void canvas_key(const struct canvas *canvas, const char *key)
{
	bytes_append_format(canvas->out, "%-*s", KEY, key);
}

void canvas_cell(struct canvas_table *table)
{
	bytes_append(&table->cells, "", 1);
}

/* Returns how many columns a text takes. */
static size_t canvas_width_of(const char *text)
{
	struct bytes scratch = {.data = NULL};
	struct slice rest = slice_of(text);
	size_t width = quote_fitting(&scratch, &rest, SIZE_MAX);

	bytes_release(&scratch);
	return width;
}

static void append_blanks(struct bytes *out, size_t count)
{
	bytes_append_format(out, "%*s", (int)count, "");
}

/* Composes a row of cells. Returns where the next row begins. */
static const char *canvas_compose(struct bytes *line, const char *columns, const size_t *widths, const char *cell)
{
	size_t i;

	append_blanks(line, strspn(columns, " "));
	columns += strspn(columns, " ");
	for (i = 0; columns[i]; i++, cell += strlen(cell) + 1) {
		size_t padding = widths[i] - canvas_width_of(cell);

		if (!widths[i])
			continue;
		append_blanks(line, columns[i] == 'r' ? padding : 0);
		bytes_append_text(line, cell);
		append_blanks(line, (columns[i] == 'r' ? 0 : padding) + GAP);
	}
	while (line->size && line->data[line->size - 1] == ' ')
		line->size--;
	return cell;
}

void canvas_draw(const struct canvas *canvas, struct canvas_table *table)
{
	const char *columns = table->columns + strspn(table->columns, " "), *cell,
		   *end = table->cells.data + table->cells.size;
	size_t widths[COLUMNS_MAX] = {0}, count = strlen(columns), at = 0;
	struct bytes line = {.data = NULL};

	if (count > COLUMNS_MAX)
		BUG("a table of too many columns");
	for (cell = table->cells.data; cell < end; cell += strlen(cell) + 1, at = (at + 1) % count) {
		size_t width = canvas_width_of(cell);

		widths[at] = width > widths[at] ? width : widths[at];
	}
	for (cell = table->cells.data; cell < end;) {
		bytes_clear(&line);
		cell = canvas_compose(&line, table->columns, widths, cell);
		canvas_line(canvas, bytes_slice(&line));
	}
	bytes_release(&line);
	bytes_release(&table->cells);
}

void canvas_bar(const struct canvas *canvas, struct bytes *out, double share, size_t columns)
{
	static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = (share > 1 ? 1 : share) * (double)columns * EIGHTHS;
	size_t eighths = length > 0 && length < 1 ? 1 : (size_t)length, i;

	for (i = 0; i < eighths / EIGHTHS; i++)
		bytes_append_text(out, canvas->is_utf8 ? "█" : "=");
	if (canvas->is_utf8)
		bytes_append_text(out, parts[eighths % EIGHTHS]);
	else if (eighths && eighths < EIGHTHS)
		bytes_append_text(out, "-");
}

void canvas_time(struct bytes *out, nsec time)
{
	times_put(out, time);
}

void canvas_size(struct bytes *out, uint64_t size)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)size / 1024;
	size_t i;

	if (size < 1024) {
		bytes_append_format(out, "%" PRIu64 " byte%s", size, canvas_plural(size));
		return;
	}
	for (i = 0; i + 1 < countof(units) && value >= 1023.95; i++)
		value /= 1024;
	bytes_append_format(out, "%.1f %s", value, units[i]);
}

void canvas_rate(struct bytes *out, uint64_t count, nsec time)
{
	double rate = time > 0 ? (double)count * (double)NSEC_PER_SEC / (double)time : 0;

	bytes_append_format(out, rate < 10 ? "%.1f" : "%.0f", rate);
}

const char *canvas_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
