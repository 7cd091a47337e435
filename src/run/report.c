/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels of tasks, lines on failed ones, and --stats. */
#include "run/report.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/quote.h"
#include "task/frame.h"
#include "codec/outcome.h"
#include "codec/output_json.h"
#include "run/origin/origin.h"
#include "run/display/advice.h"
#include "run/display/summary.h"
#include "run/product/products.h"
#include "run/session_private.h"
#include "run/tries/tries.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>

enum {
	/* Failed tasks with a line of their own. */
	LINES_MAX = 10,
	/* Bytes of a command or a record in such a line. */
	COMMAND_MAX = 512,
};

bool report_wants(const struct session *session, const struct result *result)
{
	return result_is_failure(result) && session->reported.failures < LINES_MAX && !session->options->output.quiet;
}

static double seconds(nsec time)
{
	return (double)time / (double)NSEC_PER_SEC;
}

void report_command_line(struct session *session, const struct task *task, uint32_t slot, struct bytes *line)
{
	struct template_values values = {.slot = slot};
	struct bytes command = {.data = NULL};

	template_quote(&session->template, task, &values, &command);
	bytes_append(line, command.data, command.size < COMMAND_MAX ? command.size : COMMAND_MAX);
	if (command.size > COMMAND_MAX)
		bytes_append_text(line, "...");
	bytes_release(&command);
}

char *report_problem(struct session *session, const struct result *result, const struct task *task)
{
	struct template_values values = {.slot = result->slot};
	struct slice directory;

	if (result->astray && frame_find(task->frame, FIELD_DIRECTORY, &directory))
		return mem_format("%s: %s", directory.data, strerror(result->number));
	if (result->misfiled)
		return products_problem(session, result, task);
	/* The worker could not make a command of it; expanding here finds the reason. */
	if (result->outcome != OUTCOME_NOT_STARTED || result->number != ENODATA)
		return NULL;
	if (!template_expand(&session->template, task, &values))
		return mem_string(error_text(&session->template.problem));
	if (session->options->output.tag && !template_expand(&session->tag, task, &values))
		return mem_string(error_text(&session->tag.problem));
	return NULL;
}

char *report_line(struct session *session, const struct result *result, const struct task *task)
{
	struct bytes line = {.data = NULL};
	struct slice record;

	outcome_describe(result, &line);
	/* There is no command: show the record. */
	if (task && result->number == ENODATA && result->reason) {
		if (!frame_find(task->frame, FIELD_WHOLE, &record))
			record = task->record;
		record.size = record.size < COMMAND_MAX ? record.size : COMMAND_MAX;
		bytes_append_text(&line, ": ");
		quote_shell(&line, record);
		task = NULL;
	}
	/* Some of its output was written: another attempt would add to it. */
	if (result->attempt && result->attempt < order_attempts(&session->order, result->index) &&
	    !order_may_repeat(&session->order, result->index))
		bytes_append_text(&line, " (not run again: its output was more than could be held)");
	if (task) {
		bytes_append_text(&line, ": ");
		report_command_line(session, task, result->slot, &line);
	}
	bytes_append(&line, "", 1);
	return line.data;
}

char *report_object(struct session *session, const struct task *task, uint32_t slot)
{
	struct template *shown = session->options->command.function[0] ? &session->template : &session->command;
	struct template_values values = {.slot = slot};
	struct bytes label = {.data = NULL};
	struct slice id = {.data = NULL};

	if (task->frame.size)
		frame_find(task->frame, FIELD_ID, &id);
	output_json_label(&label, id, template_expand(shown, task, &values));
	origin_append(session, task, &label);
	products_append(session, task, &label);
	tries_append(&session->tries, task->index, &label);
	bytes_append(&label, "", 1);
	return label.data;
}

char *report_label(struct session *session, const struct task *task, uint32_t slot)
{
	return session->outlet.format->is_table ? origin_cells(session, task) : report_object(session, task, slot);
}

void report_failure(struct session *session, const struct result *result)
{
	struct bytes *lines = &session->reported.failure_lines;
	bool cut_short = result->outcome == OUTCOME_LOST || result->outcome == OUTCOME_SIGNALED ||
			 result->outcome == OUTCOME_TIMEOUT;

	if (!report_wants(session, result) || !result->line)
		return;
	session->reported.failures++;
	bytes_append_format(lines, "mpmap: #%" PRIu64 ": ", result->index + 1);
	quote_terminal(lines, slice_of(result->line));
	if (cut_short && session->outlet.current_bytes)
		bytes_append_text(lines, " (what it had written is in the output)");
	bytes_append_text(lines, "\n");
}

void report_command(const struct session *session, const struct result *result, struct error *error)
{
	const struct command_options *options = &session->options->command;
	const char *name = session->briefing.words[0];
	struct bytes advice = {.data = NULL};

	if (!options->shell && !options->function[0])
		advice_append(&advice, &options->template, name);
	if (result->number != ENOENT)
		error_set_errno(error, result->number, "%s: cannot be executed", name);
	else if (strchr(name, '/'))
		error_set(error, "%s: command not found (or the interpreter that its first line names)", name);
	else if (options->misread)
		error_set(error, "%s: command not found (the value of --%s follows an equals sign: --%s=%s)", name,
			  options->misread, options->misread, name);
	else if (advice.size)
		error_set(error, "command not found: %s", bytes_text(&advice));
	else
		error_set(error, "%s: command not found", name);
	bytes_release(&advice);
}

