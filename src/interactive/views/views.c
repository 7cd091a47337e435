/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of runs: all of them in a table, one of them in full. */
#include "interactive/views/views.h"

#include "base/quote.h"
#include "run/report.h"
#include "interactive/runs/selection.h"

#include <inttypes.h>

enum {
	/* A bar for those that run, in the table; and how wide a terminal must be for it. */
	BAR = 10,
	BAR_WIDTH_MIN = 96,
	/* Failed tasks that are listed. */
	FAILURES_MAX = 5,
};

const char *view_state(const struct job *job)
{
	if (job->state == JOB_DONE)
		return job->cancelled ? "cancelled" : job->status || job->signal ? "failed" : "done";
	if (job->state == JOB_CANCELLED || job->session.phase != SESSION_RUNNING)
		return "ending";
	return job->state == JOB_PAUSED ? "paused" : "running";
}

/* Tasks that have been run; those of them that failed. */
static uint64_t ended(const struct job_counts *counts)
{
	return counts->finished - counts->outcomes[OUTCOME_SKIPPED];
}

static uint64_t view_failures(const struct job_counts *counts)
{
	return ended(counts) - counts->outcomes[OUTCOME_OK];
}

/* How many tasks there are in all; 0 while that is not known. */
static uint64_t total_of(const struct job *job, const struct job_counts *counts)
{
	if (job->state == JOB_DONE && !job->cancelled && counts->total < counts->submitted)
		return counts->submitted;
	return counts->total;
}

static void append_number(struct canvas_table *table, uint64_t number)
{
	bytes_append_format(&table->cells, "%" PRIu64, number);
	canvas_cell(table);
}

static void append_heading(struct canvas_table *table, const char *const *words)
{
	for (; *words; words++) {
		bytes_append_text(&table->cells, *words);
		canvas_cell(table);
	}
}

static void append_progress(const struct canvas *canvas, struct canvas_table *table, const struct job *job,
			    const struct job_counts *counts)
{
	uint64_t total = total_of(job, counts);

	bytes_append_format(&table->cells, "%" PRIu64 "/", ended(counts));
	if (total || (job->state == JOB_DONE && !counts->submitted))
		bytes_append_format(&table->cells, "%" PRIu64, total);
	else
		bytes_append_text(&table->cells, "?");
	canvas_cell(table);
	if (job->state != JOB_DONE && total && canvas->width >= BAR_WIDTH_MIN)
		canvas_bar(canvas, &table->cells, (double)ended(counts) / (double)total, BAR);
	canvas_cell(table);
}

void view_jobs(const struct canvas *canvas, const struct jobs *jobs)
{
	static const char *const heading[] = {"run",     "state", "tasks",   "",  "failed",
					      "running", "time",  "command", NULL};
	struct canvas_table table = {.columns = "rlrlrrrl"};
	const struct job *job = jobs_next(jobs, NULL);

	if (!job) {
		canvas_line(canvas, slice_of("No runs yet. Begin one: map COMMAND... ::: ITEM...  (help tells more)"));
		return;
	}
	append_heading(&table, heading);
	for (; job; job = jobs_next(jobs, job)) {
		struct job_counts counts = job_counts(job);

		append_number(&table, job->number);
		bytes_append_text(&table.cells, view_state(job));
		canvas_cell(&table);
		append_progress(canvas, &table, job, &counts);
		append_number(&table, view_failures(&counts));
		append_number(&table, counts.running);
		canvas_time(&table.cells, counts.time);
		canvas_cell(&table);
		quote_terminal(&table.cells, slice_of(job->options.line));
		canvas_cell(&table);
	}
	canvas_draw(canvas, &table);
}

static void append_running(struct canvas_table *table, struct job *job)
{
	struct bytes words = {.data = NULL};
	struct running_task task;
	size_t seat;

	for (seat = 0; job->state != JOB_DONE && seat < job->session.pool.seats; seat++) {
		if (!job_running_at(job, seat, &task))
			continue;
		bytes_append_format(&table->cells, "%" PRIu64 ".%" PRIu64, job->number, task.task.index + 1);
		canvas_cell(table);
		canvas_time(&table->cells, clock_now() - task.started);
		canvas_cell(table);
		if (task.pid)
			bytes_append_format(&table->cells, "%ld", (long)task.pid);
		canvas_cell(table);
		quote_terminal(&table->cells, slice_of(task.worker->name));
		canvas_cell(table);
		bytes_clear(&words);
		report_command_line(&job->session, &task.task, task.slot, &words);
		quote_terminal(&table->cells, bytes_slice(&words));
		canvas_cell(table);
	}
	bytes_release(&words);
}

void view_running(const struct canvas *canvas, struct jobs *jobs, struct job *job)
{
	static const char *const heading[] = {"task", "for", "pid", "worker", "command", NULL};
	struct canvas_table table = {.columns = "  lrrll"};
	size_t empty;

	append_heading(&table, heading);
	empty = table.cells.size;
	if (job)
		append_running(&table, job);
	else
		for (job = jobs_next(jobs, NULL); job; job = jobs_next(jobs, job))
			append_running(&table, job);
	if (table.cells.size > empty)
		canvas_draw(canvas, &table);
	bytes_release(&table.cells);
}

