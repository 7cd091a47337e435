/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing tasks, and keeping their texts. */
#include "run/page/picks.h"

#include "base/mem.h"

#include <string.h>

/* Returns the beginning of a text. */
static struct slice pick_cut(struct slice text, size_t most)
{
	return (struct slice){.data = text.data, .size = text.size < most ? text.size : most};
}

/* Adds a task with no more than so much of its texts. */
static void pick_append(struct pick_list *list, const struct page_task *task, size_t text, size_t errors)
{
	struct pick *pick;

	list->picks = mem_grow(list->picks, list->count, &list->capacity, sizeof *list->picks);
	pick = &list->picks[list->count++];
	*pick = (struct pick){.task = *task, .at = list->texts.size};
	pick->task.text = pick_cut(task->text, text);
	pick->task.ending = pick_cut(task->ending, PICKS_TEXT);
	pick->task.errors = pick_cut(task->errors, errors);
	bytes_append(&list->texts, pick->task.text.data, pick->task.text.size);
	bytes_append(&list->texts, pick->task.ending.data, pick->task.ending.size);
	bytes_append(&list->texts, pick->task.errors.data, pick->task.errors.size);
}

struct page_task picks_at(const struct pick_list *list, size_t number)
{
	const struct pick *pick = &list->picks[number];
	struct page_task task = pick->task;

	task.text.data = list->texts.data + pick->at;
	task.ending.data = task.text.data + task.text.size;
	task.errors.data = task.ending.data + task.ending.size;
	return task;
}

static void pick_list_release(struct pick_list *list)
{
	free(list->picks);
	bytes_release(&list->texts);
	*list = (struct pick_list){.picks = NULL};
}

/* Adds a task to the slowest, if it is one of them. The list is made anew each time, which is rare. */
static void pick_slowest(struct pick_list *list, const struct page_task *task)
{
	struct pick_list next = {.picks = NULL};
	size_t i;

	if (list->count == PICKS_SLOWEST_MAX && task->duration <= list->picks[list->count - 1].task.duration)
		return;
	for (i = 0; i < list->count && list->picks[i].task.duration >= task->duration; i++) {
		struct page_task slower = picks_at(list, i);

		pick_append(&next, &slower, PICKS_TEXT, 0);
	}
	pick_append(&next, task, PICKS_TEXT, 0);
	for (; i < list->count && next.count < PICKS_SLOWEST_MAX; i++) {
		struct page_task faster = picks_at(list, i);

		pick_append(&next, &faster, PICKS_TEXT, 0);
	}
	pick_list_release(list);
	*list = next;
}

void picks_add(struct picks *picks, const struct page_task *task)
{
	if (picks->first.count < PICKS_FIRST_MAX)
		pick_append(&picks->first, task, PICKS_SHORT_TEXT, 0);
	if (task->start)
		pick_slowest(&picks->slowest, task);
	if (page_task_has_failed(task) && picks->failures.count < PICKS_FAILURES_MAX)
		pick_append(&picks->failures, task, PICKS_TEXT,
			    picks->failures.texts.size < PICKS_FAILURES_TEXT ? PICKS_ERRORS : 0);
}

void picks_release(struct picks *picks)
{
	pick_list_release(&picks->first);
	pick_list_release(&picks->failures);
	pick_list_release(&picks->slowest);
}
