/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading the past of a run from its journal. */
#include "journal/durable/past.h"

#include "base/mem.h"
#include "journal/durable/ordinals.h"

#include <inttypes.h>

enum { PAST_SLOTS_LEAST = 1024 };

const char *past_output_name(enum past_output output)
{
	static const char *const names[] = {[PAST_STREAM] = "stream", [PAST_FILE] = "file", [PAST_APPEND] = "append"};

	return names[output];
}

/* Returns the slot of an identity: its own, or the free one where it belongs. */
static uint32_t *past_slot_of(const struct past *past, struct key identity)
{
	size_t at = (size_t)(identity.low ^ identity.low >> 32) & (past->slot_count - 1);

	for (; past->slots[at]; at = (at + 1) & (past->slot_count - 1)) {
		struct key other = past->entries[past->slots[at] - 1].identity;

		if (other.low == identity.low && other.high == identity.high)
			break;
	}
	return &past->slots[at];
}

static void grow_slots(struct past *past)
{
	size_t i;

	past->slot_count = past->slot_count ? past->slot_count * 2 : PAST_SLOTS_LEAST;
	free(past->slots);
	past->slots = mem_new(past->slot_count, sizeof *past->slots);
	for (i = 0; i < past->count; i++) {
		struct key identity = past->entries[i].identity;

		if (identity.low || identity.high)
			*past_slot_of(past, identity) = (uint32_t)i + 1;
	}
}

struct past_entry *past_find(const struct past *past, struct key identity)
{
	uint32_t slot = past->slot_count ? *past_slot_of(past, identity) : 0;

	return slot ? &past->entries[slot - 1] : NULL;
}

/* Returns the entry to be filled for a task: a new one, or that which the note replaces. */
static struct past_entry *enter_task(struct past *past, struct key identity)
{
	struct past_entry *entry = identity.low || identity.high ? past_find(past, identity) : NULL;

	if (entry)
		return entry;
	past->entries = mem_grow(past->entries, past->count, &past->capacity, sizeof *past->entries);
	entry = &past->entries[past->count++];
	*entry = (struct past_entry){.identity = identity};
	if (past->count > past->slot_count / 3 * 2)
		grow_slots(past);
	else if (identity.low || identity.high)
		*past_slot_of(past, identity) = (uint32_t)past->count;
	return entry;
}

/* Sets the latest entry of a task's index. */
static void set_index(struct past *past, uint64_t index, uint32_t entry)
{
	if (index >= past->index_count) {
		size_t count = (size_t)index + 1 > past->index_count * 2 ? (size_t)index + 1024 : past->index_count * 2;

		past->by_index = mem_resize(past->by_index, count, sizeof *past->by_index);
		memset(past->by_index + past->index_count, 0, (count - past->index_count) * sizeof *past->by_index);
		past->index_count = count;
	}
	past->by_index[index] = entry + 1;
}

/* Adds an entry to the output. */
static void place_entry(struct past *past, uint32_t entry, uint64_t place)
{
	past->sequence = mem_grow(past->sequence, past->placed, &past->sequence_capacity, sizeof *past->sequence);
	past->sequence[past->placed++] = entry;
	past->entries[entry].place = place;
	past->entries[entry].is_out = true;
}

/* Returns the outcome of a name, OUTCOMES if there is none. */
static enum outcome outcome_of(struct slice name)
{
	enum outcome outcome;

	for (outcome = OUTCOME_OK; outcome < OUTCOMES; outcome++) {
		if (strlen(outcome_name(outcome)) == name.size &&
		    memcmp(outcome_name(outcome), name.data, name.size) == 0)
			break;
	}
	return outcome;
}

/* Sets the identity that a note says; all zero without a key. False if it makes no sense. */
static bool take_identity(const struct note *note, struct key *identity)
{
	struct slice raw;

	*identity = (struct key){.low = 0};
	if (!note_raw(note, "key", &raw))
		return true;
	if (!key_read(raw, identity))
		return false;
	*identity = ordinals_identity(*identity, (uint32_t)note_value(note, "nth"));
	return true;
}

/* Takes a note "begun". False if it makes no sense. */
static bool take_begun(struct past *past, const struct note *note)
{
	uint64_t index = note_value(note, "begun");
	struct past_entry *entry;
	struct key identity;

	if (!take_identity(note, &identity) || index >= UINT32_MAX || past->count >= UINT32_MAX - 1)
		return false;
	entry = enter_task(past, identity);
	*entry = (struct past_entry){.identity = identity, .outcome = PAST_BEGUN, .status = -1};
	set_index(past, index, (uint32_t)(entry - past->entries));
	return true;
}

/* Takes a note "skipped". False if it makes no sense. */
static bool take_skipped(struct past *past, const struct note *note)
{
	uint64_t index = note_value(note, "skipped");
	struct past_entry *entry;

	if (index >= past->index_count || !past->by_index[index])
		return false;
	entry = &past->entries[past->by_index[index] - 1];
	if (entry->outcome == PAST_BEGUN)
		entry->outcome = PAST_SKIPPED;
	return true;
}

