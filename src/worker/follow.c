/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watching a task and its group.
 *
 * A task is its process group: when its process has ended, what is left of the group gets a moment for output in the
 * pipe; then it runs on, or gets SIGTERM and SIGKILL (--leftovers). The same steps end a task whose time is over, or
 * that wants a terminal it has not got.
 */
#include "worker/follow.h"

#include "base/trace.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "process/survey.h"

#include <inttypes.h>
#include <signal.h>

/* How long only a task's end is waited for (FOLLOW_SHORT). */
#define PATIENCE NSEC_PER_MSEC
/* The longest that the tasks after this one in its chunk wait for it. */
#define SHARE_TIME (8 * NSEC_PER_MSEC)
/* The usual time from the end of a process's streams to its own. */
#define ENDING_TIME NSEC_PER_MSEC
/* How long output is waited for after a task's end, when another process still holds its pipe. */
#define DRAIN_TIME (200 * NSEC_PER_MSEC)
/* How often a group that is ending is checked: there is no event for its end. */
#define GROUP_PERIOD (5 * NSEC_PER_MSEC)
/* How often one that is waited for is checked at least: its members mostly end as children of this process. */
#define GROUP_PERIOD_MAX (320 * NSEC_PER_MSEC)

/* The longest wait for a task that has a time limit: a stop of this process shows by a wait that took longer. */
#define LIMIT_PERIOD (500 * NSEC_PER_MSEC)

/* More than this cannot have been in a task's pipes when it ended: a process that continues to write is a daemon. */
enum { PIPE_MOST = 2 * 1024 * 1024 };

/* Notes what wait4 reported of the task's process. */
static void follow_note(struct follow *follow, enum command_change change)
{
	if (change == COMMAND_ENDED)
		follow->strategy = FOLLOW_ENDED;
	if (change == COMMAND_STOPPED)
		follow->stopped_by = follow->end.signal;
}

/* Changes to close watching, unless the process has ended. */
static void follow_closely(struct follow *follow)
{
	if (follow->strategy == FOLLOW_SHORT)
		follow->strategy = FOLLOW_CLOSE;
}

enum { WAIT_PARENT, WAIT_OUTPUT, WAIT_ERRORS, WAIT_CHILDREN, WAITS };

/* Waits for the parent, output, or a change of the process, until the deadline. False when the parent is gone. */
static bool watch_task(struct follow *follow, struct workplace *place, nsec deadline)
{
	struct capture *capture = &follow->capture;
	/* The end of one stream is mostly the process's: the other's end is no reason to wake up between the two. */
	bool is_ending = capture->is_ending && !follow_has_ended(follow), is_deaf = capture->blocked || is_ending;
	struct fd_wait waits[WAITS] = {
		[WAIT_PARENT] = {.fd = -1},
		[WAIT_OUTPUT] = {.fd = is_deaf ? -1 : capture->readers[0], .want_input = true},
		[WAIT_ERRORS] = {.fd = is_deaf ? -1 : capture->readers[1], .want_input = true},
		[WAIT_CHILDREN] = {.fd = follow->launcher->children, .want_input = true},
	};
	nsec soon = is_ending ? clock_now() + ENDING_TIME : NSEC_FOREVER;

	command_relax();
	if (!workplace_await(place, waits, WAITS, soon < deadline ? soon : deadline))
		return false;
	if (waits[WAIT_CHILDREN].input) {
		signals_take_children(follow->launcher->children);
		if (!follow_has_ended(follow))
			follow_note(follow, command_look(follow->pid, &follow->end));
	}
	capture_heed(capture, place, &waits[WAIT_OUTPUT]);
	return true;
}

/* Waits for the process or a tick of the clock, whichever comes first. False when the parent is gone. */
static bool tick_for_task(struct follow *follow, struct workplace *place)
{
	enum command_change change = command_wait(follow->pid, &follow->end);
	bool reads = follow->strategy == FOLLOW_TICKING;

	follow_note(follow, change);
	if (change == COMMAND_SAME && !workplace_listen(place))
		return false;
	if (reads)
		capture_drain(&follow->capture, place);
	return true;
}

