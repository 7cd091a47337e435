/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a run: it begins, continues step by step, and is done. */
#include "interactive/runs/run.h"

#include "base/diag.h"
#include "base/mem.h"
#include "task/chunk.h"
#include "run/report.h"
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
	free(text);
}

static void run_on_room(struct session *session)
{
	struct run *run = container_of(session, struct run, session);

	feeder_feed(run->feeder);
}

static void observe_output(struct session_observer *observer, const struct output_header *header, struct slice bytes)
{
	struct run *run = container_of(observer, struct run, observer);

	archive_put(run->kept, header->index, header->attempt, (enum stream)header->stream, bytes);
}

/* Adds the duration of a task that ran to the histogram. */
static void count_time(struct run *run, const struct result *result)
{
	uint64_t time = result->duration > 0 ? (uint64_t)(result->duration / NSEC_PER_USEC) : 0;
	unsigned bucket = 0;

	if (!result->ran)
		return;
	while (time >> bucket && bucket + 1 < RUN_BUCKETS)
		bucket++;
	run->times.buckets[bucket]++;
	if (result->duration > run->times.longest)
		run->times.longest = result->duration;
}

/* Returns a width of a chunk that could hold the task. */
static uint32_t run_width_of(const struct task *task)
{
	if (task->frame.size)
		return CHUNK_FRAMES;
	return task->value_count;
}

static void observe_result(struct session_observer *observer, const struct result *result, const struct task *task)
{
	struct run *run = container_of(observer, struct run, observer);
	struct archive_words words = {.width = 0};
	struct bytes command = {.data = NULL};

	if (result->outcome == OUTCOME_SKIPPED)
		return;
	if (task) {
		report_command_line(&run->session, task, result->slot, &command);
		words.command = bytes_slice(&command);
	}
	/* Only failed tasks can be repeated: only their records are kept. */
	if (task && result_is_failure(result)) {
		words.record = task->bytes;
		words.width = run_width_of(task);
	}
	count_time(run, result);
	archive_finish(run->kept, result, &words);
	bytes_release(&command);
}

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
		.reserve = &runs->reserve,
		.closed = runs->options.closed,
		.is_alone = !runs->owner->put,
		.context = &run->context,
		.observer = &run->observer,
		.screen = runs->owner->put ? &run->screen : NULL,
	};

	run->observer = (struct session_observer){.wrote = observe_output, .ended = observe_result};
	run->screen = (struct outlet_screen){.has_room = screen_has_room, .put = screen_put, .ended = screen_ended};
	run->most = run->options.most ? run->options.most : SIZE_MAX;
	if (settings->jobs > runs->options.workers)
		settings->jobs = runs->options.workers;
	if (settings->jobs_max < SEATS_MIN)
		settings->jobs_max = SEATS_MIN;
	if (settings->jobs_max > run->most)
		settings->jobs_max = run->most;
	return session_open(&run->session, settings, &place, error);
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
				.level = options->settings.quiet ? DIAG_ERRORS : DIAG_NOTES,
			},
	};
	*options = (struct run_options){.text = NULL};
	if (!feeder)
		run->feeder = feeder_open(&run->options.feed, &run->options.settings, error);
	else
		feeder->options = &run->options.feed;
	if (!run->feeder || open_session(run, error) < 0) {
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
	/* Other runs may have waited for longer: it gets workers when they are shared out. */
	if (runs->active)
		session_set_jobs(&run->session, 0);
	runs->active++;
	runs->known++;
	runs->begun = true;
	list_append(&runs->list, &run->link);
	run->session.on_room = run_on_room;
	feeder_begin(run->feeder, &run->session);
	run_on_room(&run->session);
	outlet_flush(&run->session.outlet);
	diag_enter(before);
	return run;
}

static bool is_over(const struct run *run)
{
	return feeder_is_fed(run->feeder) && session_is_over(&run->session);
}

/* All tasks are done: closes the session and keeps the counts. */
static void run_finish(struct run *run)
{
	run->end.counts = run_counts(run);
	run->end.status = session_close(&run->session, &run->end.signal);
	end_feeding(run);
	run->end.counts.running = run->end.counts.workers = 0;
	run->state = RUN_DONE;
	run->runs->active--;
	run->runs->owner->run_ended(run->runs->owner, run);
}

void run_advance(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	session_advance(&run->session);
	/* Output that is half written is finished before the run is done. */
	if (is_over(run) && session_dismiss(&run->session) && session_write_out(&run->session))
		run_finish(run);
	diag_enter(before);
}

nsec run_deadline(const struct run *run)
{
	return session_deadline(&run->session);
}

struct run_counts run_counts(const struct run *run)
{
	const struct session *session = &run->session;
	struct pool_tally tally;
	struct run_counts counts = {
		.submitted = session->submitted,
		.total = session->total,
		.finished = session->finished,
	};

	if (run->state == RUN_DONE)
		return run->end.counts;
	memcpy(counts.outcomes, session->outcomes, sizeof counts.outcomes);
	counts.running = pool_running(&session->pool);
	counts.workers = session->pool.live;
	counts.time = clock_now() - session->started;
	tally = pool_tally(&session->pool);
	counts.worker_time = tally.worker_time;
	counts.task_time = tally.task_time;
	return counts;
}

bool run_running_at(struct run *run, size_t seat, struct running_task *task)
{
	return run->state != RUN_DONE && pool_running_at(&run->session.pool, seat, task);
}

void run_set_workers(struct run *run, size_t workers)
{
	const struct diag_context *before = diag_enter(&run->context);

	session_set_jobs(&run->session, workers);
	diag_enter(before);
}

void run_offer_workers(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	pool_look_for_workers(&run->session.pool);
	diag_enter(before);
}

void run_pause(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	if (run->state == RUN_RUNNING) {
		run->state = RUN_PAUSED;
		session_hold(&run->session);
	}
	diag_enter(before);
}

void run_resume(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	if (run->state == RUN_PAUSED) {
		run->state = RUN_RUNNING;
		session_let_go(&run->session);
	}
	diag_enter(before);
}

void run_cancel(struct run *run)
{
	const struct diag_context *before = diag_enter(&run->context);

	if (run->state == RUN_CANCELLED) {
		session_abort(&run->session);
	} else if (run->state != RUN_DONE) {
		run->state = RUN_CANCELLED;
		run->cancelled = true;
		session_cancel(&run->session);
	}
	diag_enter(before);
}

void run_free(struct run *run)
{
	archive_forget(run->kept);
	list_remove(&run->link);
	run->runs->known--;
	run_options_release(&run->options);
	free(run);
}
