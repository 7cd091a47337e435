/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of tasks: one task in full, all tasks in figures. */
#include "interactive/views/views.h"

#include "base/quote.h"
#include "codec/outcome.h"
#include "run/report.h"
#include "interactive/views/views_parts.h"

#include <inttypes.h>
#include <time.h>

enum {
	/* Columns of the longest bar of the histogram. */
	BAR_MIN = 10,
	BAR_MAX = 50,
	/* Columns of the rest of its line. */
	BAR_BESIDE = 28,
	/* Bytes of a task's standard input that are shown. */
	INPUT_MAX = 60,
};

static void append_worker(struct bytes *out, const struct run *run, uint32_t number)
{
	bytes_append_format(out, "%sWorker-%" PRIu32, run->options.settings.workers.method->prefix, number);
}

/* Appends local time and its offset from UTC. */
static void append_date(struct bytes *out, nsec time)
{
	time_t second = (time_t)(time / NSEC_PER_SEC);
	char date[64], zone[16];
	struct tm parts;

	localtime_r(&second, &parts);
	strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
	strftime(zone, sizeof zone, "%z", &parts);
	bytes_append_format(out, "%s.%03u %s", date, (unsigned)(time % NSEC_PER_SEC / NSEC_PER_MSEC), zone);
}

static void view_task_show_text(const struct canvas *canvas, const char *key, struct slice text)
{
	canvas_key(canvas, key);
	quote_terminal(canvas->out, text);
	bytes_append_text(canvas->out, "\n");
}

static void show_outcome(const struct canvas *canvas, const struct result *result)
{
	struct result once = *result;
	struct bytes words = {.data = NULL};

	/* The attempts have a line of their own. */
	once.attempt = 1;
	if (result->outcome == OUTCOME_OK || result->outcome == OUTCOME_FAILED)
		bytes_append_format(&words, "%s: ", outcome_name(result->outcome));
	outcome_describe(&once, &words);
	view_task_show_text(canvas, "outcome", bytes_slice(&words));
	bytes_release(&words);
	if (result->attempt) {
		canvas_key(canvas, "attempts");
		bytes_append_format(canvas->out, "%" PRIu32 "\n", result->attempt);
	}
}

/* Shows what a task left in its process group, and whether its output was closed for that. */
static void show_leftovers(const struct canvas *canvas, const struct result *result)
{
	if (!result->leftovers && !result->output_cut)
		return;
	canvas_key(canvas, "left");
	bytes_append_format(canvas->out, "%" PRIu32 " process%s of its group%s\n", result->leftovers,
			    result->leftovers == 1 ? "" : "es",
			    result->output_cut ? "; its output was cut, since one still held it" : "");
}

/* Shows where, when and how long a task ran, and what it used. */
static void show_process(const struct canvas *canvas, const struct run *run, const struct result *result)
{
	struct bytes *out = canvas->out;

	if (!result->ran)
		return;
	canvas_key(canvas, "worker");
	append_worker(out, run, result->worker);
	bytes_append_format(out, ", slot %" PRIu32, result->slot);
	if (result->pid)
		bytes_append_format(out, ", pid %ld", (long)result->pid);
	bytes_append_text(out, "\n");
	canvas_key(canvas, "started");
	append_date(out, result->start);
	bytes_append_text(out, "\n");
	canvas_key(canvas, "took");
	canvas_time(out, result->duration);
	if (result->user_time >= 0) {
		bytes_append_text(out, " (user ");
		canvas_time(out, result->user_time);
		bytes_append_text(out, ", system ");
		canvas_time(out, result->system_time);
		bytes_append_text(out, ")");
	}
	bytes_append_text(out, "\n");
	show_leftovers(canvas, result);
	if (!result->max_rss)
		return;
	canvas_key(canvas, "memory");
	canvas_size(out, result->max_rss);
	bytes_append_text(out, " at most\n");
}

/* Shows how much a task wrote to a stream, and how much of that is kept. */
static void show_stream(const struct canvas *canvas, struct run *run, const struct archive_task *task,
			enum stream stream)
{
	const char *name = stream == STREAM_OUTPUT ? "output" : "errors",
		   *command = stream == STREAM_OUTPUT ? "out" : "errors";
	struct chain_reading reading = {.streams = 1u << stream};
	uint64_t written = task->written[stream - 1];
	struct error error = {.number = 0};
	struct bytes *out = canvas->out;

