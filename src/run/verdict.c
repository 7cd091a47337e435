/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool's events, as a run handles them: output goes to the order; a result counts, is provisional because the task
 * is run again, or ends the run. Answers of a command that stays come with their output, for many tasks at once.
 */
#include "run/verdict.h"

#include "base/diag.h"
#include "ipc/fd.h"
#include "machine/pressure.h"
#include "run/display/advice.h"
#include "run/logbook.h"
#include "run/policy/failure.h"
#include "run/report.h"
#include "run/session_private.h"
#include "run/tags/tags.h"
#include "worker/executor.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static bool owner_accepts(struct pool_owner *owner, uint64_t index)
{
	return order_accepts(&container_of(owner, struct session, pool_owner)->order, index);
}

static uint64_t owner_head(struct pool_owner *owner)
{
	return order_head(&container_of(owner, struct session, pool_owner)->order);
}

/* Sets what represents a task in the output, and frees it. -1 if no such attempt is out. */
static int set_label(struct session *session, uint64_t index, uint32_t attempt, char *label)
{
	int set = order_set_label(&session->order, index, attempt, label);

	free(label);
	return set;
}

static int owner_on_output(struct pool_owner *owner, const struct output_header *header, uint32_t slot,
			   struct slice bytes)
{
	struct session *session = container_of(owner, struct session, pool_owner);
	struct slice kept = bytes;
	int put;

	if (outlet_drops(&session->outlet, (enum stream)header->stream))
		kept = (struct slice){.data = NULL};
	/* The index comes from the worker: one never submitted would make the window grow up to it. */
	if (header->index >= session->tally.submitted ||
	    (header->stream == STREAM_VALUE && !(session->briefing.flags & BRIEFING_VALUES)) ||
	    tags_apply(session, header, slot, &kept) < 0)
		return -1;
	put = order_put(&session->order, header->index, header->attempt, (enum stream)header->stream, kept);
	if (put < 0)
		return put;
	logbook_put(session, header, bytes);
	if (session->tries.takes_errors && header->stream == STREAM_ERRORS)
		tries_put(&session->tries, header, slot, bytes);
	return 0;
}

/* Ends the run because COMMAND itself cannot be run, and so for no other record. */
static void stop_for_command(struct session *session, const struct result *result)
{
	struct error error = {.number = 0};

	if (session->reported.command)
		return;
	session->reported.command = true;
	report_command(session, result, &error);
	ending_fail(session, result->number == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE, &error);
	error_release(&error);
}

/* True if a task is to be run again, after *delay. */
static bool is_to_repeat(struct session *session, const struct result *result, nsec *delay)
{
	if (session->options->durable.at_most_once || !ending_permits(session)->begins || !result_is_failure(result) ||
	    !again_applies(&session->options->policy.again, result) ||
	    result->attempt >= order_attempts(&session->order, result->index) ||
	    !order_may_repeat(&session->order, result->index))
		return false;
	*delay = failure_delay(result, session->options->policy.retry_delay);
	return true;
}

/* Ends the run if one more result that counts fulfils the condition of --halt. */
static void apply_halt(struct session *session)
{
	uint64_t succeeded = session->tally.outcomes[OUTCOME_OK] - session->tally.recalled[OUTCOME_OK];
	const struct halt *halt = &session->options->policy.halt;

	session->jobs_stale = true;
	if (!ending_permits(session)->begins)
		return;
	if (!halt_is_due(halt, session_failures(&session->tally), succeeded, session->tally.total))
		return;
	session->ending.halted = true;
	if (halt->when == HALT_NOW)
		ending_cancel(session);
	else
		ending_drain(session);
}

/* Sets how the result object of a task begins. -1 if no such attempt is out. */
static int name_command(struct session *session, const struct result *result, const struct task *task)
{
	if (!session->outlet.format->is_whole || !task)
		return 0;
	return set_label(session, result->index, result->attempt, report_label(session, task, result->slot));
}

/* Counts a result that is final. */
static void verdict_count(struct session *session, const struct result *result)
{
	uint64_t count = result_count(result);

	session->tally.finished += count;
	session->tally.outcomes[result->outcome] += count;
	session->tally.retried += result->attempt > 1 ? count : 0;
	if (report_needs_times(session) && result->ran && !result->is_recalled)
		times_add(&session->times, result->duration, count);
}

