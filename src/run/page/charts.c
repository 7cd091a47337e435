/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing. A drawing is WIDTH units wide, whatever its width on the screen. */
#include "run/page/charts.h"

#include "run/page/markup.h"

#include <inttypes.h>

enum {
	WIDTH = 1000,
	/* Marks of a time axis. */
	TICKS = 6,
	LEVEL_HEIGHT = 120,
	TIMES_HEIGHT = 140,
	/* Shades of density, and that of a cell in which a task failed. */
	SHADES = 10,
	SHADE_FAILED,
	/* Cells of density, at about 25 bytes each. */
	CELLS_MAX = 65536,
};

/* Returns the class of an outcome. */
static const char *outcome_class(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OK:
		return "ok";
	case OUTCOME_FAILED:
		return "failed";
	case OUTCOME_SIGNALED:
		return "signaled";
	case OUTCOME_TIMEOUT:
		return "timeout";
	case OUTCOME_LOST:
	case OUTCOME_NOT_STARTED:
		return "lost";
	case OUTCOME_SKIPPED:
	case OUTCOMES:
	default:
		return "skipped";
	}
}

/* Returns where a time is drawn. */
static double chart_x(struct chart_span span, nsec time)
{
	double x = (double)(time - span.from) / (double)(span.to - span.from) * WIDTH;

	return x < 0 ? 0 : x > WIDTH ? WIDTH : x;
}

/* Returns the height of a row, of so many. */
static unsigned row_height(size_t rows)
{
	return rows <= 16 ? 20 : rows <= 48 ? 12 : 6;
}

/* Appends the axis of a span of time: times since its beginning. */
static void put_ticks(struct bytes *out, struct chart_span span)
{
	unsigned i;

	bytes_append_text(out, "<div class=\"ticks\">");
	for (i = 0; i < TICKS; i++) {
		bytes_append_format(out, "<span style=\"left:%u%%\">", i * 100 / TICKS);
		times_put(out, (span.to - span.from) / TICKS * (nsec)i);
		bytes_append_text(out, "</span>");
	}
	bytes_append_text(out, "</div>");
}

/* Begins a time line: the names of its rows, and the drawing. */
static void begin_rows(struct bytes *out, const struct run_page *page)
{
	size_t rows = lanes_count(&page->lanes), i;
	unsigned height = row_height(rows), step = (16 + height - 1) / height;

	bytes_append_text(out, "<div class=\"line\"><div class=\"rows\">");
	for (i = 0; i < rows; i += step)
		bytes_append_format(out, "<div style=\"height:%upx\">%zu</div>", height * step,
				    i * page->lanes.slots + 1);
	bytes_append_text(out, "</div><div class=\"scroll\"><div class=\"wide\">");
	bytes_append_format(
		out,
		"<svg class=\"tasks\" shape-rendering=\"crispEdges\" viewBox=\"0 0 %d %zu\" style=\"height:%zupx\" "
		"preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Tasks over time, a row for each slot\">",
		WIDTH, rows * height, rows * height);
}

static void end_rows(struct bytes *out, struct chart_span span)
{
	bytes_append_text(out, "</svg>");
	put_ticks(out, span);
	bytes_append_text(out, "</div></div></div>\n");
}

/* Appends what is shown of a task on touch. */
static void put_label(struct bytes *out, const struct page_task *task, struct chart_span span)
{
	bytes_append_format(out, "#%" PRIu64, task->seq);
	if (task->count > 1)
		bytes_append_format(out, " to #%" PRIu64, task->seq + task->count - 1);
	bytes_append_text(out, ": ");
	markup_text(out, task->text);
	bytes_append_text(out, " (");
	times_put(out, task->duration);
	bytes_append_text(out, " from ");
	times_put(out, task->start > span.from ? task->start - span.from : 0);
	bytes_append_text(out, ")");
	if (page_task_has_failed(task)) {
		bytes_append_text(out, " ");
		markup_text(out, task->ending);
	}
	if (task->attempts > 1)
		bytes_append_format(out, ", attempt %" PRIu32, task->attempts);
}

void chart_bars(struct bytes *out, const struct run_page *page, struct chart_span span)
{
	unsigned height = row_height(lanes_count(&page->lanes));
	size_t i;

	begin_rows(out, page);
	for (i = 0; i < page->picks.first.count; i++) {
		struct page_task task = picks_at(&page->picks.first, i);
		double from = chart_x(span, task.start), width = chart_x(span, task.start + task.duration) - from;

		if (!task.start || !task.slot)
			continue;
		bytes_append_format(out, "<rect class=\"%s\" x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%u\"><title>",
				    outcome_class(task.outcome), from, (task.slot - 1) / page->lanes.slots * height + 1,
				    width < 0.3 ? 0.3
				    : width > 2 ? width - 0.5
						: width,
				    height - 2);
		put_label(out, &task, span);
		bytes_append_text(out, "</title></rect>\n");
	}
	end_rows(out, span);
}

