/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run: the parts wired together, and how it ends. */
#include "run/session.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "run/report.h"
#include "process/command.h"
#include "process/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

/* How long tasks that were told to end may take. */
#define GRACE (2 * NSEC_PER_SEC)

enum {
	/* Blocks of input in use at most, or one for each job and some when that is more. */
	BLOCKS_MIN = 24,
};

static void abort_run(struct session *session)
{
	if (session->phase == SESSION_ABORTING)
		return;
	session->phase = SESSION_ABORTING;
	pool_set_gate(&session->pool, 0);
	pool_signal_tasks(&session->pool, SIGKILL);
}

static void drain_run(struct session *session)
{
	if (session->phase != SESSION_RUNNING)
		return;
	session->phase = SESSION_DRAINING;
	pool_set_gate(&session->pool, 0);
}

void session_fail(struct session *session, enum exit_status status, const struct error *error)
{
	if (session->failure != EXIT_TROUBLE)
		session->failure = status;
	diag_error("%s", error_text(error));
	drain_run(session);
}

static void outlet_failed(struct outlet *outlet, int number)
{
	struct session *session = container_of(outlet, struct session, outlet);

	if (session->phase == SESSION_ABORTING)
		return;
	trace_event("output_gone", "\"errno\":%d", number);
	/* The reader going away is no failure, but the end: silent, unless whoever started us wants to see the error. */
	if (number == EPIPE && !(signals_ignored_at_start() >> (SIGPIPE - 1) & 1)) {
		session->signal = SIGPIPE;
	} else {
		session->failure = EXIT_TROUBLE;
		diag_error("write error: %s", strerror(number));
	}
	abort_run(session);
}

static void outlet_result(struct outlet *outlet, const struct result *result)
{
	report_failure(container_of(outlet, struct session, outlet), result);
}

/* The pool's owner. */

static bool owner_accepts(struct pool_owner *owner, uint64_t index)
{
	return order_accepts(&container_of(owner, struct session, pool_owner)->order, index);
}

static uint64_t owner_head(struct pool_owner *owner)
{
	return order_head(&container_of(owner, struct session, pool_owner)->order);
}

static int owner_on_output(struct pool_owner *owner, uint64_t index, enum stream stream, struct slice bytes)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	/* The index is a worker's word: one that was never handed out would make the window reach for it. */
	return index < session->submitted ? order_put(&session->order, index, stream, bytes) : -1;
}

/* COMMAND itself cannot be run: neither can it for the other records. */
static void stop_for_command(struct session *session, const struct result *result)
{
	struct error error = {.number = 0};

	if (session->failure)
		return;
	report_command(session, result, &error);
	session_fail(session, result->number == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE, &error);
	error_release(&error);
}

/* Errors of exec that are about the command, not about one record's arguments. */
static bool is_about_command(int number)
{
	return number == ENOENT || number == EACCES || number == ENOEXEC || number == EPERM || number == ENOTDIR ||
	       number == ELOOP || number == EISDIR;
}

static int owner_on_result(struct pool_owner *owner, const struct result *result, struct slice record)
{
	struct session *session = container_of(owner, struct session, pool_owner);
	struct result told = *result;
	char *reason = NULL;
	int taken;

	pace_learn(&session->pace, result);
	if (result->outcome == OUTCOME_NOT_STARTED && session->template.command_is_fixed &&
	    is_about_command(result->number)) {
		struct task task = {.index = result->index, .record = record};
		struct template_values values = {.slot = result->slot};

		template_expand(&session->template, &task, &values);
		stop_for_command(session, result);
	} else if (report_wants(session, result)) {
		told.reason = reason = report_line(session, result, record);
	}
	taken = order_finish(&session->order, &told);
	free(reason);
	if (taken < 0)
		return -1;
	session->finished++;
	session->outcomes[result->outcome]++;
	return 0;
}

static void owner_on_room(struct pool_owner *owner)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	if (session->on_room)
		session->on_room(session);
}

static void owner_on_failure(struct pool_owner *owner, const struct error *error)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	session_fail(session, EXIT_TROUBLE, error);
	abort_run(session);
}