	canvas_key(canvas, name);
	canvas_size(out, written);
	if (written && archive_read(run->kept, task->result.index, &reading, &error) < 0) {
		bytes_append_text(out, ", which cannot be read: ");
		quote_terminal(out, slice_of(error_text(&error)));
	} else if (written && reading.missing) {
		bytes_append_text(out, ", of which the first ");
		canvas_size(out, reading.missing);
		bytes_append_text(out, " had to make room");
	}
	if (written > reading.missing && !error.text)
		bytes_append_format(out, " (%s %" PRIu64 ".%" PRIu64 ")", command, run->number, task->result.index + 1);
	bytes_append_text(out, "\n");
	error_release(&error);
}

static void show_kept(const struct canvas *canvas, struct run *run, const struct archive_task *task)
{
	struct slice input = task->words.record;
	struct bytes word = {.data = NULL};

	view_task_show_text(canvas, "command", task->words.command);
	if ((run->options.settings.input.to_stdin || task->words.width == CHUNK_LINES) && input.size) {
		input.size = input.size < INPUT_MAX ? input.size : INPUT_MAX;
		quote_shell(&word, input);
		bytes_append_text(&word, input.size < task->words.record.size ? "..." : "");
		view_task_show_text(canvas, "input", bytes_slice(&word));
		bytes_release(&word);
	}
	show_outcome(canvas, &task->result);
	show_process(canvas, run, &task->result);
	show_stream(canvas, run, task, STREAM_OUTPUT);
	show_stream(canvas, run, task, STREAM_ERRORS);
}

/* Shows a task that runs now. Returns false if it does not run. */
static bool show_running(const struct canvas *canvas, struct run *run, uint64_t index)
{
	struct bytes words = {.data = NULL}, *out = canvas->out;
	struct running_task task;
	size_t seat;

	for (seat = 0; run->state != RUN_DONE && seat < pool_counts(session_pool(run->session)).seats; seat++) {
		if (!run_running_at(run, seat, &task) || task.task.index != index)
			continue;
		report_command_line(run->session, &task.task, task.slot, &words);
		view_task_show_text(canvas, "command", bytes_slice(&words));
		bytes_release(&words);
		canvas_key(canvas, "outcome");
		bytes_append_text(out, "none yet: it has been running for ");
		canvas_time(out, clock_now() - task.started);
		if (task.task.attempt > 1)
			bytes_append_format(out, " (attempt %" PRIu32 ")", task.task.attempt);
		bytes_append_text(out, "\n");
		canvas_key(canvas, "worker");
		quote_terminal(out, slice_of(task.worker->name));
		bytes_append_format(out, ", slot %" PRIu32, task.slot);
		if (task.pid)
			bytes_append_format(out, ", pid %ld", (long)task.pid);
		bytes_append_text(out, "\n");
		return true;
	}
	return false;
}

/* Shows a task whose command is unknown, with its outcome if that is known. */
static void show_bare(const struct canvas *canvas, const struct run *run, uint64_t index)
{
	struct run_counts counts = run_counts(run);
	enum archive_presence presence = archive_presence(run->kept, index);
	const char *words = "none yet: it waits for its turn", *nothing = "there is no such task";
	int outcome;

	if (presence == ARCHIVE_OPEN && run->state != RUN_DONE)
		words = "none yet: it waits to be run again, or has just ended";
	else if (run->options.settings.durable.resumes && presence == ARCHIVE_UNKNOWN && run->state == RUN_DONE &&
		 index < counts.submitted)
		words = "not run by this map: done before, or the run ended before it";
	else if (index < counts.submitted && archive_counted(run->kept, ~0u))
		words = "not known any more: what is known of tasks long ago had to make room";
	else if (run->state == RUN_DONE)
		words = index < counts.submitted || index < counts.total ? "skipped: the run ended before it" : nothing;
	else if (index >= counts.submitted)
		words = counts.total && index >= counts.total ? nothing : "none yet: it has not been read";
	for (outcome = 0; presence != ARCHIVE_UNKNOWN && outcome < OUTCOMES; outcome++) {
		if (archive_next(run->kept, index, 1u << outcome) == index)
			break;
	}
	canvas_key(canvas, "outcome");
	if (presence != ARCHIVE_UNKNOWN && outcome < OUTCOMES)
		bytes_append_format(canvas->out, "%s (all else had to make room for later tasks)\n",
				    outcome_name((enum outcome)outcome));
	else
		bytes_append_format(canvas->out, "%s\n", words);
}

