/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from a failed task. */
#include "run/policy/failure.h"

#include <errno.h>
#include <signal.h>

/* The longest time until a task is run again. */
#define RETRY_DELAY_MAX (24 * 3600 * NSEC_PER_SEC)

/* True if an error of exec concerns the command. */
static bool is_about_command(int number)
{
	return number == ENOENT || number == EACCES || number == ENOEXEC || number == EPERM || number == ENOTDIR ||
	       number == ELOOP || number == EISDIR;
}

bool failure_is_about_command(const struct result *result)
{
	return result->outcome == OUTCOME_NOT_STARTED && is_about_command(result->number) && !result->astray &&
	       !result->misfiled;
}

bool failure_is_by_pipe(const struct result *result)
{
	return result->signal == SIGPIPE || result->status == 128 + SIGPIPE;
}

nsec failure_delay(const struct result *result, nsec first)
{
	unsigned doublings = result->attempt ? result->attempt - 1 : 0;
	/* Twice as long each time, and up to a quarter more, so that tasks that failed together are spread. */
	double seconds = (double)first * (1 + 0.25 * drand48());

	seconds *= (double)(UINT64_C(1) << (doublings < 40 ? doublings : 40));
	return seconds < (double)RETRY_DELAY_MAX ? (nsec)seconds : RETRY_DELAY_MAX;
}
