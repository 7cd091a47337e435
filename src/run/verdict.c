/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run makes of what its pool tells it: output to the order, and for each result whether it counts, is tried
 * again, or ends the run.
 */
#include "run/verdict.h"

#include "base/diag.h"
#include "base/trace.h"
#include "machine/pressure.h"
#include "run/logbook.h"
#include "run/report.h"
#include "run/session.h"

#include <errno.h>

/* No task waits longer than this to be run again. */
#define RETRY_DELAY_MAX (24 * 3600 * NSEC_PER_SEC)

static bool owner_accepts(struct pool_owner *owner, uint64_t index)
{
	return order_accepts(&container_of(owner, struct session, pool_owner)->order, index);
}

static uint64_t owner_head(struct pool_owner *owner)
{
	return order_head(&container_of(owner, struct session, pool_owner)->order);
}

/* Says what is to stand before the lines of a task that is heard of for the first time. -1 when it cannot be heard of.
 */
static int tag_lines(struct session *session, const struct output_header *header, uint32_t slot)
{
	struct task task;
	char *label;
	int set;

	if (!session->options->tag || order_has_label(&session->order, header->index, header->attempt))
		return 0;
	if (!pool_task(&session->pool, header->index, header->attempt, &task))
		return -1;
	label = report_tag(session, &task, slot);
	set = order_set_label(&session->order, header->index, header->attempt, label);
	free(label);
	return set;
}

static int owner_on_output(struct pool_owner *owner, const struct output_header *header, uint32_t slot,
			   struct slice bytes)
{
	struct session *session = container_of(owner, struct session, pool_owner);
	struct slice none = {.data = NULL};
	int put;

	/* The index is a worker's word: one that was never handed out would make the window reach for it. */
	if (header->index >= session->submitted || tag_lines(session, header, slot) < 0)
		return -1;
	put = order_put(&session->order, header->index, header->attempt, (enum stream)header->stream,
			session->outlet.format->is_silent ? none : bytes);
	if (put == 0)
		record_output(session, header, bytes);
	return put;
}

