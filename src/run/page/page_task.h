/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A task as the report of a run shows it. */
#ifndef RUN_PAGE_PAGE_TASK_H
#define RUN_PAGE_PAGE_TASK_H

#include "base/clock.h"
#include "base/slice.h"
#include "task/task.h"

struct page_task {
	/* Its number, from 1, and how many records it stands for. */
	uint64_t seq;
	uint64_t count;
	/* 0 if it had none. */
	uint32_t slot;
	uint32_t attempts;
	enum outcome outcome;
	/* UTC; 0 if it did not run. */
	nsec start;
	nsec duration;
	/* Below 0 if they are unknown. */
	nsec user_time;
	nsec system_time;
	/* Bytes; 0 if it is unknown. */
	uint64_t max_rss;
	/* What ran, and its outcome in words. */
	struct slice text;
	struct slice ending;
	/* The beginning of its standard error, if it failed. */
	struct slice errors;
};

/* True if the task is a failure. */
static inline bool page_task_has_failed(const struct page_task *task)
{
	return task->outcome != OUTCOME_OK && task->outcome != OUTCOME_SKIPPED;
}

#endif
