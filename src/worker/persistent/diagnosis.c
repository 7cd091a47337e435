/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting the answers of fresh commands. */
#include "worker/persistent/diagnosis.h"

#include "base/count.h"
#include "base/mem.h"
#include "base/quote.h"
#include "ipc/fd.h"
#include "worker/persistent/serving.h"

#include <errno.h>
#include <inttypes.h>

enum {
	READ_SIZE = 65536,
	/* Bytes of a record that are shown. */
	SHOWN_MAX = 200,
};

/* Time that the search for the cause may take. */
#define SEARCH_TIME (10 * NSEC_PER_SEC)

/* Time that a worker's checks of commands that failed may take together. */
#define CHECK_TIME (5 * NSEC_PER_SEC)

/* What is not known of a probe: its commands could not be started, or the time was over. */
#define PROBE_UNKNOWN UINT64_MAX

/* Reads answers, and counts them; closes the output at its end. */
static uint64_t count_answers(struct standing *command, char delimiter, char *buffer, bool *is_midway)
{
	ssize_t got = fd_read(command->output, buffer, READ_SIZE);

	if (got > 0) {
		*is_midway = buffer[got - 1] != delimiter;
		return count_bytes(buffer, (size_t)got, delimiter);
	}
	if (got < 0 && errno == EAGAIN)
		return 0;
	fd_close(&command->output);
	return *is_midway;
}

/* Drops what a command writes to standard error. */
static void drop_errors(struct standing *command, char *buffer)
{
	ssize_t got = fd_read(command->errors, buffer, READ_SIZE);

	if (got == 0 || (got < 0 && errno != EAGAIN))
		fd_close(&command->errors);
}

/* Writes what the command takes of the rest; closes its input after it. */
static void feed_probe(struct standing *command, struct slice *rest)
{
	ssize_t written = rest->size ? fd_write(command->input, rest->data, rest->size) : 0;

	if (written > 0) {
		rest->data += written;
		rest->size -= (size_t)written;
	}
	if (!rest->size || (written < 0 && errno != EAGAIN))
		standing_close_input(command);
}

/* Feeds and reads a started command to the end of its output. Returns the number of answers. */
static uint64_t exchange(struct serving *serving, struct standing *command, const struct hand_stretch *stretch,
			 char *buffer, nsec until)
{
	char delimiter = stretch->bytes.data[stretch->bytes.size - 1];
	struct slice rest = stretch->bytes;
	uint64_t count = 0;
	bool is_midway = false;

	/* With more answers than records nothing else matters. */
	while (command->output >= 0 && count <= stretch->count && clock_now() < until &&
	       !serving_is_cut_short(serving)) {
		struct fd_wait waits[1 + STANDING_WAITS];

		standing_expect(command, command->input >= 0, true, waits + 1);
		/* Its end is waited for later. */
		waits[4].fd = -1;
		if (!workplace_await(serving->place, waits, countof(waits), until)) {
			serving->parent_gone = true;
			break;
		}
		if (waits[1].output || waits[1].hangup)
			feed_probe(command, &rest);
		if (waits[2].input)
			count += count_answers(command, delimiter, buffer, &is_midway);
		if (waits[3].input)
			drop_errors(command, buffer);
	}
	return command->output >= 0 && count <= stretch->count ? PROBE_UNKNOWN : count;
}

/* Returns how many answers a fresh command gives to some records, as far as it can be known until a time. */
static uint64_t probe(struct serving *serving, const struct hand_stretch *stretch, nsec until)
{
	struct standing command;
	enum command_stage stage;
	char *buffer;
	uint64_t count;

	if (serving_is_cut_short(serving) ||
	    standing_start(&command, &serving->launcher, serving->place, STANDING_PIPES, &stage) < 0)
		return PROBE_UNKNOWN;
	buffer = mem_new(1, READ_SIZE);
	count = exchange(serving, &command, stretch, buffer, until);
	free(buffer);
	standing_drop(&command, serving->place);
	return count;
}

/* Returns the first count records of a stretch; the rest remains in it. */
static struct hand_stretch cut_first(struct hand_stretch *stretch, uint64_t count)
{
	struct hand_stretch taken = *stretch;

	taken.count = count;
	taken.bytes.size = count_find(stretch->bytes.data, stretch->bytes.size,
				      stretch->bytes.data[stretch->bytes.size - 1], count);
	stretch->bytes.data += taken.bytes.size;
	stretch->bytes.size -= taken.bytes.size;
	stretch->first += count;
	stretch->count -= count;
	return taken;
}

/* Removes records that an earlier command was given from a row's records. */
static struct hand_stretch cut_earlier(const struct serving *serving, struct hand_stretch stretch)
{
	if (stretch.first < serving->first_fed && serving->first_fed - stretch.first <= stretch.count)
		cut_first(&stretch, serving->first_fed - stretch.first);
	return stretch;
}

