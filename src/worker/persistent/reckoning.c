/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ends of persistent commands, and the results of records that ended them. */
#include "worker/persistent/reckoning.h"

#include "base/trace.h"
#include "worker/persistent/diagnosis.h"
#include "worker/persistent/serving.h"

#include <inttypes.h>
#include <signal.h>

/* Retries of a start for which resources are short, each after twice the wait of the one before: 1.3 seconds in all. */
enum { START_RETRIES = 7 };
#define START_WAIT (10 * NSEC_PER_MSEC)

/* Commits standard error that belongs to the oldest record. */
static void commit_errors(struct serving *serving)
{
	struct workplace *place = serving->place;
	struct output_header header = {
		.index = hand_first(&serving->hand),
		.stream = STREAM_ERRORS,
		.attempt = serving->hand.rows[0].claim.attempt,
	};
	size_t most = ring_packet_max(&place->ring) - sizeof header;
	struct slice rest = bytes_slice(&serving->errors);

	while (rest.size && !serving->parent_gone) {
		size_t size = rest.size < most ? rest.size : most;
		char *to = workplace_reserve(place, sizeof header + size);

		if (!to) {
			serving->parent_gone = true;
			break;
		}
		memcpy(to, &header, sizeof header);
		memcpy(to + sizeof header, rest.data, size);
		ring_commit(&place->ring, PACKET_OUTPUT, sizeof header + size);
		rest.data += size;
		rest.size -= size;
	}
	bytes_clear(&serving->errors);
}

/* Commits a result of the oldest record, and removes it from the hand. */
static void commit(struct serving *serving, struct result *result)
{
	struct workplace *place = serving->place;

	result->index = hand_first(&serving->hand);
	result->attempt = serving->hand.rows[0].claim.attempt;
	result->slot = place->setup.seat + 1;
	hand_select(&serving->hand, place);
	serving->parent_gone |= !claim_commit(place, result);
	serving_note_results(serving, 1);
}

void reckoning_settle(struct serving *serving, enum outcome outcome)
{
	const struct command_end *end = &serving->command.end;
	struct result result = {
		.outcome = outcome,
		.status = outcome == OUTCOME_FAILED ? end->status : -1,
		.signal = outcome == OUTCOME_FAILED ? 0 : end->signal,
		.limit = outcome == OUTCOME_TIMEOUT ? serving->exceeded : 0,
		.ran = true,
		.pid = serving->command.pid,
		.start = serving->oldest_wall,
		.duration = clock_now() - serving->oldest_since,
		.user_time = -1,
		.system_time = -1,
	};

	commit_errors(serving);
	commit(serving, &result);
}

/* Ends the run: the parent reports the words, and shuts the gate. */
static void fail(struct serving *serving, struct slice words)
{
	struct workplace *place = serving->place;

	serving->parent_gone |= !workplace_send(place, PACKET_FAILURE, words);
	workplace_announce(place);
	serving->is_leaving = true;
	if (!serving->parent_gone)
		serving->parent_gone = !claim_wait(place, NSEC_FOREVER);
}

/* Ends the run, since no record can be answered. */
static void fail_as_broken(struct serving *serving)
{
	const struct command_end *end = &serving->command.end;
	struct bytes words = {.data = NULL};

	bytes_append_format(&words, "%s ended each time before it had answered a record (",
			    serving->place->briefing.words[0]);
	if (end->signal)
		bytes_append_format(&words, "%s", error_signal(end->signal));
	else
		bytes_append_format(&words, "exit status %d", end->status);
	bytes_append_text(&words, "): the first records failed alone, too");
	fail(serving, bytes_slice(&words));
	bytes_release(&words);
}

/* Ends the run, since the command does not answer each record once. */
static void fail_as_uneven(struct serving *serving)
{
	struct bytes words = {.data = NULL};

	standing_close_input(&serving->command);
	diagnosis_describe(serving, &words);
	if (!serving->parent_gone)
		fail(serving, bytes_slice(&words));
	bytes_release(&words);
}

