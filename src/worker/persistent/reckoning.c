/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ends of persistent commands, and the results of records that ended them. */
#include "worker/persistent/reckoning.h"

#include "base/trace.h"
#include "worker/persistent/diagnosis.h"
#include "worker/persistent/serving.h"

#include <inttypes.h>
#include <signal.h>

/* Commands in a row that a signal ends before they are ready, until the run ends for that. */
enum { UNREADY_MOST = 3 };

struct result reckoning_result(const struct serving *serving, enum outcome outcome)
{
	return (struct result){
		.outcome = outcome,
		.status = -1,
		.ran = true,
		.pid = serving->command.pid,
		.output_size = serving->output_size,
		.start = serving->oldest_wall,
		.duration = clock_now() - serving->oldest_since,
		.user_time = -1,
		.system_time = -1,
	};
}

void reckoning_commit(struct serving *serving, struct result *result)
{
	struct workplace *place = serving->place;

	result->index = hand_first(&serving->hand);
	result->attempt = serving->hand.rows[0].claim.attempt;
	result->slot = place->setup.seat + 1;
	hand_select(&serving->hand, place);
	serving->parent_gone |= !claim_commit(place, result);
	serving_note_results(serving, 1);
}

/* Returns the end of the command as the result of a record. */
static struct result result_of_end(const struct serving *serving, enum outcome outcome)
{
	const struct command_end *end = &serving->command.end;
	struct result result = reckoning_result(serving, outcome);

	/* A command that failed to answer may have ended well. */
	if (outcome == OUTCOME_OK || (outcome == OUTCOME_FAILED && end->status > 0))
		result.status = end->status;
	else if (outcome == OUTCOME_FAILED)
		result.reason = serving->reason;
	else
		result.signal = end->signal;
	if (outcome == OUTCOME_TIMEOUT)
		result.limit = serving->exceeded;
	return result;
}

/* Commits a result of the oldest record, with what was held of the command's output. */
static void commit_with(struct serving *serving, struct result *result, struct bytes *printed, struct bytes *errors)
{
	serving_commit_output(serving, STREAM_OUTPUT, bytes_slice(printed));
	serving_commit_output(serving, STREAM_ERRORS, bytes_slice(errors));
	bytes_clear(printed);
	bytes_clear(errors);
	result->output_size = serving->output_size;
	reckoning_commit(serving, result);
}

/* Gives the oldest record the end of its command as its result. */
static void settle(struct serving *serving, enum outcome outcome)
{
	struct result result = result_of_end(serving, outcome);

	commit_with(serving, &result, &serving->printed, &serving->errors);
}

/* Fails the oldest record, whose answer was malformed. */
static void settle_malformed(struct serving *serving)
{
	settle(serving, OUTCOME_FAILED);
	halving_answered(&serving->halving, 1);
}

bool reckoning_settle_culprit(struct serving *serving)
{
	struct serving_culprit *culprit = &serving->culprit;
	uint64_t before = culprit->is_known ? hand_before(&serving->hand, culprit->result.index) : UINT64_MAX;

	if (!culprit->is_known || (before && before != UINT64_MAX))
		return false;
	culprit->is_known = false;
	if (!before) {
		commit_with(serving, &culprit->result, &culprit->printed, &culprit->errors);
		halving_answered(&serving->halving, 1);
	}
	return true;
}

void reckoning_fail(struct serving *serving, unsigned status, struct slice words)
{
	struct workplace *place = serving->place;
	size_t most = ring_packet_max(&place->ring) - sizeof status;

	bytes_clear(&place->scratch);
	bytes_put_u32(&place->scratch, status);
	bytes_append(&place->scratch, words.data, words.size < most ? words.size : most);
	serving->parent_gone |= !workplace_send(place, PACKET_FAILURE, bytes_slice(&place->scratch));
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
	reckoning_fail(serving, 0, bytes_slice(&words));
	bytes_release(&words);
}

/* Ends the run, since the command does not answer each record once. */
static void fail_as_uneven(struct serving *serving)
{
	struct bytes words = {.data = NULL};

	standing_close_input(&serving->command);
	diagnosis_describe(serving, &words);
	serving->is_leaving = true;
	if (!serving_is_cut_short(serving))
		reckoning_fail(serving, 0, bytes_slice(&words));
	bytes_release(&words);
}

/* True if the command ended by itself, with an error, after answers. */
static bool may_be_uneven(const struct serving *serving)
{
	return serving->command.end.status && !serving->command.end.signal && !serving->exceeded &&
	       serving->unanswered && serving->answered;
}

