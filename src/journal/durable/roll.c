/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries of tasks, their list by index and their table by identity. */
#include "journal/durable/roll.h"

#include "base/mem.h"
#include "journal/ordinals.h"

enum {
	ROLL_SLOTS_LEAST = 1024,
	/*
	 * Free entries that are made at once, and a quarter of what there is, at most, so that the entry of an index is
	 * that of the same number: a command that stays may be far ahead of another.
	 */
	ROLL_GAP = 1 << 18,
};

bool roll_identity(const struct note *note, struct key *identity)
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

static bool has_identity(struct key identity)
{
	return identity.low || identity.high;
}

/* Reads the identity of an entry. -1 with the error. */
static int read_identity(struct roll *roll, uint32_t entry, struct key *identity, struct error *error)
{
	uint64_t offset = roll->entries[entry].note;
	const struct note *note;
	struct range_task task;
	int found = reread_task(&roll->reread, offset, &task, error);

	if (found < 0)
		return -1;
	if (found) {
		*identity = ordinals_identity(task.key, task.nth);
		return 0;
	}
	note = reread_note(&roll->reread, offset, error);
	return note && roll_identity(note, identity) ? 0 : -1;
}

/* Sets *is_same if the entry has this identity. -1 with the error. */
static int compare_identity(struct roll *roll, uint32_t entry, struct key identity, bool *is_same, struct error *error)
{
	struct key other;

	if (read_identity(roll, entry, &other, error) < 0)
		return -1;
	*is_same = other.low == identity.low && other.high == identity.high;
	return 0;
}

/* Returns the slot where the search for an identity begins. */
static size_t roll_home(const struct roll *roll, struct key identity)
{
	uint64_t mixed = (identity.low * UINT64_C(0x9E3779B97F4A7C15)) >> 32;

	return (size_t)(mixed * roll->slot_count >> 32);
}

/* Returns what a slot has of an identity besides the entry. */
static uint32_t roll_mark(const struct roll *roll, struct key identity)
{
	return roll->slot_bits < 32 ? (uint32_t)identity.high << roll->slot_bits : 0;
}

static size_t slot_after(const struct roll *roll, size_t at)
{
	return at + 1 < roll->slot_count ? at + 1 : 0;
}

/* Returns the entry of a slot that is not free. */
static uint32_t slot_entry(const struct roll *roll, size_t at)
{
	return (uint32_t)(roll->slots[at] & ((UINT64_C(1) << roll->slot_bits) - 1)) - 1;
}

/* Enters an identity that is not in the table. */
static void fill_slot(struct roll *roll, struct key identity, uint32_t entry)
{
	size_t at = roll_home(roll, identity);

	while (roll->slots[at])
		at = slot_after(roll, at);
	roll->slots[at] = roll_mark(roll, identity) | (entry + 1);
	roll->slot_used++;
}

/* Makes the table anew, with room for count entries. -1 with the error. */
static int make_slots(struct roll *roll, size_t count, struct error *error)
{
	uint32_t entry;

	free(roll->slots);
	roll->slot_count = count / 3 * 4 + ROLL_SLOTS_LEAST;
	roll->slots = mem_new(roll->slot_count, sizeof *roll->slots);
	roll->slot_used = 0;
	for (roll->slot_bits = 1; roll->slot_bits < 32 && count >> roll->slot_bits; roll->slot_bits++)
		;
	for (entry = 0; entry < roll->count; entry++) {
		struct key identity;

		if (roll->entries[entry].state == ROLL_FREE)
			continue;
		if (read_identity(roll, entry, &identity, error) < 0)
			return -1;
		if (has_identity(identity))
			fill_slot(roll, identity, entry);
	}
	return 0;
}

int roll_find_at(struct roll *roll, struct key identity, uint64_t index, uint32_t *entry, struct error *error)
{
	bool is_same = false;

	*entry = roll_at(roll, index);
	if (*entry != ROLL_NONE && compare_identity(roll, *entry, identity, &is_same, error) < 0)
		return -1;
	if (!is_same)
		*entry = ROLL_NONE;
	return 0;
}

