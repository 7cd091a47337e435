/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several runs on one pool: one loop for all of them, and the workers divided among them.
 *
 * A run that is alone may have all workers. Of several each gets an equal share, and what one cannot use goes to the
 * others; a worker changes runs after its current task. Where there are more runs than workers they take turns.
 */
#include "interactive/runs/runs.h"

#include "base/mem.h"
#include "run/companion/companions.h"

#include <errno.h>

enum {
	/* How many runs are known. The oldest that are done are forgotten beyond that. */
	RUNS_MAX = 1000,
};

/* How long a run keeps workers while another run has none. */
#define TURN (500 * NSEC_PER_MSEC)

static struct run *run_at(struct list *link)
{
	return container_of(link, struct run, link);
}

int runs_open(struct runs *runs, const struct runs_options *options, struct runs_owner *owner, struct error *error)
{
	const struct archive_options archive = {
		.memory = options->memory,
		.disk = options->disk,
		.directory = options->directory,
	};

	*runs = (struct runs){.options = *options, .owner = owner};
	list_init(&runs->list);
	reserve_init(&runs->reserve, &runs->loop, options->workers);
	archive_init(&runs->archive, &archive);
	return loop_init(&runs->loop) < 0 ? error_set_errno(error, errno, "cannot begin") : 0;
}

/* True if a run wants workers, or has some. */
static bool takes_part(const struct run *run)
{
	return run->state != RUN_DONE && !pool_is_closing(session_pool(run->session));
}

/* Collects the runs that take part, in the order of their turns. Returns how many there are. */
static size_t collect(struct runs *runs)
{
	size_t count = 0, at;
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		struct run *run = run_at(link);

		if (!takes_part(run))
			continue;
		runs->sharing.claimants =
			mem_grow(runs->sharing.claimants, count, &runs->sharing.room, sizeof *runs->sharing.claimants);
		for (at = count++; at && runs->sharing.claimants[at - 1]->sharing.turn > run->sharing.turn; at--)
			runs->sharing.claimants[at] = runs->sharing.claimants[at - 1];
		runs->sharing.claimants[at] = run;
	}
	return count;
}

/* Returns how many workers one of several runs can use now. */
static size_t demand(struct run *run)
{
	struct pool *pool = session_pool(run->session);
	uint64_t tasks = pool_counts(pool).outstanding;
	size_t workers = run->runs->options.workers, most = run->most < workers ? run->most : workers;

	/* With --jobs=@FILE the number in the file decides, within these limits. */
	if (session_follows_jobs_file(run->session))
		return pool_jobs(pool) < most ? pool_jobs(pool) : most;
	if (session_is_held(run->session))
		tasks = pool_running(pool);
	return tasks < most ? (size_t)tasks : most;
}

/* Gives a run its part of the workers. Where there are too few for all runs, its turn ends after TURN. */
static void apply_share(struct run *run, size_t part)
{
	struct runs_sharing *sharing = &run->runs->sharing;
	nsec now = clock_now();

	if (!part)
		run->sharing.served_since = 0;
	else if (!run->sharing.served_since)
		run->sharing.served_since = now;
	if (sharing->is_crowded && part && now - run->sharing.served_since >= TURN) {
		run->sharing.turn = ++sharing->last_turn;
		run->sharing.served_since = now;
	}
	if (!session_follows_jobs_file(run->session) || part < pool_jobs(session_pool(run->session)))
		run_set_workers(run, part);
}

static void share_out(struct runs *runs)
{
	size_t count = collect(runs), i;
	struct share *shares = mem_new(count + 1, sizeof *shares);

	for (i = 0; i < count; i++) {
		struct run *run = runs->sharing.claimants[i];

		shares[i].wanted = count > 1 ? demand(run) : run->most;
	}
	runs->sharing.is_crowded = !shares_divide(shares, count, runs->options.workers);
	for (i = 0; i < count; i++)
		apply_share(runs->sharing.claimants[i], shares[i].part);
	free(shares);
}

/* Notifies the runs that the reserve may have workers for them. */
static void offer_workers(struct runs *runs)
{
	struct list *link;

	runs->reserve.changed = false;
	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (takes_part(run_at(link)))
			run_offer_workers(run_at(link));
	}
}

/* Forgets the oldest runs that are done and not in use. No other function forgets runs. */
static void forget_oldest(struct runs *runs)
{
	struct list *link, *next;

	for (link = runs->list.next; link != &runs->list && runs->known > RUNS_MAX; link = next) {
		next = link->next;
		if (run_at(link)->state == RUN_DONE && !run_at(link)->uses)
			run_free(run_at(link));
	}
}

void runs_step(struct runs *runs, nsec deadline)
{
	struct list *link;

	/* First, since the caller has seen by now which runs were done after the last step. */
	forget_oldest(runs);
	for (link = runs->list.next; link != &runs->list; link = link->next) {
		struct run *run = run_at(link);

		if (run->state != RUN_DONE && run_deadline(run) < deadline)
			deadline = run_deadline(run);
	}
	if (runs->sharing.is_crowded && clock_now() + TURN < deadline)
		deadline = clock_now() + TURN;
	loop_step(&runs->loop, runs->changed ? 0 : deadline);
	runs->changed = false;
	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			run_advance(run_at(link));
	}
	share_out(runs);
	if (runs->reserve.changed)
		offer_workers(runs);
}

struct run *runs_find(const struct runs *runs, uint64_t number)
{
	struct run *run;

	for (run = runs_next(runs, NULL); run; run = runs_next(runs, run)) {
		if (run->number == number)
			return run;
	}
	return NULL;
}

struct run *runs_last(const struct runs *runs)
{
	return list_is_empty(&runs->list) ? NULL : run_at(runs->list.previous);
}

struct run *runs_next(const struct runs *runs, const struct run *run)
{
	struct list *next = run ? run->link.next : runs->list.next;

	return next == &runs->list ? NULL : run_at(next);
}

void runs_set_workers(struct runs *runs, size_t workers)
{
	runs->options.workers = workers;
	reserve_resize(&runs->reserve, workers);
	share_out(runs);
	offer_workers(runs);
}

void runs_freeze(struct runs *runs)
{
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			pool_freeze(session_pool(run_at(link)->session));
	}
}

void runs_thaw(struct runs *runs)
{
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			pool_thaw(session_pool(run_at(link)->session));
	}
}

void runs_child_changed(struct runs *runs)
{
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			pool_child_changed(session_pool(run_at(link)->session));
	}
}

void runs_close(struct runs *runs)
{
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			ending_abort(run_at(link)->session);
	}
	runs->changed = true;
	while (runs->active)
		runs_step(runs, NSEC_FOREVER);
	while (!list_is_empty(&runs->list))
		run_free(run_at(runs->list.next));
	reserve_close(&runs->reserve);
	companions_end();
	archive_release(&runs->archive);
	free(runs->sharing.claimants);
	loop_release(&runs->loop);
}
