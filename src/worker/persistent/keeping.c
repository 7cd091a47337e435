/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command between two runs. */
#include "worker/persistent/keeping.h"

#include "ipc/fd.h"

/* Time that it has to end once its input is closed. */
#define END_TIME NSEC_PER_SEC

/* The kept command; pid is 0 if there is none. */
static struct standing kept =
	{.input = -1, .output = -1, .errors = -1, .prints = -1, .mark.fd = -1, .status = -1, .life = -1};
/* What it was started from, or would be. */
static struct bytes kept_from;
/* The time to the first answer of such a command, 0 if unknown. */
static nsec kept_quickest;

/* Appends all that a run's command is started from. */
static void describe_run(const struct workplace *place, struct bytes *from)
{
	const struct briefing *briefing = &place->briefing;
	const char *texts[] = {briefing->executor, briefing->directory, briefing->path, briefing->command};
	size_t i;

	bytes_clear(from);
	bytes_put_u32(from, place->setup.seat);
	bytes_put_u32(from, (uint32_t)briefing->nice);
	bytes_put_u64(from, briefing->ignored);
	for (i = 0; i < countof(texts); i++)
		bytes_put_slice(from, slice_of(texts[i] ? texts[i] : ""));
	for (i = 0; i < briefing->word_count; i++)
		bytes_put_slice(from, slice_of(briefing->words[i]));
}

void keeping_put(struct workplace *place, struct standing *standing, nsec quickest)
{
	describe_run(place, &kept_from);
	kept_quickest = quickest;
	standing_show_mark(NULL, place);
	place->seat->task = 0;
	place->seat->forked_by = 0;
	kept = *standing;
	*standing = STANDING_NONE;
}

/* True if what is kept is of this run's command. */
static bool is_of_run(const struct workplace *place)
{
	struct bytes from = {.data = NULL};
	bool is_same;

	describe_run(place, &from);
	is_same = slice_equals(bytes_slice(&from), bytes_slice(&kept_from));
	bytes_release(&from);
	return is_same;
}

bool keeping_take(struct workplace *place, struct standing *standing, nsec *quickest)
{
	struct fd_wait waits[STANDING_WAITS];
	bool is_same = place->setup.stays && is_of_run(place);

	if (is_same)
		*quickest = kept_quickest;
	if (!standing_is_there(&kept))
		return false;
	standing_expect(&kept, false, false, waits);
	fd_wait(waits, countof(waits), 0);
	standing_note_end(&kept, waits);
	if (!is_same || kept.has_ended) {
		keeping_end();
		return false;
	}
	*standing = kept;
	kept = STANDING_NONE;
	place->seat->forked_by = standing->forked_by;
	place->seat->task = standing->pid;
	atomic_store(&place->seat->executed, 1);
	standing_show_mark(standing, place);
	return true;
}

void keeping_end(void)
{
	if (!standing_is_there(&kept))
		return;
	if (!standing_await_end(&kept, clock_now() + END_TIME)) {
		standing_kill(&kept);
		standing_await_end(&kept, NSEC_FOREVER);
	}
	standing_release(&kept);
	bytes_release(&kept_from);
}