static enum halving_cause cause_of_end(const struct serving *serving)
{
	if (serving->exceeded)
		return HALVING_TIMED_OUT;
	return serving->command.end.signal == SIGKILL && !serving->was_killed ? HALVING_KILLED : HALVING_ENDED;
}

/* Returns how many unanswered records come before the one that is known to have been in work; UINT64_MAX if none is. */
static uint64_t count_before_marked(const struct serving *serving)
{
	uint64_t index = serving->exceeded ? serving->late_index : standing_marked(&serving->command) - 1;
	uint64_t before = hand_before(&serving->hand, index);

	if (before < serving->unanswered)
		return before;
	return serving->command.offers & STANDING_ANSWERS_EACH ? 0 : UINT64_MAX;
}

/* Returns how many unanswered records come before the one that ended the command; UINT64_MAX if that is not known. */
static uint64_t count_before_culprit(const struct serving *serving)
{
	return serving->unanswered == 1 ? 0 : count_before_marked(serving);
}

/* Returns the outcome of the record that is the cause, and notes the reason where the end says nothing. */
static enum outcome outcome_of_end(struct serving *serving)
{
	if (serving->exceeded)
		return OUTCOME_TIMEOUT;
	if (serving->was_killed) {
		serving->reason = "the command closed its output, and did not end";
		return OUTCOME_FAILED;
	}
	if (serving->protocol->marks && !serving->command.end.status) {
		serving->reason = "the command ended with status 0 and without an answer";
		return count_before_marked(serving) == UINT64_MAX ? OUTCOME_FAILED : OUTCOME_OK;
	}
	return serving->command.end.signal ? OUTCOME_SIGNALED : OUTCOME_FAILED;
}

/* Voids what was sent of the oldest record's output: the record is fed again. */
static void forget_output(struct serving *serving)
{
	struct output_header header = {.stream = STREAM_OUTPUT};

	if (!serving->has_output)
		return;
	serving->has_output = false;
	serving->output_size = 0;
	header.index = hand_first(&serving->hand);
	header.attempt = serving->hand.rows[0].claim.attempt;
	serving->parent_gone |= !workplace_send(serving->place, PACKET_FORGET,
						(struct slice){.data = (const char *)&header, .size = sizeof header});
}

/* Deals with records that were fed and are not answered. */
static void reckon_unanswered(struct serving *serving)
{
	enum halving_cause cause = cause_of_end(serving);
	enum halving_verdict verdict;

	if (serving->protocol->answers_each && !serving->protocol->marks &&
	    (serving->unanswered == 1 || cause == HALVING_TIMED_OUT))
		halving_accuse(&serving->halving, cause);
	verdict = halving_ended(&serving->halving, serving->unanswered, cause);
	trace_event("command_halved", "\"worker\":\"%s\",\"unanswered\":%" PRIu64 ",\"suspects\":%" PRIu64,
		    serving->place->setup.name, serving->unanswered, serving->halving.suspects);
	if (verdict == HALVING_AGAIN)
		return;
	settle(serving, outcome_of_end(serving));
	halving_settled(&serving->halving);
	if (verdict == HALVING_BROKEN)
		fail_as_broken(serving);
}

/*
 * Returns how many records a command that has ended was given and has not answered. One that ended before it could be
 * fed or had answered anything would do so with any record: what it was to get counts.
 */
static uint64_t count_unanswered(const struct serving *serving)
{
	uint64_t records;

	if (serving->hand.is_begun || serving->answered || serving->was_kept || serving->protocol->marks)
		return hand_fed_records(&serving->hand);
	if (serving->protocol->answers_each)
		return serving->hand.count > 0;
	records = hand_records(&serving->hand);
	return records < serving->allowed ? records : serving->allowed;
}

/* Passes on what was wrong with an answer while no record was in work. */
static void pass_reason(struct serving *serving)
{
	bytes_append_format(&serving->errors, "mpmap: %s: %s\n", serving->place->setup.name, serving->reason);
	serving_pass_errors(serving, true);
}

/* Deals with the end of a command that answers each record by itself. */
static void reckon_each(struct serving *serving)
{
	const struct command_end *end = &serving->command.end;

	if (serving->flaw && serving->hand.is_begun) {
		settle_malformed(serving);
	} else if (serving->flaw) {
		pass_reason(serving);
	} else if (serving->unanswered && !end->signal && !end->status && !serving->exceeded) {
		serving->reason = "the command ended with status 0 and without an answer";
		/* It may end after an answer. */
		if (!serving->answered)
			reckon_unanswered(serving);
	} else if (serving->unanswered) {
		reckon_unanswered(serving);
	}
	forget_output(serving);
}

