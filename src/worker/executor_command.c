/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The executor that gives each task a process of its own: begins it, has it followed, and fills in its result. */
#include "worker/executor.h"

#include "base/mem.h"
#include "base/trace.h"
#include "process/command.h"
#include "worker/follow.h"
#include "worker/product/draft.h"

#include <errno.h>
#include <inttypes.h>

/*
 * The duration from which on a task makes the next one be followed closely: a tick of the short wait costs more than it
 * saves then.
 */
#define LONG_TIME (8 * NSEC_PER_MSEC)
/* Bytes of output from which on the next task is followed closely. */
enum { MUCH_OUTPUT = 32768 };

struct command_state {
	struct launcher launcher;
	/* True if descriptors were short: the children's descriptor is closed before each task. */
	bool frugal;
	/* The terminal's modes at the start; NULL if tasks do not have the terminal. */
	struct terminal *terminal;
	/* True if the last task was long or wrote much: the next is followed closely from its start. */
	bool eager;
	/* The file that the task's standard output goes to. */
	struct draft draft;
};

/* The outcome of an attempt to begin a task. */
enum begun {
	/* The task runs. */
	BEGUN_STARTED,
	/* The gate was shut in the meantime: the task goes back to the queue. */
	BEGUN_HELD,
	/* Processes or descriptors are short (errno). */
	BEGUN_STARVED,
	/* The task cannot be started: the result says why. */
	BEGUN_NOT_STARTED,
	/* The parent or the zygote is gone. */
	BEGUN_ABANDONED,
};

static int open_command(struct workplace *place, void **opaque)
{
	struct command_state *state = mem_new(1, sizeof *state);

	*opaque = state;
	state->draft.fd = -1;
	state->eager = atomic_load_explicit(&place->notice->long_tasks, memory_order_relaxed);
	command_adopt_orphans();
	if (launcher_init(&state->launcher, place) < 0) {
		workplace_report_unable(place, "/dev/null");
		return -1;
	}
	if (launcher_open_input(&state->launcher, place) < 0) {
		workplace_report_unable(place, place->briefing.input);
		return -1;
	}
	if (place->briefing.flags & BRIEFING_TERMINAL) {
		state->launcher.terminal = terminal_open();
		if (state->launcher.terminal < 0) {
			workplace_report_unable(place, "/dev/tty");
			return -1;
		}
		state->terminal = terminal_remember(state->launcher.terminal);
	}
	return 0;
}

static void close_command(struct workplace *place UNUSED, void *opaque)
{
	struct command_state *state = opaque;

	launcher_release(&state->launcher);
	free(state->terminal);
	free(state);
}

/* The process runs: its pid is in the seat. */
static void note_start(struct workplace *place, const struct task *task, struct follow *follow)
{
	atomic_store(&place->seat->executed, 1);
	group_init(&follow->group, follow->pid, -1, task->index);
	trace_event("task_start", "\"seq\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"worker\":\"%s\",\"task_pid\":%ld",
		    task->index + 1, task->attempt, place->setup.name, (long)follow->pid);
}

/* Starts the process. Stores in the result when it started, or why it could not. */
static enum begun execution_start(struct workplace *place, const struct task *task, struct result *result,
				  struct follow *follow, const int writers[CAPTURE_STREAMS])
{
	struct launched launched;

	place->seat->task = 0;
	atomic_store(&place->seat->executed, 0);
	result->start = clock_wall();
	follow->started = clock_now();
	follow->began = workplace_time(place);
	if (launcher_start_task(follow->launcher, place, task, writers, &launched) == 0) {
		follow->pid = launched.pid;
		follow->is_forked = launched.is_forked;
		return BEGUN_STARTED;
	}
	if (launched.is_abandoned)
		return BEGUN_ABANDONED;
	place->seat->task = 0;
	if (launched.stage == COMMAND_UNBORN && command_wants_resources(errno))
		return BEGUN_STARVED;
	result->start = 0;
	result->number = errno;
	result->astray = launched.stage == COMMAND_ASTRAY;
	return BEGUN_NOT_STARTED;
}

