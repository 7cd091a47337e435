/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A heap of tasks that wait to be run again. */
#include "pool/retries.h"

#include "base/mem.h"

static bool is_before(const struct retry *a, const struct retry *b)
{
	return a->due < b->due || (a->due == b->due && a->chunk.first < b->chunk.first);
}

static void swap(struct retries *retries, size_t a, size_t b)
{
	struct retry kept = retries->list[a];

	retries->list[a] = retries->list[b];
	retries->list[b] = kept;
}

static void sift_up(struct retries *retries, size_t at)
{
	for (; at && is_before(&retries->list[at], &retries->list[(at - 1) / 2]); at = (at - 1) / 2)
		swap(retries, at, (at - 1) / 2);
}

static void sift_down(struct retries *retries, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < retries->count && is_before(&retries->list[child + 1], &retries->list[child]))
			child++;
		if (child >= retries->count || !is_before(&retries->list[child], &retries->list[at]))
			return;
		swap(retries, at, child);
		at = child;
	}
}

void retries_add(struct retries *retries, const struct retry *retry)
{
	if (retries->count == retries->capacity) {
		retries->capacity = retries->capacity ? size_multiply(retries->capacity, 2) : 16;
		retries->list = mem_resize(retries->list, retries->capacity, sizeof *retries->list);
	}
	retries->list[retries->count++] = *retry;
	sift_up(retries, retries->count - 1);
}

nsec retries_due(const struct retries *retries)
{
	return retries->count ? retries->list[0].due : NSEC_FOREVER;
}

static void take_at(struct retries *retries, size_t at, struct retry *retry)
{
	*retry = retries->list[at];
	retries->list[at] = retries->list[--retries->count];
	if (at == retries->count)
		return;
	sift_up(retries, at);
	sift_down(retries, at);
}

bool retries_take(struct retries *retries, nsec now, struct retry *retry)
{
	if (!retries->count || retries->list[0].due > now)
		return false;
	take_at(retries, 0, retry);
	return true;
}

bool retries_take_task(struct retries *retries, nsec now, uint64_t index, struct retry *retry)
{
	size_t at;

	for (at = 0; at < retries->count; at++) {
		if (retries->list[at].chunk.first != index)
			continue;
		if (retries->list[at].due > now)
			return false;
		take_at(retries, at, retry);
		return true;
	}
	return false;
}

void retries_release(struct retries *retries)
{
	free(retries->list);
	*retries = (struct retries){.list = NULL};
}
