/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The executor of adapters, which call a function for each record: the block protocol of mpmap-coproc(7).
 *
 * An adapter gets its first records once it has said hello. It has two blocks at most, so that it need not wait for the
 * second; one if its records take long, since another worker could have the second.
 */
#include "codec/block.h"

#include "base/count.h"
#include "ipc/fd.h"
#include "worker/executor.h"
#include "worker/persistent/service.h"
#include "worker/protocol/block_messages.h"
#include "worker/protocol/prints.h"

#include <errno.h>

enum {
	/* Reads in a row, so that other descriptors get their turn. */
	ROUNDS_MAX = 16,
	/* Bytes that are read at a time. */
	PIECE_SIZE = 65536,
	/* Bytes of records in a block, unless one record is larger. */
	BLOCK_SIZE = 65536,
};

/* Returns what an adapter is given of the run. */
static struct block_settings settings_of(const struct serving *serving)
{
	const struct briefing *briefing = &serving->place->briefing;
	bool is_lines = serving->hand.count && serving->hand.rows[0].width == CHUNK_LINES;

	return (struct block_settings){
		.delimiter = is_lines ? hand_delimiter(&serving->hand) : '\n',
		.singles = briefing->flags & BRIEFING_SINGLES,
		.values = briefing->flags & BRIEFING_VALUES,
		.json = briefing->flags & BRIEFING_JSON,
		.names = briefing->names,
		.name_count = briefing->flags & BRIEFING_NAMED ? briefing->name_count : 0,
	};
}

static void begin_block(struct serving *serving)
{
	struct block *block = block_of(serving);
	struct block_settings settings = settings_of(serving);

	bytes_clear(&block->requests);
	bytes_clear(&block->answers);
	block->written = block->taken = 0;
	block->wanted = 1;
	block->blocks = 0;
	block->is_slow = true;
	/* One that was kept has said hello before. */
	serving->halving.has_answered |= block_is_ready(serving);
	block_put_begin(&block->requests, &settings);
}

static bool has_messages(const struct block *block)
{
	return block->written < block->requests.size;
}

static bool block_has_unfed(const struct serving *serving)
{
	if (serving->command.input < 0 || serving->flaw)
		return false;
	/* A worker that leaves begins no more records. */
	return has_messages(block_of(serving)) || (!serving->is_leaving && hand_unfed(&serving->hand).size);
}

/* True if the adapter is to have one record at a time. */
static bool takes_one_record(const struct serving *serving)
{
	return serving->command.offers & STANDING_TAKES_ONE || serving->place->briefing.flags & BRIEFING_ALONE;
}

/* Returns how many blocks the adapter is to have in work. */
static size_t blocks_at_once(const struct serving *serving)
{
	return block_of(serving)->is_slow || takes_one_record(serving) ? 1 : BLOCKS_MAX;
}

static bool block_is_full(const struct serving *serving)
{
	const struct block *block = block_of(serving);

	return !has_messages(block) && (!block_is_ready(serving) || block->blocks >= blocks_at_once(serving));
}

/* Makes a block of lines. Returns how many records it has. */
static uint64_t put_lines(struct serving *serving, uint64_t most)
{
	struct hand_stretch stretch;
	struct block_range range;
	uint32_t attempt = serving->hand.rows[serving->hand.fed.row].claim.attempt;

	if (!hand_take_lines(&serving->hand, BLOCK_SIZE, most, &stretch))
		return 0;
	range = (struct block_range){.first = stretch.first, .count = stretch.count, .attempt = attempt};
	block_put_lines(&block_of(serving)->requests, &range, stretch.bytes);
	return range.count;
}

/* Makes a block of records with their values, all of one row. Returns how many it has. */
static uint64_t put_values(struct serving *serving, uint64_t most)
{
	struct block *block = block_of(serving);
	const struct template *template = &serving->place->template;
	size_t row = serving->hand.fed.row;
	struct block_range range = {.count = 0};
	struct task task;

	bytes_clear(&block->records);
	while (range.count < most && block->records.size < BLOCK_SIZE && serving->hand.fed.row == row &&
	       hand_take(&serving->hand, &task)) {
		bool is_divided = task.value_count > 1 || columns_divide(&template->columns);

		values_gather(&block->values, &task, &template->columns, template->options.widths,
			      template->options.width_count);
		if (!range.count++)
			range.first = task.index;
		range.attempt = task.attempt;
		block_add_record(&block->records, &task, &block->values, is_divided);
	}
	if (!range.count)
		return 0;
	block_put_header(&block->requests, &range, block->records.size);
	bytes_append(&block->requests, block->records.data, block->records.size);
	return range.count;
}