/* Makes the zygote, if tasks are forked from one. Returns BEGUN_STARTED if a start may be tried. */
static enum begun execution_prepare(struct workplace *place, struct command_state *state, const struct task *task)
{
	int prepared = launcher_prepare(&state->launcher, place);

	if (prepared < 0)
		return BEGUN_ABANDONED;
	/* The task's time begins after that. */
	atomic_store(&place->seat->started, clock_now());
	return prepared && task->index >= queue_gate(&place->board.queue) ? BEGUN_HELD : BEGUN_STARTED;
}

/* Opens where the task writes to: pipes, and the file of its standard output. BEGUN_STARTED, or errno says why not. */
static enum begun execution_open(struct workplace *place, struct command_state *state, const struct task *task,
				 struct follow *follow, int writers[CAPTURE_STREAMS])
{
	bool merges = place->briefing.flags & BRIEFING_MERGED;
	unsigned pipes = (place->briefing.product ? 0u : CAPTURE_OUTPUT) | (merges ? 0u : CAPTURE_ERRORS);

	if (!(place->briefing.flags & BRIEFING_UNGROUPED) && capture_open(&follow->capture, task, pipes, writers) < 0)
		return BEGUN_STARVED;
	if (!place->briefing.product)
		return BEGUN_STARTED;
	if (draft_open(&state->draft, place, task) < 0) {
		capture_drop(&follow->capture, writers);
		return command_wants_resources(errno) ? BEGUN_STARVED : BEGUN_NOT_STARTED;
	}
	writers[0] = state->draft.fd;
	return BEGUN_STARTED;
}

static enum begun execution_begin(struct workplace *place, struct command_state *state, const struct task *task,
				  struct result *result, struct follow *follow)
{
	int writers[CAPTURE_STREAMS] = {-1, -1}, terminal = state->launcher.terminal;
	bool closely = state->eager || place->briefing.flags & BRIEFING_TERMINAL;
	enum begun begun = execution_prepare(place, state, task);

	*follow = (struct follow){
		.launcher = &state->launcher,
		.index = task->index,
		.capture.readers = {-1, -1},
		.strategy = closely ? FOLLOW_CLOSE : FOLLOW_SHORT,
	};
	if (begun != BEGUN_STARTED)
		return begun;
	begun = execution_open(place, state, task, follow, writers);
	if (begun != BEGUN_STARTED) {
		result->number = errno;
		result->misfiled = true;
		return begun;
	}
	begun = BEGUN_ABANDONED;
	if (place->briefing.flags & BRIEFING_VERBOSE && !place->retrying && !launcher_show(place, task))
		goto out;
	if (terminal >= 0 && !terminal_wait(terminal, place)) {
		result->number = errno;
		begun = errno == ECANCELED ? BEGUN_ABANDONED : BEGUN_NOT_STARTED;
		goto out;
	}
	/* Starting with SIGCHLD blocked costs each short task a system call. */
	if (!closely)
		launcher_listen_no_more(&state->launcher);
	begun = execution_start(place, task, result, follow, writers);
out:
	/* The file stays open until the task has ended. */
	if (state->draft.fd >= 0)
		writers[0] = -1;
	if (begun != BEGUN_STARTED) {
		capture_drop(&follow->capture, writers);
		return begun;
	}
	fd_close(&writers[0]);
	fd_close(&writers[1]);
	note_start(place, task, follow);
	return begun;
}

static void fill_result(const struct workplace *place, struct result *result, const struct follow *follow)
{
	/* A task that may not be signalled may still run: then it has no end to report. */
	struct command_end end = follow_has_ended(follow) ? follow->end : (struct command_end){.status = -1};

	result->duration = clock_now() - follow->started;
	result->ran = true;
	result->pid = follow->pid;
	result->status = end.status;
	result->signal = end.signal;
	result->user_time = end.user_time;
	result->system_time = end.system_time;
	result->max_rss =
		place->briefing.flags & BRIEFING_MEASURED && end.max_rss <= command_own_peak() ? 0 : end.max_rss;
	result->limit = follow->limit;
	result->wanted_terminal = follow->wanted_terminal;
	result->outcome = end.signal ? OUTCOME_SIGNALED : end.status ? OUTCOME_FAILED : OUTCOME_OK;
	if (follow->limit)
		result->outcome = OUTCOME_TIMEOUT;
	else if (follow->wanted_terminal) {
		result->outcome = OUTCOME_SIGNALED;
		result->signal = end.signal ? end.signal : SIGTTIN;
	}
}