void report_halt(const struct result *result, const char *line)
{
	diag_note("stopped by --halt after #%" PRIu64 ": %s", result->index + 1, line);
}

void report_unfit(struct session *session, struct slice why)
{
	const struct template_options *command = &session->command.options;

	if (!session->reported.unfit)
		diag_note("--zygote: %s: %.*s; it is executed for each task",
			  command->word_count ? command->words[0] : "tasks in JSON",
			  (int)(why.size < INT32_MAX ? why.size : INT32_MAX), why.data);
	session->reported.unfit = true;
}

void report_worker(struct session *session, enum packet_type type, struct slice words)
{
	if (type == PACKET_UNFIT) {
		report_unfit(session, words);
		return;
	}
	/* Of a run that replaces its workers there may be many. */
	if (!session->reported.unfinished++)
		diag_error("%.*s", (int)words.size, words.data);
}

void report_refusal(struct session *session, const struct error *error)
{
	if (!session->reported.refusal)
		diag_note(
			"%s; outputs that wait are held in memory alone now, and tasks wait where --buffer is full "
			"(TMPDIR names the folder)",
			error_text(error));
	session->reported.refusal = true;
}

void report_throttle(struct session *session)
{
	const struct pool *pool = session->pool;

	throttle_report(&session->throttle, !session->held && pool_counts(pool).outstanding && !pool_running(pool));
}

void report_obstacles(const struct session *session, struct bytes *out)
{
	size_t seats = pool_counts(session->pool).seats, seat, stopped = 0;

	for (seat = 0; seat < seats; seat++)
		stopped += pool_stopped_at(session->pool, seat) != NULL;
	if (!ending_permits(session)->begins)
		bytes_append_text(out, "; ending");
	if (session->throttle.shut) {
		bytes_append_text(out, "; ");
		throttle_describe(&session->throttle, out);
	} else if (order_is_full(&session->order)) {
		bytes_append_text(out, "; results wait for their turn");
	}
	if (stopped)
		bytes_append_format(out, "; %zu worker%s stopped", stopped, stopped == 1 ? " is" : "s are");
}

/* Appends the first line of the state: the run in figures. */
static void append_run_state(const struct session *session, struct bytes *out)
{
	const struct session_tally *tally = &session->tally;
	struct pool_counts counts = pool_counts(session->pool);
	uint64_t total = tally->total ? tally->total : tally->submitted;
	uint64_t failed = tally->finished - tally->outcomes[OUTCOME_OK] - tally->outcomes[OUTCOME_SKIPPED];

	bytes_append_format(out,
			    "mpmap: %" PRIu64 " of %" PRIu64 "%s task%s done, %" PRIu64
			    " failed, %zu running, %zu to be run again; ",
			    tally->finished, total, tally->total ? "" : "+", total == 1 ? "" : "s", failed,
			    pool_running(session->pool), counts.retries);
	bytes_append_format(out, "%zu of %zu workers (%s)", counts.live, counts.jobs,
			    session->options->workers.method->name);
	report_obstacles(session, out);
	bytes_append_text(out, "\n");
}

/* Appends the line of the worker in a seat, if it runs a task or is stopped. */
static void append_worker_state(struct session *session, size_t seat, struct bytes *out)
{
	const struct process *stopped = pool_stopped_at(session->pool, seat);
	struct bytes words = {.data = NULL};
	struct running_task task;

	if (!pool_running_at(session->pool, seat, &task)) {
		if (stopped)
			bytes_append_format(out, "mpmap: %s (pid %ld, stopped)\n", stopped->name, (long)stopped->pid);
		return;
	}
	report_command_line(session, &task.task, task.slot, &words);
	bytes_append_format(out, "mpmap: %s (pid %ld%s): #%" PRIu64 " for %.1f s (pid %ld): ", task.worker->name,
			    (long)task.worker->pid, stopped ? ", stopped" : "", task.task.index + 1,
			    seconds(clock_now() - task.started), (long)task.pid);
	quote_terminal(out, bytes_slice(&words));
	bytes_append_text(out, "\n");
	bytes_release(&words);
}

void report_state(struct session *session)
{
	size_t seats = pool_counts(session->pool).seats, seat;
	struct bytes out = {.data = NULL};

	append_run_state(session, &out);
	for (seat = 0; seat < seats; seat++)
		append_worker_state(session, seat, &out);
	diag_line(bytes_slice(&out));
	bytes_release(&out);
}

