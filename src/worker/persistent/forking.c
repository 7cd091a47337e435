/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker's requests to the prototype. */
#include "worker/persistent/forking.h"

#include "base/trace.h"
#include "ipc/fd.h"
#include "worker/persistent/serving.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* The prototype's descriptor that requests are written to. */
enum { REQUESTS_NUMBER = 3, REQUEST_SIZE = 256 };

/* What a request takes. */
struct forking {
	struct command command;
	/* The other ends of status and life. */
	int status;
	int life;
	/* Where requests go: broken once the prototype has ended. */
	int requests;
};

/* Makes a pipe of which this process reads, without blocking. -1 with errno. */
static int open_report(int *own, int *other)
{
	int ends[2];

	if (fd_pipe(ends) < 0)
		return -1;
	*own = ends[0];
	*other = ends[1];
	return 0;
}

/* Makes all pipes, and opens the prototype's. -1 with errno. */
static int open_all(struct serving *serving, struct forking *forking)
{
	struct standing *standing = &serving->command;

	*standing = STANDING_NONE;
	standing->wiring = serving->wiring;
	if (standing_open(standing, &forking->command) < 0 || open_report(&standing->status, &forking->status) < 0 ||
	    open_report(&standing->life, &forking->life) < 0)
		return -1;
	forking->requests = fd_open_other((pid_t)serving->place->briefing.prototype, REQUESTS_NUMBER);
	return forking->requests < 0 ? -1 : 0;
}

/* Writes the request. -1 with errno. */
static int send_request(const struct serving *serving, const struct forking *forking)
{
	const struct command *command = &forking->command;
	const struct setup *setup = &serving->place->setup;
	char request[REQUEST_SIZE];
	int size = snprintf(request, sizeof request, "fork %ld %d %d %d %d %d %d %d %" PRIu32 " %s\n", (long)getpid(),
			    command->keep[0], command->keep[1], command->keep[2], command->output, command->errors,
			    forking->status, forking->life, setup->seat + 1, setup->name);

	if (size < 0 || (size_t)size >= sizeof request) {
		errno = EMSGSIZE;
		return -1;
	}
	return fd_write(forking->requests, request, (size_t)size) == size ? 0 : -1;
}

/* Waits until the adapter has been started. */
static enum forking_outcome await_start(struct serving *serving, struct forking *forking, uint64_t *pid)
{
	struct standing *standing = &serving->command;

	while (!standing_find_line(standing, "started", pid)) {
		struct fd_wait waits[] = {
			{.fd = -1}, {.fd = standing->status, .want_input = true}, {.fd = forking->requests}};

		if (claim_is_over(serving->place))
			return FORKING_ABANDONED;
		if (!workplace_await(serving->place, waits, countof(waits), NSEC_FOREVER)) {
			serving->parent_gone = true;
			return FORKING_ABANDONED;
		}
		if (waits[1].input && !standing_read_status(standing))
			return FORKING_NEVER;
		if (!waits[1].input && waits[2].hangup && forking->status >= 0)
			return FORKING_NEVER;
		/* From now on the watcher's end is known by the end of the pipe. */
		if (standing->lines_size)
			fd_close(&forking->status);
	}
	return FORKING_DONE;
}

enum forking_outcome forking_start(struct serving *serving)
{
	struct standing *standing = &serving->command;
	struct forking forking = {.status = -1, .life = -1, .requests = -1};
	enum forking_outcome outcome = FORKING_NEVER;
	uint64_t pid = 0;

	forking.command = launcher_common(&serving->launcher, serving->place);
	if (open_all(serving, &forking) == 0 && send_request(serving, &forking) == 0)
		outcome = await_start(serving, &forking, &pid);
	if (outcome == FORKING_DONE && standing_watch(standing, (pid_t)pid) < 0)
		outcome = FORKING_NEVER;
	standing_close_theirs(standing, &forking.command);
	fd_close(&forking.status);
	fd_close(&forking.life);
	fd_close(&forking.requests);
	if (outcome != FORKING_DONE) {
		/* An adapter that was forked is killed when its life is closed. */
		standing_close(standing);
		*standing = STANDING_NONE;
		return outcome;
	}
	standing->forked_by = command_parent(standing->group.pidfd);
	serving->place->seat->forked_by = standing->forked_by;
	serving->place->seat->task = (pid_t)pid;
	atomic_store(&serving->place->seat->executed, 1);
	standing_show_mark(standing, serving->place);
	trace_event("command_start", "\"worker\":\"%s\",\"pid\":%ld", serving->place->setup.name, (long)pid);
	return outcome;
}
