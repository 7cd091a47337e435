/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session: its parts, connected. */
#include "run/session.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "machine/pressure.h"
#include "process/signals.h"
#include "worker/executor.h"
#include "worker/terminal.h"
#include "run/durable/recall.h"
#include "run/instructions.h"
#include "run/interruption.h"
#include "run/logbook.h"
#include "run/page/page_facts.h"
#include "run/recalled/recalled.h"
#include "run/report.h"
#include "run/session_private.h"
#include "run/supply.h"
#include "run/verdict.h"

#include <errno.h>

#define KILLS_UNKNOWN UINT64_MAX

/*
 * Returns the gate of a run that begins tasks: shut while the run is held or the reader of its output is slow, open for
 * the head alone while the window is full.
 */
static uint64_t choose_gate(const struct session *session)
{
	if (session->held || session->throttle.shut || outlet_is_behind(&session->outlet) ||
	    sharing_is_behind(&session->sharing))
		return 0;
	return order_is_full(&session->order) ? order_head(&session->order) + 1 : QUEUE_OPEN;
}

void session_set_jobs(struct session *session, size_t jobs)
{
	pool_set_jobs(session->pool, jobs);
	session->pace.jobs = jobs ? pool_jobs(session->pool) : 1;
}

static void outlet_failed(struct outlet *outlet, int number)
{
	ending_lose_output(container_of(outlet, struct session, outlet), number);
}

static bool outlet_result(struct outlet *outlet, const struct result *result)
{
	struct session *session = container_of(outlet, struct session, outlet);

	report_failure(session, result);
	/* A task is cut off if what it has stored on disk cannot be read. */
	return logbook_wants_written(session) && !result->is_recalled && result->outcome != OUTCOME_SKIPPED &&
	       !session->order.held.loss.text;
}

/* True if a failure comes because tasks were ended, not by themselves. */
static bool outlet_voids(struct outlet *outlet, const struct result *result)
{
	const struct ending *ending = &container_of(outlet, struct session, outlet)->ending;

	if (result->outcome == OUTCOME_SKIPPED)
		return true;
	/* An input that cannot be read on ends nothing. */
	return result_is_failure(result) &&
	       (ending->signal || ending->clears || (ending->failure && ending->phase != ENDING_RUNNING));
}

static void outlet_settled(struct outlet *outlet, const struct result *result)
{
	logbook_written(container_of(outlet, struct session, outlet), result);
}

/* Opens the parts that may fail. -1 with the error; those that are open are the caller's to release. */
static int open_parts(struct session *session, struct error *error)
{
	int terminal = -1;

	if (arena_init(&session->arena) < 0)
		return error_set_errno(error, errno, "cannot begin");
	if (session->options->command.terminal && (terminal = terminal_open()) < 0)
		return error_set_errno(error, errno, "--tty: there is no terminal");
	fd_close(&terminal);
	if (instructions_open(session, error) < 0)
		return -1;
	if (products_open(&session->products, session, error) < 0 || memo_open(&session->memo, session, error) < 0)
		return -1;
	if (durable_open(&session->durable, session, error) < 0)
		return -1;
	if (logged_open(&session->logged, session, error) < 0)
		return -1;
	durable_expect(&session->durable, &session->out);
	if (out_file_open(&session->out, error) < 0 || durable_check(&session->durable, error) < 0 ||
	    logbook_open(session, error) < 0)
		return -1;
	if (session->place.is_alone && interruption_open(session) < 0)
		return error_set_errno(error, errno, "cannot watch for signals");
	/* Last: the earlier file is kept where the run cannot begin. */
	if (out_file_clear(&session->out, error) == 0 && durable_begin(&session->durable, error) == 0)
		return 0;
	if (session->place.is_alone)
		interruption_close(session);
	return -1;
}

struct session *session_open(const struct session_options *options, const struct session_place *place,
			     struct error *error)
{
	struct session *session = mem_new(1, sizeof *session);
	struct outlet_options outlet;
	struct order_options order;

	*session = (struct session){
		.options = options,
		.place = *place,
		.started = clock_now(),
		.pace = {.fixed = options->workers.chunk_size,
			 .jobs = options->workers.jobs,
			 .answers_each = options->command.executor->answers_each},
		.limit = {.options = options->policy.limit},
		.tries = tries_for(options),
		.oom_kills = KILLS_UNKNOWN,
		.out = instructions_out_file(options, place),
		.pool_owner = verdict_owner,
		.outlet = {.failed = outlet_failed,
			   .finished = outlet_result,
			   .settled = outlet_settled,
			   .voids = outlet_voids},
	};
	session->pool_owner.context = place->context;
	page_facts_begin(session);
	if (open_parts(session, error) < 0) {
		logbook_close(session);
		memo_close(&session->memo);
		products_close(&session->products);
		durable_discard(&session->durable);
		logged_close(&session->logged);
		out_file_discard(&session->out);
		instructions_release(session);
		arena_release(&session->arena);
		out_file_close(&session->out);
		free(session);
		return NULL;
	}
	/* Nothing fails from here on. Messages pass the outlet. */
	origin_open(session);
	outlet = instructions_outlet(session);
	srand48((long)(clock_now() ^ getpid()));
	throttle_init(&session->throttle, &options->machine.throttle);
	(void)throttle_check(&session->throttle);
	until_begin(&session->until, &options->policy.until, options->policy.grace, until_now());
	pool_set_timeout(session->pool, limit_now(&session->limit));
	clearance_init(&session->clearance, pool_leftovers(session->pool), options->policy.grace,
		       options->policy.leftovers == LEFTOVERS_KILL);
	session->outlet.screen = place->screen;
	session->outlet.stage = durable_is_on(&session->durable) ? &session->durable.stage : NULL;
	order = instructions_order(session);
	outlet_open(&session->outlet, place->loop, &outlet);
	order_init(&session->order, &order, &session->outlet.sink);
	progress_init(&session->progress, session, &session->outlet);
	pool_set_gate(session->pool, choose_gate(session));
	trace_event("run_start", "\"jobs\":%zu,\"method\":\"%s\"", options->workers.jobs,
		    options->workers.method->name);
	return session;
}

