/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking the output of tasks, noting where it is, and putting it in its turn. */
#include "run/durable/stage.h"

#include "journal/durable/note.h"
#include "run/durable/ranges.h"

enum {
	/* Bytes that are copied at once. */
	STAGE_PIECE = 1 << 16,
};

/* Returns where the next byte of the output goes. */
static uint64_t output_end(const struct stage *stage)
{
	return stage->base + writer_end(stage->output);
}

/* Writes a piece of a task's output, or shows it. */
static void put_piece(struct stage *stage, uint64_t index, struct slice bytes)
{
	if (!stage->screen)
		writer_put(stage->output, bytes);
	else if (bytes.size)
		stage->screen->put(stage->screen, index, STREAM_OUTPUT, bytes);
}

/* True if a stream takes no more for now. */
static bool stream_is_full(const struct stage *stage)
{
	return stage->screen ? !stage->screen->has_room(stage->screen) : writer_is_full(stage->output);
}

/* Writes what stands before a task in the output. */
static void put_join(struct stage *stage, uint64_t index)
{
	struct bytes join = {.data = NULL};

	if (stage->format->join)
		stage->format->join(stage->state, &join);
	put_piece(stage, index, bytes_slice(&join));
	bytes_release(&join);
}

void stage_open(struct stage *stage)
{
	if (!stage->is_opened)
		stage->written = output_end(stage);
}

bool stage_has_more(const struct stage *stage)
{
	const struct turn *turn = turns_first(&stage->turns);

	return turn && (turn->phase == TURN_KEPT || turn->phase == TURN_RENUMBERED) && !stage->error.text &&
	       !stage->output->error;
}

void stage_begin(struct stage *stage, const struct result *result, bool is_void)
{
	stage->is_taking = true;
	stage->is_void = is_void;
	stage->is_direct = !is_void && stage->is_file && (!stage->is_ordered || result->index == stage->turns.first);
	if (stage->is_direct)
		put_join(stage, result->index);
	stage->is_range = result->further;
	stage->filling = result->index;
	stage->last = result->index + result->further;
	stage->begun = stage->is_direct ? output_end(stage) : kept_end(&stage->kept);
}

void stage_put(struct stage *stage, struct slice bytes)
{
	if (stage->is_void || stage->error.text)
		return;
	if (stage->is_range)
		ranges_measure(stage, bytes);
	if (stage->is_direct)
		writer_put(stage->output, bytes);
	else
		(void)!kept_put(&stage->kept, bytes, &stage->error);
}

/* Appends what identifies a task. */
static void note_identity(struct bytes *group, const struct turn *turn)
{
	char digits[KEY_TEXT_SIZE];

	if (!turn->key.low && !turn->key.high)
		return;
	key_print(turn->key, digits);
	note_put_text(group, "key", slice_of(digits));
	if (turn->ordinal)
		note_put_number(group, "nth", turn->ordinal);
}

void stage_note_begun(struct stage *stage, uint64_t index, const struct turn *turn)
{
	struct bytes *group = &stage->scroll->group;
	size_t begun = note_begin(group);

	note_put_number(group, "begun", index);
	note_identity(group, turn);
	note_end(group, begun);
}

/* Notes that tasks have not begun, although they might have. */
static void note_skipped(struct stage *stage, const struct result *result)
{
	uint64_t i;

	for (i = 0; i < result_count(result); i++) {
		struct bytes *group = &stage->scroll->group;
		size_t begun = note_begin(group);

		note_put_number(group, "skipped", result->index + i);
		note_end(group, begun);
	}
}

/* Notes a task that has ended, and where its output is. */
static void note_ended(struct stage *stage, const struct result *result, const struct turn *turn)
{
	struct bytes *group = &stage->scroll->group;
	size_t begun = note_begin(group);

	note_put_number(group, "task", result->index);
	note_identity(group, turn);
	note_put_text(group, "outcome", slice_of(outcome_name(result->outcome)));
	if (result->status >= 0)
		note_put_number(group, "status", (uint64_t)result->status);
	if (result->signal)
		note_put_number(group, "signal", (uint64_t)result->signal);
	if (result->number > 0)
		note_put_number(group, "number", (uint64_t)result->number);
	note_put_number(group, "size", turn->size);
	note_put_number(group, turn->phase == TURN_PLACED ? "out" : "kept", turn->place);
	note_end(group, begun);
}

/* Notes that the kept output of count tasks from this index on was copied to the output. */
static void note_placed(struct stage *stage, uint64_t index, uint64_t count, uint64_t out)
{
	struct bytes *group = &stage->scroll->group;
	size_t begun = note_begin(group);

	note_put_number(group, "placed", index);
	if (count > 1)
		note_put_number(group, "count", count);
	note_put_number(group, "size", stage->written - out);
	note_put_number(group, "out", out);
	note_end(group, begun);
}

