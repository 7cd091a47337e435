/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several jobs on one pool: a step of the loop is one for all, and workers are shared out.
 *
 * A job that runs alone may have all workers. Of several each gets an equal part, and what one cannot use goes to the
 * others; workers change jobs after the task in hand. With more jobs than workers they take turns.
 */
#include "interactive/runs/runs.h"

#include "base/mem.h"
#include "process/start.h"

#include <errno.h>

enum {
	/* Beyond so many, the oldest that are done are forgotten. */
	JOBS_MAX = 1000,
};

/* How long a job has workers before others have them that got none. */
#define TURN (500 * NSEC_PER_MSEC)

static struct job *job_at(struct list *link)
{
	return container_of(link, struct job, link);
}

int jobs_open(struct jobs *jobs, const struct jobs_options *options, struct jobs_owner *owner, struct error *error)
{
	const struct archive_options archive = {
		.memory = options->memory,
		.disk = options->disk,
		.directory = options->directory,
	};

	*jobs = (struct jobs){.options = *options, .owner = owner};
	list_init(&jobs->list);
	reserve_init(&jobs->reserve, &jobs->loop, options->workers);
	archive_init(&jobs->archive, &archive);
	return loop_init(&jobs->loop) < 0 ? error_set_errno(error, errno, "cannot begin") : 0;
}

/* Whether a job wants workers, or has them. */
static bool takes_part(const struct job *job)
{
	return job->state != JOB_DONE && !job->session.pool.closing;
}

/* The jobs that take part, by their turns: how many. */
static size_t collect(struct jobs *jobs)
{
	size_t count = 0, at;
	struct list *link;

	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		struct job *job = job_at(link);

		if (!takes_part(job))
			continue;
		jobs->claims = mem_grow(jobs->claims, count, &jobs->claim_room, sizeof *jobs->claims);
		for (at = count++; at && jobs->claims[at - 1].job->turn > job->turn; at--)
			jobs->claims[at] = jobs->claims[at - 1];
		jobs->claims[at] = (struct claim){.job = job};
	}
	return count;
}

/* How many workers a job could use now. */
static size_t demand(struct job *job)
{
	const struct session *session = &job->session;
	uint64_t tasks = session->pool.ledger.outstanding;
	size_t most = job->most < job->jobs->options.workers ? job->most : job->jobs->options.workers;

	/* It decides for itself, within what there is. */
	if (session->throttle.options.jobs_file)
		return session->pool.jobs < most ? session->pool.jobs : most;
	if (session->held || session->throttle.shut)
		tasks = pool_running(&session->pool);
	return tasks < most ? (size_t)tasks : most;
}

/*
 * Divides the workers: each claim gets an equal part, or what it wants if that is less, and what is left goes to those
 * that come first. False when somebody wants some and gets none.
 */
static bool runs_divide(struct jobs *jobs, size_t count)
{
	size_t left = jobs->options.workers, claims = 0, later = 0, i;
	bool enough = true;

	for (i = 0; i < count; i++)
		claims += jobs->claims[i].wanted > 0;
	for (i = count; i-- > 0;) {
		size_t equal = claims && left / claims ? left / claims : 1;

		jobs->claims[i].part = jobs->claims[i].wanted < equal ? jobs->claims[i].wanted : equal;
		later += jobs->claims[i].part;
	}
	for (i = 0; i < count; i++) {
		struct claim *claim = &jobs->claims[i];
		size_t own;

		later -= claim->part;
		own = left > later ? left - later : claim->part;
		claim->part = own < claim->wanted ? own : claim->wanted;
		if (claim->part > left)
			claim->part = left;
		left -= claim->part;
		enough &= claim->part || !claim->wanted;
	}
	return enough;
}

/* Shares the workers out. Where there are too few for all, whoever has had some for a while is last in the next round.
 */
