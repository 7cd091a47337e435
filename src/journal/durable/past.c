/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading the past of a run from its journal. */
#include "journal/durable/past.h"

#include "base/mem.h"

#include <inttypes.h>

const char *past_output_name(enum past_output output)
{
	static const char *const names[] = {[PAST_STREAM] = "stream", [PAST_FILE] = "file", [PAST_APPEND] = "append"};

	return names[output];
}

/* Sets the error for what is too much for the roll. Returns false. */
static bool refuse_much(struct past *past, const char *what)
{
	error_refuse(past->error, "--journal: %s: byte %" PRIu64 ": %s is more than this mpmap can resume", past->name,
		     past->offset, what);
	return false;
}

/* True if the roll has room for such numbers; else with the error. */
static bool fits_roll(struct past *past, uint64_t place, uint64_t size)
{
	if (past->offset >= ROLL_NOTE_END)
		return refuse_much(past, "a journal of 1 TiB");
	if (place >= ROLL_PLACE_END)
		return refuse_much(past, "an output of 16 TiB");
	return size < ROLL_SIZE_END || refuse_much(past, "an output of 1 TiB by one task");
}

/* Returns the entry of the number-th task of the output. */
static struct roll_entry *placed_entry(struct past *past, size_t number)
{
	return &past->roll.entries[past->sequence ? past->sequence[number] : roll_at(&past->roll, number)];
}

/* Lists the entries of the output. */
static void make_sequence(struct past *past)
{
	size_t i;

	past->sequence_capacity = past->placed + 1024;
	past->sequence = mem_new(past->sequence_capacity, sizeof *past->sequence);
	for (i = 0; i < past->placed; i++)
		past->sequence[i] = roll_at(&past->roll, i);
}

/* Adds an entry to the output. False if the place is beyond what the roll can say. */
static bool place_entry(struct past *past, uint32_t entry, uint64_t place)
{
	if (!past->sequence && roll_at(&past->roll, past->placed) != entry)
		make_sequence(past);
	if (past->sequence) {
		past->sequence =
			mem_grow(past->sequence, past->placed, &past->sequence_capacity, sizeof *past->sequence);
		past->sequence[past->placed] = entry;
	}
	past->placed++;
	past->roll.entries[entry].place = place & (ROLL_PLACE_END - 1);
	past->roll.entries[entry].is_out = true;
	return fits_roll(past, place, 0);
}

/*
 * Returns the entry to be filled for the task of an index: a new one, or that which the note replaces. NULL with the
 * error.
 */
static struct roll_entry *enter_task(struct past *past, struct key identity, uint64_t index)
{
	struct roll *roll = &past->roll;
	uint32_t entry;
	/* The tasks of a first session are all different. */
	int result = past->sessions > 1 ? roll_find(roll, identity, index, &entry, past->error)
					: roll_find_at(roll, identity, index, &entry, past->error);

	if (result < 0)
		return NULL;
	if (entry == ROLL_NONE && (roll->count >= ROLL_END || index >= ROLL_END)) {
		(void)refuse_much(past, "4 billion tasks");
		return NULL;
	}
	/* As long as the output is that of the indexes, it is not to change with them. */
	if (!past->sequence && index < past->placed && (entry == ROLL_NONE || roll_at(roll, index) != entry))
		make_sequence(past);
	if (entry != ROLL_NONE)
		roll_set(roll, index, entry);
	else if (roll_add(roll, identity, index, &entry, past->error) < 0)
		return NULL;
	return &roll->entries[entry];
}

enum outcome past_outcome(struct slice name)
{
	enum outcome outcome;

	for (outcome = OUTCOME_OK; outcome < OUTCOMES; outcome++) {
		if (strlen(outcome_name(outcome)) == name.size &&
		    memcmp(outcome_name(outcome), name.data, name.size) == 0)
			break;
	}
	return outcome;
}

/* Takes a note "begun". False if it makes no sense, or with the error. */
static bool take_begun(struct past *past, const struct note *note)
{
	struct roll_entry *entry;
	struct key identity;

	if (!roll_identity(note, &identity) || !fits_roll(past, 0, 0))
		return false;
	entry = enter_task(past, identity, note_value(note, "begun"));
	if (!entry)
		return false;
	*entry = (struct roll_entry){.note = past->offset & (ROLL_NOTE_END - 1), .state = ROLL_BEGUN};
	return true;
}

