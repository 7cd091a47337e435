/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run: the parts wired together, and how it ends. */
#include "run/session.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "executor/terminal.h"
#include "ipc/fd.h"
#include "machine/pressure.h"
#include "process/command.h"
#include "process/signals.h"
#include "run/interruption.h"
#include "run/report.h"
#include "run/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

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

void session_drain(struct session *session)
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
	session_drain(session);
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
	session_abort(session);
}

static void outlet_result(struct outlet *outlet, const struct result *result)
{
	report_failure(container_of(outlet, struct session, outlet), result);
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
	struct pool_options pool = {
		.method = options->method,
		.jobs = options->jobs,
		.jobs_max = options->jobs_max > options->jobs ? options->jobs_max : options->jobs,
		.max_tasks = options->max_tasks,
		.repeats = options->retries || options->brings_commands,
		.has_limits = options->brings_commands,
		.grace = options->grace,
		.judged = halt_outcomes(&options->halt),
		.terminal = options->terminal,
	};
	struct template_options template;
	char *prefix[4];
	struct run run = {
		.executor = options->dry_run ? print : command,
		.flags = (options->ungrouped ? RUN_UNGROUPED : 0u) | (options->verbose ? RUN_VERBOSE : 0u) |
			 (options->quiet ? RUN_QUIET : 0u) | (options->terminal ? RUN_TERMINAL | RUN_UNGROUPED : 0u),
		.nice = options->nice,
		/* Whatever they were at our start, a task finds these two at their defaults. */
		.ignored = signals_ignored_at_start() & ~(UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGCHLD - 1)),
		.judged = halt_outcomes(&options->halt),
		.grace = options->grace,
		.delay = options->delay,
		.initializer = (char *)(uintptr_t)options->initializer,
		.id = make_id(),
		.directory = (char *)(uintptr_t)options->directory,
		.path = (char *)(uintptr_t)options->path,
	};
	int opened;

	/* From the background they write to the terminal all the same, as those of xargs do. */
	if (options->ungrouped && !options->terminal)
		run.ignored |= UINT64_C(1) << (SIGTTOU - 1);
	choose_words(options, prefix, &run);
	run.replace = (char *)(uintptr_t)options->replace;
	run.separator = (char *)(uintptr_t)options->separator;
	run.names = options->names;
	run.name_count = (uint32_t)options->name_count;
	run.widths = options->widths;
	run.width_count = (uint32_t)options->width_count;
	run.value_count = (uint32_t)options->value_count;
	run.flags |= (options->names ? RUN_NAMED : 0u) | (options->is_grouped ? RUN_GROUPED : 0u) |
		     (options->to_stdin ? RUN_STDIN : 0u) | (options->names_vary ? RUN_NAMES_VARY : 0u);
	template = run_template(&run);
	/* What is shown of a shell's task is the script. */
	if (options->shell) {
		template.words = options->words;
		template.word_count = options->word_count;
	}
	if (template_compile(&session->template, &template, error) < 0) {
		error->is_usage = true;
		template_release(&session->template);
		free(run.id);
		return -1;
	}
	if (session->template.command_is_fixed || options->shell)
		run.command = command_find(run.words[0], run.path);
	opened = pool_init(&session->pool, &session->loop, &session->arena, &pool, &run, &session->pool_owner, error);
	free(run.id);
	free(run.command);
	return opened;
}

/* The gate: shut while the run ends or is held back, open for the head alone while the window is full. */
static uint64_t choose_gate(const struct session *session)
{
	if (session->throttle.shut)
		return 0;
	return order_is_full(&session->order) ? order_head(&session->order) + 1 : QUEUE_OPEN;
}

int session_open(struct session *session, const struct session_options *options, unsigned closed, struct error *error)
{
	struct order_options order = {
		.memory = options->buffer,
		.disk = options->spill,
		.directory = options->temporary,
		.unordered = options->unordered,
		.attempts = options->retries < UINT32_MAX ? (uint32_t)options->retries + 1 : UINT32_MAX,
	};

	int terminal = -1;

	*session = (struct session){
		.options = options,
		.started = clock_now(),
		.pace = {.fixed = options->chunk_size, .jobs = options->jobs},
		.limit = {.options = options->limit},
		.oom_kills = pressure_oom_kills(),
		.pool_owner = verdict_owner,
		.outlet = {.failed = outlet_failed, .finished = outlet_result},
	};
	if (loop_init(&session->loop) < 0 || arena_init(&session->arena) < 0)
		return error_set_errno(error, errno, "cannot begin");
	if (options->terminal && (terminal = terminal_open()) < 0)
		return error_set_errno(error, errno, "--tty: there is no terminal");
	fd_close(&terminal);
	if (open_pool(session, error) < 0)
		return -1;
	if (interruption_open(session) < 0)
		return error_set_errno(error, errno, "cannot watch for signals");
	/* From here on nothing fails: messages go by the outlet. */
	srand48((long)(clock_now() ^ getpid()));
	throttle_init(&session->throttle, &options->throttle);
	throttle_look(&session->throttle);
	pool_set_timeout(&session->pool, limit_now(&session->limit));
	outlet_open(&session->outlet, &session->loop, closed);
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
	char *line = report_wants(session, &result) ? report_line(session, &result, NULL) : NULL;

	result.reason = line;
	if (verdict_finish(session, &result) < 0)
		BUG("a refused record that has a result");
	free(line);
}

void session_expect_size(struct session *session, size_t blocks)
{
	if (blocks > session->task_blocks)
		session->task_blocks = blocks;
}

void session_expect_retries(struct session *session, uint64_t index, uint64_t retries)
{
	order_expect(&session->order, index, retries < UINT32_MAX ? (uint32_t)retries + 1 : UINT32_MAX);
}

void session_expect(struct session *session, uint64_t total)
{
	session->total = total;
}

/* What follows from what has happened: output that can go on, the gate, tasks that will not begin. */
static void settle(struct session *session)
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
	outlet_flush(&session->outlet);
}

/* What is due by now, whatever has happened. */
static void tick(struct session *session)
{
	struct throttle *throttle = &session->throttle;
	size_t jobs;

	if (session->kill_at && clock_now() >= session->kill_at) {
		session->kill_at = 0;
		if (session->signal)
			session_abort(session);
		else
			pool_signal_tasks(&session->pool, SIGKILL);
	}
	if (session->phase == SESSION_RUNNING)
		throttle_look(throttle);
	if (session->jobs_stale && throttle->options.jobs_file && (jobs = throttle_jobs(throttle))) {
		pool_set_jobs(&session->pool, jobs);
		session->pace.jobs = session->pool.jobs;
	}
	session->jobs_stale = false;
	pool_tick(&session->pool);
}

void session_step(struct session *session)
{
	nsec deadline = pool_deadline(&session->pool);

	if (session->kill_at && session->kill_at < deadline)
		deadline = session->kill_at;
	if (session->phase == SESSION_RUNNING && throttle_deadline(&session->throttle) < deadline)
		deadline = throttle_deadline(&session->throttle);
	if (progress_deadline(&session->progress) < deadline)
		deadline = progress_deadline(&session->progress);
	loop_step(&session->loop, deadline);
	tick(session);
	settle(session);
	progress_update(&session->progress, session);
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
	progress_close(&session->progress);
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
	interruption_close(session);
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
