/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps modes where a signal handler can restore them. */
#include "interactive/prompt/modes.h"

#include "base/fatal.h"
#include "ipc/fd.h"
#include "process/signals.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { ATTEMPTS = 16 };

static struct {
	struct termios modes;
	const char *undo;
	pid_t owner;
	volatile sig_atomic_t is_kept;
} kept;

bool modes_are_ours(void)
{
	return !signals_in_background(STDIN_FILENO);
}

void modes_await(void)
{
	int attempt;

	/* The attempts are limited, since the process does not stop if no shell could continue it. */
	for (attempt = 0; !modes_are_ours() && attempt < ATTEMPTS; attempt++)
		signals_stop(SIGTTOU);
}

/* Restores the modes. Async-signal-safe. No effect in children, which inherit this state. */
static void restore(void)
{
	struct fd_wait output = {.fd = STDOUT_FILENO, .want_output = true};

	if (!kept.is_kept || getpid() != kept.owner || !modes_are_ours())
		return;
	modes_restore();
	/* A terminal that was stopped would keep this process waiting. */
	if (fd_wait(&output, 1, 0) > 0 && output.output)
		fd_write(STDOUT_FILENO, kept.undo, strlen(kept.undo));
}

void modes_restore(void)
{
	if (kept.is_kept)
		tcsetattr(STDIN_FILENO, TCSANOW, &kept.modes);
	kept.is_kept = 0;
}

void modes_guard(void)
{
	kept.owner = getpid();
	signals_on_crash(restore);
	fatal_on_exit(restore);
}

void modes_unguard(void)
{
	signals_on_crash(NULL);
	fatal_on_exit(NULL);
}

void modes_keep(const char *undo)
{
	kept.undo = undo;
	kept.is_kept = kept.is_kept || tcgetattr(STDIN_FILENO, &kept.modes) == 0;
}

void modes_forget(void)
{
	kept.is_kept = 0;
}
