/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handing the terminal over and taking it back. */
#include "worker/terminal.h"

#include "base/mem.h"
#include "process/command.h"
#include "process/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

/* The largest number of attempts to stop the run, since a process group may be unable to stop. */
enum { ATTEMPTS = 8 };
/* The longest wait for the effect of a signal. Usually it comes much sooner. */
#define PASS_TIME (2 * NSEC_PER_SEC)

struct terminal {
	struct termios modes;
	bool known;
};

int terminal_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC);
}

/* Returns the run's process group: the parent's. Workers have their own. */
static pid_t run_group(void)
{
	return getpgid(getppid());
}

bool terminal_is_ours(int fd)
{
	return tcgetpgrp(fd) == run_group();
}

/* The attempts of a worker to have its run continued in the foreground. */
struct terminal_attempts {
	int fd;
	int count;
};

/* True if the run's group is in the foreground, or need not be waited for any longer. Else stops the run. */
static bool task_is_in_foreground(struct workplace *place, void *context)
{
	struct terminal_attempts *attempts = context;

	if (terminal_is_ours(attempts->fd) || attempts->count == ATTEMPTS || !queue_gate(&place->board.queue))
		return true;
	attempts->count++;
	signals_tell_parent(SIGTTOU);
	return false;
}

bool terminal_wait(int fd, struct workplace *place)
{
	struct terminal_attempts attempts = {.fd = fd};

	if (!workplace_wait_until(place, task_is_in_foreground, &attempts, NSEC_FOREVER)) {
		errno = ECANCELED;
		return false;
	}
	errno = attempts.count < ATTEMPTS ? ECANCELED : EIO;
	return terminal_is_ours(fd);
}

void terminal_give(int fd, pid_t group)
{
	signals_block_terminal();
	tcsetpgrp(fd, group ? group : run_group());
	signals_unblock_terminal();
}

static bool is_shut(struct workplace *place, void *context UNUSED)
{
	return !queue_gate(&place->board.queue);
}

void terminal_pass_on(struct workplace *place, int signal)
{
	signals_tell_parent(signal);
	if (place->briefing.ignored >> (signal - 1) & 1)
		return;
	/* The parent wakes all workers when it shuts the gate. */
	(void)!workplace_wait_until(place, is_shut, NULL, clock_now() + PASS_TIME);
}

struct terminal *terminal_remember(int fd)
{
	struct terminal *terminal = mem_new(1, sizeof *terminal);

	terminal->known = tcgetattr(fd, &terminal->modes) == 0;
	return terminal;
}

void terminal_restore(int fd, const struct terminal *terminal)
{
	signals_block_terminal();
	if (terminal->known)
		tcsetattr(fd, TCSADRAIN, &terminal->modes);
	signals_unblock_terminal();
}

void terminal_take_back(int terminal, const struct terminal *modes, struct workplace *place,
			const struct result *result)
{
	terminal_give(terminal, 0);
	if (result->outcome != OUTCOME_OK)
		terminal_restore(terminal, modes);
	if (result->signal == SIGINT || result->signal == SIGQUIT)
		terminal_pass_on(place, result->signal);
}

void terminal_suspend(int fd, const struct workplace *place, struct suspension *suspension)
{
	terminal_give(fd, 0);
	*suspension = (struct suspension){.is_on = true, .stopped_for = atomic_load(&place->notice->stopped_for)};
	signals_tell_parent(SIGTSTP);
}

void terminal_resume(int fd, const struct workplace *place, struct suspension *suspension, pid_t task)
{
	bool denied;

	if (!suspension->is_on || atomic_load(&place->notice->stopped_at) ||
	    atomic_load(&place->notice->stopped_for) == suspension->stopped_for)
		return;
	if (!terminal_is_ours(fd)) {
		/* The run continues in the background: it is stopped again, as if it had used the terminal there. */
		suspension->stopped_for = atomic_load(&place->notice->stopped_for);
		signals_tell_parent(SIGTTOU);
		return;
	}
	suspension->is_on = false;
	terminal_give(fd, task);
	command_signal_group(task, -1, SIGCONT, &denied);
}