static enum halving_cause cause_of_end(const struct serving *serving)
{
	if (serving->exceeded)
		return HALVING_TIMED_OUT;
	return serving->command.end.signal == SIGKILL && !serving->was_killed ? HALVING_KILLED : HALVING_ENDED;
}

static enum outcome outcome_of_end(const struct serving *serving)
{
	if (serving->exceeded)
		return OUTCOME_TIMEOUT;
	return serving->command.end.signal ? OUTCOME_SIGNALED : OUTCOME_FAILED;
}

/* Deals with records that were fed and are not answered. */
static void reckon_unanswered(struct serving *serving, uint64_t unanswered)
{
	enum halving_verdict verdict = halving_ended(&serving->halving, unanswered, cause_of_end(serving));

	trace_event("command_halved", "\"worker\":\"%s\",\"unanswered\":%" PRIu64 ",\"suspects\":%" PRIu64,
		    serving->place->setup.name, unanswered, serving->halving.suspects);
	if (verdict == HALVING_AGAIN)
		return;
	reckoning_settle(serving, outcome_of_end(serving));
	halving_settled(&serving->halving);
	if (verdict == HALVING_BROKEN)
		fail_as_broken(serving);
}

/* Voids what was sent of the oldest record's output: the record is fed again. */
static void forget_output(struct serving *serving)
{
	struct output_header header = {.stream = STREAM_OUTPUT};

	if (!serving->has_output)
		return;
	serving->has_output = false;
	header.index = hand_first(&serving->hand);
	header.attempt = serving->hand.rows[0].claim.attempt;
	serving->parent_gone |= !workplace_send(serving->place, PACKET_FORGET,
						(struct slice){.data = (const char *)&header, .size = sizeof header});
}

/*
 * Returns how many records a command that has ended was given and has not answered. One that ended before it could be
 * fed or had answered anything would do so with any record: what it was to get counts.
 */
static uint64_t count_unanswered(const struct serving *serving)
{
	uint64_t records;

	if (serving->hand.is_begun || serving->answered || serving->was_kept)
		return hand_fed_records(&serving->hand);
	records = hand_records(&serving->hand);
	return records < serving->allowed ? records : serving->allowed;
}

void reckoning_end(struct serving *serving)
{
	struct standing *command = &serving->command;
	bool is_clean = !command->end.signal && !command->end.status && !serving->exceeded;
	bool is_ending = queue_gate(&serving->place->board.queue) == 0, holds = serving_holds_errors(serving);

	if (!serving->flaw)
		serving->protocol->finish(serving);
	forget_output(serving);
	serving->unanswered = count_unanswered(serving);
	if (!holds || (!serving->unanswered && !serving->flaw))
		serving_pass_errors(serving, true);
	if (is_ending) {
		hand_return(&serving->hand, serving->place);
		serving->is_leaving = true;
	} else if (serving->flaw || (serving->unanswered && is_clean)) {
		fail_as_uneven(serving);
		hand_return(&serving->hand, serving->place);
	} else if (serving->unanswered) {
		reckon_unanswered(serving, serving->unanswered);
	}
	standing_end(command, serving->place);
	hand_rewind(&serving->hand);
	serving_show(serving);
}

/* Waits, and tries again. False if resources are short for too long. */
static bool wait_for_resources(struct serving *serving)
{
	nsec wait = START_WAIT << serving->starved;

	if (serving->starved++ == START_RETRIES)
		return false;
	serving->parent_gone |= !claim_wait(serving->place, clock_now() + wait);
	return true;
}

void reckoning_not_started(struct serving *serving, enum command_stage stage, int number)
{
	struct result result = {
		.outcome = OUTCOME_NOT_STARTED,
		.status = -1,
		.number = number,
		.astray = stage == COMMAND_ASTRAY,
	};

	if (stage != COMMAND_UNBORN || !command_wants_resources(number)) {
		commit(serving, &result);
		return;
	}
	if (wait_for_resources(serving))
		return;
	hand_return(&serving->hand, serving->place);
	serving->is_leaving = serving->is_used_up = true;
	serving->parent_gone |= !claim_starve(serving->place, number);
}
