/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that adapters are forked from. */
#include "run/companion/prototype.h"

#include "base/diag.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "process/start.h"

#include <errno.h>
#include <unistd.h>

enum {
	/* The number of the requests' descriptor in the prototype. */
	REQUESTS_NUMBER = 3,
	READ_SIZE = 4096,
	/* Bytes of a line that is not passed on before its end. */
	LINE_SIZE = 65536,
};

/* The prototype between two runs at the prompt, none if its pid is 0; and what it was started from. */
static struct prototype kept;
static struct bytes kept_from;

static bool is_wanted(const struct session_options *options, const struct briefing *briefing)
{
	/* What the prototype forks has the variables of its setup, which are those of no slot. */
	return options->command.is_forkable && !options->slots.count && options->workers.method != &start_spawn &&
	       briefing->command;
}

/* Passes on what was printed: whole lines, or all of it. */
static void pass_words(struct prototype *prototype, bool all)
{
	struct bytes *words = &prototype->words;
	const char *last = words->size ? memrchr(words->data, '\n', words->size) : NULL;
	size_t size = last ? (size_t)(last + 1 - words->data) : 0;

	if (all || words->size > LINE_SIZE)
		size = words->size;
	if (!size)
		return;
	diag_line((struct slice){.data = words->data, .size = size});
	bytes_consume(words, size);
}

/* Reads once what the prototype has printed. Returns how much, 0 at its end, or -1 with errno. */
static ssize_t read_printed_words(struct prototype *prototype)
{
	ssize_t got = fd_read(prototype->prints.fd, bytes_reserve(&prototype->words, READ_SIZE), READ_SIZE);

	prototype->words.size += got > 0 ? (size_t)got : 0;
	return got;
}

static void prints_ready(struct watch *watch, unsigned events UNUSED)
{
	struct prototype *prototype = container_of(watch, struct prototype, prints);
	ssize_t got = read_printed_words(prototype);
	bool is_open = got > 0 || (got < 0 && errno == EAGAIN);

	pass_words(prototype, !is_open);
	if (is_open)
		return;
	loop_forget(prototype->loop, watch);
	fd_close(&watch->fd);
}

/* Copies the environment, with the variables of a prototype and the run's. The caller's (free). */
static char **make_fork_environment(const struct briefing *briefing, char *id)
{
	static char version[] = "MPMAP_BLOCK=1", forks[] = "MPMAP_BLOCK_FORK=1";
	size_t count = 0, own = 0, i;
	char **copy;

	while (environ[count])
		count++;
	copy = mem_new(count + briefing->variable_count + 4, sizeof *copy);
	for (i = 0; i < count; i++) {
		if (!briefing_sets(briefing, environ[i]))
			copy[own++] = environ[i];
	}
	count = own;
	for (i = 0; i < briefing->variable_count; i++)
		copy[count++] = briefing->variables[i];
	copy[count++] = version;
	copy[count++] = forks;
	copy[count] = id;
	return copy;
}

/* Starts the process. Returns its pid, or -1. */
static pid_t start(const struct briefing *briefing, int null, int requests, int prints)
{
	pid_t pid = -1;
	char *id = mem_format("MPMAP_RUN_ID=%s", briefing->id);
	char **environment = make_fork_environment(briefing, id);
	enum command_stage stage;
	const struct command command = {
		.path = briefing->command,
		.arguments = briefing->words,
		.environment = environment,
		.directory = briefing->directory,
		.input = null,
		.output = prints,
		.errors = prints,
		.keep = {requests, -1, -1},
		.keep_as = REQUESTS_NUMBER,
		.ignored = briefing->ignored,
		.nice = briefing->nice,
		.is_task = true,
		.unblocks = true,
		.terminal = -1,
		.pid = &pid,
	};
	int started = command_start(&command, NULL, &stage);

	free(environment);
	free(id);
	return started < 0 ? -1 : pid;
}

/* Appends all that a run's prototype is started from. */
static void describe_start(const struct briefing *briefing, struct bytes *from)
{
	uint32_t i;

	bytes_clear(from);
	bytes_put_u32(from, (uint32_t)briefing->nice);
	bytes_put_u64(from, briefing->ignored);
	bytes_put_slice(from, slice_of(briefing->command));
	bytes_put_slice(from, slice_of(briefing->directory ? briefing->directory : ""));
	for (i = 0; i < briefing->word_count; i++)
		bytes_put_slice(from, slice_of(briefing->words[i]));
}

/* Takes the kept prototype if it is that of the run and lives; ends it otherwise. */
static bool take_kept(struct prototype *prototype, const struct briefing *briefing)
{
	struct bytes from = {.data = NULL};
	struct command_end end;
	bool is_same;

	if (!kept.pid)
		return false;
	describe_start(briefing, &from);
	is_same = slice_equals(bytes_slice(&from), bytes_slice(&kept_from));
	bytes_release(&from);
	if (command_look(kept.pid, &end) == COMMAND_ENDED)
		kept.pid = 0;
	if (!is_same || !kept.pid) {
		prototype_end();
		return false;
	}
	*prototype = kept;
	kept = (struct prototype){.pid = 0};
	return true;
}

/* Starts a new one. */
static void start_new(struct prototype *prototype, const struct briefing *briefing)
{
	int requests[2] = {-1, -1}, prints[2] = {-1, -1}, null = -1;

	if ((null = fd_null()) >= 0 && fd_pipe_blocking(requests) == 0 && fd_pipe(prints) == 0)
		prototype->pid = start(briefing, null, requests[0], prints[1]);
	fd_close(&null);
	fd_close(&requests[0]);
	fd_close(&prints[1]);
	prototype->requests = requests[1];
	prototype->prints.fd = prints[0];
}

void prototype_open(struct prototype *prototype, const struct session_options *options, struct briefing *briefing,
		    struct loop *loop)
{
	*prototype = (struct prototype){.requests = -1, .prints.fd = -1, .loop = loop};
	if (!is_wanted(options, briefing))
		return;
	if (!take_kept(prototype, briefing))
		start_new(prototype, briefing);
	prototype->loop = loop;
	prototype->prints =
		(struct watch){.fd = prototype->prints.fd, .ready = prints_ready, .context = diag_current()};
	if (prototype->pid > 0 && loop_watch(loop, &prototype->prints, LOOP_INPUT) == 0) {
		briefing->prototype = (uint32_t)prototype->pid;
		return;
	}
	prototype_close(prototype, NULL);
}

void prototype_close(struct prototype *prototype, const struct briefing *briefing)
{
	if (!prototype->loop)
		return;
	if (prototype->prints.fd >= 0)
		loop_forget(prototype->loop, &prototype->prints);
	if (briefing && prototype->pid > 0 && !kept.pid) {
		describe_start(briefing, &kept_from);
		kept = *prototype;
		*prototype = (struct prototype){.pid = 0};
		return;
	}
	fd_close(&prototype->requests);
	if (prototype->pid > 0)
		command_kill(prototype->pid);
	prototype->pid = 0;
	if (prototype->prints.fd >= 0) {
		while (prototype->words.size < LINE_SIZE && read_printed_words(prototype) > 0)
			;
		pass_words(prototype, true);
	}
	fd_close(&prototype->prints.fd);
	bytes_release(&prototype->words);
	prototype->loop = NULL;
}

void prototype_end(void)
{
	prototype_close(&kept, NULL);
	bytes_release(&kept_from);
}