/* Signals that ask us to end. */
static void signals_ready(struct watch *watch, unsigned events UNUSED)
{
	struct session *session = container_of(watch, struct session, signals);
	int number;

	while ((number = signals_next(watch->fd))) {
		trace_event("signal", "\"number\":%d", number);
		if (number == SIGUSR1 || number == SIGUSR2)
			continue;
		if (session->signal || number == SIGQUIT) {
			session->signal = session->signal ? session->signal : number;
			abort_run(session);
			continue;
		}
		session->signal = number;
		drain_run(session);
		pool_signal_tasks(&session->pool, number);
		if (number != SIGINT)
			session->kill_at = clock_now() + GRACE;
	}
}

/* Identifies this run to its tasks: 16 hexadecimal digits. */
static char *make_id(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		number = (uint64_t)clock_wall() ^ (uint64_t)getpid() << 40;
	return mem_format("%016" PRIx64, number);
}

/* The words to execute: those of the command line, or the shell's. prefix has room for them. */
static void choose_words(const struct session_options *options, char **prefix, struct run *run)
{
	static char shell[] = "/bin/sh", flag[] = "-c", name[] = "sh";
	size_t count = 0;

	if (!options->shell) {
		run->words = options->words;
		run->word_count = (uint32_t)options->word_count;
		return;
	}
	prefix[count++] = shell;
	prefix[count++] = flag;
	if (options->word_count) {
		prefix[count++] = options->words[0];
		prefix[count++] = name;
	}
	run->words = prefix;
	run->word_count = (uint32_t)count;
	run->flags |= RUN_LITERAL;
}

static int open_pool(struct session *session, struct error *error)
{
	static char command[] = "command", print[] = "print";
	const struct session_options *options = session->options;
	struct pool_options pool = {.method = options->method, .jobs = options->jobs, .max_tasks = options->max_tasks};
	char *prefix[4];
	struct run run = {
		.executor = options->dry_run ? print : command,
		.flags = (options->ungrouped ? RUN_UNGROUPED : 0u) | (options->verbose ? RUN_VERBOSE : 0u) |
			 (options->quiet ? RUN_QUIET : 0u),
		.nice = options->nice,
		/* Whatever they were at our start, a task finds these two at their defaults. */
		.ignored = signals_ignored_at_start() & ~(UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGCHLD - 1)),
		.grace = GRACE,
		.id = make_id(),
		.directory = (char *)(uintptr_t)options->directory,
		.path = (char *)(uintptr_t)options->path,
	};
	int opened;

	choose_words(options, prefix, &run);
	template_compile(&session->template, options->shell ? options->words : run.words,
			 options->shell ? options->word_count : run.word_count, run.flags & RUN_LITERAL ? TEMPLATE_LITERAL : 0);
	if (session->template.command_is_fixed || options->shell)
		run.command = command_find(run.words[0], run.path);
	opened = pool_init(&session->pool, &session->loop, &session->arena, &pool, &run, &session->pool_owner, error);
	free(run.id);
	free(run.command);
	return opened;
}

static int open_signals(struct session *session)
{
	session->signals = (struct watch){.fd = signals_open(), .ready = signals_ready};
	return session->signals.fd < 0 ? -1 : loop_watch(&session->loop, &session->signals, LOOP_INPUT);
}

int session_open(struct session *session, const struct session_options *options, unsigned closed, struct error *error)
{
	struct order_options order = {
		.memory = options->buffer,
		.disk = options->spill,
		.directory = options->temporary,
		.unordered = options->unordered,
	};

	*session = (struct session){
		.options = options,
		.started = clock_now(),
		.pace = {.fixed = options->chunk_size, .jobs = options->jobs},
		.pool_owner = {.accepts = owner_accepts, .head = owner_head, .on_output = owner_on_output,
			       .on_result = owner_on_result, .on_room = owner_on_room, .on_failure = owner_on_failure},
		.outlet = {.failed = outlet_failed, .finished = outlet_result},
	};
	if (loop_init(&session->loop) < 0 || arena_init(&session->arena) < 0)
		return error_set_errno(error, errno, "cannot begin");
	if (open_pool(session, error) < 0)
		return -1;
	if (open_signals(session) < 0)
		return error_set_errno(error, errno, "cannot watch for signals");
	outlet_open(&session->outlet, &session->loop, closed);
	order_init(&session->order, &order, &session->outlet.sink);
	trace_event("run_start", "\"jobs\":%zu,\"method\":\"%s\"", options->jobs, options->method->name);
	return 0;
}

