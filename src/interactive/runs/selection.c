/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses ids, and steps through what they select. */
#include "interactive/runs/selection.h"

#include "base/mem.h"
#include "base/number.h"

#include <inttypes.h>

/* Outcomes, a bit each. */
#define FAILURES \
	(1u << OUTCOME_FAILED | 1u << OUTCOME_SIGNALED | 1u << OUTCOME_TIMEOUT | 1u << OUTCOME_LOST | \
	 1u << OUTCOME_NOT_STARTED)
#define ENDS (FAILURES | 1u << OUTCOME_OK)

enum {
	/* How many runs completion offers. */
	IDS_MAX = 64,
};

/* Parses "3" or "3.17". Returns -1 with the error. */
static int parse_numbers(struct runs *runs, const char *id, struct selection *selection, struct error *error)
{
	char *text = mem_string(id), *dot = strchr(text, '.');
	uint64_t number = 0, task = 0;
	int parsed;

	if (dot)
		*dot++ = '\0';
	parsed = number_parse(text, UINT64_MAX, &number);
	if (parsed == 0 && dot)
		parsed = number_parse(dot, UINT64_MAX, &task);
	free(text);
	if (parsed < 0)
		return error_set(error, "'%s' is no id (3 is a run, 3.17 its task 17; or last, failed, all)", id);
	selection->run = runs_find(runs, number);
	if (!selection->run)
		return error_set(error, "there is no run %" PRIu64 "%s", number,
				 number && number <= runs->last_number ? " any more" : " (jobs lists them)");
	if (!dot)
		return 0;
	if (!task || task > run_counts(selection->run).submitted)
		return error_set(error, "run %" PRIu64 " has no task %" PRIu64, number, task);
	selection->index = task - 1;
	return 0;
}

/* Returns the last run with failed tasks, the last run if none has any. */
static struct run *last_failed(const struct runs *runs)
{
	struct selection selection = {.index = ARCHIVE_NONE, .failed = true};
	struct run *run, *found = runs_last(runs);

	for (run = runs_next(runs, NULL); run; run = runs_next(runs, run)) {
		if (selection_next(&selection, run, 0) != ARCHIVE_NONE)
			found = run;
	}
	return found;
}

int selection_parse(struct runs *runs, const char *id, struct selection *selection, struct error *error)
{
	*selection = (struct selection){.run = runs_last(runs), .index = ARCHIVE_NONE};
	if (id && strcmp(id, "all") != 0 && strcmp(id, "last") != 0 && strcmp(id, "failed") != 0)
		return parse_numbers(runs, id, selection, error);
	if (!selection->run)
		return error_set(error, "there is no run yet (map COMMAND... ::: ITEM... begins one)");
	selection->failed = id && strcmp(id, "failed") == 0;
	if (selection->failed)
		selection->run = last_failed(runs);
	if (id && strcmp(id, "all") == 0)
		selection->run = NULL;
	return 0;
}

uint64_t selection_next(const struct selection *selection, const struct run *run, uint64_t from)
{
	unsigned outcomes = selection->failed ? FAILURES : ENDS;
	uint64_t first = selection->index != ARCHIVE_NONE && from < selection->index ? selection->index : from;
	uint64_t next = archive_next(run->kept, first, outcomes);

	return selection->index != ARCHIVE_NONE && next != selection->index ? ARCHIVE_NONE : next;
}

char **selection_ids(struct runs *runs)
{
	static const char *const names[] = {"last", "failed", "all"};
	char **ids = mem_new(IDS_MAX + countof(names) + 1, sizeof *ids);
	uint64_t first = runs->last_number > IDS_MAX ? runs->last_number - IDS_MAX : 0;
	size_t count = 0, i;
	struct run *run;

	for (i = 0; i < countof(names); i++)
		ids[count++] = mem_string(names[i]);
	for (run = runs_next(runs, NULL); run; run = runs_next(runs, run)) {
		if (run->number > first)
			ids[count++] = mem_format("%" PRIu64, run->number);
	}
	ids[count] = NULL;
	return ids;
}
