/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a run: it begins, continues step by step, and is done. */
#include "interactive/runs/run.h"

#include "base/diag.h"
#include "base/mem.h"
#include "task/chunk.h"
#include "run/supply.h"
#include "run/verdict.h"
#include "interactive/runs/runs.h"

#include <inttypes.h>

enum {
	/* Seats for workers that a run has at least, in case the pool grows. */
	SEATS_MIN = 64,
};

struct run_text *run_text_new(char **words)
{
	struct run_text *text = mem_new(1, sizeof *text);

	*text = (struct run_text){.uses = 1, .words = words};
	return text;
}

struct run_options run_options_share(const struct run_options *options, const char *line)
{
	struct run_options shared = *options;

	shared.text->uses++;
	shared.line = mem_string(line);
	return shared;
}

void run_options_settle(struct run_options *run, const char *base)
{
	const char *directory = run->settings.command.directory;

	if (!base || (directory && directory[0] == '/'))
		return;
	if (!run->text->folder)
		run->text->folder = directory ? mem_format("%s/%s", base, directory) : mem_string(base);
	run->settings.command.directory = run->text->folder;
}

void run_options_release(struct run_options *options)
{
	struct run_text *text = options->text;
	char **word;
	size_t i;

	free(options->line);
	options->line = NULL;
	options->text = NULL;
	if (!text || --text->uses)
		return;
	for (word = text->words; word && *word; word++)
		free(*word);
	for (i = 0; i < text->name_count; i++)
		free(text->names[i]);
	free(text->names);
	free(text->widths);
	free(text->words);
	free(text->sources);
	free(text->function);
	free(text->again);
	free(text->again_rest);
	free(text->folder);
	free(text);
}

static void run_on_room(struct session_owner *owner)
{
	struct run *run = container_of(owner, struct run, owner);

	feeder_feed(run->feeder);
	if (feeder_is_fed(run->feeder))
		session_end_input(run->session);
}

static int archive_record_piece(struct recorder *recorder, const struct recorder_piece *piece,
				struct error *error UNUSED)
{
	struct run *run = container_of(recorder, struct run, recorder);

	archive_put(run->kept, piece->index, piece->attempt, piece->stream, piece->bytes);
	return 0;
}

static void archive_forget_pieces(struct recorder *recorder, uint64_t index, uint32_t attempt UNUSED)
{
	archive_restart(container_of(recorder, struct run, recorder)->kept, index);
}

/* Returns a width of a chunk that could hold the task. */
static uint32_t run_width_of(const struct task *task)
{
	if (task->frame.size)
		return CHUNK_FRAMES;
	return task->is_line ? CHUNK_LINES : task->value_count;
}

static int archive_record_result(struct recorder *recorder, const struct recorder_entry *entry,
				 struct error *error UNUSED)
{
	struct run *run = container_of(recorder, struct run, recorder);
	struct archive_words words = {.command = entry->shown};

	/* Only failed tasks can be repeated. */
	if (entry->task && result_is_failure(entry->result)) {
		words.record = entry->task->bytes;
		words.width = run_width_of(entry->task);
	}
	if (entry->result->ran)
		times_add(&run->times, entry->result->duration, result_count(entry->result));
	archive_finish(run->kept, entry->result, &words);
	return 0;
}

/* The archive as a recorder: what interactive runs leave. */
static const struct recorder_kind archive_recorder = {
	.texts = RECORDER_SHOWN,
	.put = archive_record_piece,
	.forget = archive_forget_pieces,
	.count = archive_record_result,
};

static bool screen_has_room(struct outlet_screen *screen)
{
	struct runs_owner *owner = container_of(screen, struct run, screen)->runs->owner;

	return owner->has_room(owner);
}

static void screen_put(struct outlet_screen *screen, uint64_t index, enum stream stream, struct slice bytes)
{
	struct run *run = container_of(screen, struct run, screen);

	run->runs->owner->put(run->runs->owner, run, index, stream, bytes);
}

static void screen_ended(struct outlet_screen *screen, uint64_t index)
{
	struct run *run = container_of(screen, struct run, screen);

	run->runs->owner->task_ended(run->runs->owner, run, index);
}

/* Closes the feeder. The names of columns are kept, since tasks of the run may be repeated. */
static void end_feeding(struct run *run)
{
	struct feeder *feeder = run->feeder;
	struct run_text *text = run->options.text;

	if (feeder->names && !text->names) {
		text->names = feeder->names;
		text->name_count = feeder->name_count;
		text->widths = feeder->widths;
		feeder->names = NULL;
		feeder->widths = NULL;
		feeder->name_count = 0;
	}
	feeder_close(feeder);
	run->feeder = NULL;
}

static int open_session(struct run *run, struct error *error)
{
	struct runs *runs = run->runs;
	struct session_options *settings = &run->options.settings;
	struct session_place place = {
		.loop = &runs->loop,
		.owner = &run->owner,
		.reserve = &runs->reserve,
		.closed = runs->options.closed,
		.is_alone = !runs->owner->put,
		.context = &run->context,
		.recorder = &run->recorder,
		.screen = runs->owner->put ? &run->screen : NULL,
	};

	run->recorder.kind = &archive_recorder;
	run->screen = (struct outlet_screen){.has_room = screen_has_room, .put = screen_put, .ended = screen_ended};
	run->most = run->options.most ? run->options.most : SIZE_MAX;
	if (settings->workers.jobs > runs->options.workers)
		settings->workers.jobs = runs->options.workers;
	if (settings->workers.jobs_max < SEATS_MIN)
		settings->workers.jobs_max = SEATS_MIN;
	if (settings->workers.jobs_max > run->most)
		settings->workers.jobs_max = run->most;
	run->session = session_open(settings, &place, error);
	return run->session ? 0 : -1;
}

