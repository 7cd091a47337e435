/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reporting the ends of attempts, in bulk. */
#include "run/companion/sharing.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "run/session_private.h"
#include "worker/executor.h"

#include <errno.h>
#include <inttypes.h>

enum {
	/* Numbers of descriptors that any shell can name. */
	LEAST_NUMBER = 3,
	MOST_NUMBER = 9,
};

static struct session *sharing_session(struct state_user *user)
{
	return container_of(user, struct session, sharing.user);
}

static void sharing_has_room(struct state_user *user)
{
	sharing_flush(sharing_session(user));
}

static void sharing_has_lost(struct state_user *user, const char *reason)
{
	struct session *session = sharing_session(user);
	struct error error = {.number = 0};

	session->sharing.is_open = false;
	session->sharing.ends.count = 0;
	finding_close(&session->sharing.finding);
	(void)error_set(&error, "%s", reason);
	ending_fail(session, EXIT_TROUBLE, &error);
	error_release(&error);
}

static void sharing_has_event(struct state_user *user, const struct control_event *event)
{
	finding_take(sharing_session(user), event);
}

/* Returns the number of the descriptor that tasks inherit; 0 if they inherit none. */
static uint32_t choose_number(const struct session_options *options)
{
	int number = MOST_NUMBER;

	/* What stays has no connection that would be one task's, nor has what is forked from a zygote. */
	if (options->command.executor->persists || options->command.zygote)
		return 0;
	while (number >= LEAST_NUMBER && fd_is_inherited(number))
		number--;
	return number < LEAST_NUMBER ? 0 : (uint32_t)number;
}

/* Adds a variable to those that tasks find. */
static void add_variable(struct briefing *briefing, const char *name, const char *path, const char *suffix)
{
	char **variables = mem_new(briefing->variable_count + 1, sizeof *variables);

	if (briefing->variable_count)
		memcpy(variables, briefing->variables, briefing->variable_count * sizeof *variables);
	free(briefing->variables);
	briefing->variables = variables;
	briefing->variables[briefing->variable_count++] = mem_format("%s=%s%s", name, path, suffix);
}

int sharing_open(struct session *session, struct error *error)
{
	const struct session_options *options = session->options;
	struct sharing *sharing = &session->sharing;
	struct briefing *briefing = &session->briefing;
	const struct state_server_options server = {
		.method = options->workers.method,
		.temporary = options->machine.temporary,
		.memory = options->state.memory,
	};
	const char *path;

	if (!options->state.is_wanted || !options->command.executor->runs_tasks)
		return 0;
	sharing->user = (struct state_user){
		.on_room = sharing_has_room, .on_event = sharing_has_event, .on_end = sharing_has_lost};
	if (state_server_join(&sharing->user, &server, session->place.loop, error) < 0)
		return -1;
	sharing->is_open = true;
	path = state_server_path();
	briefing->state = mem_string(path);
	briefing->state_number = choose_number(options);
	add_variable(briefing, "MPMAP_STATE", path, "");
	add_variable(briefing, "MPMAP_STATE_PYTHON", path, ".python");
	add_variable(briefing, "MPMAP_STATE_KEYFILE", path, ".python-key");
	return 0;
}

int sharing_begin(struct session *session, struct error *error)
{
	const struct control_run run = {
		.number = session->sharing.user.run,
		.id = session->briefing.id,
		.board = session->sharing.is_open ? pool_board(session->pool) : NULL,
		.queue_rows = session->sharing.is_open ? (uint32_t)pool_board(session->pool)->queue.rows : 0,
		.calls = session->options->command.executor->is_called,
		.is_atomic = session->options->state.is_atomic,
	};

	if (!session->sharing.is_open || control_run_began(state_server_channel(), &run) == 0)
		return 0;
	return error_set_errno(error, errno, "cannot reach the state server");
}

static void sharing_trace(const struct control_end *end)
{
	trace_event("attempt_end",
		    "\"seq\":%" PRIu64 ",\"count\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"task_pid\":%" PRId32
		    ",\"well\":%s",
		    end->index + 1, end->count, end->attempt, end->process, end->well ? "true" : "false");
}

void sharing_note(struct session *session, const struct result *result, bool counts)
{
	struct sharing *sharing = &session->sharing;
	struct control_end end;

	if (!sharing->is_open || result->outcome == OUTCOME_SKIPPED)
		return;
	end = (struct control_end){
		.index = result->index,
		.count = result_count(result),
		.well = counts && result->outcome == OUTCOME_OK,
		.attempt = result->attempt,
		.process = (int32_t)result->pid,
	};
	ends_add(&sharing->ends, &end);
	sharing_trace(&end);
	/* The next attempt must not begin before. */
	if (!counts)
		sharing_flush(session);
}

void sharing_note_end(struct session *session)
{
	session->sharing.is_fed = true;
}

/* Reports how many tasks are to come, if that has changed. Returns 0, or -1 with errno. */
static int report_outlook(struct session *session)
{
	struct sharing *sharing = &session->sharing;
	const struct session_tally *tally = &session->tally;
	uint64_t jobs = pool_jobs(session->pool);
	uint64_t remaining = sharing->is_fed ? tally->submitted - tally->finished : UINT64_MAX;

	if (jobs == sharing->jobs && remaining == sharing->remaining)
		return 0;
	if (control_outlook(state_server_channel(), sharing->user.run, jobs, remaining) < 0)
		return -1;
	sharing->jobs = jobs;
	sharing->remaining = remaining;
	return 0;
}

void sharing_flush(struct session *session)
{
	if (!session->sharing.is_open)
		return;
	/* If the server is gone, that is noticed by the end of the channel. */
	if ((ends_report(&session->sharing.ends, session->sharing.user.run) < 0 || report_outlook(session) < 0 ||
	     finding_flush(session) < 0) &&
	    errno == EAGAIN) {
		trace_event("state_full", "\"ends\":%zu", session->sharing.ends.count);
		state_server_await_room();
	}
}

void sharing_close(struct session *session)
{
	struct sharing *sharing = &session->sharing;

	if (sharing->is_open) {
		state_server_leave(&sharing->user);
		ends_report_last(&sharing->ends, sharing->user.run);
	}
	sharing->is_open = false;
	finding_close(&sharing->finding);
	ends_release(&sharing->ends);
}