/* Accounts for a result that counts, which the order has taken; task is NULL if it is not known. */
static void verdict_account(struct session *session, const struct result *result, const struct task *task)
{
	logbook_count(session, result, task);
	tries_forget(&session->tries, result->index);
	clearance_count(&session->clearance, result);
	verdict_count(session, result);
	ending_count(session, result);
	apply_halt(session);
}

int verdict_finish(struct session *session, const struct result *result, const struct task *task)
{
	if (order_finish(&session->order, result) < 0)
		return -1;
	verdict_account(session, result, task);
	return 0;
}

/* Makes the provisional result of a task that is not run again after all count. False if it has none. */
static bool confirm_provisional(struct session *session, const struct result *result, const struct task *task)
{
	const struct result *aside =
		result->outcome == OUTCOME_SKIPPED ? order_provisional(&session->order, result->index) : NULL;

	if (!aside)
		return false;
	/* It is no earlier attempt any more. */
	tries_withdraw(&session->tries, result->index);
	verdict_count(session, aside);
	logbook_count(session, aside, task);
	clearance_count(&session->clearance, aside);
	order_confirm(&session->order, result->index);
	return true;
}

/*
 * A verdict on a result. The steps in their order, and why they have it:
 *
 *   learn      durations, for chunk sizes and time limits: of every result
 *   confirm    a skipped task's provisional result counts instead: nothing else follows
 *   explain    the cause, before the line that names it
 *   decide     whether the task is run again, before the order takes the result
 *   describe   the line for the summary: with the cause, without a message that says the same
 *   enter      into the order and the records; may fulfil --halt
 *   report     that --halt stopped the run
 */
struct verdict {
	struct session *session;
	/* NULL if nothing is known of the task. */
	const struct task *task;
	/* The worker's result, with what the parent adds. */
	struct result result;
	/* Why no command could be made; NULL if one could. Owned. */
	char *problem;
	/* The line for the summary; NULL if none. Owned. */
	char *line;
	/* COMMAND itself cannot be run. */
	bool is_about_command;
	/* The task is run again. */
	bool repeats;
	/* Time until then. */
	nsec delay;
};

static void verdict_learn(struct verdict *verdict)
{
	struct session *session = verdict->session;

	pace_learn(&session->pace, &verdict->result);
	/* Of several tasks, only the whole time is known. */
	if (verdict->task && limit_learn(&session->limit, &verdict->result))
		pool_set_timeout(session->pool, limit_now(&session->limit));
	ending_learn(session, &verdict->result);
}

/* Notes whether the OOM killer was at work when a task or its worker was killed. */
static void find_oom_kill(struct session *session, struct result *result)
{
	uint64_t kills;

	/* The status is that of a shell one of whose processes was killed. */
	if (result->outcome != OUTCOME_LOST && result->signal != SIGKILL && result->status != 128 + SIGKILL)
		return;
	kills = pressure_oom_kills();
	result->out_of_memory = kills > session->oom_kills;
	session->oom_kills = kills;
}

static void verdict_explain(struct verdict *verdict)
{
	find_oom_kill(verdict->session, &verdict->result);
	products_note(verdict->session, &verdict->result, verdict->task);
	verdict->problem = report_problem(verdict->session, &verdict->result, verdict->task);
	if (verdict->problem)
		verdict->result.reason = verdict->problem;
}

static void verdict_decide(struct verdict *verdict)
{
	struct session *session = verdict->session;
	const struct session_options *options = session->options;
	const struct result *result = &verdict->result;

	verdict->is_about_command = session->template.command_is_fixed && failure_is_about_command(result);
	/* Each task that writes there would fail. */
	if ((options->output.ungrouped || options->command.terminal) && failure_is_by_pipe(result) &&
	    !fd_has_reader(STDOUT_FILENO))
		ending_lose_output(session, EPIPE);
	if (verdict->is_about_command)
		stop_for_command(session, result);
	else
		verdict->repeats = is_to_repeat(session, result, &verdict->delay);
}

static void verdict_describe(struct verdict *verdict)
{
	if (verdict->is_about_command || !report_wants(verdict->session, &verdict->result))
		return;
	verdict->line = report_line(verdict->session, &verdict->result, verdict->task);
	verdict->result.line = verdict->line;
	advice_report(verdict->session, &verdict->result, verdict->task);
}

static enum result_use verdict_enter(struct verdict *verdict)
{
	struct session *session = verdict->session;
	const struct result *result = &verdict->result;

