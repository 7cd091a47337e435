/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of runs: all of them in a table, one of them in full. */
#include "interactive/views/views.h"

#include "base/quote.h"
#include "codec/outcome.h"
#include "run/report.h"
#include "interactive/runs/selection.h"
#include "interactive/views/views_parts.h"
#include "worker/executor.h"

#include <inttypes.h>

enum {
	/* Columns of the progress bar in the table. */
	BAR = 10,
	/* Columns that a terminal must have for it. */
	BAR_WIDTH_MIN = 96,
	/* How many failed tasks are listed. */
	FAILURES_MAX = 5,
};

const char *view_state(const struct run *run)
{
	if (run->state == RUN_DONE)
		return run->cancelled ? "cancelled" : run->end.status || run->end.signal ? "failed" : "done";
	if (run->state == RUN_CANCELLED || !session_is_running(run->session))
		return "ending";
	return run->state == RUN_PAUSED ? "paused" : "running";
}

/* Returns how many tasks have been run. */
static uint64_t ended(const struct run_counts *counts)
{
	return counts->finished - counts->outcomes[OUTCOME_SKIPPED];
}

static uint64_t view_failures(const struct run_counts *counts)
{
	return ended(counts) - counts->outcomes[OUTCOME_OK];
}

/* Returns how many tasks there are in all, 0 while unknown. */
static uint64_t total_of(const struct run *run, const struct run_counts *counts)
{
	if (run->state == RUN_DONE && !run->cancelled && counts->total < counts->submitted)
		return counts->submitted;
	return counts->total;
}

static void append_number(struct canvas_table *table, uint64_t number)
{
	bytes_append_format(&table->cells, "%" PRIu64, number);
	canvas_cell(table);
}

static void append_progress(const struct canvas *canvas, struct canvas_table *table, const struct run *run,
			    const struct run_counts *counts)
{
	uint64_t total = total_of(run, counts);

	bytes_append_format(&table->cells, "%" PRIu64 "/", ended(counts));
	if (total || (run->state == RUN_DONE && !counts->submitted))
		bytes_append_format(&table->cells, "%" PRIu64, total);
	else
		bytes_append_text(&table->cells, "?");
	canvas_cell(table);
	if (run->state != RUN_DONE && total && canvas->width >= BAR_WIDTH_MIN)
		canvas_bar(canvas, &table->cells, (double)ended(counts) / (double)total, BAR);
	canvas_cell(table);
}

void view_runs(const struct canvas *canvas, const struct runs *runs)
{
	static const char *const heading[] = {"run",     "state", "tasks",   "",  "failed",
					      "running", "time",  "command", NULL};
	struct canvas_table table = {.columns = "rlrlrrrl"};
	const struct run *run = runs_next(runs, NULL);

	if (!run) {
		canvas_line(canvas, slice_of("No runs yet. Begin one: map COMMAND... ::: ITEM...  (help tells more)"));
		return;
	}
	views_heading(&table, heading);
	for (; run; run = runs_next(runs, run)) {
		struct run_counts counts = run_counts(run);

		append_number(&table, run->number);
		bytes_append_text(&table.cells, view_state(run));
		canvas_cell(&table);
		append_progress(canvas, &table, run, &counts);
		append_number(&table, view_failures(&counts));
		append_number(&table, counts.running);
		canvas_time(&table.cells, counts.time);
		canvas_cell(&table);
		quote_terminal(&table.cells, slice_of(run->options.line));
		canvas_cell(&table);
	}
	canvas_draw(canvas, &table);
}

/* Returns the meaning of an exit status. */
static const char *meaning(int status)
{
	switch (status) {
	case EXIT_OK:
		return "all tasks succeeded";
	case EXIT_TASK_FAILED:
		return "a task failed";
	case EXIT_HALTED:
		return "stopped early (--halt, --until)";
	case EXIT_TASK_KILLED:
		return "a task did not come to its own end";
	case EXIT_CANNOT_EXECUTE:
		return "the command cannot be executed";
	case EXIT_NOT_FOUND:
		return "the command was not found";
	default:
		return "a failure of mpmap's own";
	}
}