/* Makes the children's descriptor report the process's changes, if possible. */
static void follow_listen(struct follow *follow)
{
	follow->strategy = launcher_listen(follow->launcher) ? FOLLOW_CLOSE : FOLLOW_TICKING;
	/* The descriptor does not report changes from before SIGCHLD was blocked. */
	if (follow->strategy == FOLLOW_CLOSE)
		follow_note(follow, command_look(follow->pid, &follow->end));
}

/*
 * Waits for the parent, the task's end or stop and its output, whichever is first, until the deadline; takes the
 * output. False when the parent is gone.
 */
static bool wait_for_task(struct follow *follow, struct workplace *place, nsec deadline)
{
	bool there;

	capture_close_unread(&follow->capture, place);
	if ((follow->strategy == FOLLOW_CLOSE || follow->strategy == FOLLOW_TICKING) && !follow->launcher->listens) {
		follow_listen(follow);
		if (follow_has_ended(follow) || follow->stopped_by)
			return true;
	}
	there = follow->strategy == FOLLOW_CLOSE || follow_has_ended(follow) ? watch_task(follow, place, deadline)
									     : tick_for_task(follow, place);
	if (there)
		workplace_announce_if_due(place);
	return there;
}

/* Deals with a task that has been stopped: by the user, by mpmap, or for wanting the terminal. */
static void handle_stop(struct follow *follow, struct workplace *place)
{
	int signal = follow->stopped_by, terminal = follow->launcher->terminal;

	if (!signal)
		return;
	follow->stopped_by = 0;
	trace_event("task_stop", "\"seq\":%" PRIu64 ",\"signal\":%d", follow->index + 1, signal);
	if (terminal >= 0) {
		/* ^Z: the run stops as well. */
		if (!(place->briefing.ignored >> (SIGTSTP - 1) & 1))
			terminal_suspend(terminal, place, &follow->suspension);
	} else if ((signal == SIGTTIN || signal == SIGTTOU) && !follow->group.signal) {
		follow->wanted_terminal = true;
		group_terminate(&follow->group, place);
	}
}

/* Stops a task that has started in the moment in which the run was stopped; it continues if the run has meanwhile. */
static void catch_stop(const struct follow *follow, const struct workplace *place)
{
	bool denied;

	if (!atomic_load(&place->notice->stopped_at))
		return;
	command_signal_group(follow->pid, -1, SIGSTOP, &denied);
	if (!atomic_load(&place->notice->stopped_at))
		command_signal_group(follow->pid, -1, SIGCONT, &denied);
}

/* Waits like wait_for_task until next or the task's limit; time in which this process is stopped is not the task's. */
static bool wait_within_limit(struct follow *follow, struct workplace *place, nsec next)
{
	nsec before, now, limit = group_limit(&follow->group, place, follow->began),
			  until = next < limit ? next : limit;

	if (limit == NSEC_FOREVER)
		return wait_for_task(follow, place, until);
	before = workplace_time(place);
	now = clock_now();
	if (until > now + LIMIT_PERIOD)
		until = now + LIMIT_PERIOD;
	if (!wait_for_task(follow, place, until))
		return false;
	workplace_note_stop(place, before, until > now ? until - now : 0);
	return true;
}

/* Reads the pipes of a task that has just ended, in as few calls as possible. */
static void take_rest(struct follow *follow, struct workplace *place)
{
	if (!follow->capture.unblocked)
		capture_take_rest(&follow->capture, place);
}

/* True if processes are left in the group of a task that has ended. Clears the group from the seat if none are. */
static bool check_group(struct follow *follow, struct workplace *place)
{
	if (group_is_left(&follow->group))
		return true;
	/* Its number may be another group's from now on. */
	place->seat->task = SEAT_BEGUN;
	return false;
}

/* Notes that a task takes long; shares the rest of its chunk once *share is over. */
static void note_long(const struct follow *follow, struct workplace *place, nsec *share)
{
	workplace_note_length(place, true);
	if (clock_now() >= *share) {
		claim_share(place, follow->index);
		*share = NSEC_FOREVER;
	}
}

/*
 * Waits for the end of the group and of the output of a task whose process has ended, or until its time is over. False
 * when the parent is gone.
 */
