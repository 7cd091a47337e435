/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Understanding ids, and going through what they select. */
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
	/* Ids that completion offers. */
	IDS_MAX = 64,
};

/* "3" or "3.17". */
static int parse_numbers(struct jobs *jobs, const char *id, struct selection *selection, struct error *error)
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
	selection->job = jobs_find(jobs, number);
	if (!selection->job)
		return error_set(error, "there is no run %" PRIu64 "%s", number,
				 number && number <= jobs->last_number ? " any more" : " (jobs lists them)");
	if (!dot)
		return 0;
	if (!task || task > job_counts(selection->job).submitted)
		return error_set(error, "run %" PRIu64 " has no task %" PRIu64, number, task);
	selection->index = task - 1;
	return 0;
}

/* The last job of which something failed, or the last one. */
static struct job *last_failed(const struct jobs *jobs)
{
	struct selection selection = {.index = ARCHIVE_NONE, .failed = true};
	struct job *job, *found = jobs_last(jobs);

	for (job = jobs_next(jobs, NULL); job; job = jobs_next(jobs, job)) {
		if (selection_next(&selection, job, 0) != ARCHIVE_NONE)
			found = job;
	}
	return found;
}

int selection_parse(struct jobs *jobs, const char *id, struct selection *selection, struct error *error)
{
	*selection = (struct selection){.job = jobs_last(jobs), .index = ARCHIVE_NONE};
	if (id && strcmp(id, "all") != 0 && strcmp(id, "last") != 0 && strcmp(id, "failed") != 0)
		return parse_numbers(jobs, id, selection, error);
	if (!selection->job)
		return error_set(error, "there is no run yet (map COMMAND... ::: ITEM... begins one)");
	selection->failed = id && strcmp(id, "failed") == 0;
	if (selection->failed)
		selection->job = last_failed(jobs);
	if (id && strcmp(id, "all") == 0)
		selection->job = NULL;
	return 0;
}

uint64_t selection_next(const struct selection *selection, const struct job *job, uint64_t from)
{
	unsigned outcomes = selection->failed ? FAILURES : ENDS;
	uint64_t first = selection->index != ARCHIVE_NONE && from < selection->index ? selection->index : from;
	uint64_t next = archive_next(job->kept, first, outcomes);

	return selection->index != ARCHIVE_NONE && next != selection->index ? ARCHIVE_NONE : next;
}

char **selection_ids(struct jobs *jobs)
{
	static const char *const names[] = {"last", "failed", "all"};
	char **ids = mem_new(IDS_MAX + countof(names) + 1, sizeof *ids);
	uint64_t first = jobs->last_number > IDS_MAX ? jobs->last_number - IDS_MAX : 0;
	size_t count = 0, i;
	struct job *job;

	for (i = 0; i < countof(names); i++)
		ids[count++] = mem_string(names[i]);
	for (job = jobs_next(jobs, NULL); job; job = jobs_next(jobs, job)) {
		if (job->number > first)
			ids[count++] = mem_format("%" PRIu64, job->number);
	}
	ids[count] = NULL;
	return ids;
}
