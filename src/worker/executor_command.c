/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The executor that gives each task a process of its own.
 *
 * Waking up for every write of a short task would cost a context switch each, and a descriptor to wait for its end
 * three system calls; so at first only wait4 waits for it, interrupted now and then, and its pipes are read once it has
 * ended. A task that is still there after a moment is followed closely, and so is one from the start whose forerunner
 * took long or filled its pipes.
 *
 * A task is its process group: when its process has ended, what is left of the group gets a moment for output in the
 * pipe, then SIGTERM, then SIGKILL. The same steps end a task whose time is over, or that wants a terminal it has not
 * got.
 */
#include "worker/executor.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "worker/capture.h"
#include "worker/group.h"
#include "worker/launcher.h"
#include "worker/terminal.h"

#include <errno.h>
#include <inttypes.h>

/* How long a task's end alone is waited for. */
#define PATIENCE NSEC_PER_MSEC
/* What is behind a task in its chunk waits this long for it at most. */
#define SHARE_TIME (8 * NSEC_PER_MSEC)
/* A process ends this soon after its streams, mostly. */
#define ENDING_TIME NSEC_PER_MSEC
/* Beyond this a tick of the wait for the end alone costs more than it saves. */
#define LONG_TIME (8 * NSEC_PER_MSEC)
/* How long output is waited for after a task's end, when somebody still holds its pipe. */
#define DRAIN_TIME (200 * NSEC_PER_MSEC)
/* How often a group that is ending is looked at: there is no event for its end. */
#define GROUP_PERIOD (5 * NSEC_PER_MSEC)

enum {
	/* More than this cannot have been in a task's pipes when it ended; who goes on writing is a daemon. */
	PIPE_MOST = 2 * 1024 * 1024,
	/* A task that wrote this much makes the next be followed closely. */
	MUCH_OUTPUT = 32768,
};

struct command_state {
	struct launcher launcher;
	/* Descriptors are short: the one that tells of children is not kept. */
	bool frugal;
	/* The terminal's modes at the start, where tasks have it. */
	struct terminal *terminal;
	/* The last task was one that is better followed closely: so is the next, from the start. */
	bool eager;
};

/* A task that runs. */
struct running {
	struct command_state *state;
	uint64_t index;
	struct capture capture;
	struct group group;
	pid_t pid;
	/* How it ended, once it has. */
	struct command_end end;
	bool ended;
	/* When it began, monotonic, and in the time that stands still while the run is stopped. */
	nsec started;
	nsec began;
	/* Its time was over: how long that was; 0. */
	nsec limit;
	bool closely;
	/* The signal that has stopped it, which is still to be dealt with; 0. */
	int stopped_by;
	/* It was forked from the zygote. */
	bool is_forked;
	/* It has been stopped for wanting the terminal, and is being ended for that. */
	bool wanted_terminal;
	/* Of one that has the terminal and was stopped. */
	struct suspension suspension;
};