static void share_out(struct jobs *jobs)
{
	size_t count = collect(jobs), i;
	nsec now = clock_now();

	for (i = 0; i < count; i++)
		jobs->claims[i].wanted = count > 1 ? demand(jobs->claims[i].job) : jobs->claims[i].job->most;
	jobs->is_crowded = !runs_divide(jobs, count);
	for (i = 0; i < count; i++) {
		struct claim *claim = &jobs->claims[i];
		struct job *job = claim->job;

		if (!claim->part)
			job->served_since = 0;
		else if (!job->served_since)
			job->served_since = now;
		if (jobs->is_crowded && claim->part && now - job->served_since >= TURN) {
			job->turn = ++jobs->last_turn;
			job->served_since = now;
		}
		if (!job->session.throttle.options.jobs_file || claim->part < job->session.pool.jobs)
			session_set_jobs(&job->session, claim->part);
	}
}

/* Tells the jobs that there may be workers for them. */
static void offer_workers(struct jobs *jobs)
{
	struct list *link;

	jobs->reserve.changed = false;
	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		if (takes_part(job_at(link)))
			pool_look_for_workers(&job_at(link)->session.pool);
	}
}

/* Jobs may be begun while a job ends, but only this forgets any. */
static void forget_oldest(struct jobs *jobs)
{
	struct list *link, *next;

	for (link = jobs->list.next; link != &jobs->list && jobs->known > JOBS_MAX; link = next) {
		next = link->next;
		if (job_at(link)->state == JOB_DONE && !job_at(link)->uses)
			job_free(job_at(link));
	}
}

void jobs_step(struct jobs *jobs, nsec deadline)
{
	struct list *link;

	/* Before anything happens: whoever waited for one of them has seen that it is done. */
	forget_oldest(jobs);
	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		struct job *job = job_at(link);

		if (job->state != JOB_DONE && job_deadline(job) < deadline)
			deadline = job_deadline(job);
	}
	if (jobs->is_crowded && clock_now() + TURN < deadline)
		deadline = clock_now() + TURN;
	/* One without tasks is over, and nothing will happen that says so. */
	loop_step(&jobs->loop, jobs->begun ? 0 : deadline);
	jobs->begun = false;
	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		if (job_at(link)->state != JOB_DONE)
			job_advance(job_at(link));
	}
	share_out(jobs);
	if (jobs->reserve.changed)
		offer_workers(jobs);
}

struct job *jobs_find(const struct jobs *jobs, uint64_t number)
{
	struct job *job;

	for (job = jobs_next(jobs, NULL); job; job = jobs_next(jobs, job)) {
		if (job->number == number)
			return job;
	}
	return NULL;
}

struct job *jobs_last(const struct jobs *jobs)
{
	return list_is_empty(&jobs->list) ? NULL : job_at(jobs->list.previous);
}

struct job *jobs_next(const struct jobs *jobs, const struct job *job)
{
	struct list *next = job ? job->link.next : jobs->list.next;

	return next == &jobs->list ? NULL : job_at(next);
}

void jobs_set_workers(struct jobs *jobs, size_t workers)
{
	jobs->options.workers = workers;
	reserve_resize(&jobs->reserve, workers);
	share_out(jobs);
	offer_workers(jobs);
}

void jobs_freeze(struct jobs *jobs)
{
	struct list *link;

	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		if (job_at(link)->state != JOB_DONE)
			pool_freeze(&job_at(link)->session.pool);
	}
}

void jobs_thaw(struct jobs *jobs)
{
	struct list *link;

	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		if (job_at(link)->state != JOB_DONE)
			pool_thaw(&job_at(link)->session.pool);
	}
}

void jobs_close(struct jobs *jobs)
{
	struct list *link;

	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		if (job_at(link)->state != JOB_DONE)
			session_abort(&job_at(link)->session);
	}
	while (jobs->active)
		jobs_step(jobs, NSEC_FOREVER);
	while (!list_is_empty(&jobs->list))
		job_free(job_at(jobs->list.next));
	reserve_close(&jobs->reserve);
	forkserver_stop();
	archive_release(&jobs->archive);
	free(jobs->claims);
	loop_release(&jobs->loop);
}
