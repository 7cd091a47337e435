/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the past says of the tasks of this session. */
#include "journal/durable/past.h"

void past_locate(const struct past *past, struct past_entry *entry)
{
	const struct roll_entry *task;

	if (entry->in_roll == ROLL_NONE)
		return;
	task = &past->roll.entries[entry->in_roll];
	entry->place = task->place;
	entry->size = task->size;
	entry->is_out = task->is_out;
}

/* Sets what the journal says of an entry. -1 with the error. */
static int past_describe(struct past *past, uint32_t in_roll, struct past_entry *entry, struct error *error)
{
	const struct roll_entry *task = &past->roll.entries[in_roll];
	const struct note *note;
	struct range_task one;
	struct slice outcome;
	uint64_t status;
	int found;

	*entry = (struct past_entry){
		.in_roll = in_roll,
		.ordinal = entry->ordinal,
		.status = -1,
		.outcome = task->state == ROLL_SKIPPED ? PAST_SKIPPED : PAST_BEGUN,
	};
	past_locate(past, entry);
	if (task->state != ROLL_ENDED)
		return 0;
	found = reread_task(&past->roll.reread, task->note, &one, error);
	if (found) {
		entry->outcome = OUTCOME_OK;
		entry->status = 0;
		return found < 0 ? -1 : 0;
	}
	note = reread_note(&past->roll.reread, task->note, error);
	if (!note)
		return -1;
	entry->outcome = (uint8_t)(note_raw(note, "outcome", &outcome) ? past_outcome(outcome) : OUTCOMES);
	entry->status = note_number(note, "status", &status) ? (int16_t)status : -1;
	entry->signal = (uint8_t)note_value(note, "signal");
	entry->number = (uint16_t)note_value(note, "number");
	return 0;
}

/* Sets which of the equal tasks the next one is; *in_roll is the entry of the first. */
static uint32_t next_ordinal(struct past *past, struct key key, uint32_t in_roll)
{
	struct roll_entry *first = in_roll == ROLL_NONE ? NULL : &past->roll.entries[in_roll];

	if (!first)
		return ordinals_next(&past->ordinals, key);
	if (first->is_taken)
		return ordinals_next(&past->ordinals, key) + 1;
	first->is_taken = true;
	return 0;
}

int past_recall(struct past *past, struct key key, uint64_t index, struct past_entry *entry, struct error *error)
{
	struct roll *roll = &past->roll;
	uint32_t in_roll;

	*entry = (struct past_entry){.in_roll = ROLL_NONE};
	if (roll_find(roll, key, index, &in_roll, error) < 0)
		return -1;
	entry->ordinal = next_ordinal(past, key, in_roll);
	if (entry->ordinal && roll_find(roll, ordinals_identity(key, entry->ordinal), index, &in_roll, error) < 0)
		return -1;
	return in_roll == ROLL_NONE ? 0 : past_describe(past, in_roll, entry, error);
}
