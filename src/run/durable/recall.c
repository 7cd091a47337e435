/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recalling tasks.
 *
 *   the record at i is     | and its output is       | what happens
 *   -----------------------+-------------------------+---------------------------------------------------------
 *   not done               |                         | it is run
 *   done                   | at i in the output      | nothing is written
 *   done                   | kept                    | it is copied when its turn comes
 *   either                 | elsewhere in the output | first, the output from i on is kept, and cut off
 *   no task: it is refused | in the output, perhaps  | the same; it is refused again
 */
#include "run/durable/recall.h"

#include "base/diag.h"
#include "run/durable/durable.h"
#include "run/recalled/recalled.h"
#include "run/session_private.h"

#include <inttypes.h>

bool recall_is_on(const struct session *session)
{
	return durable_is_on(&session->durable);
}

/* True if the kept output of a task is what it was; else that is an error, unless what is damaged is to be dropped. */
static bool is_intact(struct durable *durable, const struct past_entry *entry)
{
	struct kept *kept = &durable->stage.kept;
	const struct seals_piece *bad =
		seals_check(&durable->past.seals, kept->fd, entry->place, entry->place + entry->size);

	if (bad && !durable->session->options->output.force && !durable->stage.error.text)
		error_set(&durable->stage.error,
			  "--resume: %s is damaged: bytes %" PRIu64 " to %" PRIu64
			  " are not those that were kept (--resume --force runs the tasks again whose output they "
			  "were)",
			  kept->name, seals_begin(&durable->past.seals, bad), (uint64_t)bad->end);
	return !bad;
}

/* True if an entry of the past is not run again. */
static bool is_recallable(struct durable *durable, const struct past_entry *entry)
{
	if (entry->in_roll == ROLL_NONE || (!entry->is_out && entry->place + entry->size > durable->past.kept))
		return false;
	if (entry->outcome == PAST_SKIPPED)
		return false;
	if (entry->outcome == PAST_BEGUN ? durable->options->retries_interrupted
					 : entry->outcome != OUTCOME_OK && durable->options->retries_failed)
		return false;
	/* Last: what is run again needs no output. */
	return entry->is_out || !entry->size || is_intact(durable, entry);
}

/* Keeps the output from index on, since it is not what the input wants there. */
static void depart(struct session *session, uint64_t index)
{
	struct durable *durable = &session->durable;

	if (durable_move(durable, (size_t)index, &durable->stage.error) < 0)
		return;
	session->outlet.state.begun = durable->stage.has_tasks;
}

/* Notes that the output of a task is where it belongs. */
static bool find_in_place(struct durable *durable, const struct past_entry *entry, uint64_t index)
{
	durable->is_in_place = is_recallable(durable, entry) && past_placed(&durable->past, (size_t)index) ==
									&durable->past.roll.entries[entry->in_roll];
	return durable->is_in_place;
}

bool recall_may_prefetch(const struct session *session)
{
	/* Tasks of the past are found by their index. */
	return recall_is_on(session) && !session->durable.past.roll.count;
}

void recall_prefetch(struct session *session, const struct task *task)
{
	struct durable *durable = &session->durable;
	struct key *key = &durable->prefetched[task->index % SUPPLY_AHEAD];

	*key = key_of_task(&durable->keys, task);
	durable->prefetched_end = task->index + 1;
	ordinals_prefetch(&durable->past.ordinals, *key);
}

/* Returns the key of a task. */
static struct key recall_key(struct durable *durable, const struct task *task)
{
	if (task->index < durable->prefetched_end && task->index + SUPPLY_AHEAD >= durable->prefetched_end)
		return durable->prefetched[task->index % SUPPLY_AHEAD];
	return key_of_task(&durable->keys, task);
}

/* As recall_knows. */
static bool recall_find(struct session *session, const struct task *task)
{
	struct durable *durable = &session->durable;
	struct past *past = &durable->past;
	struct past_entry *entry = &durable->found;
	struct key key = recall_key(durable, task);
	struct turn *turn;

	durable->is_in_place = false;
	if (task->bytes.size)
		durable->stage.delimiter = task->bytes.data[task->bytes.size - 1];
	if (durable->stage.error.text || past_recall(past, key, task->index, entry, &durable->stage.error) < 0)
		return false;
	if (durable->stage.is_ordered && task->index < past->placed) {
		if (find_in_place(durable, entry, task->index))
			return true;
		depart(session, task->index);
		past_locate(past, entry);
	}
	durable->turn = (struct turn){.key = key, .ordinal = entry->ordinal, .phase = TURN_OPEN};
	if (is_recallable(durable, entry) && !entry->is_out) {
		durable->turn.phase = TURN_RENUMBERED;
		durable->turn.place = entry->place;
		durable->turn.size = entry->size;
		durable->is_noted = roll_at(&past->roll, task->index) == entry->in_roll;
		return true;
	}
	turn = turns_at(&durable->stage.turns, task->index);
	if (turn)
		*turn = durable->turn;
	if (durable->options->at_most_once) {
		stage_note_begun(&durable->stage, task->index, &durable->turn);
		durable->has_begun = true;
	}
	return false;
}

bool recall_knows(struct session *session, const struct task *task)
{
	session->durable.is_known = recall_is_on(session) && recall_find(session, task);
	return session->durable.is_known;
}

void recall_refuse(struct session *session)
{
	const struct durable *durable = &session->durable;

	if (recall_is_on(session) && !durable->stage.error.text && durable->stage.is_ordered &&
	    session->tally.submitted < durable->past.placed)
		depart(session, session->tally.submitted);
}

/* Stores that tasks may begin, if there are any whose begin is to be stored. -1 with the error, also an earlier one. */
static int secure_begun(struct durable *durable, struct error *error)
{
	struct outlet *outlet;

	if (durable->stage.error.text) {
		*error = durable->stage.error;
		durable->stage.error = (struct error){.number = 0};
		return -1;
	}
	if (!durable->has_begun)
		return 0;
	durable->has_begun = false;
	outlet = &durable->session->outlet;
	outlet_flush(outlet);
	if (outlet->output.error)
		return 0;
	return durable_commit(durable, durable->stage.written, durable_syncs(durable), error);
}

void recall_secure(struct session *session)
{
	struct durable *durable = &session->durable;
	struct error error = {.number = 0};

	if (durable->has_failed || secure_begun(durable, &error) == 0)
		return;
	/* Nothing begins from here on. */
	durable->has_failed = true;
	ending_fail(session, EXIT_TROUBLE, &error);
	error_release(&error);
}

/* Leaves a task interrupted. */
static void recall_interrupted(struct durable *durable, struct result *result)
{
	result->outcome = OUTCOME_LOST;
	result->reason = "interrupted: it may have begun (--retry-interrupted runs it again)";
	durable->stage.interrupted++;
	if (!durable->is_in_place && !durable->is_noted)
		stage_note_begun(&durable->stage, result->index, &durable->turn);
	durable->is_noted = true;
}

void recall_take(struct session *session, const struct task *task)
{
	struct durable *durable = &session->durable;
	const struct past_entry *entry = &durable->found;
	struct result result = {
		.index = session->tally.submitted++,
		.outcome = (enum outcome)entry->outcome,
		.status = entry->status,
		.signal = entry->signal,
		.number = entry->number,
		.is_recalled = true,
	};

	if (entry->outcome == PAST_BEGUN)
		recall_interrupted(durable, &result);
	else
		stage_count(&durable->stage, &result);
	if (!durable->is_in_place)
		stage_recall(&durable->stage, &result, &durable->turn, durable->is_noted);
	recalled_put(session, &result, task);
}
