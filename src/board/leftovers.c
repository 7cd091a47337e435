/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of groups that tasks left, and the check which of them still run. */
#include "board/leftovers.h"

#include "base/fault.h"
#include "base/mem.h"
#include "process/command.h"

#include <signal.h>

enum {
	FREE = 0,
	RESERVED = -1,
	/* Rows that are tried before another is used: most groups are gone soon. */
	TRIES = 8,
};

/* The time in which no id is used again: a group that is there was there all along. */
#define RECENT NSEC_PER_SEC

_Static_assert(sizeof(struct leftover_row) == 24 && sizeof(struct leftovers_shared) == CACHE_LINE,
	       "raise MESSAGE_VERSION when a layout changes");

size_t leftovers_size(void)
{
	return sizeof(struct leftovers_shared) + LEFTOVER_ROWS * sizeof(struct leftover_row);
}

struct leftovers leftovers_at(void *memory)
{
	char *base = memory;

	return (struct leftovers){
		.shared = memory,
		.rows = (struct leftover_row *)(void *)(base + sizeof(struct leftovers_shared)),
	};
}

/* Returns how many rows are in use, whatever another process has written. */
static uint32_t used_rows(const struct leftovers *leftovers)
{
	uint32_t used = atomic_load(&leftovers->shared->used);

	return used < LEFTOVER_ROWS ? used : LEFTOVER_ROWS;
}

/* Reserves a row that is free, or whose group is gone. */
static bool reserve_row(struct leftover_row *row)
{
	int32_t group = atomic_load(&row->group);

	if (group == RESERVED || (group > 1 && command_group_outlives(group)))
		return false;
	return atomic_compare_exchange_strong(&row->group, &group, RESERVED);
}

/* Returns a reserved row, NULL if all are in use. */
static struct leftover_row *find_row(const struct leftovers *leftovers)
{
	struct leftovers_shared *shared = leftovers->shared;
	uint32_t used = used_rows(leftovers), tries = used < LEFTOVER_ROWS ? TRIES : LEFTOVER_ROWS, i;

	if (fault_at("leftover"))
		return NULL;
	for (i = 0; i < used && i < tries; i++) {
		struct leftover_row *row = &leftovers->rows[atomic_fetch_add(&shared->turn, 1) % used];

		if (reserve_row(row))
			return row;
	}
	while (used < LEFTOVER_ROWS) {
		if (atomic_compare_exchange_weak(&shared->used, &used, used + 1) && reserve_row(&leftovers->rows[used]))
			return &leftovers->rows[used];
	}
	return NULL;
}

bool leftovers_add(const struct leftovers *leftovers, pid_t group, uint64_t index)
{
	struct leftover_row *row = find_row(leftovers);

	if (!row) {
		atomic_fetch_add(&leftovers->shared->dropped, 1);
		return false;
	}
	atomic_store(&row->index, index);
	atomic_store(&row->seen, survey_now());
	atomic_store(&row->group, group);
	return true;
}

/* A group of the table, while it is checked. */
struct candidate {
	struct leftover found;
	/* A process that is no younger proves that the group is the task's. */
	nsec seen;
	bool is_proven;
};

struct candidates {
	struct candidate *list;
	size_t count;
};

static int order_by_group(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->found.group != b->found.group)
		return a->found.group < b->found.group ? -1 : 1;
	return (a->seen < b->seen) - (a->seen > b->seen);
}

static int order_by_index(const void *left, const void *right)
{
	const struct leftover *a = left, *b = right;

	return (a->index > b->index) - (a->index < b->index);
}

/* Of rows with the same group only the newest can be right. */
static void drop_older(struct candidates *candidates)
{
	size_t kept = 0, i;

	for (i = 0; i < candidates->count; i++) {
		if (!kept || candidates->list[kept - 1].found.group != candidates->list[i].found.group)
			candidates->list[kept++] = candidates->list[i];
	}
	candidates->count = kept;
}

/* Collects the groups that may still run, and frees the rows of those that do not. */
static struct candidates collect_candidates(const struct leftovers *leftovers)
{
	struct candidates candidates = {.list = NULL};
	nsec now = survey_now();
	size_t capacity = 0, i, used = used_rows(leftovers);

