/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run makes of what its pool tells it: output to the order, and for each result whether it counts, is tried again,
 * or ends the run.
 */
#include "run/verdict.h"

#include "base/diag.h"
#include "base/trace.h"
#include "machine/pressure.h"
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

static int owner_on_output(struct pool_owner *owner, const struct output_header *header, struct slice bytes)
{
	struct session *session = container_of(owner, struct session, pool_owner);

	/* The index is a worker's word: one that was never handed out would make the window reach for it. */
	if (header->index >= session->submitted)
		return -1;
	return order_put(&session->order, header->index, header->attempt, (enum stream)header->stream, bytes);
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

/* Whether a task that failed is to be run again, and after how long. */
static bool is_to_repeat(struct session *session, const struct result *result, nsec *delay)
{
	unsigned doublings = result->attempt ? result->attempt - 1 : 0;
	double seconds;

	if (session->phase != SESSION_RUNNING || !result_is_failure(result) ||
	    result->attempt >= order_attempts(&session->order, result->index) || !order_may_repeat(&session->order, result->index))
		return false;
	/* Twice as long each time, and up to a quarter more, so that what failed together does not come back together. */
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
	session_drain(session);
	if (halt->when == HALT_NOW) {
		pool_signal_tasks(&session->pool, SIGTERM);
		session->kill_at = clock_now() + session->options->grace;
	}
}

/* A result that counts. -1 when it cannot be. */
int verdict_finish(struct session *session, const struct result *result)
{
	if (order_finish(&session->order, result) < 0)
		return -1;
	session->finished++;
	session->outcomes[result->outcome]++;
	session->retried += result->attempt > 1;
	draw_conclusions(session);
	return 0;
}

/* A task that will not be begun again after all: what came of it last counts. */
static bool let_stand(struct session *session, const struct result *result)
{
	const struct result *aside = result->outcome == OUTCOME_SKIPPED ? order_aside(&session->order, result->index) : NULL;

	if (!aside)
		return false;
	session->finished++;
	session->outcomes[aside->outcome]++;
	session->retried += aside->attempt > 1;
	order_stand(&session->order, result->index);
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

static enum result_use owner_on_result(struct pool_owner *owner, const struct result *result, const struct task *task,
				       nsec *delay)
{
	struct session *session = container_of(owner, struct session, pool_owner);
	struct result told = *result;
	char *reason = NULL;
	bool again = false;
	int taken;

	pace_learn(&session->pace, result);
	if (limit_learn(&session->limit, result))
		pool_set_timeout(&session->pool, limit_now(&session->limit));
	if (let_stand(session, result))
		return RESULT_TAKEN;
	look_for_cause(session, &told);
	if (result->outcome == OUTCOME_NOT_STARTED && session->template.command_is_fixed &&
	    is_about_command(result->number)) {
		stop_for_command(session, result);
	} else {
		again = is_to_repeat(session, result, delay);
		if (report_wants(session, &told))
			told.reason = reason = report_line(session, &told, task);
	}
	taken = again ? order_set_aside(&session->order, &told) : verdict_finish(session, &told);
	if (session->halted && !session->halt_told) {
		session->halt_told = true;
		reason = reason ? reason : report_line(session, &told, task);
		report_halt(&told, reason);
	}
	free(reason);
	if (taken < 0)
		return RESULT_REFUSED;
	return again ? RESULT_AGAIN : RESULT_TAKEN;
}

static void owner_on_words(struct pool_owner *owner UNUSED, struct slice words)
{
	diag_line(words);
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
	session_abort(session);
}

const struct pool_owner verdict_owner = {
	.accepts = owner_accepts,
	.head = owner_head,
	.on_output = owner_on_output,
	.on_result = owner_on_result,
	.on_words = owner_on_words,
	.on_room = owner_on_room,
	.on_failure = owner_on_failure,
};