static void show_state(const struct canvas *canvas, const struct run *run)
{
	struct bytes *out = canvas->out;

	canvas_key(canvas, "state");
	bytes_append_text(out, view_state(run));
	if (run->state == RUN_DONE && run->end.signal)
		bytes_append_format(out, ": ended by %s", error_signal(run->end.signal));
	else if (run->state == RUN_DONE && !(run->cancelled && !run->end.status))
		bytes_append_format(out, ": exit status %d, %s", run->end.status, meaning(run->end.status));
	else if (run->state == RUN_PAUSED)
		bytes_append_format(out, ": tasks that run go on, no others begin (resume %" PRIu64 ")", run->number);
	else if (run->state != RUN_DONE && (run->state == RUN_CANCELLED || !session_is_running(run->session)))
		bytes_append_text(out, ": tasks that run end, no others begin");
	else if (run->state == RUN_RUNNING)
		report_obstacles(run->session, out);
	bytes_append_text(out, "\n");
}

static void append_count(struct bytes *out, uint64_t count, const char *what, const char **separator)
{
	if (!count)
		return;
	bytes_append_format(out, "%s%" PRIu64 " %s", *separator, count, what);
	*separator = ", ";
}

static void show_tasks(const struct canvas *canvas, const struct run *run, const struct run_counts *counts)
{
	uint64_t total = total_of(run, counts), known = total ? total : counts->submitted;
	const char *separator = ": ";
	struct bytes *out = canvas->out;
	int outcome;

	canvas_key(canvas, "tasks");
	bytes_append_format(out, "%" PRIu64 "%s", known, total || run->state == RUN_DONE ? "" : " so far");
	for (outcome = 0; outcome < OUTCOMES; outcome++)
		append_count(out, counts->outcomes[outcome], outcome_name((enum outcome)outcome), &separator);
	append_count(out, counts->running, "running", &separator);
	if (run->state != RUN_DONE && known > counts->finished + counts->running)
		append_count(out, known - counts->finished - counts->running, "waiting", &separator);
	bytes_append_text(out, "\n");
	canvas_key(canvas, "time");
	canvas_time(out, counts->time);
	bytes_append_text(out, ", ");
	canvas_rate(out, ended(counts), counts->time);
	bytes_append_text(out, " tasks/s\n");
}

static void append_time_option(struct bytes *out, const char *name, nsec time)
{
	if (!time)
		return;
	bytes_append_format(out, " --%s=%.6g", name, (double)time / (double)NSEC_PER_SEC);
}

static void append_word_option(struct bytes *out, const char *name, const char *value)
{
	struct bytes word = {.data = NULL};

	if (!value)
		return;
	quote_shell(&word, slice_of(value));
	bytes_append_format(out, " --%s=", name);
	quote_terminal(out, bytes_slice(&word));
	bytes_release(&word);
}