/* COMMAND itself cannot be run: neither can it for the other records. */
static void stop_for_command(struct session *session, const struct result *result)
{
	struct error error = {.number = 0};

	if (session->command_told)
		return;
	session->command_told = true;
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

/* Whether a task that failed is to be run again, and after how long. */
static bool is_to_repeat(struct session *session, const struct result *result, nsec *delay)
{
	unsigned doublings = result->attempt ? result->attempt - 1 : 0;
	double seconds;

	if (session->phase != SESSION_RUNNING || !result_is_failure(result) ||
	    result->attempt >= order_attempts(&session->order, result->index) ||
	    !order_may_repeat(&session->order, result->index))
		return false;
	/* Twice as long each time, and up to a quarter more, so that what failed together does not come back together.
	 */
	seconds = (double)session->options->retry_delay * (1 + 0.25 * drand48());
	seconds *= (double)(UINT64_C(1) << (doublings < 40 ? doublings : 40));
	*delay = seconds < (double)RETRY_DELAY_MAX ? (nsec)seconds : RETRY_DELAY_MAX;
	return true;
}

/* What follows for the run from one more result that counts. */
static void draw_conclusions(struct session *session)
{
	uint64_t succeeded = session->outcomes[OUTCOME_OK], skipped = session->outcomes[OUTCOME_SKIPPED];
	const struct halt *halt = &session->options->halt;

	session->jobs_stale = true;
	if (session->phase != SESSION_RUNNING)
		return;
	if (!halt_is_due(halt, session->finished - succeeded - skipped, succeeded, session->total))
		return;
	session->halted = true;
	if (halt->when == HALT_NOW)
		session_cancel(session);
	else
		session_drain(session);
}

/* Says how the result object of a task begins. -1 when it cannot have one. */
static int name_command(struct session *session, const struct result *result, const struct task *task)
{
	char *label;
	int set;

	if (!session->outlet.format->is_whole || !task)
		return 0;
	label = report_object(session, task, result->slot);
	set = order_set_label(&session->order, result->index, result->attempt, label);
	free(label);
	return set;
}

/* A result that counts. -1 when it cannot be. */
int verdict_finish(struct session *session, const struct result *result, const struct task *task)
{
	if (order_finish(&session->order, result) < 0)
		return -1;
	record_result(session, result, task);
	session->finished++;
	session->outcomes[result->outcome]++;
	session->retried += result->attempt > 1;
	draw_conclusions(session);
	return 0;
}

void verdict_refuse(struct session *session, const char *reason)
{
	struct result result = {
		.index = session->submitted++,
		.outcome = OUTCOME_NOT_STARTED,
		.status = -1,
		.reason = reason,
	};
	char *line = report_wants(session, &result) ? report_line(session, &result, NULL) : NULL;

	result.line = line;
	if (verdict_finish(session, &result, NULL) < 0)
		BUG("a refused record that has a result");
	free(line);
}

/* A task that will not be begun again after all: what came of it last counts. */
static bool let_stand(struct session *session, const struct result *result, const struct task *task)
{
	const struct result *aside =
		result->outcome == OUTCOME_SKIPPED ? order_provisional(&session->order, result->index) : NULL;

	if (!aside)
		return false;
	session->finished++;
	session->outcomes[aside->outcome]++;
	session->retried += aside->attempt > 1;
	record_result(session, aside, task);
	order_confirm(&session->order, result->index);
	return true;
}

/* Says why the kernel may have killed a task or its worker. */
static void look_for_cause(struct session *session, struct result *result)
{
	uint64_t kills;

	/* A shell says so that something of its own was killed. */
	if (result->outcome != OUTCOME_LOST && result->signal != SIGKILL && result->status != 128 + SIGKILL)
		return;
	kills = pressure_oom_kills();
	result->out_of_memory = kills > session->oom_kills;
	session->oom_kills = kills;
}

static enum result_use verdict_on_result(struct pool_owner *owner, const struct result *result, const struct task *task,
					 nsec *delay)
{
	struct session *session = container_of(owner, struct session, pool_owner);
	struct result told = *result;
	bool about_command, again = false;
	char *line = NULL, *problem;
	int taken;

	pace_learn(&session->pace, result);
	if (limit_learn(&session->limit, result))
		pool_set_timeout(&session->pool, limit_now(&session->limit));
	if (let_stand(session, result, task))
		return RESULT_TAKEN;
	look_for_cause(session, &told);
	problem = report_problem(session, result, task);
	told.reason = problem ? problem : told.reason;
	about_command = result->outcome == OUTCOME_NOT_STARTED && session->template.command_is_fixed &&
			is_about_command(result->number) && !result->astray;
	if (about_command)
		stop_for_command(session, result);
	else
		again = is_to_repeat(session, result, delay);
	if (!about_command && report_wants(session, &told))
		told.line = line = report_line(session, &told, task);
	taken = name_command(session, &told, task);
	if (taken == 0)
		taken = again ? order_keep_provisional(&session->order, &told) : verdict_finish(session, &told, task);
	if (session->halted && !session->halt_told) {
		session->halt_told = true;
		line = line ? line : report_line(session, &told, task);
		report_halt(&told, line);
	}
	free(problem);
	free(line);
	if (taken < 0)
		return RESULT_REFUSED;
	return again ? RESULT_AGAIN : RESULT_TAKEN;
}

static void verdict_on_words(struct pool_owner *owner UNUSED, struct slice words)
{
	diag_line(words);
}

static void verdict_on_unfit(struct pool_owner *owner, struct slice why)
{
	report_unfit(container_of(owner, struct session, pool_owner), why);
}

static void owner_on_room(struct pool_owner *owner)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	if (session->on_room)
		session->on_room(session);
}

static void verdict_on_failure(struct pool_owner *owner, const struct error *error)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	session_fail(session, EXIT_TROUBLE, error);
	session_abort(session);
}

const struct pool_owner verdict_owner = {
	.accepts = owner_accepts,
	.head = owner_head,
	.on_output = owner_on_output,
	.on_result = verdict_on_result,
	.on_words = verdict_on_words,
	.on_unfit = verdict_on_unfit,
	.on_room = owner_on_room,
	.on_failure = verdict_on_failure,
};