/* Reduces a stretch to the first record that has not exactly one answer. Returns how many that has. */
static uint64_t find_culprit(struct serving *serving, struct hand_stretch *stretch, nsec until)
{
	while (stretch->count > 1 && !serving_is_cut_short(serving)) {
		struct hand_stretch rest = *stretch, half = cut_first(&rest, stretch->count / 2);

		*stretch = probe(serving, &half, until) == half.count ? rest : half;
	}
	return probe(serving, stretch, until);
}

/* Appends which record of a stretch is the cause. False if none of them is. */
static bool describe_culprit(struct serving *serving, struct hand_stretch stretch, struct bytes *words, nsec until)
{
	struct slice record;
	uint64_t answers;

	if (!stretch.count || probe(serving, &stretch, until) == stretch.count)
		return false;
	answers = find_culprit(serving, &stretch, until);
	if (answers == 1 || answers == PROBE_UNKNOWN || serving_is_cut_short(serving))
		return false;
	record = (struct slice){.data = stretch.bytes.data, .size = stretch.bytes.size - 1};
	bytes_append_format(words, "; the first record with %s is #%" PRIu64 " '",
			    answers ? "more than one" : "no answer", stretch.first + 1);
	quote_terminal(words,
		       (struct slice){.data = record.data, .size = record.size < SHOWN_MAX ? record.size : SHOWN_MAX});
	bytes_append_text(words, record.size > SHOWN_MAX ? "...'" : "'");
	return true;
}

/* Returns the first row's records that the command was to get: those answered, and some that are not. */
static struct hand_stretch first_stretch(const struct serving *serving, uint64_t unanswered)
{
	const struct hand_row *row = &serving->hand.rows[0];
	struct hand_stretch stretch = {
		.bytes = row->bytes,
		.first = row->first,
		.count = row->claim.end - row->first,
	};
	uint64_t given = row->claim.next - row->first + unanswered;

	return cut_earlier(serving, given < stretch.count ? cut_first(&stretch, given) : stretch);
}

/* Appends which record is the cause, as far as the records are still there. */
static void describe_cause(struct serving *serving, struct bytes *words)
{
	nsec until = clock_now() + SEARCH_TIME;
	size_t row;

	for (row = 0; row < serving->hand.kept_count; row++) {
		struct hand_stretch stretch = cut_earlier(serving, hand_kept_row(&serving->hand, row));

		if (describe_culprit(serving, stretch, words, until))
			return;
	}
	if (serving->hand.count && describe_culprit(serving, first_stretch(serving, serving->unanswered), words, until))
		return;
	if (clock_now() >= until)
		bytes_append_format(words, "; which record is the cause was not found within %d s",
				    (int)(SEARCH_TIME / NSEC_PER_SEC));
	else if (serving->hand.has_lost)
		bytes_append_text(words,
				  "; the cause is among records that are not held any more, or "
				  "answers depend on other records");
	else
		bytes_append_text(words, "; no record is the cause alone: answers depend on other records");
}

/* Returns the rows that are kept as one stretch. */
static struct hand_stretch kept_stretch(const struct serving *serving)
{
	const struct hand *hand = &serving->hand;
	struct hand_stretch all = {.count = 0};
	size_t row;

	if (hand->kept_count)
		all = cut_earlier(serving, hand_kept_row(hand, 0));
	for (row = 1; row < hand->kept_count; row++) {
		all.count += hand->kept_rows[row].count;
		all.bytes.size += hand->kept_rows[row].bytes.size;
	}
	return all;
}

bool diagnosis_is_even(struct serving *serving)
{
	nsec start = clock_now(), until = start + CHECK_TIME - serving->checked_for;
	struct bytes words = {.data = NULL};
	bool is_uneven = false;

	if (until > start)
		is_uneven =
			describe_culprit(serving, kept_stretch(serving), &words, until) ||
			(serving->hand.count && describe_culprit(serving, first_stretch(serving, 0), &words, until));
	serving->checked_for += clock_now() - start;
	bytes_release(&words);
	return !is_uneven;
}

/* Appends which records the command was given, and how many answers it gave. */
static void describe_counts(const struct serving *serving, struct bytes *words)
{
	uint64_t given = serving->answered + serving->unanswered, answers = serving->answered + serving->surplus;
	uint64_t first = serving->answered || !serving->unanswered ? serving->first_fed : hand_first(&serving->hand);
	uint64_t last = serving->unanswered ? hand_index(&serving->hand, serving->unanswered) : serving->last_answered;

	bytes_append_format(words, "%s: %s gave %" PRIu64 " answer%s to ", serving->place->setup.name,
			    serving->place->briefing.words[0], answers, answers == 1 ? "" : "s");
	if (given == 1)
		bytes_append_format(words, "1 record (#%" PRIu64 ")", first + 1);
	else if (given)
		bytes_append_format(words, "%" PRIu64 " records (#%" PRIu64 " to #%" PRIu64 ")", given, first + 1,
				    last + 1);
	else
		bytes_append_text(words, "no record");
}

void diagnosis_describe(struct serving *serving, struct bytes *words)
{
	describe_counts(serving, words);
	describe_cause(serving, words);
	bytes_append_text(words,
			  "; --filter needs one answer for each record: for other commands there is "
			  "--stdin --block");
}