/* Shows the options that affect tasks, also those set for all runs. */
static void show_options(const struct canvas *canvas, const struct run *run)
{
	const struct session_options *settings = &run->options.settings;
	struct bytes *out = canvas->out;
	size_t start = out->size, empty;

	canvas_key(canvas, "options");
	empty = --out->size;
	if (run->most < run->runs->options.workers)
		bytes_append_format(out, " --jobs=%zu", run->most);
	if (settings->policy.retries)
		bytes_append_format(out, " --retries=%" PRIu64, settings->policy.retries);
	append_word_option(out, "retry-on", settings->policy.again.text);
	append_time_option(out, "retry-delay", settings->policy.retry_delay);
	append_time_option(out, "timeout", settings->policy.limit.fixed);
	if (settings->policy.limit.percent)
		bytes_append_format(out, " --timeout=%" PRIu64 "%%", settings->policy.limit.percent);
	append_word_option(out, "until", settings->policy.until.text);
	append_time_option(out, "delay", settings->policy.delay);
	append_word_option(out, "rate", settings->policy.rate.text);
	if (settings->output.order != ORDER_INPUT)
		bytes_append_text(out, settings->output.order == ORDER_LINES ? " --line-buffer" : " --unordered");
	if (settings->output.format && settings->output.format != &output_text)
		bytes_append_format(out, " --output=%s", settings->output.format->name);
	if (settings->output.merged)
		bytes_append_text(out, " --merge-stderr");
	append_word_option(out, "each-out", settings->output.each);
	if (settings->output.newer)
		bytes_append_text(out, " --newer");
	append_word_option(out, "stdin-file", settings->input.file);
	append_word_option(out, "workdir", settings->command.directory);
	if (settings->command.max_rss)
		bytes_append_format(out, " --max-rss=%" PRIu64, settings->command.max_rss);
	for (size_t i = 0; i < settings->shared.count; i++)
		append_word_option(out, "shared", settings->shared.list[i].text);
	if (settings->state.is_wanted)
		bytes_append_text(out, settings->state.is_atomic ? " --state=atomic" : " --state");
	for (size_t i = 0; i < settings->slots.count; i++)
		append_word_option(out, "slot-env", settings->slots.list[i]);
	append_word_option(out, "initializer", settings->command.initializer);
	append_word_option(out, "finalizer", settings->command.finalizer);
	append_word_option(out, "journal", settings->durable.journal);
	bytes_append_text(out, settings->durable.resumes ? " --resume" : "");
	append_word_option(out, "joblog", settings->output.joblog);
	append_word_option(out, "log", settings->output.log);
	append_word_option(out, "report", settings->output.report);
	append_word_option(out, "results", settings->output.results);
	append_word_option(out, "memo", settings->output.memo);
	append_word_option(out, "out", settings->output.file);
	if (settings->command.executor->option)
		bytes_append_format(out, " --%s", settings->command.executor->option);
	if (out->size == empty)
		out->size = start;
	else
		bytes_append_text(out, "\n");
}

/* Shows the first tasks that failed, and how to see more. */
static void show_failures(const struct canvas *canvas, struct run *run, uint64_t count)
{
	const struct selection failed = {.run = run, .index = ARCHIVE_NONE, .failed = true};
	struct canvas_table table = {.columns = "  lll"};
	uint64_t index = selection_next(&failed, run, 0);
	struct bytes words = {.data = NULL};
	struct archive_task task;
	size_t i;

	for (i = 0; i < FAILURES_MAX && index != ARCHIVE_NONE; i++, index = selection_next(&failed, run, index + 1)) {
		bytes_append_format(&table.cells, "%" PRIu64 ".%" PRIu64, run->number, index + 1);
		canvas_cell(&table);
		bytes_clear(&words);
		if (archive_look(run->kept, index, &task) == 0) {
			outcome_describe(&task.result, &words);
			quote_terminal(&table.cells, bytes_slice(&words));
			canvas_cell(&table);
			quote_terminal(&table.cells, task.words.command);
			archive_task_release(&task);
		} else {
			canvas_cell(&table);
		}
		canvas_cell(&table);
	}
	canvas_key(canvas, "failed");
	bytes_append_format(canvas->out,
			    "%" PRIu64 " (errors %" PRIu64 " shows what they wrote, retry %" PRIu64 " repeats them)",
			    count, run->number, run->number);
	bytes_append_text(canvas->out, count > i ? "; the first:\n" : "\n");
	canvas_draw(canvas, &table);
	bytes_release(&words);
}

void view_run(const struct canvas *canvas, struct run *run)
{
	struct run_counts counts = run_counts(run);
	char key[32];

	snprintf(key, sizeof key, "run %" PRIu64, run->number);
	canvas_key(canvas, key);
	quote_terminal(canvas->out, slice_of(run->options.line));
	bytes_append_text(canvas->out, "\n");
	show_state(canvas, run);
	show_tasks(canvas, run, &counts);
	if (run->times.count) {
		canvas_key(canvas, "each took");
		times_describe(&run->times, canvas->out);
		bytes_append_text(canvas->out, "\n");
	}
	show_options(canvas, run);
	if (run->state != RUN_DONE) {
		canvas_key(canvas, "workers");
		bytes_append_format(canvas->out, "%zu%s\n", counts.workers,
				    counts.running ? ", and what they run:" : "");
		views_running(canvas, run->runs, run);
	}
	if (view_failures(&counts))
		show_failures(canvas, run, view_failures(&counts));
}