/* Makes the next block. False if there are no records for it. */
static bool put_block(struct serving *serving)
{
	struct block *block = block_of(serving);
	const struct hand *hand = &serving->hand;
	uint64_t most = takes_one_record(serving) ? 1 : UINT64_MAX, count = 0;
	bool was_begun = hand->is_begun;

	if (serving->is_leaving || !hand_unfed(hand).size)
		return false;
	if (!has_messages(block)) {
		bytes_clear(&block->requests);
		block->written = 0;
	}
	if (hand->rows[hand->fed.row].width == CHUNK_LINES)
		count = put_lines(serving, most);
	else
		count = put_values(serving, most);
	if (!block->blocks)
		block->since = clock_now();
	block->in_work[block->blocks++] = count;
	if (!was_begun) {
		serving_note_oldest(serving);
		serving_show(serving);
	}
	return true;
}

/* Makes as many blocks as the adapter takes. True if there is anything to be written. */
static bool put_blocks(struct serving *serving)
{
	struct block *block = block_of(serving);

	while (block_is_ready(serving) && !serving->flaw && block->blocks < blocks_at_once(serving) &&
	       put_block(serving))
		;
	return has_messages(block);
}

static void feed_block(struct serving *serving)
{
	struct block *block = block_of(serving);

	while (serving->command.input >= 0 && put_blocks(serving)) {
		ssize_t written = fd_write(serving->command.input, block->requests.data + block->written,
					   block->requests.size - block->written);

		if (written < 0 && errno == EAGAIN)
			return;
		if (written < 0) {
			/* It reads no more: what it answers to what it has got remains to be seen. */
			standing_close_input(&serving->command);
			return;
		}
		block->written += (size_t)written;
	}
}

static void collect_block(struct serving *serving)
{
	struct block *block = block_of(serving);
	ssize_t got = PIECE_SIZE;
	int rounds;

	for (rounds = 0; got == PIECE_SIZE && rounds < ROUNDS_MAX && !serving->flaw && !serving->parent_gone;
	     rounds++) {
		got = fd_read(serving->command.output, bytes_reserve(&block->answers, PIECE_SIZE), PIECE_SIZE);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			fd_close(&serving->command.output);
		if (got <= 0)
			break;
		block->answers.size += (size_t)got;
		prints_hold(serving);
		block_take_messages(serving);
	}
	/* The next records need not wait until the descriptor is found to be writable. */
	if (!serving->flaw && !serving->parent_gone)
		feed_block(serving);
}

static void finish_adapter(struct serving *serving)
{
	prints_hold(serving);
}

static void release_block(struct serving *serving)
{
	struct block *block = block_of(serving);

	bytes_release(&block->requests);
	bytes_release(&block->answers);
	bytes_release(&block->records);
	values_release(&block->values);
	free(block);
}

static const struct protocol block_protocol = {
	.answers_each = true,
	.marks = true,
	.is_ready = block_is_ready,
	.begin = begin_block,
	.has_unfed = block_has_unfed,
	.is_full = block_is_full,
	.feed = feed_block,
	.collect = collect_block,
	.take_prints = prints_hold,
	.finish = finish_adapter,
	.release = release_block,
};

static int open_block(struct workplace *place, void **state)
{
	struct serving *serving = serving_open(place, &block_protocol, sizeof(struct block));

	*state = serving;
	if (!serving)
		return -1;
	serving->wiring = STANDING_BLOCKS;
	return 0;
}

const struct executor executor_block = {
	.name = "block",
	.option = "coproc",
	.runs_tasks = true,
	.persists = true,
	.answers_each = true,
	.takes_json = true,
	.returns_values = true,
	.open = open_block,
	.serve = service_serve,
	.close = serving_close,
};
