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

/* Time that a command has to answer a probe. */
#define PROBE_TIME (10 * NSEC_PER_SEC)

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
			 char *buffer)
{
	char delimiter = stretch->bytes.data[stretch->bytes.size - 1];
	struct slice rest = stretch->bytes;
	nsec until = clock_now() + PROBE_TIME;
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
		if (waits[2].input || waits[2].hangup || waits[2].end)
			count += count_answers(command, delimiter, buffer, &is_midway);
		if (waits[3].input || waits[3].hangup || waits[3].end)
			drop_errors(command, buffer);
	}
	return count;
}

/* Returns how many answers a fresh command gives to some records; UINT64_MAX if none can be started. */
static uint64_t probe(struct serving *serving, const struct hand_stretch *stretch)
{
	struct standing command;
	enum command_stage stage;
	char *buffer;
	uint64_t count;

	if (serving_is_cut_short(serving) ||
	    standing_start(&command, &serving->launcher, serving->place, STANDING_PIPES, &stage) < 0)
		return UINT64_MAX;
	buffer = mem_new(1, READ_SIZE);
	count = exchange(serving, &command, stretch, buffer);
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

/* Reduces a stretch to the first record that has not exactly one answer. Returns how many that has. */
static uint64_t find_culprit(struct serving *serving, struct hand_stretch *stretch)
{
	while (stretch->count > 1 && !serving_is_cut_short(serving)) {
		struct hand_stretch rest = *stretch, half = cut_first(&rest, stretch->count / 2);

		*stretch = probe(serving, &half) == half.count ? rest : half;
	}
	return probe(serving, stretch);
}

/* Appends which record of a stretch is the cause. False if none of them is. */
static bool describe_culprit(struct serving *serving, struct hand_stretch stretch, struct bytes *words)
{
	struct slice record;
	uint64_t answers;

	if (!stretch.count || probe(serving, &stretch) == stretch.count)
		return false;
	answers = find_culprit(serving, &stretch);
	if (answers == 1 || serving_is_cut_short(serving))
		return false;
	record = (struct slice){.data = stretch.bytes.data, .size = stretch.bytes.size - 1};
	bytes_append_format(words, "; the first record with %s is #%" PRIu64 " '",
			    answers ? "more than one" : "no answer", stretch.first + 1);
	quote_terminal(words,
		       (struct slice){.data = record.data, .size = record.size < SHOWN_MAX ? record.size : SHOWN_MAX});
	bytes_append_text(words, record.size > SHOWN_MAX ? "...'" : "'");
	return true;
}

/* Returns the first row's records that the command was to get. */
static struct hand_stretch first_stretch(const struct serving *serving)
{
	const struct hand_row *row = &serving->hand.rows[0];
	struct hand_stretch stretch = {
		.bytes = row->bytes,
		.first = row->first,
		.count = row->claim.end - row->first,
	};
	uint64_t given = row->claim.next - row->first + serving->unanswered;

	return given < stretch.count ? cut_first(&stretch, given) : stretch;
}

/* Appends which record is the cause, as far as the records are still there. */
static void describe_cause(struct serving *serving, struct bytes *words)
{
	size_t row;

	for (row = 0; row < serving->hand.kept_count; row++) {
		if (describe_culprit(serving, hand_kept_row(&serving->hand, row), words))
			return;
	}
	if (serving->hand.count && describe_culprit(serving, first_stretch(serving), words))
		return;
	bytes_append_text(words, "; no record is the cause alone: answers depend on other records");
}

/* Appends which records the command was given, and how many answers it gave. */
static void describe_counts(const struct serving *serving, struct bytes *words)
{
	uint64_t given = serving->answered + serving->unanswered, answers = serving->answered + serving->surplus;
	uint64_t first = serving->answered || !serving->unanswered ? serving->first_fed : hand_first(&serving->hand);
	uint64_t last = serving->unanswered ? hand_index(&serving->hand, serving->unanswered) : serving->last_answered;

	bytes_append_format(words, "%s: %s gave %" PRIu64 " answer%s to ", serving->place->setup.name,
			    serving->place->briefing.words[0], answers, answers == 1 ? "" : "s");
	if (given)
		bytes_append_format(words, "%" PRIu64 " record%s (#%" PRIu64 " to #%" PRIu64 ")", given,
				    given == 1 ? "" : "s", first + 1, last + 1);
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