/* Ends a task that cannot be followed any more, since the parent is gone. */
static enum executor_end execution_abandon(const struct workplace *place, struct command_state *state,
					   struct follow *follow)
{
	/* A group that is gone has no number any more. */
	if (seat_group(place->seat))
		group_kill(&follow->group);
	if (state->terminal) {
		terminal_restore(state->launcher.terminal, state->terminal);
		terminal_give(state->launcher.terminal, 0);
	}
	return EXECUTOR_ABANDONED;
}

/* Follows a task that runs, to its result. */
static enum executor_end execution_finish(struct workplace *place, struct command_state *state, struct follow *follow,
					  struct result *result)
{
	if (!follow_to_end(follow, place))
		return execution_abandon(place, state, follow);
	if (!place->claim.released && follow->is_forked && follow->end.signal &&
	    zygote_was_untaken(&state->launcher.zygote)) {
		/* The task was killed before it had begun: another worker may begin it. Not if the rest of its chunk
		   was shared: then its row is not ours any more to give it back with. */
		capture_close(&follow->capture);
		place->seat->task = 0;
		errno = EAGAIN;
		return EXECUTOR_STARVED;
	}
	atomic_store_explicit(&place->seat->limit, SEAT_UNLIMITED, memory_order_relaxed);
	fill_result(place, result, follow);
	if (state->terminal)
		terminal_take_back(state->launcher.terminal, state->terminal, place, result);
	if (!follow_settle(follow, place))
		return execution_abandon(place, state, follow);
	result->leftovers = follow->leftovers;
	result->output_cut = follow->output_cut;
	result->output_size = follow->capture.output;
	state->eager = follow->capture.total >= MUCH_OUTPUT || result->duration >= LONG_TIME;
	workplace_note_length(place, state->eager);
	capture_close(&follow->capture);
	return EXECUTOR_DONE;
}

/* Begins a task and follows it to its end. */
static enum executor_end execution_run(struct workplace *place, struct command_state *state, const struct task *task,
				       struct result *result)
{
	struct follow follow;
	enum executor_end end;

	if (state->frugal) {
		launcher_listen_no_more(&state->launcher);
		fd_close(&state->launcher.children);
	}
	switch (execution_begin(place, state, task, result, &follow)) {
	case BEGUN_STARTED:
		end = execution_finish(place, state, &follow, result);
		group_release(&follow.group);
		return end;
	case BEGUN_HELD:
		return EXECUTOR_HELD;
	case BEGUN_STARVED:
		state->frugal = true;
		return EXECUTOR_STARVED;
	case BEGUN_NOT_STARTED:
		result->outcome = OUTCOME_NOT_STARTED;
		return EXECUTOR_DONE;
	case BEGUN_ABANDONED:
		break;
	}
	return EXECUTOR_ABANDONED;
}

/* Gives the file of a task that has ended well its name; the task has failed if it cannot get that. */
static void execution_publish(const struct workplace *place, struct command_state *state, struct result *result)
{
	if (result->outcome != OUTCOME_OK || draft_publish(&state->draft, place, &result->output_size) == 0)
		return;
	result->outcome = OUTCOME_FAILED;
	result->status = -1;
	result->number = errno;
	result->misfiled = true;
}

static enum executor_end run_command(struct workplace *place, void *opaque, const struct task *task,
				     struct result *result)
{
	struct command_state *state = opaque;
	enum executor_end end = execution_run(place, state, task, result);

	if (end == EXECUTOR_DONE && state->draft.fd >= 0)
		execution_publish(place, state, result);
	draft_discard(&state->draft);
	return end;
}

const struct executor executor_command = {
	.name = "command",
	.runs_tasks = true,
	.open = open_command,
	.run = run_command,
	.close = close_command,
};