bool session_has_room(const struct session *session)
{
	/* A full window can still take the head, should that not even have been submitted. */
	if (order_is_full(&session->order) && order_head(&session->order) < session->tally.submitted)
		return false;
	if (memo_pauses(&session->memo) || products_pauses(&session->products) ||
	    session->recalled.count >= RECALLED_STEP)
		return false;
	return ending_permits(session)->submits && pool_has_room(session->pool) && !supply_is_ahead(session);
}

void session_submit(struct session *session, const struct chunk *chunk)
{
	recall_secure(session);
	session->tally.submitted += chunk->count;
	pool_submit(session->pool, chunk);
	/* While the first worker begins, before any result is taken. */
	if (session->oom_kills == KILLS_UNKNOWN)
		session->oom_kills = pressure_oom_kills();
}

void session_expect_retries(struct session *session, uint64_t index, uint64_t retries)
{
	order_expect(&session->order, index, retries < UINT32_MAX ? (uint32_t)retries + 1 : UINT32_MAX);
}

/* Applies the consequences of events: writes output, sets the gate, skips tasks that will not begin. */
static void session_settle(struct session *session)
{
	enum ending_phase before = session->ending.phase;
	struct session_owner *owner = session->place.owner;
	struct order *order = &session->order;

	memo_go_on(&session->memo);
	products_go_on(&session->products);
	recalled_flush(session);
	order_pump(order);
	pool_resume(session->pool);
	sharing_flush(session);
	if (order->held.refusal.text)
		report_refusal(session, &order->held.refusal);
	if (order->held.loss.text && !ending_is_aborted(session)) {
		ending_fail(session, EXIT_TROUBLE, &order->held.loss);
		ending_abort(session);
	}
	if (ending_permits(session)->skips)
		pool_skip_waiting(session->pool);
	else if (ending_permits(session)->begins)
		pool_set_gate(session->pool, choose_gate(session));
	if (owner->on_room && session_has_room(session))
		owner->on_room(owner);
	logbook_write(session);
	if (!durable_owes(&session->durable))
		pool_acknowledge(session->pool);
	/* Once more if that has ended the run, as when a recorder fails: no event has to follow. */
	if (session->ending.phase != before)
		session_settle(session);
}

/* Does what is due by now. */
static void session_tick(struct session *session)
{
	struct throttle *throttle = &session->throttle;
	size_t jobs;

	ending_tick(session);
	if (ending_permits(session)->begins && throttle_check(throttle))
		report_throttle(session);
	if (session->jobs_stale && throttle->options.jobs_file && (jobs = throttle_jobs(throttle)))
		session_set_jobs(session, jobs);
	session->jobs_stale = false;
	pool_tick(session->pool);
}

nsec session_deadline(const struct session *session)
{
	nsec deadline = pool_deadline(session->pool);

	if (products_pauses(&session->products))
		return 0;
	if (ending_deadline(session) < deadline)
		deadline = ending_deadline(session);
	if (ending_permits(session)->begins && throttle_deadline(&session->throttle) < deadline)
		deadline = throttle_deadline(&session->throttle);
	if (memo_deadline(&session->memo) < deadline)
		deadline = memo_deadline(&session->memo);
	if (progress_deadline(&session->progress) < deadline)
		deadline = progress_deadline(&session->progress);
	if (durable_deadline(&session->durable) < deadline)
		deadline = durable_deadline(&session->durable);
	if (session->recalled.count)
		deadline = 0;
	if (clearance_deadline(&session->clearance) < deadline)
		deadline = clearance_deadline(&session->clearance);
	return deadline;
}

void session_advance(struct session *session)
{
	session_tick(session);
	session_settle(session);
	progress_update(&session->progress, session);
}

void session_step(struct session *session)
{
	loop_step(session->place.loop, session_deadline(session));
	session_advance(session);
}

bool session_is_hungry(const struct session *session)
{
	return pool_is_hungry(session->pool);
}

void session_end_input(struct session *session)
{
	sharing_note_end(session);
}

void session_last_call(struct session *session)
{
	session_end_input(session);
	pool_last_call(session->pool);
}

void session_expect(struct session *session, uint64_t total)
{
	/* Tasks may add to a queue until the last of them ends. */
	if (!session->options->state.queue)
		session->tally.total = total;
}

void session_expect_size(struct session *session, size_t blocks)
{
	if (blocks > session->task_blocks)
		session->task_blocks = blocks;
}

bool session_is_running(const struct session *session)
{
	return ending_permits(session)->submits;
}

void session_hold(struct session *session)
{
	session->held = true;
}

void session_resume(struct session *session)
{
	session->held = false;
}

struct pool *session_pool(struct session *session)
{
	return session->pool;
}

const struct session_tally *session_tally(const struct session *session)
{
	return &session->tally;
}

nsec session_started(const struct session *session)
{
	return session->started;
}

bool session_follows_jobs_file(const struct session *session)
{
	return session->throttle.options.jobs_file;
}

bool session_is_held(const struct session *session)
{
	return session->held || session->throttle.shut;
}
