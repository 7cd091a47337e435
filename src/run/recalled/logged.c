/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was done before, by a job log. */
#include "run/recalled/logged.h"

#include "base/diag.h"
#include "base/mem.h"
#include "run/recalled/recalled.h"
#include "run/session_private.h"
#include "worker/executor.h"

#include <inttypes.h>
#include <signal.h>

enum {
	/* Slots that a command is compared with, if it has {%}. */
	SLOTS_TRIED = 4096,
	/* Bytes of a command in a message, and how many of them come before the first that differs. */
	EXCERPT_MAX = 60,
	EXCERPT_BEFORE = 20,
};

int logged_open(struct logged *logged, struct session *session, struct error *error)
{
	const struct session_options *options = session->options;
	const char *name = options->output.joblog;

	if (!options->durable.resumes || options->durable.journal || !name)
		return 0;
	return joblog_past_load(&logged->past, name + (*name == '+'), error);
}

/* Reports what is known by a job log and what is not. */
static void report_logged(const struct session *session)
{
	diag_note("--resume by %s: tasks are known by their numbers, and %s; what they wrote is not written again",
		  session->logged.past.name,
		  session->options->command.executor->persists ? "only COMMAND is compared, not their records"
							       : "only their commands are compared");
}

/* Sets the command of a task as the job log has it. */
static struct slice quote_logged(struct session *session, const struct task *task, uint32_t slot)
{
	const struct template_values values = {.slot = slot};
	struct bytes *command = &session->logged.command;

	bytes_clear(command);
	template_quote(&session->command, task, &values, command);
	return bytes_slice(command);
}

/* True if the command that the log has is that of the task, in whichever slot it ran. */
static bool is_command_of(struct session *session, struct slice logged, const struct task *task)
{
	struct slice first = quote_logged(session, task, 1);
	uint32_t slot;
	char *copy;

	if (joblog_past_equals(first, logged))
		return true;
	copy = mem_copy(first.data, first.size);
	first.data = copy;
	/* Only a command that has the slot is another in another slot. */
	for (slot = 2; slot <= SLOTS_TRIED; slot++) {
		struct slice command = quote_logged(session, task, slot);

		if (joblog_past_equals(command, logged) || (slot == 2 && slice_equals(command, first)))
			break;
	}
	free(copy);
	return joblog_past_equals(bytes_slice(&session->logged.command), logged);
}

/* Ends the run. */
static void logged_fail(struct session *session, const struct error *error)
{
	struct logged *logged = &session->logged;

	logged->has_failed = true;
	/* Nothing has been run yet if all tasks were done before. */
	ending_fail(session, error->is_usage && session->tally.submitted == logged->count ? EXIT_USAGE : EXIT_TROUBLE,
		    error);
}

/* Returns a part of a command, with where it differs from the other. The caller's. */
static char *excerpt(struct slice text, size_t from)
{
	size_t left = text.size - from;

	return mem_format("%s%.*s%s", from ? "..." : "", (int)(left > EXCERPT_MAX ? EXCERPT_MAX : left),
			  text.data + from, left > EXCERPT_MAX ? "..." : "");
}

/* Ends the run, since the log has another command for a task. */
static void refuse_logged(struct session *session, const struct task *task, const struct joblog_line *line)
{
	struct logged *logged = &session->logged;
	struct slice now = quote_logged(session, task, 1), then = line->command;
	size_t same = 0, from;
	struct error error = {.number = 0};
	char *was, *is;

	while (same < now.size && same < then.size && now.data[same] == then.data[same])
		same++;
	from = same > EXCERPT_BEFORE ? same - EXCERPT_BEFORE : 0;
	was = excerpt(then, from);
	is = excerpt(now, from);
	error_refuse(&error,
		     "--resume: %s:%" PRIu64 ": #%" PRIu64 " was '%s', and is '%s' (without --resume a new run begins)",
		     logged->past.name, joblog_past_line(&logged->past, line->number), line->number, was, is);
	logged_fail(session, &error);
	error_release(&error);
	free(was);
	free(is);
}

/* Sets the outcome that a line of the log says. */
static void set_outcome(struct result *result, const struct joblog_line *line)
{
	if (line->status == -1 && line->signal == SIGTERM)
		result->outcome = OUTCOME_TIMEOUT;
	else if (line->signal)
		result->outcome = OUTCOME_SIGNALED;
	else
		result->outcome = line->status ? OUTCOME_FAILED : OUTCOME_OK;
	/* It had ended soon after its limit, which is not known. */
	result->limit = line->duration;
	result->status = line->status;
	result->signal = line->signal;
}

/* As logged_knows. */
static bool logged_find(struct session *session, const struct task *task)
{
	struct logged *logged = &session->logged;
	struct error error = {.number = 0};
	struct joblog_line line;
	int found;

	logged->found = (struct result){.index = task->index, .outcome = OUTCOME_SKIPPED, .is_recalled = true};
	if (logged->has_failed)
		return true;
	found = joblog_past_find(&logged->past, task->index + 1, &line, &error);
	if (found < 0) {
		logged_fail(session, &error);
		error_release(&error);
		return true;
	}
	if (!found)
		return false;
	if (!is_command_of(session, line.command, task)) {
		refuse_logged(session, task, &line);
		return true;
	}
	set_outcome(&logged->found, &line);
	return logged->found.outcome == OUTCOME_OK || !session->options->durable.retries_failed;
}

bool logged_knows(struct session *session, const struct task *task)
{
	session->logged.is_known = logged_is_on(&session->logged) && logged_find(session, task);
	return session->logged.is_known;
}

void logged_take(struct session *session, const struct task *task)
{
	struct logged *logged = &session->logged;

	session->tally.submitted++;
	if (logged->found.outcome != OUTCOME_SKIPPED && !logged->count++)
		report_logged(session);
	recalled_put(session, &logged->found, task);
}

void logged_report(const struct session *session)
{
	const struct logged *logged = &session->logged;
	uint64_t submitted = session->tally.submitted;

	if (!logged_is_on(logged) || logged->has_failed)
		return;
	diag_note("%" PRIu64 " of %" PRIu64 " task%s had been done before (%s)", logged->count, submitted,
		  submitted == 1 ? "" : "s", logged->past.name);
	if (session->ending.phase == ENDING_RUNNING && logged->past.last > submitted)
		diag_note("%s has tasks up to #%" PRIu64 ", and the input ended before: is it the one of this log?",
			  logged->past.name, logged->past.last);
}

void logged_close(struct logged *logged)
{
	joblog_past_release(&logged->past);
	bytes_release(&logged->command);
}
