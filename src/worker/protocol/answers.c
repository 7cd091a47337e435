/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers, split at their delimiter. */
#include "worker/protocol/answers.h"

#include "base/count.h"
#include "base/mem.h"

void answers_begin(struct answers *answers, char delimiter)
{
	*answers = (struct answers){.data = answers->data, .delimiter = delimiter};
}

char *answers_room(struct answers *answers, size_t *size)
{
	if (!answers->data)
		answers->data = mem_new(1, ANSWERS_SIZE);
	if (answers->from == answers->to) {
		answers->from = answers->to = 0;
	} else if (answers->from && answers->to > ANSWERS_SIZE / 2) {
		memmove(answers->data, answers->data + answers->from, answers->to - answers->from);
		answers->to -= answers->from;
		answers->from = 0;
	}
	*size = ANSWERS_SIZE - answers->to;
	return answers->data + answers->to;
}

void answers_add(struct answers *answers, size_t size)
{
	answers->whole += count_bytes(answers->data + answers->to, size, answers->delimiter);
	answers->to += size;
}

void answers_end(struct answers *answers)
{
	size_t room;
	char *to;

	if (!answers_unfinished(answers) && !answers->is_midway)
		return;
	to = answers_room(answers, &room);
	if (!room)
		BUG("no room for the end of an answer");
	*to = answers->delimiter;
	answers_add(answers, 1);
}

size_t answers_unfinished(const struct answers *answers)
{
	const char *begin = answers->data + answers->from, *last;
	size_t size = answers->to - answers->from;

	if (!size)
		return 0;
	last = answers->whole ? memrchr(begin, answers->delimiter, size) : NULL;
	return last ? size - (size_t)(last + 1 - begin) : size;
}

/* Returns the size of the first count whole answers, of which there are as many. */
static size_t size_of_first(const struct answers *answers, uint64_t count)
{
	return count_find(answers->data + answers->from, answers->to - answers->from, answers->delimiter, count);
}

/* Returns the size of all whole answers. */
static size_t size_of_whole(const struct answers *answers)
{
	return answers->to - answers->from - answers_unfinished(answers);
}

/* Returns how many whole answers there are in the first size bytes, with their own size in *taken. */
static uint64_t count_within(const struct answers *answers, size_t size, size_t *taken)
{
	const char *begin = answers->data + answers->from, *last = memrchr(begin, answers->delimiter, size);

	*taken = last ? (size_t)(last + 1 - begin) : 0;
	return count_bytes(begin, *taken, answers->delimiter);
}

uint64_t answers_take(struct answers *answers, uint64_t most, size_t size, struct slice *bytes)
{
	uint64_t count = answers->whole < most ? answers->whole : most;
	size_t taken;

	if (!count)
		return 0;
	taken = count == answers->whole ? size_of_whole(answers) : size_of_first(answers, count);
	if (taken > size)
		count = count_within(answers, size, &taken);
	if (!count)
		return 0;
	*bytes = (struct slice){.data = answers->data + answers->from, .size = taken};
	answers->from += taken;
	answers->whole -= count;
	answers->is_midway = false;
	return count;
}

bool answers_take_piece(struct answers *answers, size_t size, struct slice *bytes)
{
	size_t held = answers->to - answers->from, first = answers->whole ? size_of_first(answers, 1) : held;

	if (first <= size && (answers->whole || held < ANSWERS_SIZE))
		return false;
	/* Not its last byte: the end of an answer is taken as an answer. */
	*bytes = (struct slice){.data = answers->data + answers->from, .size = first - 1 < size ? first - 1 : size};
	answers->from += bytes->size;
	answers->is_midway = true;
	return true;
}

void answers_release(struct answers *answers)
{
	free(answers->data);
	*answers = (struct answers){.data = NULL};
}
