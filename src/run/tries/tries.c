/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attempts of tasks that are run again. */
#include "run/tries/tries.h"

#include "base/mem.h"
#include "codec/output_json.h"
#include "run/session.h"

enum {
	/* Bytes of standard error that are kept of an attempt. */
	HEAD_MAX = 1024,
	BUCKETS = 1024,
};

struct tries_task {
	/* The next in its list. */
	struct tries_task *next;
	uint64_t index;
	/* Objects with commas between them, and the bytes before the last one and its comma. */
	struct bytes texts;
	size_t before;
	/* The last of these attempts, and how its standard error begins. */
	uint32_t attempt;
	struct bytes errors;
};

struct tries tries_for(const struct session_options *options)
{
	const struct output_options *output = &options->output;
	bool has_objects = (output->format && output->format->is_whole) || output->results || output->log;
	bool is_on = has_objects && (options->policy.retries || options->input.brings_commands);

	return (struct tries){.is_on = is_on, .takes_errors = is_on || output->log || output->report};
}

/* Returns the head of the slot, empty if it was another attempt's. */
static struct bytes *head_of(struct tries *tries, uint32_t slot, uint64_t index, uint32_t attempt)
{
	struct tries_head *head;

	if (slot >= tries->count) {
		tries->heads = mem_resize(tries->heads, slot + 1, sizeof *tries->heads);
		memset(tries->heads + tries->count, 0, (slot + 1 - tries->count) * sizeof *tries->heads);
		tries->count = slot + 1;
	}
	head = &tries->heads[slot];
	if (head->index != index || head->attempt != attempt)
		bytes_clear(&head->errors);
	head->index = index;
	head->attempt = attempt;
	return &head->errors;
}

void tries_put(struct tries *tries, const struct output_header *header, uint32_t slot, struct slice bytes)
{
	struct bytes *head = head_of(tries, slot, header->index, header->attempt);
	size_t room = HEAD_MAX - head->size;

	bytes_append(head, bytes.data, bytes.size < room ? bytes.size : room);
}

/* Returns the link to what is kept of a task, or to the NULL at the end of its list. There are lists. */
static struct tries_task **task_link(const struct tries *tries, uint64_t index)
{
	struct tries_task **link = &tries->buckets[index % BUCKETS];

	while (*link && (*link)->index != index)
		link = &(*link)->next;
	return link;
}

void tries_keep(struct tries *tries, const struct result *result)
{
	const struct bytes *head = head_of(tries, result->slot, result->index, result->attempt);
	struct tries_task **link, *task;

	if (!tries->buckets)
		tries->buckets = mem_new(BUCKETS, sizeof(struct tries_task *));
	link = task_link(tries, result->index);
	if (!*link) {
		*link = mem_new(1, sizeof **link);
		(*link)->index = result->index;
	}
	task = *link;
	task->before = task->texts.size;
	bytes_append(&task->texts, ",", task->before > 0);
	output_json_try(&task->texts, result, bytes_slice(head));
	task->attempt = result->attempt;
	bytes_clear(&task->errors);
	bytes_append(&task->errors, head->data, head->size);
}

void tries_withdraw(struct tries *tries, uint64_t index)
{
	struct tries_task **link;

	if (!tries->buckets)
		return;
	link = task_link(tries, index);
	if (*link)
		(*link)->texts.size = (*link)->before;
}

static void tries_unlink(struct tries_task **link)
{
	struct tries_task *task = *link;

	*link = task->next;
	bytes_release(&task->texts);
	bytes_release(&task->errors);
	free(task);
}

struct slice tries_errors(const struct tries *tries, const struct result *result)
{
	const struct tries_task *task = tries->buckets ? *task_link(tries, result->index) : NULL;
	const struct tries_head *head = result->slot < tries->count ? &tries->heads[result->slot] : NULL;

	if (task && task->attempt == result->attempt)
		return bytes_slice(&task->errors);
	if (head && head->index == result->index && head->attempt == result->attempt)
		return bytes_slice(&head->errors);
	return (struct slice){.data = NULL};
}

void tries_forget(struct tries *tries, uint64_t index)
{
	struct tries_task **link = tries->buckets ? task_link(tries, index) : NULL;

	if (link && *link)
		tries_unlink(link);
}

void tries_append(const struct tries *tries, uint64_t index, struct bytes *object)
{
	const struct tries_task *task = tries->buckets ? *task_link(tries, index) : NULL;

	if (!task || !task->texts.size)
		return;
	bytes_append_text(object, "\"tries\":[");
	bytes_append(object, task->texts.data, task->texts.size);
	bytes_append_text(object, "],");
}

void tries_release(struct tries *tries)
{
	size_t i;

	for (i = 0; i < tries->count; i++)
		bytes_release(&tries->heads[i].errors);
	free(tries->heads);
	for (i = 0; tries->buckets && i < BUCKETS; i++) {
		while (tries->buckets[i])
			tries_unlink(&tries->buckets[i]);
	}
	free(tries->buckets);
}
