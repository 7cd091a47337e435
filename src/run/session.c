/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run: the parts wired together, and how it ends. */
#include "run/session.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "machine/pressure.h"
#include "process/signals.h"
#include "worker/terminal.h"
#include "run/instructions.h"
#include "run/interruption.h"
#include "run/logbook.h"
#include "run/report.h"
#include "run/verdict.h"

#include <errno.h>

/* After tasks were killed. */
#define GIVE_UP_TIME (3 * NSEC_PER_SEC)

#define KILLS_UNKNOWN UINT64_MAX

enum {
	/* Blocks of input in use at most, or one for each job and some when that is more. */
	BLOCKS_MIN = 24,
};

void session_abort(struct session *session)
{
	if (session->phase == SESSION_ABORTING)
		return;
	session->phase = SESSION_ABORTING;
	pool_set_gate(&session->pool, 0);
	pool_signal_tasks(&session->pool, SIGKILL);
}

/* The gate: shut while the run ends or is held back, open for the head alone while the window is full. */
static uint64_t choose_gate(const struct session *session)
{
	if (session->throttle.shut || session->held)
		return 0;
	return order_is_full(&session->order) ? order_head(&session->order) + 1 : QUEUE_OPEN;
}

void session_set_jobs(struct session *session, size_t jobs)
{
	pool_set_jobs(&session->pool, jobs);
	session->pace.jobs = jobs ? session->pool.jobs : 1;
}

void session_cancel(struct session *session)
{
	session_drain(session);
	pool_signal_tasks(&session->pool, SIGTERM);
	session->kill_at = clock_now() + session->options->grace;
}

void session_drain(struct session *session)
{
	if (session->phase == SESSION_RUNNING) {
		session->phase = SESSION_DRAINING;
		pool_set_gate(&session->pool, 0);
	}
}

void session_fail(struct session *session, enum exit_status status, const struct error *error)
{
	if (session->failure != EXIT_TROUBLE)
		session->failure = status;
	diag_error("%s", error_text(error));
	session_drain(session);
}

static void outlet_failed(struct outlet *outlet, int number)
{
	struct session *session = container_of(outlet, struct session, outlet);

	if (session->phase == SESSION_ABORTING)
		return;
	trace_event("output_gone", "\"errno\":%d", number);
	/* The reader going away is no failure, but the end: silent, unless whoever started us wants to see the error.
	 */
	if (number == EPIPE && !(signals_ignored_at_start() >> (SIGPIPE - 1) & 1)) {
		session->signal = SIGPIPE;
	} else {
		session->failure = EXIT_TROUBLE;
		diag_error("write error: %s", strerror(number));
	}
	session_abort(session);
}

static void outlet_result(struct outlet *outlet, const struct result *result)
{
	report_failure(container_of(outlet, struct session, outlet), result);
}

/* Lets go of what a session has before its output is open. */
static void session_release(struct session *session)
{
	pool_release(&session->pool);
	template_release(&session->template);
	template_release(&session->command);
	template_release(&session->tag);
	arena_release(&session->arena);
}

/* Opens what may fail. -1 with the error: what is open by then is the caller's to release. */
static int open_parts(struct session *session, struct error *error)
{
	int terminal = -1;

	session->pool.board.shm.fd = session->pool.run.fd = -1;
	session->joblog.fd = session->results.fd = -1;
	if (arena_init(&session->arena) < 0)
		return error_set_errno(error, errno, "cannot begin");
	if (session->options->terminal && (terminal = terminal_open()) < 0)
		return error_set_errno(error, errno, "--tty: there is no terminal");
	fd_close(&terminal);
	if (instructions_open(session, error) < 0 || record_open(session, error) < 0)
		return -1;
	if (session->place.is_alone && interruption_open(session) < 0)
		return error_set_errno(error, errno, "cannot watch for signals");
	return 0;
}

int session_open(struct session *session, const struct session_options *options, const struct session_place *place,
		 struct error *error)
{
	const struct output_format *format = options->format ? options->format : &output_text;
	struct order_options order = {
		.memory = options->buffer,
		.disk = options->spill,
		.directory = options->temporary,
		.kind = options->order,
		.whole = format->is_whole,
		.attempts = options->retries < UINT32_MAX ? (uint32_t)options->retries + 1 : UINT32_MAX,
	};