bool session_has_room(const struct session *session)
{
	size_t blocks = session->options->jobs + 8 > BLOCKS_MIN ? session->options->jobs + 8 : BLOCKS_MIN;

	/* A full window can still take the head, should that not even have been submitted. */
	if (order_is_full(&session->order) && order_head(&session->order) < session->submitted)
		return false;
	return session->phase == SESSION_RUNNING && pool_has_room(&session->pool) && arena_used(&session->arena) < blocks;
}

bool session_is_hungry(const struct session *session)
{
	return pool_is_hungry(&session->pool);
}

void session_submit(struct session *session, const struct chunk *chunk)
{
	session->submitted += chunk->count;
	pool_submit(&session->pool, chunk);
}

void session_refuse(struct session *session, const char *reason)
{
	struct result result = {
		.index = session->submitted++,
		.outcome = OUTCOME_NOT_STARTED,
		.status = -1,
		.reason = reason,
	};
	char *line = report_wants(session, &result) ? report_line(session, &result, (struct slice){.data = NULL}) : NULL;

	result.reason = line;
	if (order_finish(&session->order, &result) < 0)
		BUG("a refused record that has a result");
	free(line);
	session->finished++;
	session->outcomes[OUTCOME_NOT_STARTED]++;
}

/* What follows from what has happened: output that can go on, the gate, tasks that will not begin. */
static void settle(struct session *session)
{
	struct order *order = &session->order;

	order_pump(order);
	pool_resume(&session->pool);
	if (order->held.error.text && session->phase != SESSION_ABORTING) {
		session_fail(session, EXIT_TROUBLE, &order->held.error);
		abort_run(session);
	}
	if (session->phase != SESSION_RUNNING)
		pool_skip_waiting(&session->pool);
	else
		pool_set_gate(&session->pool, order_is_full(order) ? order_head(order) + 1 : QUEUE_OPEN);
	if (session->on_room && session_has_room(session))
		session->on_room(session);
	outlet_flush(&session->outlet);
}

void session_step(struct session *session)
{
	nsec deadline = pool_deadline(&session->pool);

	if (session->kill_at && session->kill_at < deadline)
		deadline = session->kill_at;
	loop_step(&session->loop, deadline);
	if (session->kill_at && clock_now() >= session->kill_at)
		abort_run(session);
	pool_tick(&session->pool);
	settle(session);
}

bool session_is_settled(const struct session *session)
{
	return session->finished == session->submitted || session->phase == SESSION_ABORTING;
}

/* Writes out what waits, at the reader's pace. */
static void finish_output(struct session *session)
{
	settle(session);
	while (session->phase != SESSION_ABORTING &&
	       (order_head(&session->order) < session->submitted || !outlet_is_idle(&session->outlet)))
		session_step(session);
}

/* Writes out the last words at the reader's pace; a (second) signal cuts them short. */
static void finish_words(struct session *session)
{
	while (!outlet_is_idle(&session->outlet) && !session->signal) {
		loop_step(&session->loop, NSEC_FOREVER);
		outlet_flush(&session->outlet);
	}
}

int session_close(struct session *session)
{
	int status, signal;

	finish_output(session);
	pool_close(&session->pool);
	forkserver_stop();
	/* Everything that will ever come has come in by now. A run that failed ends where its output is whole. */
	if (!session->failure)
		order_pump(&session->order);
	report_end(session);
	outlet_flush(&session->outlet);
	finish_words(session);
	status = report_status(session);
	signal = session->signal;
	trace_event("run_end", "\"status\":%d,\"signal\":%d", status, signal);
	pool_release(&session->pool);
	order_release(&session->order);
	outlet_close(&session->outlet);
	template_release(&session->template);
	bytes_release(&session->failures);
	arena_release(&session->arena);
	loop_release(&session->loop);
	if (signal)
		signals_die(signal);
	return status;
}