/* Keeps the end of the command as the result of a record that is not the oldest. */
static void keep_culprit(struct serving *serving, uint64_t before)
{
	struct serving_culprit *culprit = &serving->culprit;

	culprit->is_known = true;
	culprit->result = result_of_end(serving, outcome_of_end(serving));
	culprit->result.index = hand_index(&serving->hand, before + 1);
	bytes_clear(&culprit->printed);
	bytes_clear(&culprit->errors);
	bytes_append(&culprit->printed, serving->printed.data, serving->printed.size);
	bytes_append(&culprit->errors, serving->errors.data, serving->errors.size);
	bytes_clear(&serving->errors);
}

/* Ends the run, since the command ended before it had a record. */
static void fail_as_unready(struct serving *serving)
{
	const struct command_end *end = &serving->command.end;
	struct bytes words = {.data = NULL};

	bytes_append_format(&words, "%s ended before %s", serving->place->briefing.words[0],
			    serving_is_ready(serving) ? "its first record" : "it was ready");
	if (serving->flaw)
		bytes_append_format(&words, ": %s", serving->reason);
	else if (end->signal)
		bytes_append_format(&words, " (%s)", error_signal(end->signal));
	else
		bytes_append_format(&words, " (exit status %d)", end->status);
	reckoning_fail(serving, 0, bytes_slice(&words));
	bytes_release(&words);
}

/* Deals with a command that has ended before it had a record. */
static void reckon_unready(struct serving *serving)
{
	if (serving->was_kept || (!serving->flaw && serving->command.end.signal && !serving->was_killed &&
				  ++serving->unready < UNREADY_MOST))
		return;
	serving_pass_errors(serving, true);
	if (serving->flaw != SERVING_REFUSED)
		fail_as_unready(serving);
	hand_return(&serving->hand, serving->place);
}

/* True if the command was not given any of the records that are there for it. */
static bool had_no_record(const struct serving *serving)
{
	return !serving_is_ready(serving) ||
	       (serving->hand.count && !serving->hand.is_begun && !serving->answered && !serving->is_leaving);
}

/* Deals with the end of a command that marks the record in work. */
static void reckon_marked(struct serving *serving)
{
	uint64_t before;

	if (had_no_record(serving)) {
		reckon_unready(serving);
		return;
	}
	before = count_before_culprit(serving);
	if (serving->flaw && serving->hand.is_begun) {
		settle_malformed(serving);
	} else if (serving->flaw) {
		pass_reason(serving);
	} else if (serving->was_terminated && !serving->exceeded) {
		/* The record that took too long was answered after all: the others are fed again. */
	} else if (before && before != UINT64_MAX && cause_of_end(serving) != HALVING_KILLED) {
		keep_culprit(serving, before);
	} else if (serving->unanswered) {
		if (!before)
			halving_accuse(&serving->halving, cause_of_end(serving));
		reckon_unanswered(serving);
	} else if (serving->command.end.status && serving->command.input < 0 && !serving->was_killed &&
		   cause_of_end(serving) != HALVING_KILLED) {
		serving_report_bad_end(serving);
	}
	forget_output(serving);
	serving_pass_errors(serving, true);
}

/* Deals with the end of a command that may keep answers in a buffer. */
static void reckon_stream(struct serving *serving)
{
	const struct command_end *end = &serving->command.end;
	bool is_clean = !end->signal && !end->status && !serving->exceeded;

	if (serving->flaw || (serving->unanswered && is_clean) ||
	    (may_be_uneven(serving) && !diagnosis_is_even(serving))) {
		fail_as_uneven(serving);
		hand_return(&serving->hand, serving->place);
	} else if (serving->unanswered) {
		reckon_unanswered(serving);
	}
}

void reckoning_end(struct serving *serving)
{
	struct standing *command = &serving->command;
	bool is_ending = claim_is_over(serving->place), holds = serving_holds_errors(serving);

	if (!serving->flaw)
		serving->protocol->finish(serving);
	serving->unanswered = count_unanswered(serving);
	if (is_ending || !serving->protocol->answers_each)
		forget_output(serving);
	if (!serving->protocol->marks && (!holds || (!serving->unanswered && !serving->flaw)))
		serving_pass_errors(serving, true);
	if (is_ending) {
		hand_return(&serving->hand, serving->place);
		serving->is_leaving = true;
	} else if (serving->protocol->marks) {
		reckon_marked(serving);
	} else if (serving->protocol->answers_each) {
		reckon_each(serving);
	} else {
		reckon_stream(serving);
	}
	standing_end(command, serving->place);
	hand_rewind(&serving->hand);
	serving_show(serving);
}