/* Takes a note "task". False if it makes no sense. */
static bool take_task(struct past *past, const struct note *note)
{
	uint64_t index = note_value(note, "task"), out, status;
	struct past_entry *entry;
	struct key key;
	struct slice raw;
	enum outcome outcome;

	if (!note_raw(note, "outcome", &raw) || (outcome = outcome_of(raw)) == OUTCOMES || index >= UINT32_MAX ||
	    past->count >= UINT32_MAX - 1)
		return false;
	if (!take_identity(note, &key))
		return false;
	entry = enter_task(past, key);
	entry->outcome = (uint8_t)outcome;
	entry->status = note_number(note, "status", &status) ? (int16_t)status : -1;
	entry->signal = (uint8_t)note_value(note, "signal");
	entry->number = (uint16_t)note_value(note, "number");
	entry->size = note_value(note, "size");
	entry->place = note_value(note, "kept");
	entry->is_out = false;
	set_index(past, index, (uint32_t)(entry - past->entries));
	if (note_number(note, "out", &out))
		place_entry(past, (uint32_t)(entry - past->entries), out);
	return true;
}

/* Takes a note "placed". False if it makes no sense. */
static bool take_placed(struct past *past, const struct note *note)
{
	uint64_t index = note_value(note, "placed");

	if (index >= past->index_count || !past->by_index[index])
		return false;
	past->entries[past->by_index[index] - 1].size = note_value(note, "size");
	place_entry(past, past->by_index[index] - 1, note_value(note, "out"));
	return true;
}

void past_move(struct past *past, size_t number, uint64_t from, uint64_t to)
{
	size_t i;

	for (i = number; i < past->placed; i++) {
		struct past_entry *entry = past_placed(past, i);

		entry->place = entry->place - from + to;
		entry->is_out = false;
	}
	past->placed = number;
}

/* Takes a note "moved". False if it makes no sense. */
static bool take_moved(struct past *past, const struct note *note)
{
	uint64_t number = note_value(note, "moved"), from = note_value(note, "from");

	if (number > past->placed || (number < past->placed && past_placed(past, (size_t)number)->place < from))
		return false;
	past_move(past, (size_t)number, from, note_value(note, "to"));
	return true;
}

/* Takes a note "begin". False if it makes no sense. */
static bool take_begin(struct past *past, const struct note *note)
{
	enum past_output output = PAST_STREAM;
	struct slice name;

	if (!note_raw(note, "out", &name))
		return false;
	while (strlen(past_output_name(output)) != name.size ||
	       memcmp(past_output_name(output), name.data, name.size) != 0) {
		if (output++ == PAST_APPEND)
			return false;
	}
	past->output = output;
	past->session = note_value(note, "begin");
	past->earlier = past->progress.done + past->progress.failed;
	past->pid = note_value(note, "pid");
	past->began = note_value(note, "at");
	past->first_began = past->first_began ? past->first_began : past->began;
	past->device = note_value(note, "device");
	past->inode = note_value(note, "inode");
	past->base = note_value(note, "base");
	free(past->output_name);
	past->output_name = note_text(note, "name");
	free(past->end);
	past->end = NULL;
	return true;
}

/* Takes a note "journal": keeps it. */
static bool take_header(struct past *past, const struct note *note)
{
	const struct note_field *last = &note->fields[note->count - 1];
	const char *begin = note->fields[0].name.data - NOTE_PREFIX - 2;
	const char *end = last->text.data + last->text.size + last->is_text + 1;

	if (past->header)
		return false;
	past->header_size = (size_t)(end - begin);
	past->header = mem_copy(begin, past->header_size);
	return true;
}

static bool take_commit(struct past *past, const struct note *note)
{
	past->size = note_value(note, "size");
	past->crc = note_value(note, "crc");
	past->kept = note_value(note, "kept");
	past->at = note_value(note, "at");
	past->progress = (struct past_progress){
		.done = note_value(note, "commit") - note_value(note, "failed"),
		.failed = note_value(note, "failed"),
		.running = note_value(note, "running"),
		.submitted = note_value(note, "submitted"),
		.total = note_value(note, "total"),
	};
	return true;
}

static bool take_end(struct past *past, const struct note *note)
{
	free(past->end);
	past->end = note_text(note, "end");
	return past->end;
}

static int past_note(struct scroll_reader *reader, const struct note *note, uint64_t offset, struct error *error)
{
	static const struct {
		const char *name;
		bool (*take)(struct past *past, const struct note *note);
	} kinds[] = {
		{"begun", take_begun},   {"skipped", take_skipped}, {"task", take_task},
		{"placed", take_placed}, {"commit", take_commit},   {"moved", take_moved},
		{"begin", take_begin},   {"end", take_end},         {"journal", take_header},
	};
	struct past *past = container_of(reader, struct past, reader);
	size_t i;

	for (i = 0; i < countof(kinds); i++) {
		if (note_is(note, kinds[i].name) && kinds[i].take(past, note))
			return 0;
	}
	return error_refuse(error, "--journal: %s: byte %" PRIu64 ": a note that makes no sense there", past->name,
			    offset);
}

int past_load(struct past *past, const struct scroll *scroll, struct error *error)
{
	*past = (struct past){.reader.note = past_note, .name = scroll->name};
	return scroll_read(scroll, &past->reader, error);
}

void past_release(struct past *past)
{
	free(past->entries);
	free(past->slots);
	free(past->by_index);
	free(past->sequence);
	free(past->header);
	free(past->output_name);
	free(past->end);
	*past = (struct past){.entries = NULL};
}