	if (name_command(session, result, verdict->task) < 0)
		return RESULT_REFUSED;
	if (verdict->repeats && order_keep_provisional(&session->order, result) < 0)
		return RESULT_REFUSED;
	if (verdict->repeats && session->tries.is_on)
		tries_keep(&session->tries, result);
	if (verdict->repeats)
		return RESULT_AGAIN;
	return verdict_finish(session, result, verdict->task) < 0 ? RESULT_REFUSED : RESULT_TAKEN;
}

static void verdict_report_halt(struct verdict *verdict)
{
	struct session *session = verdict->session;

	if (!session->ending.halted || session->reported.halt)
		return;
	session->reported.halt = true;
	if (!verdict->line)
		verdict->line = report_line(session, &verdict->result, verdict->task);
	report_halt(&verdict->result, verdict->line);
}

static enum result_use verdict_on_result(struct pool_owner *owner, const struct result *result, const struct task *task,
					 nsec *delay)
{
	struct verdict verdict = {
		.session = container_of(owner, struct session, pool_owner), .task = task, .result = *result};
	enum result_use use;

	verdict_learn(&verdict);
	if (confirm_provisional(verdict.session, result, task))
		return RESULT_TAKEN;
	verdict_explain(&verdict);
	verdict_decide(&verdict);
	verdict_describe(&verdict);
	use = verdict_enter(&verdict);
	if (use != RESULT_REFUSED)
		sharing_note(verdict.session, result, use == RESULT_TAKEN);
	verdict_report_halt(&verdict);
	*delay = verdict.delay;
	free(verdict.problem);
	free(verdict.line);
	return use;
}

/* Sets the tag of an answer, or how its result object begins. -1 if no such attempt is out. */
static int name_answer(struct session *session, const struct result *result, const struct task *task)
{
	if (task && session->options->output.tag)
		return set_label(session, result->index, result->attempt, tags_label(session, task, result->slot));
	return name_command(session, result, task);
}

/* A verdict on answers: nothing is to be decided, explained or described. Durations of several tasks say nothing. */
static enum result_use verdict_on_answers(struct pool_owner *owner, const struct result *result,
					  const struct task *task, struct slice bytes)
{
	struct session *session = container_of(owner, struct session, pool_owner);
	const struct output_header header = {
		.index = result->index, .attempt = result->attempt, .stream = STREAM_OUTPUT};
	struct verdict verdict = {.session = session, .task = task, .result = *result};
	struct slice kept = bytes;

	if (outlet_drops(&session->outlet, STREAM_OUTPUT))
		kept = (struct slice){.data = NULL};
	/* In an object a filter's answer is without the delimiter that ended it. */
	kept.size -= kept.size && session->outlet.format->is_whole && !session->options->command.executor->answers_each;
	verdict_learn(&verdict);
	if (name_answer(session, result, task) < 0 || order_finish_with(&session->order, result, kept) < 0)
		return RESULT_REFUSED;
	if (bytes.size)
		logbook_put(session, &header, bytes);
	verdict_account(session, result, task);
	sharing_note(session, result, true);
	verdict_report_halt(&verdict);
	free(verdict.line);
	return RESULT_TAKEN;
}

static void owner_on_forget(struct pool_owner *owner, uint64_t index, uint64_t count, uint32_t attempt)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	order_forget(&session->order, index, count);
	logbook_forget(session, index, attempt);
}

static void verdict_on_words(struct pool_owner *owner UNUSED, struct slice words)
{
	diag_line(words);
}

static void verdict_on_report(struct pool_owner *owner, enum packet_type type, struct slice words)
{
	report_worker(container_of(owner, struct session, pool_owner), type, words);
}

static void owner_on_room(struct pool_owner *owner)
{
	struct session_owner *feeding = container_of(owner, struct session, pool_owner)->place.owner;

	if (feeding->on_room)
		feeding->on_room(feeding);
}

static void verdict_on_failure(struct pool_owner *owner, const struct error *error, unsigned status)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	if (!ending_is_aborted(session))
		ending_fail(session, status ? status : EXIT_TROUBLE, error);
	ending_abort(session);
}

const struct pool_owner verdict_owner = {
	.accepts = owner_accepts,
	.head = owner_head,
	.on_output = owner_on_output,
	.on_result = verdict_on_result,
	.on_answers = verdict_on_answers,
	.on_forget = owner_on_forget,
	.on_words = verdict_on_words,
	.on_report = verdict_on_report,
	.on_room = owner_on_room,
	.on_failure = verdict_on_failure,
};
