/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packs tasks of the archive into chunks. */
#include "interactive/runs/again.h"

#include "base/mem.h"
#include "base/trace.h"
#include "task/frame.h"

#include <errno.h>
#include <inttypes.h>

struct again {
	struct feeder feeder;
	struct selection selection;
	/* The next task, ARCHIVE_NONE after the last. */
	uint64_t next;
};

/* Packs a task. Returns false with errno if there is no memory for it. */
static bool again_pack(struct again *again, const struct archive_words *words)
{
	struct packer *packer = &again->feeder.packer;
	struct slice field;
	size_t room;
	char *to = packer_room(packer, words->record.size, &room);

	if (!to)
		return false;
	if (words->width == CHUNK_FRAMES && frame_find(words->record, FIELD_RETRIES, &field))
		session_expect_retries(again->feeder.session, packer_index(packer),
				       frame_number(words->record, FIELD_RETRIES));
	memcpy(to, words->record.data, words->record.size);
	packer_add(packer, words->record.size, words->width, UINT64_MAX);
	return true;
}

/* Feeds the next task, or refuses it. */
static void again_take(struct again *again)
{
	struct run *run = again->selection.run;
	struct archive_task task;
	char reason[96];

	if (archive_look(run->kept, again->next, &task) < 0 || !task.words.record.size) {
		snprintf(reason, sizeof reason, "task %" PRIu64 ".%" PRIu64 " is not kept any more", run->number,
			 again->next + 1);
		feeder_refuse(&again->feeder, reason);
	} else {
		if (!again_pack(again, &task.words))
			feeder_refuse(&again->feeder, strerror(errno));
		archive_task_release(&task);
	}
	again->next = selection_next(&again->selection, run, again->next + 1);
}

static void feed_again(struct feeder *feeder)
{
	struct again *again = container_of(feeder, struct again, feeder);

	while (again->next != ARCHIVE_NONE && session_has_room(feeder->session))
		again_take(again);
	feeder_flush(feeder, again->next == ARCHIVE_NONE);
}

static bool again_is_fed(struct feeder *feeder)
{
	const struct again *again = container_of(feeder, struct again, feeder);

	return again->next == ARCHIVE_NONE && packer_is_empty(&feeder->packer);
}

static void begin_again(struct feeder *feeder)
{
	struct again *again = container_of(feeder, struct again, feeder);
	uint64_t count = 0, index;

	for (index = again->next; index != ARCHIVE_NONE;
	     index = selection_next(&again->selection, again->selection.run, index + 1))
		count++;
	session_expect(feeder->session, count);
	trace_event("input_end", "\"records\":%" PRIu64, count);
}

static void close_again(struct feeder *feeder)
{
	container_of(feeder, struct again, feeder)->selection.run->uses--;
}

static const struct feeder_kind again_kind = {
	.begin = begin_again,
	.feed = feed_again,
	.is_fed = again_is_fed,
	.close = close_again,
};

struct feeder *again_new(const struct selection *selection)
{
	struct again *again = mem_new(1, sizeof *again);

	*again = (struct again){.feeder.kind = &again_kind, .selection = *selection};
	again->selection.failed = true;
	selection->run->uses++;
	again->next = selection_next(&again->selection, selection->run, 0);
	return &again->feeder;
}