/* Opens the feeder, unless the run has one, and the session; messages are the run's. Returns -1 with the error. */
static int run_open_parts(struct run *run, struct error *error)
{
	const struct diag_context *before = diag_enter(&run->context);
	int opened = -1;

	if (!run->feeder)
		run->feeder = feeder_open_with_queue(&run->options.feed, &run->options.settings, error);
	if (run->feeder)
		opened = open_session(run, error);
	diag_enter(before);
	return opened;
}

struct run *run_begin(struct runs *runs, struct run_options *options, struct feeder *feeder, struct error *error)
{
	struct run *run = mem_new(1, sizeof *run);
	const struct diag_context *before;

	*run = (struct run){
		.runs = runs,
		.options = *options,
		.feeder = feeder,
		.context =
			{
				.run = runs->last_number + 1,
				.level = options->settings.output.quiet ? DIAG_ERRORS : DIAG_NOTES,
			},
	};
	*options = (struct run_options){.text = NULL};
	run->options.settings.output.line = run->options.line;
	if (feeder)
		feeder->options = &run->options.feed;
	if (run_open_parts(run, error) < 0) {
		if (run->feeder)
			feeder_close(run->feeder);
		run_options_release(&run->options);
		free(run);
		return NULL;
	}
	run->kept = archive_begin(&runs->archive);
	run->number = ++runs->last_number;
	run->sharing.turn = ++runs->sharing.last_turn;
	before = diag_enter(&run->context);
	/* Other runs may have waited for longer: this run gets workers when they are shared out. */
	if (runs->active)
		session_set_jobs(run->session, 0);
	runs->active++;
	runs->known++;
	runs->changed = true;
	list_append(&runs->list, &run->link);
	run->owner.on_room = run_on_room;
	feeder_begin(run->feeder, run->session);
	run_on_room(&run->owner);
	supply_flush(run->session);
	diag_enter(before);
	return run;
}

static bool is_over(const struct run *run)
{
	return feeder_is_fed(run->feeder) && ending_is_over(run->session);
}

/* All tasks are done: closes the session and keeps the counts. */
static void run_finish(struct run *run)
{
	run->end.counts = run_counts(run);
	run->end.status = session_close(run->session, &run->end.signal);
	run->session = NULL;
	end_feeding(run);
	run->end.counts.running = run->end.counts.workers = 0;
	run->state = RUN_DONE;
	run->runs->active--;
	run->runs->owner->run_ended(run->runs->owner, run);
}

void run_advance(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	session_advance(run->session);
	/* Output that is half written is finished before the run is done. */
	if (is_over(run) && session_dismiss(run->session) && ending_write_out(run->session))
		run_finish(run);
	diag_enter(before);
}

nsec run_deadline(const struct run *run)
{
	return session_deadline(run->session);
}

struct run_counts run_counts(const struct run *run)
{
	const struct session_tally *tasks;
	const struct pool *pool;
	struct pool_tally tally;
	struct run_counts counts = {.submitted = 0};

	if (run->state == RUN_DONE)
		return run->end.counts;
	tasks = session_tally(run->session);
	pool = session_pool(run->session);
	counts.submitted = tasks->submitted;
	counts.total = tasks->total;
	counts.finished = tasks->finished;
	memcpy(counts.outcomes, tasks->outcomes, sizeof counts.outcomes);
	counts.running = pool_running(pool);
	counts.workers = pool_counts(pool).live;
	counts.time = clock_now() - session_started(run->session);
	tally = pool_tally(pool);
	counts.worker_time = tally.worker_time;
	counts.task_time = tally.task_time;
	return counts;
}

bool run_running_at(struct run *run, size_t seat, struct running_task *task)
{
	return run->state != RUN_DONE && pool_running_at(session_pool(run->session), seat, task);
}

void run_set_workers(struct run *run, size_t workers)
{
	const struct diag_context *before = diag_enter(&run->context);

	session_set_jobs(run->session, workers);
	diag_enter(before);
}

void run_offer_workers(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	pool_look_for_workers(session_pool(run->session));
	diag_enter(before);
}

void run_pause(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	if (run->state == RUN_RUNNING) {
		run->state = RUN_PAUSED;
		run->runs->changed = true;
		session_hold(run->session);
	}
	diag_enter(before);
}

void run_resume(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	if (run->state == RUN_PAUSED) {
		run->state = RUN_RUNNING;
		run->runs->changed = true;
		session_resume(run->session);
	}
	diag_enter(before);
}

void run_cancel(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	run->runs->changed = true;
	if (run->state == RUN_CANCELLED) {
		ending_abort(run->session);
	} else if (run->state != RUN_DONE) {
		run->state = RUN_CANCELLED;
		run->cancelled = true;
		ending_cancel(run->session);
	}
	diag_enter(before);
}

void run_free(struct run *run)
{
	archive_forget(run->kept);
	list_remove(&run->link);
	run->runs->known--;
	run_options_release(&run->options);
	times_release(&run->times);
	free(run);
}
