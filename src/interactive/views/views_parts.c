/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts that several views show: running tasks, and how long tasks took. */
#include "interactive/views/views_parts.h"

#include "base/quote.h"
#include "run/report.h"

#include <inttypes.h>

void views_heading(struct canvas_table *table, const char *const *words)
{
	for (; *words; words++) {
		bytes_append_text(&table->cells, *words);
		canvas_cell(table);
	}
}

static void append_running(struct canvas_table *table, struct run *run)
{
	struct bytes words = {.data = NULL};
	struct running_task task;
	size_t seat;

	for (seat = 0; run->state != RUN_DONE && seat < pool_counts(session_pool(run->session)).seats; seat++) {
		if (!run_running_at(run, seat, &task))
			continue;
		bytes_append_format(&table->cells, "%" PRIu64 ".%" PRIu64, run->number, task.task.index + 1);
		canvas_cell(table);
		canvas_time(&table->cells, clock_now() - task.started);
		canvas_cell(table);
		if (task.pid)
			bytes_append_format(&table->cells, "%ld", (long)task.pid);
		canvas_cell(table);
		quote_terminal(&table->cells, slice_of(task.worker->name));
		canvas_cell(table);
		bytes_clear(&words);
		report_command_line(run->session, &task.task, task.slot, &words);
		quote_terminal(&table->cells, bytes_slice(&words));
		canvas_cell(table);
	}
	bytes_release(&words);
}

void views_running(const struct canvas *canvas, struct runs *runs, struct run *run)
{
	static const char *const heading[] = {"task", "for", "pid", "worker", "command", NULL};
	struct canvas_table table = {.columns = "  lrrll"};
	size_t empty;

	views_heading(&table, heading);
	empty = table.cells.size;
	if (run)
		append_running(&table, run);
	else
		for (run = runs_next(runs, NULL); run; run = runs_next(runs, run))
			append_running(&table, run);
	if (table.cells.size > empty)
		canvas_draw(canvas, &table);
	bytes_release(&table.cells);
}

nsec views_bound(size_t bucket)
{
	return NSEC_PER_USEC << bucket;
}

/* Returns the first bucket that, with those before it, has the given share of all tasks. */
static size_t percentile(const uint64_t *buckets, uint64_t all, unsigned hundredths)
{
	uint64_t sum = buckets[0];
	size_t i;

	for (i = 0; i + 1 < RUN_BUCKETS && (double)sum * 100 < (double)all * hundredths; i++)
		sum += buckets[i + 1];
	return i;
}

uint64_t views_sum(const uint64_t *buckets)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < RUN_BUCKETS; i++)
		sum += buckets[i];
	return sum;
}

void views_times(struct bytes *out, const uint64_t *buckets, nsec longest)
{
	static const unsigned hundredths[] = {50, 90, 99};
	uint64_t all = views_sum(buckets);
	size_t i;

	for (i = 0; i < countof(hundredths); i++) {
		bytes_append_format(out, "p%u under ", hundredths[i]);
		canvas_time(out, views_bound(percentile(buckets, all, hundredths[i])));
		bytes_append_text(out, ", ");
	}
	bytes_append_text(out, "longest ");
	canvas_time(out, longest);
}