int roll_find(struct roll *roll, struct key identity, uint64_t index, uint32_t *entry, struct error *error)
{
	uint32_t low;
	size_t at;

	*entry = ROLL_NONE;
	if (!roll->count || roll_find_at(roll, identity, index, entry, error) < 0)
		return roll->count ? -1 : 0;
	if (*entry != ROLL_NONE || !has_identity(identity))
		return 0;
	if (!roll->slots && make_slots(roll, roll->count, error) < 0)
		return -1;
	low = roll_mark(roll, identity);
	for (at = roll_home(roll, identity); roll->slots[at]; at = slot_after(roll, at)) {
		bool is_same;

		if ((uint32_t)((uint64_t)roll->slots[at] >> roll->slot_bits << roll->slot_bits) != low)
			continue;
		*entry = slot_entry(roll, at);
		if (compare_identity(roll, *entry, identity, &is_same, error) < 0)
			return -1;
		if (is_same)
			return 0;
	}
	*entry = ROLL_NONE;
	return 0;
}

/* Makes entries up to count. */
static void make_entries(struct roll *roll, size_t count)
{
	if (count > roll->capacity) {
		roll->capacity = roll->capacity + roll->capacity / 2 > count ? roll->capacity + roll->capacity / 2
									     : count + ROLL_SLOTS_LEAST;
		roll->entries = mem_resize(roll->entries, roll->capacity, sizeof *roll->entries);
	}
	memset(roll->entries + roll->count, 0, (count - roll->count) * sizeof *roll->entries);
	roll->count = count;
}

/* Makes the list by index. */
static void make_list(struct roll *roll)
{
	size_t i;

	roll->index_count = roll->count;
	roll->by_index = mem_new(roll->count, sizeof *roll->by_index);
	for (i = 0; i < roll->count; i++)
		roll->by_index[i] = roll->entries[i].state == ROLL_FREE ? ROLL_NONE : (uint32_t)i;
}

/* Makes room in the list by index for an index. */
static void extend_list(struct roll *roll, uint64_t index)
{
	size_t old = roll->index_count, count = (size_t)index + 1, i;

	count = old + old / 2 > count ? old + old / 2 : count;
	roll->by_index = mem_resize(roll->by_index, count, sizeof *roll->by_index);
	for (i = old; i < count; i++)
		roll->by_index[i] = ROLL_NONE;
	roll->index_count = count;
}

void roll_set(struct roll *roll, uint64_t index, uint32_t entry)
{
	if (!roll->by_index && index == entry)
		return;
	if (!roll->by_index)
		make_list(roll);
	if (index >= roll->index_count)
		extend_list(roll, index);
	roll->by_index[index] = entry;
}

/* Enters an entry that is new in the table, if there is one. -1 with the error. */
static int enter_slot(struct roll *roll, struct key identity, uint32_t entry, struct error *error)
{
	bool is_full = roll->slot_used >= roll->slot_count / 4 * 3 || (uint64_t)(entry + 1) >> roll->slot_bits;

	if (!roll->slots || !has_identity(identity))
		return 0;
	if (is_full && make_slots(roll, roll->count + roll->count / 2, error) < 0)
		return -1;
	fill_slot(roll, identity, entry);
	return 0;
}

int roll_add(struct roll *roll, struct key identity, uint64_t index, uint32_t *entry, struct error *error)
{
	bool is_own = !roll->by_index && roll_at(roll, index) == ROLL_NONE &&
		      index < roll->count + roll->count / 4 + ROLL_GAP;

	*entry = is_own ? (uint32_t)index : (uint32_t)roll->count;
	if (*entry >= roll->count)
		make_entries(roll, (size_t)*entry + 1);
	roll_set(roll, index, *entry);
	return enter_slot(roll, identity, *entry, error);
}

void roll_release(struct roll *roll)
{
	free(roll->entries);
	free(roll->by_index);
	free(roll->slots);
	reread_release(&roll->reread);
	*roll = (struct roll){.entries = NULL};
}
