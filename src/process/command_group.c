/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals to the process groups that tasks lead.
 *
 * A group's number is its leader's pid. The kernel does not use it again while the leader has not been waited for, or
 * the group has a member; after that it may become the number of another group. A pidfd names the same process, and the
 * group that it leads or led, for ever: a signal by it (Linux 6.9) reaches that group or none.
 */
#include "process/command.h"

#include "base/clock.h"
#include "ipc/fd.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As in linux/pidfd.h of Linux 6.13, which this may be built without. */
enum { SIGNAL_PROCESS_GROUP = 1 << 2 };

struct pidfd_facts {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t pid;
	uint32_t thread_group;
	uint32_t parent;
	uint32_t rest[9];
};

_Static_assert(sizeof(struct pidfd_facts) == 64, "the first version of struct pidfd_info");

#define GET_PIDFD_FACTS _IOWR(0xff, 11, struct pidfd_facts)

int command_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

void command_signal(pid_t pid, int signal)
{
	kill(pid, signal);
}

bool command_signal_group(pid_t leader, int pidfd, int signal, bool *denied)
{
	int sent = -1;

	errno = ENOSYS;
	if (pidfd >= 0)
		sent = (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, SIGNAL_PROCESS_GROUP);
	/* EINVAL, ENOSYS: an older kernel. EPERM: the same for the number, or a filter of system calls. */
	if (sent < 0 && errno != ESRCH)
		sent = kill(-leader, signal);
	*denied = sent < 0 && errno == EPERM;
	return sent == 0 || *denied;
}

bool command_group_outlives(pid_t leader)
{
	bool denied;

	return command_signal_group(leader, -1, 0, &denied) && kill(leader, 0) < 0 && errno == ESRCH;
}

pid_t command_parent(int pidfd)
{
	struct pidfd_facts facts = {.mask = 0};

	return ioctl(pidfd, GET_PIDFD_FACTS, &facts) == 0 ? (pid_t)facts.parent : 0;
}

bool command_signal_group_of(pid_t parent, pid_t leader, int signal, bool *denied)
{
	int pidfd = command_open(leader);
	pid_t found = pidfd < 0 ? 0 : command_parent(pidfd);
	bool there = false;

	*denied = false;
	if (!found || found == parent)
		there = command_signal_group(leader, pidfd, signal, denied);
	fd_close(&pidfd);
	return there;
}

void command_end_group(pid_t group, nsec limit)
{
	struct fd_wait leader = {.fd = command_open(group), .want_input = true};
	nsec deadline = clock_now() + limit;
	bool denied;

	command_signal_group(group, -1, SIGKILL, &denied);
	while (leader.fd >= 0 && !leader.input && clock_now() < deadline) {
		/* Interrupted, it is waited for again. */
		if (fd_wait(&leader, 1, deadline) == 0)
			break;
	}
	fd_close(&leader.fd);
}
