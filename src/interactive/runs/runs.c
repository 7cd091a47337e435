/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several runs on one pool: a step of the loop is one for all, and workers are shared out.
 *
 * A run that runs alone may have all workers. Of several each gets an equal part, and what one cannot use goes to the
 * others; workers change runs after the task in hand. With more runs than workers they take turns.
 */
#include "interactive/runs/runs.h"

#include "base/mem.h"
#include "process/start.h"

#include <errno.h>

enum {
	/* Beyond so many, the oldest that are done are forgotten. */
	RUNS_MAX = 1000,
};

/* How long a run has workers before others have them that got none. */
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

/* Whether a run wants workers, or has them. */
static bool takes_part(const struct run *run)
{
	return run->state != RUN_DONE && !run->session.pool.closing;
}

/* The runs that take part, by their turns: how many. */
static size_t collect(struct runs *runs)
{
	size_t count = 0, at;
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		struct run *run = run_at(link);

		if (!takes_part(run))
			continue;
		runs->claims = mem_grow(runs->claims, count, &runs->claim_room, sizeof *runs->claims);
		for (at = count++; at && runs->claims[at - 1].run->turn > run->turn; at--)
			runs->claims[at] = runs->claims[at - 1];
		runs->claims[at] = (struct claim){.run = run};
	}
	return count;
}

/* How many workers a run could use now. */
static size_t demand(struct run *run)
{
	const struct session *session = &run->session;
	uint64_t tasks = session->pool.ledger.outstanding;
	size_t most = run->most < run->runs->options.workers ? run->most : run->runs->options.workers;

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
static bool runs_divide(struct runs *runs, size_t count)
{
	size_t left = runs->options.workers, claims = 0, later = 0, i;
	bool enough = true;

	for (i = 0; i < count; i++)
		claims += runs->claims[i].wanted > 0;
	for (i = count; i-- > 0;) {
		size_t equal = claims && left / claims ? left / claims : 1;

		runs->claims[i].part = runs->claims[i].wanted < equal ? runs->claims[i].wanted : equal;
		later += runs->claims[i].part;
	}
	for (i = 0; i < count; i++) {
		struct claim *claim = &runs->claims[i];
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
static void share_out(struct runs *runs)
{
	size_t count = collect(runs), i;
	nsec now = clock_now();

	for (i = 0; i < count; i++)
		runs->claims[i].wanted = count > 1 ? demand(runs->claims[i].run) : runs->claims[i].run->most;
	runs->is_crowded = !runs_divide(runs, count);
	for (i = 0; i < count; i++) {
		struct claim *claim = &runs->claims[i];
		struct run *run = claim->run;

		if (!claim->part)
			run->served_since = 0;
		else if (!run->served_since)
			run->served_since = now;
		if (runs->is_crowded && claim->part && now - run->served_since >= TURN) {
			run->turn = ++runs->last_turn;
			run->served_since = now;
		}
		if (!run->session.throttle.options.jobs_file || claim->part < run->session.pool.jobs)
			run_set_workers(run, claim->part);
	}
}

/* Tells the runs that there may be workers for them. */
static void offer_workers(struct runs *runs)
{
	struct list *link;

	runs->reserve.changed = false;
	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (takes_part(run_at(link)))
			run_offer_workers(run_at(link));
	}
}

/* Runs may be begun while a run ends, but only this forgets any. */
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

	/* Before anything happens: whoever waited for one of them has seen that it is done. */
	forget_oldest(runs);
	for (link = runs->list.next; link != &runs->list; link = link->next) {
		struct run *run = run_at(link);

		if (run->state != RUN_DONE && run_deadline(run) < deadline)
			deadline = run_deadline(run);
	}
	if (runs->is_crowded && clock_now() + TURN < deadline)
		deadline = clock_now() + TURN;
	/* One without tasks is over, and nothing will happen that says so. */
	loop_step(&runs->loop, runs->begun ? 0 : deadline);
	runs->begun = false;
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
			pool_freeze(&run_at(link)->session.pool);
	}
}

void runs_thaw(struct runs *runs)
{
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			pool_thaw(&run_at(link)->session.pool);
	}
}

void runs_close(struct runs *runs)
{
	struct list *link;

	for (link = runs->list.next; link != &runs->list; link = link->next) {
		if (run_at(link)->state != RUN_DONE)
			session_abort(&run_at(link)->session);
	}
	while (runs->active)
		runs_step(runs, NSEC_FOREVER);
	while (!list_is_empty(&runs->list))
		run_free(run_at(runs->list.next));
	reserve_close(&runs->reserve);
	forkserver_stop();
	archive_release(&runs->archive);
	free(runs->claims);
	loop_release(&runs->loop);
}