/* Takes a note "skipped". False if it makes no sense. */
static bool take_skipped(struct past *past, const struct note *note)
{
	uint32_t entry = roll_at(&past->roll, note_value(note, "skipped"));

	if (entry == ROLL_NONE)
		return false;
	if (past->roll.entries[entry].state == ROLL_BEGUN)
		past->roll.entries[entry].state = ROLL_SKIPPED;
	return true;
}

/* Enters the task of an index that has ended, and its output. False with the error. */
static bool enter_ended(struct past *past, struct key identity, uint64_t index, const struct past_entry *output)
{
	struct roll_entry *entry;

	if (!fits_roll(past, output->place, output->size))
		return false;
	entry = enter_task(past, identity, index);
	if (!entry)
		return false;
	*entry = (struct roll_entry){
		.note = past->offset & (ROLL_NOTE_END - 1),
		.place = output->place & (ROLL_PLACE_END - 1),
		.size = output->size & (ROLL_SIZE_END - 1),
		.state = ROLL_ENDED,
	};
	return !output->is_out || place_entry(past, (uint32_t)(entry - past->roll.entries), output->place);
}

/* Sets where a note says that an output begins. */
static void read_place(const struct note *note, struct past_entry *output)
{
	output->is_out = note_number(note, "out", &output->place);
	if (!output->is_out)
		output->place = note_value(note, "kept");
}

/* Takes a note "task". False if it makes no sense, or with the error. */
static bool take_task(struct past *past, const struct note *note)
{
	struct past_entry output = {.size = note_value(note, "size")};
	struct key identity;
	struct slice raw;

	if (!note_raw(note, "outcome", &raw) || past_outcome(raw) == OUTCOMES || !roll_identity(note, &identity))
		return false;
	read_place(note, &output);
	return enter_ended(past, identity, note_value(note, "task"), &output);
}

/* Takes a note "tasks", as if each of its tasks had a note of its own. False if it makes no sense, or with the error.
 */
static bool take_range(struct past *past, const struct note *note)
{
	const char *line = note->fields[0].name.data - NOTE_PREFIX - 2;
	uint64_t note_offset = past->offset, index = note_value(note, "tasks"), end = index + note_value(note, "count");
	struct past_entry output = {.size = 0};
	struct range_task task;
	struct slice pieces;

	if (!note_raw(note, "pieces", &pieces))
		return false;
	for (read_place(note, &output); pieces.size; index++) {
		past->offset = note_offset + (uint64_t)(pieces.data - line);
		if (!range_take(&pieces, &task))
			return false;
		output.size = task.size;
		if (!enter_ended(past, ordinals_identity(task.key, task.nth), index, &output))
			return false;
		output.place += output.size;
	}
	return index == end;
}

/* Takes a note "placed" of several tasks. False if it makes no sense, or with the error. */
static bool place_tasks(struct past *past, const struct note *note, uint64_t count)
{
	uint64_t index = note_value(note, "placed"), begin = note_value(note, "out"), out = begin;

	for (; count; count--, index++) {
		uint32_t entry = roll_at(&past->roll, index);

		if (entry == ROLL_NONE || !place_entry(past, entry, out))
			return false;
		out += past->roll.entries[entry].size;
	}
	return out - begin == note_value(note, "size");
}

/* Takes a note "placed". False if it makes no sense, or with the error. */
static bool take_placed(struct past *past, const struct note *note)
{
	uint32_t entry = roll_at(&past->roll, note_value(note, "placed"));
	uint64_t size = note_value(note, "size"), count;

	if (note_number(note, "count", &count))
		return place_tasks(past, note, count);
	if (entry == ROLL_NONE || !fits_roll(past, 0, size))
		return false;
	past->roll.entries[entry].size = size & (ROLL_SIZE_END - 1);
	return place_entry(past, entry, note_value(note, "out"));
}

