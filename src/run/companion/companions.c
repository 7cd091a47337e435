/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of companions. */
#include "run/companion/companions.h"

#include "process/start.h"
#include "run/companion/prototype.h"
#include "run/companion/state_server.h"
#include "run/session.h"
#include "worker/executor.h"

struct companion {
	/* True if a run with these options needs it. */
	bool (*is_needed)(const struct session_options *options);
	/* Starts it. -1 with the error. */
	int (*begin)(struct error *error);
	/* Ends it; harmless if it was not started. It may also have been started by its first use. */
	void (*end)(void);
};

static bool is_forkserver_needed(const struct session_options *options)
{
	return options->workers.method == &start_forkserver && options->command.executor->runs_tasks;
}

static bool is_never_needed(const struct session_options *options UNUSED)
{
	return false;
}

/* In the order of their start. */
static const struct companion companions[] = {
	{.is_needed = is_forkserver_needed, .begin = forkserver_prepare, .end = forkserver_stop},
	/* Each run starts its own, which may be kept for the next. */
	{.is_needed = is_never_needed, .end = prototype_end},
	/* The first run that wants it starts it. */
	{.is_needed = is_never_needed, .end = state_server_end},
};

int companions_begin(const struct session_options *options, struct error *error)
{
	size_t i;

	for (i = 0; i < countof(companions); i++) {
		if (companions[i].is_needed(options) && companions[i].begin(error) < 0)
			return -1;
	}
	return 0;
}

void companions_end(void)
{
	size_t i;

	for (i = countof(companions); i-- > 0;)
		companions[i].end();
}
