/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The executor of filters: records as they are, exactly one answer for each, in order. */
#include "ipc/fd.h"
#include "worker/executor.h"
#include "worker/protocol/answers.h"
#include "worker/persistent/service.h"

#include <errno.h>

/* Reads in a row, so that other descriptors get their turn. */
enum { READS_MAX = 16 };

static struct answers *answers_of(const struct serving *serving)
{
	return serving->own;
}

static void begin_filter(struct serving *serving)
{
	answers_begin(answers_of(serving), hand_delimiter(&serving->hand));
}

static bool filter_has_unfed(const struct serving *serving)
{
	return serving->command.input >= 0 && hand_unfed(&serving->hand).size;
}

static void feed_filter(struct serving *serving)
{
	struct slice bytes;

	while ((bytes = hand_unfed(&serving->hand)).size) {
		ssize_t written = fd_write(serving->command.input, bytes.data, bytes.size);
		bool was_begun = serving->hand.is_begun;

		if (written < 0 && errno == EAGAIN)
			return;
		if (written < 0) {
			/* It reads no more: what it answers to what it has got remains to be seen. */
			standing_close_input(&serving->command);
			return;
		}
		hand_feed(&serving->hand, (size_t)written);
		if (!was_begun) {
			serving_note_oldest(serving);
			serving_show(serving);
		}
	}
}

/* Commits the beginning of the oldest record's answer. */
static void commit_piece(struct serving *serving, struct slice bytes)
{
	serving_commit_output(serving, STREAM_OUTPUT, bytes);
	serving_note_oldest(serving);
}

/* Returns the most answers that can be committed together. */
static uint64_t most_together(const struct serving *serving)
{
	uint64_t most = hand_first_records(&serving->hand);

	return serving->place->briefing.flags & BRIEFING_SINGLES ? 1 : most;
}

/* Commits the answers that have been read. */
static void commit_whole(struct serving *serving)
{
	struct answers *answers = answers_of(serving);
	size_t size = serving_answers_max(serving);
	struct slice bytes;

	while (!serving->parent_gone && !serving->flaw) {
		uint64_t most = hand_fed_most(&serving->hand), count;

		most = most < serving->allowed ? most : serving->allowed;
		if (answers->whole > most) {
			serving->flaw = SERVING_TOO_MANY;
			serving->surplus = answers->whole;
			return;
		}
		count = answers_take(answers, most_together(serving), size, &bytes);
		if (count)
			serving_commit_answers(serving, count, bytes);
		else if (most && answers_take_piece(answers, size, &bytes))
			commit_piece(serving, bytes);
		else
			return;
	}
}

static void collect_answers(struct serving *serving)
{
	struct answers *answers = answers_of(serving);
	int reads;

	for (reads = 0; reads < READS_MAX && !serving->flaw && !serving->parent_gone; reads++) {
		size_t size;
		char *to = answers_room(answers, &size);
		ssize_t got;

		if (!size) {
			/* The beginning of an answer that nobody has been asked for. */
			serving->flaw = SERVING_TOO_MANY;
			serving->surplus = 1;
			return;
		}
		got = fd_read(serving->command.output, to, size);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			fd_close(&serving->command.output);
			return;
		}
		answers_add(answers, (size_t)got);
		commit_whole(serving);
	}
}

static void finish_answers(struct serving *serving)
{
	/* Of a command that failed, a last answer without its delimiter may be a part of one. */
	if (!serving->command.end.status && !serving->command.end.signal) {
		answers_end(answers_of(serving));
		commit_whole(serving);
	}
}

static void release_filter(struct serving *serving)
{
	answers_release(answers_of(serving));
	free(serving->own);
}

static const struct protocol filter_protocol = {
	.begin = begin_filter,
	.has_unfed = filter_has_unfed,
	.feed = feed_filter,
	.collect = collect_answers,
	.finish = finish_answers,
	.release = release_filter,
};

static int open_filter(struct workplace *place, void **state)
{
	*state = serving_open(place, &filter_protocol, sizeof(struct answers));
	return *state ? 0 : -1;
}

const struct executor executor_filter = {
	.name = "filter",
	.option = "filter",
	.runs_tasks = true,
	.persists = true,
	.answers_lines = true,
	.open = open_filter,
	.serve = service_serve,
	.close = serving_close,
};
