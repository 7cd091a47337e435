/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job's life: begun, taken on step by step, done. */
#include "interactive/runs/run.h"

#include "base/diag.h"
#include "base/mem.h"
#include "task/chunk.h"
#include "run/report.h"
#include "run/verdict.h"
#include "interactive/runs/runs.h"

#include <inttypes.h>

enum {
	/* A job's workers may become this many, should the pool become so large. */
	SEATS_MIN = 64,
};

struct job_text *job_text_new(char **words)
{
	struct job_text *text = mem_new(1, sizeof *text);

	*text = (struct job_text){.uses = 1, .words = words};
	return text;
}

struct job_options job_options_share(const struct job_options *options, const char *line)
{
	struct job_options shared = *options;

	shared.text->uses++;
	shared.line = mem_string(line);
	return shared;
}

void job_options_release(struct job_options *options)
{
	struct job_text *text = options->text;
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
	struct job *job = container_of(session, struct job, session);

	job->feeder->kind->feed(job->feeder);
}

static void observe_output(struct session_observer *observer, const struct output_header *header, struct slice bytes)
{
	struct job *job = container_of(observer, struct job, observer);

	archive_put(job->kept, header->index, header->attempt, (enum stream)header->stream, bytes);
}

/* Counts a task by how long it took. */
static void count_time(struct job *job, const struct result *result)
{
	uint64_t time = result->duration > 0 ? (uint64_t)(result->duration / NSEC_PER_USEC) : 0;
	unsigned bucket = 0;

	if (!result->pid)
		return;
	while (time >> bucket && bucket + 1 < JOB_BUCKETS)
		bucket++;
	job->buckets[bucket]++;
	job->task_time += result->duration;
	if (result->duration > job->longest)
		job->longest = result->duration;
}

/* The width that its chunk had, or as good as. */
static uint32_t run_width_of(const struct task *task)
{
	if (task->frame.size)
		return CHUNK_FRAMES;
	return task->value_count;
}

static void observe_result(struct session_observer *observer, const struct result *result, const struct task *task)
{
	struct job *job = container_of(observer, struct job, observer);
	struct archive_words words = {.width = 0};
	struct bytes command = {.data = NULL};

	if (result->outcome == OUTCOME_SKIPPED)
		return;
	if (task) {
		report_command_line(&job->session, task, result->slot, &command);
		words.command = bytes_slice(&command);
	}
	/* Only what failed can be asked for again. */
	if (task && result_is_failure(result)) {
		words.record = task->bytes;
		words.width = run_width_of(task);
	}
	count_time(job, result);
	archive_finish(job->kept, result, &words);
	bytes_release(&command);
}

static bool screen_has_room(struct outlet_screen *screen)
{
	struct jobs_owner *owner = container_of(screen, struct job, screen)->jobs->owner;

	return owner->has_room(owner);
}

static void screen_put(struct outlet_screen *screen, uint64_t index, enum stream stream, struct slice bytes)
{
	struct job *job = container_of(screen, struct job, screen);

	job->jobs->owner->put(job->jobs->owner, job, index, stream, bytes);
}

static void screen_ended(struct outlet_screen *screen, uint64_t index)
{
	struct job *job = container_of(screen, struct job, screen);

	job->jobs->owner->task_ended(job->jobs->owner, job, index);
}

/* Lets go of what only a job that runs needs; the names of columns stay, since its tasks may be run again. */
static void end_feeding(struct job *job)
{
	struct feeder *feeder = job->feeder;
	struct job_text *text = job->options.text;

	if (feeder->names && !text->names) {
		text->names = feeder->names;
		text->name_count = feeder->name_count;
		text->widths = feeder->widths;
		feeder->names = NULL;
		feeder->widths = NULL;
		feeder->name_count = 0;
	}
	feeder_close(feeder);
	job->feeder = NULL;
}

/* Of whom was spoken before, and how much of it was said. */
struct topic {
	struct job *job;
	enum diag_level level;
};

/* What is said from here on is said of this job, until leave. */
static struct topic enter(struct job *job)
{
	struct topic before = {.job = job->jobs->current};

	job->jobs->current = job;
	before.level = diag_set_level(job->options.run.quiet ? DIAG_ERRORS : DIAG_NOTES);
	return before;
}

static void run_leave(struct job *job, struct topic before)
{
	job->jobs->current = before.job;
	diag_set_level(before.level);
}

/* What the pool tells of comes out of the loop, where nobody else knows whose it is. */

static enum result_use run_on_result(struct pool_owner *owner, const struct result *result, const struct task *task,
				       nsec *delay)
{
	struct job *job = container_of(owner, struct job, session.pool_owner);
	struct topic before = enter(job);
	enum result_use use = verdict_owner.on_result(owner, result, task, delay);

	run_leave(job, before);
	return use;
}

static void run_on_words(struct pool_owner *owner, struct slice words)
{
	struct job *job = container_of(owner, struct job, session.pool_owner);
	struct topic before = enter(job);

	verdict_owner.on_words(owner, words);
	run_leave(job, before);
}

static void run_on_unfit(struct pool_owner *owner, struct slice why)
{
	struct job *job = container_of(owner, struct job, session.pool_owner);
	struct topic before = enter(job);

	verdict_owner.on_unfit(owner, why);
	run_leave(job, before);
}