	if (format == &output_text && (options->tag || options->order == ORDER_LINES))
		format = &output_lines;
	*session = (struct session){
		.options = options,
		.place = *place,
		.started = clock_now(),
		.pace = {.fixed = options->chunk_size, .jobs = options->jobs},
		.limit = {.options = options->limit},
		.oom_kills = KILLS_UNKNOWN,
		.pool_owner = verdict_owner,
		.outlet = {.failed = outlet_failed, .finished = outlet_result},
	};
	session->pool_owner.context = place->context;
	if (open_parts(session, error) < 0) {
		record_close(session);
		session_release(session);
		return -1;
	}
	/* From here on nothing fails: messages go by the outlet. */
	srand48((long)(clock_now() ^ getpid()));
	throttle_init(&session->throttle, &options->throttle);
	throttle_check(&session->throttle);
	pool_set_timeout(&session->pool, limit_now(&session->limit));
	session->outlet.screen = place->screen;
	outlet_open(&session->outlet, place->loop, format, options->method->prefix, place->closed);
	order_init(&session->order, &order, &session->outlet.sink);
	progress_init(&session->progress, session, &session->outlet);
	pool_set_gate(&session->pool, choose_gate(session));
	trace_event("run_start", "\"jobs\":%zu,\"method\":\"%s\"", options->jobs, options->method->name);
	return 0;
}

bool session_has_room(const struct session *session)
{
	size_t blocks = session->pool.jobs + 8 > BLOCKS_MIN ? session->pool.jobs + 8 : BLOCKS_MIN;

	blocks *= session->task_blocks ? session->task_blocks : 1;
	/* A full window can still take the head, should that not even have been submitted. */
	if (order_is_full(&session->order) && order_head(&session->order) < session->submitted)
		return false;
	return session->phase == SESSION_RUNNING && pool_has_room(&session->pool) &&
	       arena_used(&session->arena) < blocks;
}

void session_submit(struct session *session, const struct chunk *chunk)
{
	session->submitted += chunk->count;
	pool_submit(&session->pool, chunk);
	/* Asked for while a worker begins, and before anything of it is taken in. */
	if (session->oom_kills == KILLS_UNKNOWN)
		session->oom_kills = pressure_oom_kills();
}

void session_expect_retries(struct session *session, uint64_t index, uint64_t retries)
{
	order_expect(&session->order, index, retries < UINT32_MAX ? (uint32_t)retries + 1 : UINT32_MAX);
}

/* What follows from what has happened: output that can go on, the gate, tasks that will not begin. */
static void session_settle(struct session *session)
{
	struct order *order = &session->order;

	order_pump(order);
	pool_resume(&session->pool);
	if (order->held.error.text && session->phase != SESSION_ABORTING) {
		session_fail(session, EXIT_TROUBLE, &order->held.error);
		session_abort(session);
	}
	/* With a failure of our own the output ends where it is whole: nothing goes out behind what was skipped. */
	if (session->phase != SESSION_RUNNING && !(session->phase == SESSION_ABORTING && session->failure))
		pool_skip_waiting(&session->pool);
	else if (session->phase == SESSION_RUNNING)
		pool_set_gate(&session->pool, choose_gate(session));
	if (session->on_room && session_has_room(session))
		session->on_room(session);
	record_flush(session);
	outlet_flush(&session->outlet);
}

/*
 * Tasks that were told to end have had their time. Where others wait for their workers it is looked again: a worker
 * that tells of no end although what it writes is taken never will.
 */
static void kill_late(struct session *session)
{
	struct order_sink *sink = &session->outlet.sink;
	bool waits = session->place.screen && !session->signal;

	session->kill_at = waits ? clock_now() + GIVE_UP_TIME : 0;
	if (session->signal ||
	    (session->killed && waits && session->finished < session->submitted && sink->has_room(sink)))
		session_abort(session);
	else if (!session->killed || !waits)
		pool_signal_tasks(&session->pool, SIGKILL);
	session->killed = true;
}

/* What is due by now, whatever has happened. */
static void session_tick(struct session *session)
{
	struct throttle *throttle = &session->throttle;
	size_t jobs;

	if (session->kill_at && clock_now() >= session->kill_at)
		kill_late(session);
	if (session->phase == SESSION_RUNNING)
		throttle_check(throttle);
	if (session->jobs_stale && throttle->options.jobs_file && (jobs = throttle_jobs(throttle)))
		session_set_jobs(session, jobs);
	session->jobs_stale = false;
	pool_tick(&session->pool);
}