void view_task(const struct canvas *canvas, struct run *run, uint64_t index)
{
	struct archive_task task;
	char name[48];

	snprintf(name, sizeof name, "%" PRIu64 ".%" PRIu64, run->number, index + 1);
	view_task_show_text(canvas, "task", slice_of(name));
	if (show_running(canvas, run, index))
		return;
	if (archive_look(run->kept, index, &task) < 0) {
		show_bare(canvas, run, index);
		return;
	}
	show_kept(canvas, run, &task);
	archive_task_release(&task);
}

/* Stores the first and the last octave that have tasks, of which there are some. */
static void find_octaves(const struct times *times, unsigned *first, unsigned *last)
{
	nsec bound;

	*first = 0;
	*last = TIMES_OCTAVES - 1;
	while (!times_octave(times, *first, &bound))
		++*first;
	while (!times_octave(times, *last, &bound))
		--*last;
}

static void show_histogram(const struct canvas *canvas, const struct times *times)
{
	size_t room = canvas->width > BAR_BESIDE ? canvas->width - BAR_BESIDE : 0;
	size_t columns = !canvas->width || room > BAR_MAX ? BAR_MAX : room > BAR_MIN ? room : BAR_MIN;
	struct canvas_table table = {.columns = "  rrl"};
	uint64_t most = 1, count;
	unsigned first, last, i;
	nsec bound;

	find_octaves(times, &first, &last);
	for (i = first; i <= last; i++) {
		count = times_octave(times, i, &bound);
		most = count > most ? count : most;
	}
	for (i = first; i <= last; i++) {
		count = times_octave(times, i, &bound);
		bytes_append_text(&table.cells, "under ");
		canvas_time(&table.cells, bound);
		canvas_cell(&table);
		bytes_append_format(&table.cells, "%" PRIu64, count);
		canvas_cell(&table);
		canvas_bar(canvas, &table.cells, (double)count / (double)most, columns);
		canvas_cell(&table);
	}
	canvas_draw(canvas, &table);
}

/* Sums over runs. */
struct sums {
	struct times times;
	nsec task_time;
	nsec worker_time;
	size_t running;
};

static void view_task_add(struct sums *sums, struct run *run)
{
	struct run_counts counts = run_counts(run);

	times_add_all(&sums->times, &run->times);
	sums->task_time += counts.task_time;
	sums->worker_time += counts.worker_time;
	sums->running += counts.running;
}

static void show_workers(const struct canvas *canvas, const struct runs *runs, const struct sums *sums)
{
	const struct reserve *reserve = &runs->reserve;
	struct bytes *out = canvas->out;

	canvas_key(canvas, "workers");
	bytes_append_format(out, "%zu at most; %zu live: %zu with runs, %zu in reserve; %" PRIu32 " started so far\n",
			    reserve->size, reserve_count(reserve), reserve->engaged, reserve->idle,
			    reserve->last_number);
	canvas_key(canvas, "busy");
	if (sums->worker_time > 0)
		bytes_append_format(out, "%.0f %% of the time that workers were with runs",
				    100 * (double)sums->task_time / (double)sums->worker_time);
	else
		bytes_append_text(out, "no worker has been with a run yet");
	if (sums->running)
		bytes_append_format(out, "; %zu task%s running now:", sums->running, canvas_plural(sums->running));
	bytes_append_text(out, "\n");
}

void view_stats(const struct canvas *canvas, struct runs *runs, struct run *run)
{
	struct sums sums = {.running = 0};
	struct run *each;

	for (each = run ? run : runs_next(runs, NULL); each; each = run ? NULL : runs_next(runs, each))
		view_task_add(&sums, each);
	show_workers(canvas, runs, &sums);
	views_running(canvas, runs, run);
	if (sums.times.count) {
		canvas_key(canvas, "task times");
		times_describe(&sums.times, canvas->out);
		bytes_append_text(canvas->out, "\n");
		show_histogram(canvas, &sums.times);
	}
	times_release(&sums.times);
}