static void run_on_failure(struct pool_owner *owner, const struct error *error)
{
	struct job *job = container_of(owner, struct job, session.pool_owner);
	struct topic before = enter(job);

	verdict_owner.on_failure(owner, error);
	run_leave(job, before);
}

static int open_session(struct job *job, struct error *error)
{
	struct jobs *jobs = job->jobs;
	struct session_options *run = &job->options.run;
	struct session_place place = {
		.loop = &jobs->loop,
		.reserve = &jobs->reserve,
		.closed = jobs->options.closed,
		.is_alone = !jobs->owner->put,
		.observer = &job->observer,
		.screen = jobs->owner->put ? &job->screen : NULL,
	};

	job->observer = (struct session_observer){.wrote = observe_output, .ended = observe_result};
	job->screen = (struct outlet_screen){.has_room = screen_has_room, .put = screen_put, .ended = screen_ended};
	job->most = job->options.most ? job->options.most : SIZE_MAX;
	if (run->jobs > jobs->options.workers)
		run->jobs = jobs->options.workers;
	if (run->jobs_max < SEATS_MIN)
		run->jobs_max = SEATS_MIN;
	if (run->jobs_max > job->most)
		run->jobs_max = job->most;
	if (session_open(&job->session, run, &place, error) < 0)
		return -1;
	job->session.pool_owner.on_result = run_on_result;
	job->session.pool_owner.on_words = run_on_words;
	job->session.pool_owner.on_unfit = run_on_unfit;
	job->session.pool_owner.on_failure = run_on_failure;
	return 0;
}

struct job *job_begin(struct jobs *jobs, struct job_options *options, struct feeder *feeder, struct error *error)
{
	struct job *job = mem_new(1, sizeof *job);

	*job = (struct job){.jobs = jobs, .options = *options, .feeder = feeder};
	*options = (struct job_options){.text = NULL};
	if (!feeder)
		job->feeder = feeder_open(&job->options.feed, &job->options.run, error);
	else
		feeder->options = &job->options.feed;
	if (!job->feeder || open_session(job, error) < 0) {
		if (job->feeder)
			feeder_close(job->feeder);
		job_options_release(&job->options);
		free(job);
		return NULL;
	}
	job->kept = archive_begin(&jobs->archive);
	job->number = ++jobs->last_number;
	job->turn = ++jobs->last_turn;
	/* Others may have been waiting for longer. */
	if (jobs->active)
		session_set_jobs(&job->session, 0);
	jobs->active++;
	jobs->known++;
	jobs->begun = true;
	list_append(&jobs->list, &job->link);
	job->session.on_room = run_on_room;
	feeder_begin(job->feeder, &job->session);
	run_on_room(&job->session);
	outlet_flush(&job->session.outlet);
	return job;
}

static bool is_over(const struct job *job)
{
	return job->feeder->kind->is_fed(job->feeder) && session_is_over(&job->session);
}

/* Nothing of it is out any more: what it was is all that is left. */
static void run_finish(struct job *job)
{
	job->counts = job_counts(job);
	job->status = session_close(&job->session, &job->signal);
	end_feeding(job);
	job->counts.running = job->counts.workers = 0;
	job->state = JOB_DONE;
	job->jobs->active--;
	job->jobs->owner->job_ended(job->jobs->owner, job);
}

void job_advance(struct job *job)
{
	struct topic before = enter(job);

	session_advance(&job->session);
	/* What is half shown ends before it does. */
	if (is_over(job) && session_dismiss(&job->session) && session_write_out(&job->session))
		run_finish(job);
	run_leave(job, before);
}

nsec job_deadline(const struct job *job)
{
	return session_deadline(&job->session);
}

struct job_counts job_counts(const struct job *job)
{
	const struct session *session = &job->session;
	struct pool_tally tally;
	struct job_counts counts = {
		.submitted = session->submitted,
		.total = session->total,
		.finished = session->finished,
	};

	if (job->state == JOB_DONE)
		return job->counts;
	memcpy(counts.outcomes, session->outcomes, sizeof counts.outcomes);
	counts.running = pool_running(&session->pool);
	counts.workers = session->pool.live;
	counts.time = clock_now() - session->started;
	tally = pool_tally(&session->pool);
	counts.worker_time = tally.worker_time;
	counts.task_time = tally.task_time;
	return counts;
}

bool job_running_at(struct job *job, size_t seat, struct running_task *task)
{
	return job->state != JOB_DONE && pool_running_at(&job->session.pool, seat, task);
}

void job_pause(struct job *job)
{
	if (job->state != JOB_RUNNING)
		return;
	job->state = JOB_PAUSED;
	session_hold(&job->session);
}

void job_resume(struct job *job)
{
	if (job->state != JOB_PAUSED)
		return;
	job->state = JOB_RUNNING;
	session_let_go(&job->session);
}

void job_cancel(struct job *job)
{
	if (job->state == JOB_DONE)
		return;
	/* Said once more, it means at once. */
	if (job->state == JOB_CANCELLED) {
		session_abort(&job->session);
		return;
	}
	job->state = JOB_CANCELLED;
	job->cancelled = true;
	session_cancel(&job->session);
}

void job_free(struct job *job)
{
	archive_forget(job->kept);
	list_remove(&job->link);
	job->jobs->known--;
	job_options_release(&job->options);
	free(job);
}