/* What an exit status says. */
static const char *meaning(int status)
{
	switch (status) {
	case EXIT_OK:
		return "all tasks succeeded";
	case EXIT_TASK_FAILED:
		return "a task failed";
	case EXIT_HALTED:
		return "stopped by --halt";
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

static void show_state(const struct canvas *canvas, const struct job *job)
{
	struct bytes *out = canvas->out;

	canvas_key(canvas, "state");
	bytes_append_text(out, view_state(job));
	if (job->state == JOB_DONE && job->signal)
		bytes_append_format(out, ": ended by %s", error_signal(job->signal));
	else if (job->state == JOB_DONE && !(job->cancelled && !job->status))
		bytes_append_format(out, ": exit status %d, %s", job->status, meaning(job->status));
	else if (job->state == JOB_PAUSED)
		bytes_append_format(out, ": tasks that run go on, no others begin (resume %" PRIu64 ")", job->number);
	else if (job->state != JOB_DONE && (job->state == JOB_CANCELLED || job->session.phase != SESSION_RUNNING))
		bytes_append_text(out, ": tasks that run end, no others begin");
	bytes_append_text(out, "\n");
}

static void append_count(struct bytes *out, uint64_t count, const char *what, const char **separator)
{
	if (!count)
		return;
	bytes_append_format(out, "%s%" PRIu64 " %s", *separator, count, what);
	*separator = ", ";
}

static void show_tasks(const struct canvas *canvas, const struct job *job, const struct job_counts *counts)
{
	uint64_t total = total_of(job, counts), known = total ? total : counts->submitted;
	const char *separator = ": ";
	struct bytes *out = canvas->out;
	int outcome;

	canvas_key(canvas, "tasks");
	bytes_append_format(out, "%" PRIu64 "%s", known, total || job->state == JOB_DONE ? "" : " so far");
	for (outcome = 0; outcome < OUTCOMES; outcome++)
		append_count(out, counts->outcomes[outcome], outcome_name((enum outcome)outcome), &separator);
	append_count(out, counts->running, "running", &separator);
	if (job->state != JOB_DONE && known > counts->finished + counts->running)
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

/* Those that decide what becomes of tasks, also where they were set for all runs. */
static void show_options(const struct canvas *canvas, const struct job *job)
{
	const struct session_options *run = &job->options.run;
	struct bytes *out = canvas->out;
	size_t start = out->size, empty;

	canvas_key(canvas, "options");
	empty = --out->size;
	if (job->most < job->jobs->options.workers)
		bytes_append_format(out, " --jobs=%zu", job->most);
	if (run->retries)
		bytes_append_format(out, " --retries=%" PRIu64, run->retries);
	append_time_option(out, "retry-delay", run->retry_delay);
	append_time_option(out, "timeout", run->limit.fixed);
	if (run->limit.percent)
		bytes_append_format(out, " --timeout=%" PRIu64 "%%", run->limit.percent);
	append_time_option(out, "delay", run->delay);
	if (run->order != ORDER_INPUT)
		bytes_append_text(out, run->order == ORDER_LINES ? " --line-buffer" : " --unordered");
	if (run->format && run->format != &output_text)
		bytes_append_format(out, " --output=%s", run->format->name);
	append_word_option(out, "workdir", run->directory);
	append_word_option(out, "initializer", run->initializer);
	append_word_option(out, "joblog", run->joblog);
	append_word_option(out, "results", run->results);
	if (run->dry_run)
		bytes_append_text(out, " --dry-run");
	if (out->size == empty)
		out->size = start;
	else
		bytes_append_text(out, "\n");
}

/* The first tasks that failed, and how to see more. */
static void show_failures(const struct canvas *canvas, struct job *job, uint64_t count)
{
	const struct selection failed = {.job = job, .index = ARCHIVE_NONE, .failed = true};
	struct canvas_table table = {.columns = "  lll"};
	uint64_t index = selection_next(&failed, job, 0);
	struct bytes words = {.data = NULL};
	struct archive_task task;
	size_t i;

	for (i = 0; i < FAILURES_MAX && index != ARCHIVE_NONE; i++, index = selection_next(&failed, job, index + 1)) {
		bytes_append_format(&table.cells, "%" PRIu64 ".%" PRIu64, job->number, index + 1);
		canvas_cell(&table);
		bytes_clear(&words);
		if (archive_look(job->kept, index, &task) == 0) {
			output_describe(&task.result, &words);
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
			    count, job->number, job->number);
	bytes_append_text(canvas->out, count > i ? "; the first:\n" : "\n");
	canvas_draw(canvas, &table);
	bytes_release(&words);
}

void view_job(const struct canvas *canvas, struct job *job)
{
	struct job_counts counts = job_counts(job);
	char key[32];

	snprintf(key, sizeof key, "run %" PRIu64, job->number);
	canvas_key(canvas, key);
	quote_terminal(canvas->out, slice_of(job->options.line));
	bytes_append_text(canvas->out, "\n");
	show_state(canvas, job);
	show_tasks(canvas, job, &counts);
	if (job->longest) {
		canvas_key(canvas, "each took");
		view_times(canvas->out, job->buckets, job->longest);
		bytes_append_text(canvas->out, "\n");
	}
	show_options(canvas, job);
	if (job->state != JOB_DONE) {
		canvas_key(canvas, "workers");
		bytes_append_format(canvas->out, "%zu%s\n", counts.workers,
				    counts.running ? ", and what they run:" : "");
		view_running(canvas, job->jobs, job);
	}
	if (view_failures(&counts))
		show_failures(canvas, job, view_failures(&counts));
}
