/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ending a task's process group. */
#include "worker/group.h"

#include "base/diag.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "process/command.h"

#include <inttypes.h>
#include <signal.h>

/* The longest wait after SIGKILL: zombies that are never reaped are not worth waiting for. */
#define KILL_TIME NSEC_PER_SEC

void group_init(struct group *group, pid_t leader, int pidfd, uint64_t index)
{
	*group = (struct group){.leader = leader, .pidfd = pidfd, .index = index, .due = NSEC_FOREVER};
}

/* Sends a signal; reports once if that is not permitted. False if there is no such group. */
static bool send(struct group *group, int signal)
{
	bool denied, there;

	if (group->gone)
		return false;
	there = command_signal_group(group->leader, group->pidfd, signal, &denied);
	if (denied && !group->denied)
		diag_note("the process group %ld of task %" PRIu64 " may not be signalled and is left alone",
			  (long)group->leader, group->index + 1);
	group->denied |= denied;
	return there;
}

static void take_step(struct group *group, const struct workplace *place)
{
	int signal = group->signal;

	send(group, signal);
	/* A stopped process gets SIGTERM only once it continues. */
	if (signal != SIGKILL && !atomic_load(&place->notice->stopped_at))
		send(group, SIGCONT);
	group->killed = signal == SIGKILL;
	group->signal = SIGKILL;
	group->due = workplace_time(place) + (signal == SIGTERM ? place->briefing.grace : KILL_TIME);
}

void group_terminate(struct group *group, const struct workplace *place)
{
	/* For the steps after the leader's end. */
	if (group->pidfd < 0 && !group->gone)
		group->pidfd = command_open(group->leader);
	group->signal = SIGTERM;
	take_step(group, place);
}

void group_plan(struct group *group, const struct workplace *place, nsec after)
{
	if (group->signal)
		return;
	group->signal = SIGTERM;
	group->due = workplace_time(place) + after;
}

nsec group_deadline(const struct group *group, const struct workplace *place)
{
	return workplace_when(place, group->due);
}

bool group_is_due(const struct group *group, const struct workplace *place)
{
	return group->signal && workplace_time(place) >= group->due;
}

bool group_step(struct group *group, const struct workplace *place)
{
	if (!group_is_due(group, place))
		return true;
	if (group->killed)
		return false;
	take_step(group, place);
	return true;
}

nsec group_limit(const struct group *group, const struct workplace *place, nsec began)
{
	nsec timeout = workplace_timeout(place);

	if (group->signal)
		return group_deadline(group, place);
	return timeout ? workplace_when(place, began + timeout) : NSEC_FOREVER;
}

nsec group_enforce(struct group *group, const struct workplace *place, nsec began)
{
	nsec timeout = workplace_timeout(place);

	if (group->signal) {
		group_step(group, place);
	} else if (timeout && workplace_time(place) - began >= timeout) {
		trace_event("task_timeout", "\"seq\":%" PRIu64 ",\"after\":%" PRId64, group->index + 1, timeout);
		group_terminate(group, place);
		return timeout;
	}
	return 0;
}

bool group_is_left(struct group *group)
{
	/* A leader that may not be signalled may not have been reaped, and must not be reaped as an orphan. */
	if (send(group, 0) && !group->denied) {
		/* Zombies count as members until they are reaped. */
		command_reap_orphans();
		if (send(group, 0))
			return !group->denied;
	}
	group->gone = !group->denied;
	return false;
}

void group_kill(const struct group *group)
{
	bool denied;

	command_signal_group(group->leader, group->pidfd, SIGKILL, &denied);
}

void group_release(struct group *group)
{
	fd_close(&group->pidfd);
}