/* Reports how far the run was when a signal ended it, in one line. */
static void report_interruption(const struct session *session)
{
	const struct session_tally *tally = &session->tally;
	uint64_t left = tally->submitted - tally->finished, skipped = tally->outcomes[OUTCOME_SKIPPED];
	uint64_t cut = session->ending.cut < left ? session->ending.cut : left;
	uint64_t total = tally->total > tally->submitted ? tally->total : tally->submitted;
	uint64_t done = tally->finished - skipped - tally->stopped;
	uint64_t failed = done - tally->outcomes[OUTCOME_OK], idle = total - done - tally->stopped - cut;
	struct bytes line = {.data = NULL};

	bytes_append_format(&line, "ended by %s: %" PRIu64 " done", error_signal(session->ending.signal), done);
	if (failed)
		bytes_append_format(&line, " (%" PRIu64 " failed)", failed);
	bytes_append_format(&line, ", %" PRIu64 " stopped", tally->stopped + cut);
	/* More may not have been read. */
	if (tally->total || idle)
		bytes_append_format(&line, ", %s%" PRIu64 " not begun", tally->total ? "" : "at least ", idle);
	/* Without any task there is nothing to say. */
	if (total)
		diag_note("%s", bytes_text(&line));
	bytes_release(&line);
}

static uint64_t peak_memory(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) < 0 ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

static void report_stats(const struct session *session)
{
	struct pool_tally tally = pool_tally(session->pool);
	uint64_t tasks = session->tally.finished,
		 failures = tasks - session->tally.outcomes[OUTCOME_OK] - session->tally.outcomes[OUTCOME_SKIPPED];
	nsec wall = clock_now() - session->started, cpu = clock_cpu();
	struct bytes out = {.data = NULL};

	bytes_append_format(&out, "mpmap: tasks: %" PRIu64 "\n", tasks);
	bytes_append_format(&out, "mpmap: failures: %" PRIu64 "\n", failures);
	bytes_append_format(&out, "mpmap: run more than once: %" PRIu64 "\n", session->tally.retried);
	if (memo_is_on(&session->memo))
		bytes_append_format(&out, "mpmap: taken from the memo: %" PRIu64 "\n", session->memo.taken);
	bytes_append_format(&out, "mpmap: wall time: %.3f s\n", seconds(wall));
	bytes_append_format(&out, "mpmap: tasks per second: %.1f\n", wall ? (double)tasks / seconds(wall) : 0);
	if (session->times.count) {
		bytes_append_text(&out, "mpmap: task times: ");
		times_describe(&session->times, &out);
		bytes_append_text(&out, "\n");
	}
	bytes_append_format(&out, "mpmap: workers: %" PRIu64 " started, %" PRIu64 " died\n", tally.workers_started,
			    tally.workers_died);
	bytes_append_format(&out, "mpmap: busy ratio of the workers: %.1f %%\n",
			    tally.worker_time ? 100 * (double)tally.task_time / (double)tally.worker_time : 0);
	bytes_append_format(&out, "mpmap: parent's CPU time per task: %.1f us\n",
			    tasks ? (double)cpu / (double)NSEC_PER_USEC / (double)tasks : 0);
	bytes_append_format(&out, "mpmap: chunk sizes: %" PRIu32 " to %" PRIu32 " (%" PRIu64 " chunks)\n",
			    tally.chunk_min, tally.chunk_max, tally.chunks);
	bytes_append_format(&out, "mpmap: peak memory: %" PRIu64 " bytes (%" PRIu64 " of them held results)\n",
			    peak_memory(), session->order.peak);
	bytes_append_format(&out, "mpmap: spilled: %" PRIu64 " bytes\n", order_spilled(&session->order));
	diag_line(bytes_slice(&out));
	bytes_release(&out);
}

bool report_needs_times(const struct session *session)
{
	return session->options->output.stats || progress_is_on(&session->progress);
}

void report_end(struct session *session)
{
	bool command_failed =
		session->ending.failure == EXIT_NOT_FOUND || session->ending.failure == EXIT_CANNOT_EXECUTE;

	if (!session->options->output.quiet && !session->ending.reader_gone)
		clearance_report(&session->clearance, session->ending.clears);
	/*
	 * A single message suffices: what ended the run, that the command cannot be run, or why the run was aborted or
	 * lost its output.
	 */
	if (session->ending.signal)
		report_interruption(session);
	else if (!command_failed && !ending_is_aborted(session) && !session->ending.lost_output)
		summary_report(session);
	ending_report_until(session);
	products_report(&session->products);
	if (session->reported.unfinished > 1)
		diag_error("%" PRIu64 " workers failed at their end", session->reported.unfinished);
	if (session->options->output.stats)
		report_stats(session);
}

int report_status(const struct session *session)
{
	const uint64_t *outcomes = session->tally.outcomes;

	if (session->ending.failure)
		return session->ending.failure;
	if (session->reported.unfinished)
		return EXIT_TROUBLE;
	if (session->ending.halted)
		return session->options->policy.halt.why == HALT_SUCCESS ? EXIT_OK : EXIT_HALTED;
	if (ending_is_out_of_time(session))
		return EXIT_HALTED;
	if (outcomes[OUTCOME_SIGNALED] || outcomes[OUTCOME_TIMEOUT] || outcomes[OUTCOME_LOST] ||
	    outcomes[OUTCOME_NOT_STARTED])
		return EXIT_TASK_KILLED;
	return outcomes[OUTCOME_FAILED] ? EXIT_TASK_FAILED : EXIT_OK;
}
