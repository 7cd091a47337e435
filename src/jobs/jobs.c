/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several jobs on one pool: a step of the loop is one for all, and workers are shared out.
 *
 * A job that runs alone may have all workers. Of several each gets an equal part, and what one cannot use goes to the others;
 * workers change jobs after the task in hand.
 */
#include "jobs/jobs.h"

#include "process/start.h"

#include <errno.h>

enum {
	/* Jobs that are done are forgotten beyond so many, when none runs. */
	JOBS_MAX = 1000,
};

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
	if (loop_init(&jobs->loop) < 0)
		return error_set_errno(error, errno, "cannot begin");
	reserve_init(&jobs->reserve, &jobs->loop, options->workers);
	archive_init(&jobs->archive, &archive);
	return 0;
}

/* Whether a job wants workers, or has them. */
static bool takes_part(const struct job *job)
{
	return job->state != JOB_DONE && !job->session.pool.closing;
}

/* How many workers a job could use now. */
static size_t demand(struct job *job)
{
	uint64_t tasks = job->session.pool.ledger.outstanding + !job->feeder->kind->is_fed(job->feeder);
	size_t most = job->most < job->jobs->options.workers ? job->most : job->jobs->options.workers;

	if (job->state == JOB_PAUSED)
		tasks = pool_running(&job->session.pool);
	return tasks < most ? (size_t)(tasks ? tasks : 1) : most;
}

/* Shares the workers out: whoever wants less than an equal part of what is left gets that, first come, first served. */
static void share_out(struct jobs *jobs)
{
	size_t left = jobs->options.workers, claims = 0;
	struct list *link;

	for (link = jobs->list.next; link != &jobs->list; link = link->next)
		claims += takes_part(job_at(link));
	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		struct job *job = job_at(link);
		size_t part, others = 0, wanted;
		struct list *rest;

		if (!takes_part(job) || job->session.throttle.options.jobs_file)
			continue;
		wanted = claims > 1 ? demand(job) : job->most;
		/* What those after it leave of their equal parts. */
		for (rest = link->next; rest != &jobs->list; rest = rest->next) {
			size_t equal = left / claims ? left / claims : 1;

			if (takes_part(job_at(rest)))
				others += demand(job_at(rest)) < equal ? demand(job_at(rest)) : equal;
		}
		part = left > others ? left - others : 1;
		part = part < wanted ? part : wanted;
		session_set_jobs(&job->session, part ? part : 1);
		left -= part < left ? part : left;
		claims--;
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
	size_t count = 0;
	struct list *link;

	if (jobs->active)
		return;
	for (link = jobs->list.next; link != &jobs->list; link = link->next)
		count++;
	for (; count > JOBS_MAX; count--)
		job_free(job_at(jobs->list.next));
}

void jobs_step(struct jobs *jobs, nsec deadline)
{
	struct list *link;

	for (link = jobs->list.next; link != &jobs->list; link = link->next) {
		struct job *job = job_at(link);

		if (job->state != JOB_DONE && job_deadline(job) < deadline)
			deadline = job_deadline(job);
	}
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
	forget_oldest(jobs);
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
	loop_release(&jobs->loop);
}
