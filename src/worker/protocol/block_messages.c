/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from the messages of an adapter. */
#include "worker/protocol/block_messages.h"

#include "codec/block.h"
#include "codec/json/json_value.h"
#include "worker/persistent/reckoning.h"

/* Bytes of the buffer that are kept for the next message. */
enum { KEPT_SIZE = 1 << 20 };

/* A block that takes longer is alone. */
#define BLOCK_TIME (20 * NSEC_PER_MSEC)

static void refuse_message(struct serving *serving, const char *problem)
{
	serving->flaw = SERVING_MALFORMED;
	serving->reason = problem;
}

/* Counts the oldest records as answered. */
static void note_answered(struct serving *serving, uint64_t count)
{
	struct block *block = block_of(serving);
	nsec now;

	serving->unready = 0;
	block->in_work[0] -= count;
	if (block->in_work[0])
		return;
	now = clock_now();
	block->is_slow = now - block->since > BLOCK_TIME;
	block->since = now;
	block->in_work[0] = block->in_work[--block->blocks];
}

/* Passes on what was printed by the records that are answered now. */
static void commit_printed(struct serving *serving)
{
	serving_commit_output(serving, STREAM_OUTPUT, bytes_slice(&serving->printed));
	serving_commit_output(serving, STREAM_ERRORS, bytes_slice(&serving->errors));
	bytes_clear(&serving->printed);
	bytes_clear(&serving->errors);
}

/* Commits that records went well. */
static void take_ok(struct serving *serving, const struct block_message *message)
{
	struct slice bytes = message->parts[0];
	size_t most = serving_answers_max(serving);

	if (message->count > 1 && serving->place->briefing.flags & BRIEFING_SINGLES) {
		refuse_message(serving, "several records in one answer, though each needs its own (singles)");
		return;
	}
	commit_printed(serving);
	if (bytes.size > most) {
		struct slice first = {.data = bytes.data, .size = bytes.size - most};

		serving_commit_output(serving, STREAM_OUTPUT, first);
		bytes.data += first.size;
		bytes.size = most;
	}
	note_answered(serving, message->count);
	serving_commit_answers(serving, message->count, bytes);
}

/* Checks a value, and puts it on one line. False if it cannot be passed on. */
static bool take_value_of_record(struct serving *serving, struct slice value)
{
	if (!(serving->place->briefing.flags & BRIEFING_VALUES) || !json_value_is(value))
		return false;
	/* It is in our buffer. */
	json_value_join_lines((char *)(uintptr_t)value.data, value.size);
	return true;
}

/* Commits the result of the oldest record. */
static void take_record(struct serving *serving, const struct block_message *message)
{
	int status = message->status;
	enum outcome outcome = status < 0 ? OUTCOME_SIGNALED : status ? OUTCOME_FAILED : OUTCOME_OK;
	struct result result;

	if (message->parts[2].size && !take_value_of_record(serving, message->parts[2])) {
		refuse_message(serving, "a value that is not asked for, or not JSON");
		return;
	}
	commit_printed(serving);
	serving_commit_output(serving, STREAM_OUTPUT, message->parts[0]);
	serving_commit_output(serving, STREAM_ERRORS, message->parts[1]);
	serving_commit_output(serving, STREAM_VALUE, message->parts[2]);
	result = reckoning_result(serving, outcome);
	result.status = status < 0 ? -1 : status;
	result.signal = status < 0 ? -status : 0;
	if (message->duration >= 0)
		result.duration = message->duration;
	note_answered(serving, 1);
	reckoning_commit(serving, &result);
	halving_answered(&serving->halving, 1);
	serving_note_judgement(serving, outcome);
}

/* Ends the run, since the adapter cannot begin. */
static void take_refusal(struct serving *serving, const struct block_message *message)
{
	struct bytes words = {.data = NULL};

	bytes_append_format(&words, "%s cannot begin:\n", serving->place->briefing.words[0]);
	bytes_append(&words, message->parts[0].data, message->parts[0].size);
	while (words.size && words.data[words.size - 1] == '\n')
		words.size--;
	serving->flaw = SERVING_REFUSED;
	reckoning_fail(serving, (unsigned)message->status, bytes_slice(&words));
	bytes_release(&words);
}

static void take_hello(struct serving *serving, const struct block_message *message)
{
	serving->command.offers = STANDING_IS_READY;
	if (message->marks)
		serving->command.offers |= STANDING_MARKS;
	if (message->answers_each)
		serving->command.offers |= STANDING_ANSWERS_EACH;
	if (message->takes_one)
		serving->command.offers |= STANDING_TAKES_ONE;
	/* It has shown that it can begin: what ends it from now on are records. */
	serving->halving.has_answered = true;
}

/* True if a message is about the oldest records in work. */
static bool is_about_oldest(const struct serving *serving, const struct block_message *message)
{
	const struct block *block = block_of(serving);

	return block->blocks && message->index == hand_first(&serving->hand) && message->count <= block->in_work[0];
}

static void take_message(struct serving *serving, const struct block_message *message)
{
	bool is_ready = block_is_ready(serving);

	if (message->kind == BLOCK_MALFORMED) {
		refuse_message(serving, message->problem);
	} else if (message->kind == BLOCK_HELLO && !is_ready) {
		take_hello(serving, message);
	} else if (message->kind == BLOCK_FAIL && !is_ready) {
		take_refusal(serving, message);
	} else if (message->kind == BLOCK_HELLO || message->kind == BLOCK_FAIL || !is_ready) {
		refuse_message(serving, is_ready ? "a hello or fail after the first message" : "no hello");
	} else if (!is_about_oldest(serving, message)) {
		refuse_message(serving, "an answer that is not about the oldest records in work");
	} else if (message->kind == BLOCK_OK) {
		take_ok(serving, message);
	} else if (message->kind == BLOCK_RESULT) {
		take_record(serving, message);
	} else {
		commit_printed(serving);
		serving_commit_output(serving, message->stream, message->parts[0]);
	}
}

void block_take_messages(struct serving *serving)
{
	struct block *block = block_of(serving);
	struct block_message message;
	struct slice rest;
	size_t size;

	while (!serving->flaw && !serving->parent_gone) {
		rest = bytes_slice(&block->answers);
		rest.data += block->taken;
		rest.size -= block->taken;
		if (rest.size < block->wanted)
			break;
		size = block_take(rest, &message, &block->wanted);
		if (message.kind == BLOCK_MORE)
			break;
		take_message(serving, &message);
		block->taken += size;
		block->wanted = 1;
	}
	bytes_consume(&block->answers, block->taken);
	block->taken = 0;
	if (!block->answers.size && block->answers.capacity > KEPT_SIZE)
		bytes_release(&block->answers);
}
