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