static int open_command(struct workplace *place, void **opaque)
{
	struct command_state *state = mem_new(1, sizeof *state);

	*opaque = state;
	state->eager = atomic_load_explicit(&place->notice->long_tasks, memory_order_relaxed);
	command_adopt_orphans();
	if (launcher_init(&state->launcher, place) < 0)
		return -1;
	if (place->briefing.flags & BRIEFING_TERMINAL) {
		state->launcher.terminal = terminal_open();
		if (state->launcher.terminal < 0)
			return -1;
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

/* Begins a task. EXECUTOR_DONE with running->pid 0: it could not be started, and the result says why. */
static enum executor_end execution_begin(struct workplace *place, struct command_state *state, const struct task *task,
					 struct result *result, struct running *running)
{
	int writers[CAPTURE_STREAMS] = {-1, -1}, started;
	struct launched launched;

	started = launcher_prepare(&state->launcher, place);
	if (started < 0)
		return EXECUTOR_ABANDONED;
	/* What took its time was no task's. */
	atomic_store(&place->seat->started, clock_now());
	if (started && task->index >= queue_gate(&place->board.queue))
		return EXECUTOR_HELD;
	*running = (struct running){.state = state, .index = task->index, .capture.readers = {-1, -1}};
	if (!(place->briefing.flags & BRIEFING_UNGROUPED) && capture_open(&running->capture, task, writers) < 0)
		return EXECUTOR_STARVED;
	if (place->briefing.flags & BRIEFING_VERBOSE && !place->retrying && !launcher_show(place, task)) {
		capture_drop(&running->capture, writers);
		return EXECUTOR_ABANDONED;
	}
	if (state->launcher.terminal >= 0 && !terminal_wait(state->launcher.terminal, place)) {
		if (errno == ECANCELED)
			return EXECUTOR_ABANDONED;
		result->outcome = OUTCOME_NOT_STARTED;
		result->number = errno;
		return EXECUTOR_DONE;
	}
	running->closely = state->eager || (place->briefing.flags & BRIEFING_TERMINAL);
	/* A block costs each short task a system call. */
	if (!running->closely)
		launcher_listen_no_more(&state->launcher);
	place->seat->task = 0;
	atomic_store(&place->seat->executed, 0);
	result->start = clock_wall();
	running->started = clock_now();
	running->began = workplace_time(place);
	started = launcher_start_task(&state->launcher, place, task, writers, &launched);
	if (started == 0) {
		fd_close(&writers[0]);
		fd_close(&writers[1]);
		atomic_store(&place->seat->executed, 1);
		running->pid = launched.pid;
		running->is_forked = launched.is_forked;
		group_init(&running->group, running->pid, task->index);
		trace_event("task_start",
			    "\"seq\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"worker\":\"%s\",\"task_pid\":%ld",
			    task->index + 1, task->attempt, place->setup.name, (long)running->pid);
		return EXECUTOR_DONE;
	}
	capture_drop(&running->capture, writers);
	if (launched.is_abandoned)
		return EXECUTOR_ABANDONED;
	place->seat->task = 0;
	if (launched.stage == COMMAND_UNBORN && command_wants_resources(errno))
		return EXECUTOR_STARVED;
	result->start = 0;
	result->outcome = OUTCOME_NOT_STARTED;
	result->number = errno;
	result->astray = launched.stage == COMMAND_ASTRAY;
	return EXECUTOR_DONE;
}

static void note(struct running *running, enum command_change change)
{
	running->ended = change == COMMAND_ENDED;
	if (change == COMMAND_STOPPED)
		running->stopped_by = running->end.signal;
}

enum { WAIT_PARENT, WAIT_OUTPUT, WAIT_ERRORS, WAIT_CHILDREN, WAITS };

/* Waits for whatever is first, until the deadline at most. False when the parent is gone. */
static bool watch_task(struct workplace *place, struct running *running, nsec deadline)
{
	struct capture *capture = &running->capture;
	/* An end of one stream is mostly the process's: the other's end is no reason to wake up between the two. */
	bool is_ending = capture->is_ending && !running->ended, is_deaf = capture->blocked || is_ending;
	struct fd_wait waits[WAITS] = {
		[WAIT_PARENT] = {.fd = -1},
		[WAIT_OUTPUT] = {.fd = is_deaf ? -1 : capture->readers[0], .want_input = true},
		[WAIT_ERRORS] = {.fd = is_deaf ? -1 : capture->readers[1], .want_input = true},
		[WAIT_CHILDREN] = {.fd = running->state->launcher.children, .want_input = true},
	};
	nsec soon = is_ending ? clock_now() + ENDING_TIME : NSEC_FOREVER;

	command_relax();
	if (!workplace_await(place, waits, WAITS, soon < deadline ? soon : deadline))
		return false;
	if (waits[WAIT_CHILDREN].input) {
		signals_take_children(running->state->launcher.children);
		if (!running->ended)
			note(running, command_look(running->pid, &running->end));
	}
	capture_heed(capture, place, &waits[WAIT_OUTPUT]);
	return true;
}

/*
 * Waits for the parent, the task's end or stop and its output, whichever is first, at most until the deadline; takes in
 * the output. False when the parent is gone.
 */
static bool wait_for_task(struct workplace *place, struct running *running, nsec deadline)
{
	struct launcher *launcher = &running->state->launcher;

	if (running->closely && !launcher->listens && !running->ended && launcher_listen(launcher)) {
		/* What was before is told by no descriptor. */
		note(running, command_look(running->pid, &running->end));
		if (running->ended || running->stopped_by)
			return true;
	}
	if (running->ended || (running->closely && launcher->listens)) {
		if (!watch_task(place, running, deadline))
			return false;
	} else {
		enum command_change change = command_wait(running->pid, &running->end);

		note(running, change);
		if (change == COMMAND_SAME && !workplace_listen(place))
			return false;
		if (running->closely)
			capture_drain(&running->capture, place);
	}
	workplace_announce_if_due(place);
	return true;
}

/* Deals with a task that has been stopped: by the user, by us, or for wanting the terminal. */
static void look_for_stop(struct workplace *place, struct running *running)
{
	int signal = running->stopped_by;

	if (!signal)
		return;
	running->stopped_by = 0;
	trace_event("task_stop", "\"seq\":%" PRIu64 ",\"signal\":%d", running->index + 1, signal);
	if (running->state->launcher.terminal >= 0) {
		if (place->briefing.ignored >> (SIGTSTP - 1) & 1)
			return;
		/* ^Z: we stop as well. */
		terminal_suspend(running->state->launcher.terminal, place, &running->suspension);
	} else if ((signal == SIGTTIN || signal == SIGTTOU) && !running->group.signal) {
		running->wanted_terminal = true;
		group_terminate(&running->group, place);
	}
}

/* Follows a task to the end of its process, or until it is one that may not be ended. False when the parent is gone. */
static bool execution_follow(struct workplace *place, struct running *running)
{
	nsec patience = running->started + PATIENCE;
	nsec share = claim_can_share(place, running->index) ? running->started + SHARE_TIME : NSEC_FOREVER;
	bool denied;

	/* It has started in the moment in which everything stopped; and if all goes on again meanwhile, so does it. */
	if (atomic_load(&place->notice->stopped_at)) {
		command_signal_group(running->pid, SIGSTOP, &denied);
		if (!atomic_load(&place->notice->stopped_at))
			command_signal_group(running->pid, SIGCONT, &denied);
	}
	while (!running->ended && !running->group.denied) {
		nsec next = running->closely ? share : patience,
		     limit = group_limit(&running->group, place, running->began);

		if (!wait_for_task(place, running, next < limit ? next : limit))
			return false;
		if (running->ended)
			break;
		look_for_stop(place, running);
		terminal_resume(running->state->launcher.terminal, place, &running->suspension, running->pid);
		running->limit += group_enforce(&running->group, place, running->began);
		if (clock_now() < patience)
			continue;
		running->closely = true;
		workplace_note_length(place, true);
		if (clock_now() >= share) {
			claim_share(place, running->index);
			share = NSEC_FOREVER;
		}
	}
	return true;
}

/* After the end of a task's process: the rest of its output, and of its group. False when the parent is gone. */
static bool execution_settle(struct workplace *place, struct running *running)
{
	nsec drained = clock_now() + DRAIN_TIME;
	uint64_t before = running->capture.total;

	group_plan(&running->group, place, DRAIN_TIME);
	if (!running->capture.unblocked)
		capture_take_rest(&running->capture, place);
	for (;;) {
		bool group, waiting;
		nsec now;

		capture_drain(&running->capture, place);
		group = group_is_left(&running->group) && group_step(&running->group, place);
		waiting = !capture_is_at_end(&running->capture);
		if (!group && !waiting)
			return true;
		now = clock_now();
		/* What is in the pipe counts however long the parent takes to make room for it. */
		if (!group && now >= drained && !running->capture.blocked)
			return true;
		running->closely = true;
		if (!wait_for_task(place, running, group ? now + GROUP_PERIOD : drained))
			return false;
		if (running->capture.blocked && running->capture.total - before < PIPE_MOST)
			drained = clock_now() + DRAIN_TIME;
	}
}

static void fill_result(const struct workplace *place, struct result *result, const struct running *running)
{
	/* One that may not be signalled is left to end when it likes. */
	struct command_end end = running->ended ? running->end : (struct command_end){.status = -1};

	result->duration = clock_now() - running->started;
	result->ran = true;
	result->pid = running->pid;
	result->status = end.status;
	result->signal = end.signal;
	result->user_time = end.user_time;
	result->system_time = end.system_time;
	result->max_rss =
		place->briefing.flags & BRIEFING_MEASURED && end.max_rss <= command_own_peak() ? 0 : end.max_rss;
	result->limit = running->limit;
	result->wanted_terminal = running->wanted_terminal;
	result->outcome = end.signal ? OUTCOME_SIGNALED : end.status ? OUTCOME_FAILED : OUTCOME_OK;
	if (running->limit)
		result->outcome = OUTCOME_TIMEOUT;
	else if (running->wanted_terminal) {
		result->outcome = OUTCOME_SIGNALED;
		result->signal = end.signal ? end.signal : SIGTTIN;
	}
}

static enum executor_end run_command(struct workplace *place, void *opaque, const struct task *task,
				     struct result *result)
{
	struct command_state *state = opaque;
	struct running running;
	enum executor_end begun;

	if (state->frugal) {
		launcher_listen_no_more(&state->launcher);
		fd_close(&state->launcher.children);
	}
	begun = execution_begin(place, state, task, result, &running);
	state->frugal |= begun == EXECUTOR_STARVED;
	if (begun != EXECUTOR_DONE || !running.pid)
		return begun;
	if (!execution_follow(place, &running))
		goto abandoned;
	if (running.is_forked && running.end.signal && zygote_was_untaken(&state->launcher.zygote)) {
		/* It was killed before it had begun: it may begin elsewhere. */
		capture_close(&running.capture);
		place->seat->task = 0;
		errno = EAGAIN;
		return EXECUTOR_STARVED;
	}
	fill_result(place, result, &running);
	if (state->launcher.terminal >= 0)
		terminal_take_back(state->launcher.terminal, state->terminal, place, result);
	if (!execution_settle(place, &running))
		goto abandoned;
	result->output_size = running.capture.output;
	state->eager = running.capture.total >= MUCH_OUTPUT || result->duration >= LONG_TIME;
	workplace_note_length(place, state->eager);
	capture_close(&running.capture);
	return EXECUTOR_DONE;
abandoned:
	group_kill(&running.group);
	if (state->launcher.terminal >= 0) {
		terminal_restore(state->launcher.terminal, state->terminal);
		terminal_give(state->launcher.terminal, 0);
	}
	return EXECUTOR_ABANDONED;
}

const struct executor executor_command = {
	.name = "command",
	.open = open_command,
	.run = run_command,
	.close = close_command,
};