nsec session_deadline(const struct session *session)
{
	nsec deadline = pool_deadline(&session->pool);

	if (session->kill_at && session->kill_at < deadline)
		deadline = session->kill_at;
	if (session->phase == SESSION_RUNNING && throttle_deadline(&session->throttle) < deadline)
		deadline = throttle_deadline(&session->throttle);
	if (progress_deadline(&session->progress) < deadline)
		deadline = progress_deadline(&session->progress);
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

bool session_is_settled(const struct session *session)
{
	return session->finished == session->submitted || session->phase == SESSION_ABORTING;
}

bool session_is_over(const struct session *session)
{
	return session->phase == SESSION_ABORTING ||
	       (session_is_settled(session) && order_head(&session->order) >= session->submitted &&
		outlet_is_idle(&session->outlet));
}

/* Writes out what waits, at the reader's pace. */
static void finish_output(struct session *session)
{
	session_settle(session);
	while (!session_is_over(session))
		session_step(session);
}

/*
 * Waits for something of the output to be written, or all of it. False when there is no use in that: somebody ends the
 * run, and nothing has been for as long as tasks that were told to end may take; or they say so once more.
 */
static bool wait_for_reader(struct session *session)
{
	uint64_t before = session->outlet.output.total;
	nsec deadline = session->signal ? clock_now() + session->options->grace : NSEC_FOREVER;

	/* Nobody reads but who shows it, and that is not here. */
	if (session->outlet.screen)
		return false;
	while (!session->impatient && session->outlet.output.total == before && !outlet_is_idle(&session->outlet)) {
		if (clock_now() >= deadline)
			return false;
		loop_step(session->place.loop, deadline);
		outlet_flush(&session->outlet);
		if (session->signal && deadline == NSEC_FOREVER)
			deadline = clock_now() + session->options->grace;
	}
	return !session->impatient;
}

/* Whether tasks that have ended, and go out whole, still can. With a failure the output ends where it is. */
static bool has_whole_ones(const struct session *session)
{
	const struct order *order = &session->order;

	return order->options.whole && !session->failure && !order->held.error.text &&
	       order_is_finished(order, order->current);
}

/* Writes out the rest of what goes out as a whole and has begun, and what the form of the output still lacks. */
bool session_write_out(struct session *session)
{
	struct order *order = &session->order;

	while (order_is_midway(order) || has_whole_ones(session)) {
		if (order_is_midway(order))
			order_continue(order);
		else
			order_pump(order);
		outlet_flush(&session->outlet);
		if (session->outlet.output.error || (!order->sink->has_room(order->sink) && !wait_for_reader(session)))
			return false;
	}
	return true;
}

/* Writes out the last words at the reader's pace; a (second) signal cuts them short, but not at once what has a form.
 */
static void finish_words(struct session *session)
{
	bool formed = session->outlet.format->is_whole;

	while (!outlet_is_idle(&session->outlet) && (formed || !session->signal) && wait_for_reader(session))
		outlet_flush(&session->outlet);
}

bool session_dismiss(struct session *session)
{
	struct pool *pool = &session->pool;

	if (!pool->closing && session->phase == SESSION_ABORTING)
		pool_hang_up(pool);
	else if (!pool->closing)
		pool_dismiss(pool);
	return pool_is_empty(pool);
}

int session_close(struct session *session, int *signal)
{
	int status;

	finish_output(session);
	progress_close(&session->progress);
	if (!session->place.reserve) {
		pool_close(&session->pool);
		forkserver_stop();
	}
	while (!session_dismiss(session)) {
		loop_step(session->place.loop, pool_deadline(&session->pool));
		pool_tick(&session->pool);
	}
	/* Everything that will ever come has come in by now. A run that failed ends where its output is whole. */
	if (!session->failure)
		order_pump(&session->order);
	if (session_write_out(session))
		outlet_end(&session->outlet);
	record_flush(session);
	record_close(session);
	report_end(session);
	outlet_flush(&session->outlet);
	finish_words(session);
	status = report_status(session);
	*signal = session->signal;
	if (session->place.is_alone)
		interruption_close(session);
	trace_event("run_end", "\"status\":%d,\"signal\":%d", status, *signal);
	order_release(&session->order);
	outlet_close(&session->outlet);
	bytes_release(&session->failures);
	session_release(session);
	return status;
}