/* Copies the kept output of count tasks from index on, which lies in one piece, to the run's output. */
static void place_turns(struct stage *stage, uint64_t index, uint64_t count, const struct turn *turn)
{
	char piece[STAGE_PIECE];
	uint64_t done = 0, out;

	/* Of one that was interrupted there is nothing. */
	if (turn->size)
		put_join(stage, index);
	out = output_end(stage);
	while (done < turn->size && !stage->error.text) {
		size_t size = turn->size - done < sizeof piece ? (size_t)(turn->size - done) : sizeof piece;
		struct slice bytes = {.data = piece, .size = size};

		if (kept_get(&stage->kept, turn->place + done, piece, size, &stage->error) < 0)
			return;
		if (!done && turn->phase == TURN_RENUMBERED && stage->format->renumber) {
			struct bytes start = {.data = NULL};
			size_t taken = stage->format->renumber(bytes, index, &start);

			put_piece(stage, index, bytes_slice(&start));
			bytes_release(&start);
			bytes.data += taken;
			bytes.size -= taken;
		}
		put_piece(stage, index, bytes);
		done += size;
	}
	if (stage->screen)
		stage->screen->ended(stage->screen, index);
	if (!stage->is_file)
		return;
	stage->written = output_end(stage);
	note_placed(stage, index, count, out);
}

void stage_pump(struct stage *stage)
{
	struct turn *turn;

	/* Not into the middle of a task. */
	if (stage->is_taking && stage->is_direct)
		return;
	while ((turn = turns_first(&stage->turns)) && !stage->error.text) {
		struct turn all = *turn;
		uint64_t count = 1;

		if (turn->phase == TURN_KEPT || turn->phase == TURN_RENUMBERED) {
			/* A file waits for the disk; a stream's reader is not waited for. */
			if (!stage->is_file && stream_is_full(stage))
				return;
			count = ranges_gather(stage, stage->turns.first, &all);
			place_turns(stage, stage->turns.first, count, &all);
		} else if (turn->phase != TURN_PLACED) {
			return;
		}
		turns_skip(&stage->turns, stage->turns.first + count);
	}
}

/* Has the kept output of count tasks copied in their turn, or at once where they have none. */
static void settle_turns(struct stage *stage, uint64_t index, uint64_t count)
{
	struct turn *turn = turns_at(&stage->turns, index);

	while (!stage->is_ordered && count && turn->phase != TURN_PLACED) {
		struct turn all = *turn;
		uint64_t placed = ranges_gather(stage, index, &all);

		place_turns(stage, index, placed, &all);
		/* What follows the range may have waited, too. */
		count -= placed < count ? placed : count;
		for (index += placed; placed; placed--)
			turn++->phase = TURN_PLACED;
	}
	stage_pump(stage);
}

void stage_count(struct stage *stage, const struct result *result)
{
	if (result->outcome == OUTCOME_OK)
		stage->done += result_count(result);
	else
		stage->failed += result_count(result);
}

/* Drops the output of a task, or several, that is void. */
static void drop_task(struct stage *stage, const struct result *result)
{
	if (!stage->is_direct)
		kept_drop(&stage->kept, stage->begun);
	if (result->outcome != OUTCOME_SKIPPED)
		stage->interrupted += result_count(result);
	else if (stage->notes_begun)
		note_skipped(stage, result);
}

void stage_end(struct stage *stage, const struct result *result)
{
	struct turn *turn = turns_at(&stage->turns, result->index);
	uint64_t end = stage->is_direct ? output_end(stage) : kept_end(&stage->kept);

	stage->is_taking = false;
	/* When the run's output has failed, its tasks' is not passed here any more. */
	if (stage->is_void || stage->error.text || stage->output->error || !turn) {
		drop_task(stage, result);
		return;
	}
	if (stage->is_direct)
		stage->written = end;
	stage_count(stage, result);
	if (stage->is_range) {
		ranges_end(stage, result);
	} else {
		turn->place = stage->begun;
		turn->size = end - stage->begun;
		turn->phase = stage->is_direct ? TURN_PLACED : TURN_KEPT;
		note_ended(stage, result, turn);
	}
	settle_turns(stage, result->index, result_count(result));
}

void stage_recall(struct stage *stage, const struct result *result, const struct turn *old, bool is_noted)
{
	struct turn *turn = turns_at(&stage->turns, result->index);

	/* One that is in its place has no turn. */
	if (!turn)
		return;
	*turn = *old;
	if (!is_noted)
		note_ended(stage, result, turn);
	if (stage->is_ordered || !stage->is_taking)
		settle_turns(stage, result->index, 1);
}

void stage_release(struct stage *stage)
{
	kept_close(&stage->kept);
	turns_release(&stage->turns);
	bytes_release(&stage->range.pieces);
	error_release(&stage->error);
}