/* Returns the shade of a cell of the density, which is some columns wide: 0 to SHADES, or SHADE_FAILED. */
static unsigned density_shade(const struct lanes *lanes, size_t lane, size_t column, size_t step)
{
	size_t end = column + step < lanes->columns ? column + step : lanes->columns, i;
	double level = 0;

	for (i = column; i < end; i++) {
		if (lanes_failures(lanes, lane, i))
			return SHADE_FAILED;
		level += lanes_level(lanes, lane, i);
	}
	level = level / (double)step / lanes->slots * SHADES;
	return level > SHADES ? SHADES : level > 0 && level < 1 ? 1 : (unsigned)level;
}

/* Appends all cells of a shade. */
static void put_shade(struct bytes *out, const struct run_page *page, struct chart_span span, unsigned shade)
{
	const struct lanes *lanes = &page->lanes;
	size_t rows = lanes_count(lanes), step = rows * lanes->columns / CELLS_MAX + 1, lane, column;
	unsigned height = row_height(rows);

	bytes_append_format(out, "<path class=\"%s\" opacity=\"%.1f\" d=\"", shade == SHADE_FAILED ? "failed" : "ok",
			    shade == SHADE_FAILED ? 1 : (double)shade / SHADES);
	for (lane = 0; lane < rows; lane++) {
		for (column = 0; column < lanes->columns; column += step) {
			nsec from = lanes->origin + (nsec)column * lanes->width;
			double left = chart_x(span, from), right = chart_x(span, from + (nsec)step * lanes->width);

			if (density_shade(lanes, lane, column, step) == shade)
				bytes_append_format(out, "M%.1f %zuh%.1fv%uH%.1fz", left, lane * height + 1,
						    right - left, height - 2, left);
		}
	}
	bytes_append_text(out, "\"/>\n");
}

void chart_density(struct bytes *out, const struct run_page *page, struct chart_span span)
{
	unsigned shade;

	begin_rows(out, page);
	for (shade = 1; shade <= SHADE_FAILED; shade++)
		put_shade(out, page, span, shade);
	end_rows(out, span);
}

void chart_level(struct bytes *out, const struct run_page *page, struct chart_span span, uint64_t jobs)
{
	const struct lanes *lanes = &page->lanes;
	double most = (double)(jobs ? jobs : lanes->highest), x = 0;
	size_t column;

	for (column = 0; column < lanes->columns; column++)
		most = lanes_level(lanes, LANES_MAX, column) > most ? lanes_level(lanes, LANES_MAX, column) : most;
	most = most > 0 ? most : 1;
	bytes_append_format(out,
			    "<div class=\"line\"><div class=\"rows\"><div>%.0f</div></div><div class=\"scroll\">"
			    "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" style=\"height:%dpx\" "
			    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Tasks at work over time\">"
			    "<path class=\"level\" d=\"M%.1f %d",
			    most, WIDTH, LEVEL_HEIGHT, LEVEL_HEIGHT, chart_x(span, lanes->origin), LEVEL_HEIGHT);
	for (column = 0; column < lanes->columns; column++) {
		nsec from = lanes->origin + (nsec)column * lanes->width;

		x = chart_x(span, from + lanes->width);
		bytes_append_format(out, "L%.1f %.1fH%.1f", chart_x(span, from),
				    (1 - lanes_level(lanes, LANES_MAX, column) / most) * LEVEL_HEIGHT, x);
	}
	bytes_append_format(out, "L%.1f %dz\"/>", x, LEVEL_HEIGHT);
	if (jobs)
		bytes_append_format(out, "<path class=\"jobs\" d=\"M0 %.1fH%d\"><title>%" PRIu64 " jobs</title></path>",
				    (1 - (double)jobs / most) * LEVEL_HEIGHT + 0.5, WIDTH, jobs);
	end_rows(out, span);
}

/* Finds the octaves in use, and the highest count. */
static void octaves_in_use(const struct times *times, unsigned *first, unsigned *last, uint64_t *most)
{
	unsigned octave;
	nsec bound;

	*first = TIMES_OCTAVES;
	*last = 0;
	*most = 1;
	for (octave = 0; octave < TIMES_OCTAVES; octave++) {
		uint64_t count = times_octave(times, octave, &bound);

		if (!count)
			continue;
		*first = octave < *first ? octave : *first;
		*last = octave;
		*most = count > *most ? count : *most;
	}
}

void chart_times(struct bytes *out, const struct times *times)
{
	unsigned first, last, octave;
	uint64_t most;

	if (!times->count)
		return;
	octaves_in_use(times, &first, &last, &most);
	bytes_append_text(out, "<div class=\"histogram\">");
	for (octave = first; octave <= last; octave++) {
		nsec bound;
		uint64_t count = times_octave(times, octave, &bound);
		double height = (double)count / (double)most * TIMES_HEIGHT;

		bytes_append_format(out, "<div><b>%" PRIu64 "</b><i style=\"height:%.0fpx\"></i><span>&lt;\xc2\xa0",
				    count, count && height < 1 ? 1 : height);
		times_put(out, bound);
		bytes_append_text(out, "</span></div>");
	}
	bytes_append_text(out, "</div>\n");
}
