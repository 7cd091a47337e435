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

/* Copies the output of an entry to the new outputs file. -1 with the error. */
static int copy_output(const struct retelling *retelling, struct roll_entry *entry, struct error *error)
{
	uint64_t done = 0, place = kept_end(retelling->copy);
	char piece[RETELL_PIECE];

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

/* Appends the notes, once there are many. -1 with the error. */
static int tell(const struct retelling *retelling, struct bytes *notes, size_t least, struct error *error)
{
	if (notes->size < least || successor_append(retelling->successor, notes) == 0)
		return 0;
	return error_set_errno(error, errno, "--journal: cannot write %s", retelling->successor->temporary);
}

/* Writes the notes of an entry that is to be that of index. -1 with the error, if there is one. */
static int retell_entry(const struct retelling *retelling, uint32_t number, uint64_t index, struct bytes *notes,
			struct error *error)
{
	struct roll *roll = &retelling->past->roll;
	struct roll_entry *entry = &roll->entries[number];
	bool has_ended = entry->state == ROLL_ENDED;
	const struct note *note = index < ROLL_END ? reread_note(&roll->reread, entry->note, error) : NULL;
	size_t begun = note_begin(notes);

	if (!note || (has_ended && !entry->is_out && retelling->copy && copy_output(retelling, entry, error) < 0))
		return -1;
	entry->is_taken = true;
	note_put_number(notes, has_ended ? "task" : "begun", index);
	copy_fields(notes, note);
	if (has_ended) {
		note_put_number(notes, "size", entry->size);
		note_put_number(notes, entry->is_out ? "out" : "kept", entry->place);
	}
	note_end(notes, begun);
	if (!has_ended && entry->is_out)
		retell_placed(notes, entry, index);
	return tell(retelling, notes, RETELL_PIECE, error);
}

/* Writes the tasks of the output. -1 with the error, if there is one. */
static int retell_output(const struct retelling *retelling, struct bytes *notes, struct error *error)
{
	const struct roll *roll = &retelling->past->roll;
	size_t i;

	for (i = 0; i < retelling->past->placed; i++) {
		uint32_t entry = roll_at(roll, i);

		if (entry == ROLL_NONE || roll->entries[entry].is_taken || !is_told(&roll->entries[entry]) ||
		    retell_entry(retelling, entry, i, notes, error) < 0)
			return -1;
	}
	return 0;
}

/* Writes the others that an index leads to, and those that none does. -1 with the error, if there is one. */
static int retell_others(const struct retelling *retelling, struct bytes *notes, struct error *error)
{
	const struct roll *roll = &retelling->past->roll;
	uint64_t end = roll->by_index ? roll->index_count : roll->count, index;
	uint32_t entry;

	for (index = retelling->past->placed; index < end; index++) {
		entry = roll_at(roll, index);
		if (entry != ROLL_NONE && !roll->entries[entry].is_taken && is_told(&roll->entries[entry]) &&
		    retell_entry(retelling, entry, index, notes, error) < 0)
			return -1;
	}
	for (entry = 0; entry < roll->count; entry++) {
		if (!roll->entries[entry].is_taken && is_told(&roll->entries[entry]) &&
		    retell_entry(retelling, entry, index++, notes, error) < 0)
			return -1;
	}
	return 0;
}

int retell_tasks(const struct retelling *retelling, struct error *error)
{
	struct bytes notes = {.data = NULL};
	int result = -1;

	if (retell_output(retelling, &notes, error) == 0 && retell_others(retelling, &notes, error) == 0)
		result = tell(retelling, &notes, 1, error);
	bytes_release(&notes);
	return result;
}
