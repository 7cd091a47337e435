/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sources that the user names, and after them the items of a queue to which tasks push (--queue).
 *
 * The state server writes the items to a pipe, each with a NUL after it, and closes it once no more can come: the queue
 * is empty, and all tasks are done. So they are read as the records of a file are.
 */
#include "feed/feeder.h"

#include "base/mem.h"
#include "run/companion/finding.h"
#include "run/companion/sharing.h"
#include "run/supply.h"
#include "worker/executor.h"

#include <errno.h>

struct found {
	struct feeder feeder;
	/* What the user names. */
	struct feeder *given;
	/* The items; NULL until all that was given is submitted. */
	struct feeder *items;
	struct session_options *run;
	/* The options of items. */
	struct feed_options options;
	struct source_options source;
	/* True if the queue could not be opened. */
	bool has_failed;
};

static struct found *found_of(struct feeder *feeder)
{
	return container_of(feeder, struct found, feeder);
}

static void begin_found(struct feeder *feeder)
{
	feeder_begin(found_of(feeder)->given, feeder->session);
}

/* Opens the queue. Returns 0, or -1 with the error. */
static int open_queue(struct found *found, struct error *error)
{
	int items = finding_open(found->feeder.session);

	if (items < 0)
		return error_set_errno(error, errno, "--queue");
	found->source = (struct source_options){
		.delimiter = {.bytes = {'\0'}, .size = 1},
		.handed = "the queue",
		.fd = items,
	};
	found->options = (struct feed_options){.sources = &found->source, .source_count = 1, .group = 1};
	found->items = feeder_open(&found->options, found->run, error);
	if (!found->items)
		return -1;
	feeder_begin(found->items, found->feeder.session);
	/* No event has to follow. */
	sharing_flush(found->feeder.session);
	return 0;
}

static void feed_found(struct feeder *feeder)
{
	struct found *found = found_of(feeder);
	struct error error = {.number = 0};

	if (!found->items && !found->has_failed) {
		feeder_feed(found->given);
		if (!feeder_is_fed(found->given))
			return;
		found->has_failed = open_queue(found, &error) < 0;
	}
	if (error.text)
		diag_report(error_text(&error));
	if (error.text)
		supply_fail(feeder->session);
	error_release(&error);
	if (!found->has_failed)
		feeder_feed(found->items);
}

static bool found_is_fed(struct feeder *feeder)
{
	struct found *found = found_of(feeder);

	return found->has_failed || (found->items && feeder_is_fed(found->items));
}

static void close_found(struct feeder *feeder)
{
	struct found *found = found_of(feeder);

	feeder_close(found->given);
	if (found->items)
		feeder_close(found->items);
}

static const struct feeder_kind found_kind = {
	.begin = begin_found,
	.feed = feed_found,
	.is_fed = found_is_fed,
	.close = close_found,
};

/* Returns the name of an option whose records are not those of a queue, NULL if there is none. */
static const char *unsuited_option(const struct feed_options *options, const struct session_options *run)
{
	const struct {
		bool is_set;
		const char *name;
	} rows[] = {
		{run->input.to_stdin, "--stdin"},
		{options->group != 1, "--max-args"},
		{options->framing != FEED_TEXT, "--json"},
		{options->has_header, "--header"},
		{run->command.template.csv, "--csv"},
		{run->command.shell && !run->command.template.word_count, "--shell without a SCRIPT"},
	};
	size_t i;

	for (i = 0; i < countof(rows); i++) {
		if (rows[i].is_set)
			return rows[i].name;
	}
	return NULL;
}

/* Returns -1 and sets the error if an option does not go with a queue. */
static int check_queue(const struct feed_options *options, const struct session_options *run, struct error *error)
{
	const char *unsuited = unsuited_option(options, run);

	if (unsuited)
		error_set(error, "--queue and %s: an item of the queue is one record, a text (--colsep divides it)",
			  unsuited);
	else if (run->output.memo)
		error_set(error, "--queue and --memo: what a task has pushed is not in its memo, and would be missing");
	else
		return 0;
	error->is_usage = true;
	return -1;
}

struct feeder *feeder_open_with_queue(const struct feed_options *options, struct session_options *run,
				      struct error *error)
{
	bool has_queue = run->state.queue && run->command.executor->runs_tasks;
	struct feeder *given;
	struct found *found;

	if (has_queue && check_queue(options, run, error) < 0)
		return NULL;
	given = feeder_open(options, run, error);
	if (!given || !has_queue)
		return given;
	found = mem_new(1, sizeof *found);
	found->feeder = (struct feeder){.kind = &found_kind, .options = options, .run = run};
	found->given = given;
	found->run = run;
	return &found->feeder;
}