static bool wait_for_group(struct follow *follow, struct workplace *place, nsec share)
{
	nsec period = GROUP_PERIOD;

	take_rest(follow, place);
	while (!follow->group.signal && !follow->group.denied) {
		nsec next;

		capture_drain(&follow->capture, place);
		if (!check_group(follow, place) && capture_is_at_end(&follow->capture))
			return true;
		/* From now on the end of an orphan wakes this process. */
		if (!follow->launcher->listens && launcher_listen(follow->launcher))
			continue;
		next = clock_now() + period;
		if (!wait_within_limit(follow, place, next < share ? next : share))
			return false;
		period = 2 * period < GROUP_PERIOD_MAX ? 2 * period : GROUP_PERIOD_MAX;
		follow->limit += group_enforce(&follow->group, place, follow->began);
		note_long(follow, place, &share);
	}
	return true;
}

bool follow_to_end(struct follow *follow, struct workplace *place)
{
	nsec patience = follow->started + PATIENCE;
	nsec share = claim_can_share(place, follow->index) ? follow->started + SHARE_TIME : NSEC_FOREVER;

	catch_stop(follow, place);
	while (!follow_has_ended(follow) && !follow->group.denied) {
		if (!wait_within_limit(follow, place, follow->strategy == FOLLOW_SHORT ? patience : share))
			return false;
		if (follow_has_ended(follow))
			break;
		handle_stop(follow, place);
		terminal_resume(follow->launcher->terminal, place, &follow->suspension, follow->pid);
		follow->limit += group_enforce(&follow->group, place, follow->began);
		if (clock_now() < patience)
			continue;
		follow_closely(follow);
		note_long(follow, place, &share);
	}
	if (place->briefing.flags & BRIEFING_WAITS && follow_has_ended(follow))
		return wait_for_group(follow, place, share);
	return true;
}

/* Notes what a task leaves in its group, which runs on. */
static void leave_group(struct follow *follow, struct workplace *place)
{
	follow->leftovers = survey_count_orphans(follow->pid, clock_now() - follow->started);
	if (follow->leftovers) {
		trace_event("task_left", "\"seq\":%" PRIu64 ",\"group\":%ld", follow->index + 1, (long)follow->pid);
		/* Without a row the run's end says that there are more. */
		(void)!leftovers_add(&place->board.leftovers, follow->pid, follow->index);
	}
	/* After that: the parent, which ends both, checks the seat first. */
	atomic_thread_fence(memory_order_seq_cst);
	place->seat->task = SEAT_BEGUN;
}

bool follow_settle(struct follow *follow, struct workplace *place)
{
	nsec drained = clock_now() + DRAIN_TIME;
	uint64_t before = follow->capture.total;
	bool clears = place->briefing.flags & BRIEFING_CLEARS && !follow->group.signal,
	     ends = clears || follow->group.signal, group = true;

	if (clears)
		group_plan(&follow->group, place, DRAIN_TIME);
	take_rest(follow, place);
	for (;;) {
		bool ending;
		nsec now;

		capture_drain(&follow->capture, place);
		group = group && check_group(follow, place);
		ending = group && ends;
		if (ending && clears && group_is_due(&follow->group, place) && !follow->leftovers)
			follow->leftovers = survey_count_orphans(follow->pid, clock_now() - follow->started);
		if (ending && !group_step(&follow->group, place)) {
			place->seat->task = SEAT_BEGUN;
			group = ending = false;
		}
		if (!ending && capture_is_at_end(&follow->capture))
			break;
		now = clock_now();
		/* Output that is in the pipe counts, even if the parent takes long to make room for it. */
		if (!ending && now >= drained && !follow->capture.blocked)
			break;
		follow_closely(follow);
		if (!wait_for_task(follow, place, ending ? now + GROUP_PERIOD : drained))
			return false;
		if (follow->capture.blocked && follow->capture.total - before < PIPE_MOST)
			drained = clock_now() + DRAIN_TIME;
	}
	follow->output_cut = !capture_is_at_end(&follow->capture);
	if (group && !ends)
		leave_group(follow, place);
	else if (follow->group.denied && !clears)
		follow->leftovers = survey_count_orphans(follow->pid, clock_now() - follow->started);
	return true;
}
