/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the notes of tasks anew. Those that were written are marked as taken. */
#include "journal/durable/retell.h"

#include <errno.h>

enum {
	/* Bytes of a file that is left as it is. */
	RETELL_LEAST = 1 << 20,
	/* Bytes that are written at once. */
	RETELL_PIECE = 1 << 16,
};

/* True if there is something to be said of an entry: what has not begun is as if it had never been read. */
static bool is_told(const struct roll_entry *entry)
{
	return entry->state == ROLL_ENDED || entry->state == ROLL_BEGUN;
}

bool retell_is_worthwhile(uint64_t size, uint64_t needed)
{
	return size >= RETELL_LEAST && needed < size / 2;
}

uint64_t retell_size(const struct past *past)
{
	uint64_t tasks = 0;
	size_t i;

	for (i = 0; i < past->roll.count; i++)
		tasks += is_told(&past->roll.entries[i]);
	return past->task_notes ? tasks * (past->task_bytes / past->task_notes) : 0;
}

uint64_t retell_kept(const struct past *past)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < past->roll.count; i++) {
		const struct roll_entry *entry = &past->roll.entries[i];

		size += entry->state == ROLL_ENDED && !entry->is_out ? entry->size : 0;
	}
	return size;
}

/* Copies the fields of a note from the second on, without those that say where the output is. */
static void copy_fields(struct bytes *notes, const struct note *note)
{
	size_t i;

	for (i = 1; i < note->count; i++) {
		if (!note_field_is(&note->fields[i], "size") && !note_field_is(&note->fields[i], "out") &&
		    !note_field_is(&note->fields[i], "kept"))
			note_put_field(notes, &note->fields[i]);
	}
}

/* Notes that a task which may have begun has its place in the output. */
static void retell_placed(struct bytes *notes, const struct roll_entry *entry, uint64_t index)
{
	size_t begun = note_begin(notes);

	note_put_number(notes, "placed", index);
	note_put_number(notes, "size", entry->size);
	note_put_number(notes, "out", entry->place);
	note_end(notes, begun);
}

/* Copies the output of an entry to the new outputs file. -1 with the error, if there is one: it may be damaged. */
static int copy_output(const struct retelling *retelling, struct roll_entry *entry, struct error *error)
{
	uint64_t done = 0, place = kept_end(retelling->copy);
	char piece[RETELL_PIECE];

	if (seals_check(&retelling->past->seals, retelling->kept->fd, entry->place, entry->place + entry->size))
		return -1;
	while (done < entry->size) {
		size_t size = entry->size - done < sizeof piece ? (size_t)(entry->size - done) : sizeof piece;

		if (kept_get(retelling->kept, entry->place + done, piece, size, error) < 0 ||
		    kept_put(retelling->copy, (struct slice){.data = piece, .size = size}, error) < 0)
			return -1;
		done += size;
	}
	entry->place = place & (ROLL_PLACE_END - 1);
	return 0;
}

/* What is to be appended: notes, then a range that is not ended yet, and where its outputs end. */
struct told {
	struct bytes notes;
	struct range range;
	uint64_t end;
};

static void end_range(struct told *told)
{
	if (told->range.count)
		note_range(&told->notes, &told->range);
	told->range.count = 0;
	bytes_clear(&told->range.pieces);
}

/* Adds a task of a range to that which is not ended, or to a new one. */
static void retell_piece(struct told *told, const struct roll_entry *entry, uint64_t index, struct range_task *task)
{
	struct range *range = &told->range;

	if (index != range->first + range->count || entry->place != told->end || entry->is_out != range->is_out ||
	    range->count == RANGE_MOST)
		end_range(told);
	if (!range->count) {
		range->first = index;
		range->place = entry->place;
		range->is_out = entry->is_out;
	}
	range->count++;
	task->size = entry->size;
	range_put(&range->pieces, task);
	told->end = entry->place + entry->size;
}

/* Appends the notes, once there are many. -1 with the error. */
static int tell(const struct retelling *retelling, struct told *told, size_t least, struct error *error)
{
	struct bytes *notes = &told->notes;

	if (notes->size < least || successor_append(retelling->successor, notes) == 0)
		return 0;
	return error_set_errno(error, errno, "--journal: cannot write %s", retelling->successor->temporary);
}

/* True if a note says of a task no more than a piece of a range does, which is shorter. */
static bool is_a_piece(const struct note *note, struct range_task *task)
{
	static const char *const names[] = {"task", "key", "nth", "outcome", "status", "size", "out", "kept"};
	uint64_t status;
	struct slice raw;
	size_t i, j;

	for (i = 0; i < note->count; i++) {
		for (j = 0; j < countof(names) && !note_field_is(&note->fields[i], names[j]); j++)
			;
		if (j == countof(names))
			return false;
	}
	task->nth = (uint32_t)note_value(note, "nth");
	return note_is(note, "task") && note_number(note, "status", &status) && !status &&
	       note_raw(note, "outcome", &raw) && past_outcome(raw) == OUTCOME_OK && note_raw(note, "key", &raw) &&
	       key_read(raw, &task->key);
}