	for (i = 0; i < used; i++) {
		struct leftover_row *row = &leftovers->rows[i];
		struct candidate candidate = {.found.group = atomic_load(&row->group)};

		if (candidate.found.group <= 1)
			continue;
		if (!command_group_outlives(candidate.found.group)) {
			int32_t group = candidate.found.group;

			(void)!atomic_compare_exchange_strong(&row->group, &group, FREE);
			continue;
		}
		candidate.found.index = atomic_load(&row->index);
		candidate.seen = atomic_load(&row->seen);
		if (now - candidate.seen < RECENT)
			candidate.seen = now;
		candidates.list = mem_grow(candidates.list, candidates.count, &capacity, sizeof *candidates.list);
		candidates.list[candidates.count++] = candidate;
	}
	if (candidates.count)
		qsort(candidates.list, candidates.count, sizeof *candidates.list, order_by_group);
	drop_older(&candidates);
	return candidates;
}

static struct candidate *find_candidate(const struct candidates *candidates, pid_t group)
{
	size_t low = 0, high = candidates->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		pid_t at = candidates->list[middle].found.group;

		if (at == group)
			return &candidates->list[middle];
		if (at < group)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_candidate(void *context, pid_t group)
{
	return find_candidate(context, group);
}

/* True if a process has lost its parent, which was of its group. */
static bool is_orphan(const struct survey_process *process, const struct survey_process *all, size_t count)
{
	const struct survey_process *parent = survey_find(all, count, process->parent);

	return !parent || parent->group != process->group;
}

/* Counts the processes of each candidate, and checks whether one proves it. Without a survey all are proven. */
static void check_candidates(struct candidates *candidates, const struct survey_process *all, ssize_t count)
{
	size_t i;
	ssize_t at;

	for (i = 0; count < 0 && i < candidates->count; i++) {
		candidates->list[i].is_proven = true;
		candidates->list[i].found.count = 1;
	}
	for (at = 0; at < count; at++) {
		struct candidate *candidate = find_candidate(candidates, all[at].group);

		if (!candidate)
			continue;
		candidate->found.count += is_orphan(&all[at], all, (size_t)count);
		candidate->is_proven |= all[at].start <= candidate->seen;
	}
}

/* Returns the process that people know an orphan by: a shell's child that it waits for. */
static const struct survey_process *foremost(const struct survey_process *orphan, const struct survey_process *all,
					     size_t count)
{
	const struct survey_process *process = orphan;
	size_t i;

	/* Children have higher pids, unless pids have begun anew. */
	for (i = 0; i < count; i++) {
		if (all[i].parent == process->pid && all[i].group == process->group)
			process = &all[i];
	}
	return process;
}

static void name_processes(struct leftover *leftover, const struct survey_process *all, ssize_t count)
{
	size_t named = 0;
	ssize_t i;

	for (i = 0; i < count && named < LEFTOVER_NAMED; i++) {
		const struct survey_process *process;

		if (all[i].group != leftover->group || !is_orphan(&all[i], all, (size_t)count))
			continue;
		process = foremost(&all[i], all, (size_t)count);
		leftover->named[named].pid = process->pid;
		memcpy(leftover->named[named++].name, process->name, sizeof process->name);
	}
}

size_t leftovers_find(const struct leftovers *leftovers, struct leftover **found)
{
	struct candidates candidates = collect_candidates(leftovers);
	struct survey_process *all = NULL;
	size_t kept = 0, i;
	ssize_t count = 0;

	*found = NULL;
	if (candidates.count)
		count = survey_groups(is_candidate, &candidates, &all);
	check_candidates(&candidates, all, count);
	if (candidates.count)
		*found = mem_new(candidates.count, sizeof **found);
	for (i = 0; i < candidates.count; i++) {
		if (candidates.list[i].is_proven)
			(*found)[kept++] = candidates.list[i].found;
	}
	if (kept)
		qsort(*found, kept, sizeof **found, order_by_index);
	for (i = 0; i < kept && i < LEFTOVER_NAMED; i++)
		name_processes(&(*found)[i], all, count);
	free(candidates.list);
	free(all);
	return kept;
}

size_t leftovers_signal(const struct leftovers *leftovers, int signal)
{
	struct leftover *found;
	size_t count = leftovers_find(leftovers, &found), reached = 0, i;
	bool denied;

	for (i = 0; i < count; i++) {
		bool there = command_signal_group(found[i].group, -1, signal, &denied);

		reached += there && !denied;
		/* A stopped process receives it only once it continues. */
		if (there && signal && signal != SIGKILL)
			command_signal_group(found[i].group, -1, SIGCONT, &denied);
	}
	free(found);
	return reached;
}