void past_move(struct past *past, size_t number, uint64_t from, uint64_t to)
{
	size_t i;

	for (i = number; i < past->placed; i++) {
		struct roll_entry *entry = placed_entry(past, i);

		entry->place = (entry->place - from + to) & (ROLL_PLACE_END - 1);
		entry->is_out = false;
	}
	past->placed = number;
	if (number)
		return;
	free(past->sequence);
	past->sequence = NULL;
}

/* Takes a note "moved". False if it makes no sense. */
static bool take_moved(struct past *past, const struct note *note)
{
	uint64_t number = note_value(note, "moved"), from = note_value(note, "from");

	uint64_t to = note_value(note, "to");

	if (number > past->placed || (number < past->placed && past_placed(past, (size_t)number)->place < from))
		return false;
	if (number < past->placed && !fits_roll(past, past_placed(past, past->placed - 1)->place - from + to, 0))
		return false;
	past_move(past, (size_t)number, from, to);
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
	past->sessions++;
	past->session = note_value(note, "begin");
	if (!note_number(note, "ended", &past->earlier))
		past->earlier = past->progress.done + past->progress.failed;
	past->pid = note_value(note, "pid");
	past->began = note_value(note, "at");
	if (!past->first_began && !note_number(note, "first", &past->first_began))
		past->first_began = past->began;
	past->device = note_value(note, "device");
	past->inode = note_value(note, "inode");
	past->base = note_value(note, "base");
	past->is_second = note_value(note, "outputs");
	free(past->output_name);
	past->output_name = note_text(note, "name");
	free(past->end);
	past->end = NULL;
	return true;
}

/* Takes a note "journal": keeps it. */
static bool take_header(struct past *past, const struct note *note)
{
	struct slice line = note_line(note);

	if (past->header)
		return false;
	past->header_size = line.size;
	past->header = mem_copy(line.data, line.size);
	return true;
}

static bool take_commit(struct past *past, const struct note *note)
{
	(void)!seals_take(&past->seals, note, past->kept, note_value(note, "kept"));
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

/* Takes a note "sealed". False if it makes no sense. */
static bool take_sealed(struct past *past, const struct note *note)
{
	return seals_take(&past->seals, note, note_value(note, "sealed"), note_value(note, "end"));
}

static bool take_end(struct past *past, const struct note *note)
{
	free(past->end);
	past->end = note_text(note, "end");
	past->total = note_value(note, "total");
	return past->end;
}

static int past_note(struct scroll_reader *reader, const struct note *note, uint64_t offset, struct error *error)
{
	static const struct {
		const char *name;
		bool (*take)(struct past *past, const struct note *note);
	} kinds[] = {
		{"begun", take_begun},   {"skipped", take_skipped}, {"task", take_task},     {"tasks", take_range},
		{"placed", take_placed}, {"commit", take_commit},   {"moved", take_moved},   {"begin", take_begin},
		{"end", take_end},       {"journal", take_header},  {"sealed", take_sealed},
	};
	struct past *past = container_of(reader, struct past, reader);
	uint64_t count;
	size_t i;

	past->offset = offset;
	past->error = error;
	for (i = 0; i < countof(kinds); i++) {
		if (!note_is(note, kinds[i].name) || !kinds[i].take(past, note))
			continue;
		if (kinds[i].take == take_task || kinds[i].take == take_begun || kinds[i].take == take_range) {
			past->task_notes += note_number(note, "count", &count) ? count : 1;
			past->task_bytes += note_line(note).size + 1;
		}
		return 0;
	}
	if (error->text)
		return -1;
	return error_refuse(error, "--journal: %s: byte %" PRIu64 ": a note that makes no sense there", past->name,
			    offset);
}

int past_load(struct past *past, const struct scroll *scroll, struct error *error)
{
	*past = (struct past){
		.reader.note = past_note,
		.name = scroll->name,
		.roll.reread.scroll = scroll,
	};
	return scroll_read(scroll, &past->reader, error);
}

void past_attach(struct past *past, const struct scroll *scroll)
{
	past->roll.reread.scroll = scroll;
	past->name = scroll->name;
}

void past_release(struct past *past)
{
	roll_release(&past->roll);
	ordinals_release(&past->ordinals);
	free(past->sequence);
	free(past->header);
	free(past->output_name);
	free(past->end);
	seals_release(&past->seals);
	*past = (struct past){.output = PAST_STREAM};
}