/* Writes the notes of an entry that has a note of its own, and is to be that of index. -1 with the error. */
static int retell_note(const struct retelling *retelling, struct told *told, const struct roll_entry *entry,
		       uint64_t index, struct error *error)
{
	bool has_ended = entry->state == ROLL_ENDED;
	const struct note *note = reread_note(&retelling->past->roll.reread, entry->note, error);
	struct range_task task;
	size_t begun;

	if (!note)
		return -1;
	if (has_ended && is_a_piece(note, &task)) {
		retell_piece(told, entry, index, &task);
		return 0;
	}
	end_range(told);
	begun = note_begin(&told->notes);
	note_put_number(&told->notes, has_ended ? "task" : "begun", index);
	copy_fields(&told->notes, note);
	if (has_ended) {
		note_put_number(&told->notes, "size", entry->size);
		note_put_number(&told->notes, entry->is_out ? "out" : "kept", entry->place);
	}
	note_end(&told->notes, begun);
	if (!has_ended && entry->is_out)
		retell_placed(&told->notes, entry, index);
	return 0;
}

/* Writes an entry that is to be that of index. -1 with the error, if there is one. */
static int retell_entry(const struct retelling *retelling, struct told *told, uint32_t number, uint64_t index,
			struct error *error)
{
	struct roll *roll = &retelling->past->roll;
	struct roll_entry *entry = &roll->entries[number];
	struct range_task task;
	int found = index < ROLL_END ? reread_task(&roll->reread, entry->note, &task, error) : -1;

	if (found < 0)
		return -1;
	if (entry->state == ROLL_ENDED && !entry->is_out && retelling->copy && copy_output(retelling, entry, error) < 0)
		return -1;
	entry->is_taken = true;
	if (found)
		retell_piece(told, entry, index, &task);
	else if (retell_note(retelling, told, entry, index, error) < 0)
		return -1;
	return tell(retelling, told, RETELL_PIECE, error);
}

/* Writes the tasks of the output. -1 with the error, if there is one. */
static int retell_output(const struct retelling *retelling, struct told *told, struct error *error)
{
	const struct roll *roll = &retelling->past->roll;
	size_t i;

	for (i = 0; i < retelling->past->placed; i++) {
		uint32_t entry = roll_at(roll, i);

		if (entry == ROLL_NONE || roll->entries[entry].is_taken || !is_told(&roll->entries[entry]) ||
		    retell_entry(retelling, told, entry, i, error) < 0)
			return -1;
	}
	return 0;
}

/* Writes the others that an index leads to, and those that none does. -1 with the error, if there is one. */
static int retell_others(const struct retelling *retelling, struct told *told, struct error *error)
{
	const struct roll *roll = &retelling->past->roll;
	uint64_t end = roll->by_index ? roll->index_count : roll->count, index;
	uint32_t entry;

	for (index = retelling->past->placed; index < end; index++) {
		entry = roll_at(roll, index);
		if (entry != ROLL_NONE && !roll->entries[entry].is_taken && is_told(&roll->entries[entry]) &&
		    retell_entry(retelling, told, entry, index, error) < 0)
			return -1;
	}
	for (entry = 0; entry < roll->count; entry++) {
		if (!roll->entries[entry].is_taken && is_told(&roll->entries[entry]) &&
		    retell_entry(retelling, told, entry, index++, error) < 0)
			return -1;
	}
	return 0;
}

/* Writes the checksum of a piece of the outputs file. -1 with the error. */
static int retell_seal(const struct retelling *retelling, struct told *told, const struct seals_piece *piece,
		       uint64_t from, struct error *error)
{
	struct bytes *notes = &told->notes;
	size_t begun = note_begin(notes);

	note_put_number(notes, "sealed", from);
	note_put_number(notes, "end", piece->end);
	note_put_number(notes, "added", piece->crc);
	note_end(notes, begun);
	return tell(retelling, told, RETELL_PIECE, error);
}

/* Writes the checksums of the outputs file, also of what this session has added to it. -1 with the error. */
static int retell_seals(const struct retelling *retelling, struct told *told, struct error *error)
{
	const struct seals *seals = &retelling->past->seals;
	uint64_t from = seals_end(seals), end = kept_end(retelling->kept);
	uint32_t crc = 0;
	size_t i;

	for (i = 0; i < seals->count; i++) {
		if (seals->pieces[i].state != SEALS_NONE &&
		    retell_seal(retelling, told, &seals->pieces[i], seals_begin(seals, &seals->pieces[i]), error) < 0)
			return -1;
	}
	if (from >= end)
		return 0;
	if (seals_read(retelling->kept->fd, from, end, &crc) < 0)
		return -1;
	return retell_seal(retelling, told, &(struct seals_piece){.end = end & ((UINT64_C(1) << 62) - 1), .crc = crc},
			   from, error);
}

int retell_tasks(const struct retelling *retelling, struct error *error)
{
	struct told told = {.end = 0};
	int result = -1;

	if (retell_output(retelling, &told, error) == 0 && retell_others(retelling, &told, error) == 0) {
		end_range(&told);
		if (retelling->copy || retell_seals(retelling, &told, error) == 0)
			result = tell(retelling, &told, 1, error);
	}
	bytes_release(&told.notes);
	bytes_release(&told.range.pieces);
	return result;
}
