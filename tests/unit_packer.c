/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed/packer against a model: a list of the tasks, in order. Chunks are read late and in any order, as workers do:
 * whatever the sizes of records, groups and blocks, each has its tasks' bytes, indexes and width.
 */
#include "unit.h"

#include "base/mem.h"
#include "feed/packer.h"

enum { ROUNDS = 60, STEPS = 400, TASKS_MAX = 4 * STEPS, PENDING_MAX = 7, RECORD_SIZE_MAX = 9000 };

/* A task that the model expects. Its bytes are those of the model's text. */
struct expected {
	uint64_t index;
	uint32_t width;
	size_t begin;
	size_t size;
};

struct model {
	struct packer_sink sink;
	struct arena arena;
	struct packer packer;
	struct unit_random random;
	/* Every byte that was written, those of gaps too. */
	struct bytes text;
	struct expected tasks[TASKS_MAX];
	size_t count;
	/* Tasks submitted, and the sink's next index. */
	size_t submitted;
	uint64_t index;
	uint32_t chunk_size;
	uint64_t remaining;
	/* The most blocks that a task was said to take, and how many times a block was begun. */
	size_t blocks_max;
	size_t begun;
	/* Chunks that have not been read yet, and the first task of each in tasks. */
	struct chunk pending[PENDING_MAX];
	size_t first[PENDING_MAX];
	size_t pending_count;
};

/* Reads a pending chunk, as a worker does, and drops its use of the block. */
static void read_chunk(struct model *model, size_t which)
{
	struct chunk chunk = model->pending[which];
	const char *at = arena_block(&model->arena, chunk.block) + chunk.offset;
	size_t size = 0, i;

	for (i = 0; i < chunk.count; i++) {
		const struct expected *task = &model->tasks[model->first[which] + i];
		struct slice actual = {.data = at + size, .size = task->size};

		check_int(task->index, chunk.first + i);
		check_int(task->width, chunk.width);
		check_slice(actual, ((struct slice){.data = model->text.data + task->begin, .size = task->size}));
		size += task->size;
	}
	check_int(size, chunk.size);
	arena_drop(&model->arena, chunk.block);
	model->pending_count--;
	model->pending[which] = model->pending[model->pending_count];
	model->first[which] = model->first[model->pending_count];
}

static uint64_t model_index(struct packer_sink *sink)
{
	return container_of(sink, struct model, sink)->index;
}

static uint32_t model_chunk_size(struct packer_sink *sink, uint64_t remaining)
{
	struct model *model = container_of(sink, struct model, sink);

	check_int(remaining, model->remaining);
	return model->chunk_size;
}

static void model_expect_size(struct packer_sink *sink, size_t blocks)
{
	struct model *model = container_of(sink, struct model, sink);

	model->begun++;
	model->blocks_max = blocks > model->blocks_max ? blocks : model->blocks_max;
}

static void model_submit(struct packer_sink *sink, const struct chunk *chunk)
{
	struct model *model = container_of(sink, struct model, sink);

	check(chunk->count >= 1 && chunk->count <= model->chunk_size);
	check(chunk->width != CHUNK_RAW || chunk->count == 1);
	check_int(chunk->attempt, 1);
	check_int(chunk->first, model->index);
	if (!check(model->submitted + chunk->count <= model->count))
		return;
	if (model->pending_count == PENDING_MAX)
		read_chunk(model, unit_below(&model->random, PENDING_MAX));
	model->pending[model->pending_count] = *chunk;
	model->first[model->pending_count++] = model->submitted;
	model->submitted += chunk->count;
	model->index += chunk->count;
}

static struct model *model_new(struct unit_random random)
{
	struct model *model = mem_new(1, sizeof *model);

	model->sink = (struct packer_sink){
		.index = model_index,
		.chunk_size = model_chunk_size,
		.expect_size = model_expect_size,
		.submit = model_submit,
	};
	model->random = random;
	model->index = unit_below(&model->random, 1000);
	model->chunk_size = 1 + (uint32_t)unit_below(&model->random, 20);
	check_int(arena_init(&model->arena), 0);
	packer_init(&model->packer, &model->arena, &model->sink);
	check(packer_is_empty(&model->packer));
	return model;
}

/* Everything is submitted and read; no block is in use but the packer's. Returns the random numbers' state. */
static struct unit_random model_end(struct model *model)
{
	struct unit_random random = model->random;

	packer_submit(&model->packer);
	check(packer_is_empty(&model->packer) && !packer_has_tasks(&model->packer));
	check_int(model->submitted, model->count);
	while (model->pending_count)
		read_chunk(model, unit_below(&model->random, model->pending_count));
	if (model->packer.block != ARENA_NONE)
		arena_drop(&model->arena, model->packer.block);
	check_int(arena_used(&model->arena), 0);
	arena_release(&model->arena);
	bytes_release(&model->text);
	free(model);
	return random;
}

/* Expects that the next task has these bytes of the text. */
static void model_expect(struct model *model, size_t begin, size_t size, uint32_t width)
{
	check_int(packer_index(&model->packer), model->index + (model->count - model->submitted));
	model->tasks[model->count++] = (struct expected){
		.index = packer_index(&model->packer),
		.width = width,
		.begin = begin,
		.size = size,
	};
	model->remaining = model->count % 3 ? UINT64_MAX : model->count;
}

/* Appends random bytes to the text. Returns where they begin. */
static size_t write_text(struct model *model, size_t size)
{
	size_t begin = model->text.size;

	unit_fill(bytes_reserve(&model->text, size), size, begin);
	model->text.size += size;
	return begin;
}

/* Returns a size: mostly small, sometimes larger than a block. */
static size_t random_size(struct model *model)
{
	if (unit_below(&model->random, 100) == 0)
		return 1 + unit_below(&model->random, 3 * ARENA_BLOCK_SIZE);
	return 1 + unit_below(&model->random, unit_below(&model->random, 4) ? 40 : RECORD_SIZE_MAX);
}

/* Gives the next index to a refused record. */
static void refuse(struct model *model, size_t dropped)
{
	packer_gap(&model->packer, dropped);
	check_int(model->submitted, model->count);
	model->index++;
}

static void copy_tasks(struct model *model)
{
	static const uint32_t widths[] = {CHUNK_RAW, 1, 1, 1, 3, CHUNK_FRAMES};
	uint32_t width = 1;
	int step;

	for (step = 0; step < STEPS; step++) {
		size_t size = random_size(model), room = 0, begin;
		char *to = packer_room(&model->packer, size, &room);

		if (!check(to && room >= size))
			return;
		if (unit_below(&model->random, 20) == 0) {
			refuse(model, 0);
			continue;
		}
		if (unit_below(&model->random, 8) == 0)
			width = widths[unit_below(&model->random, countof(widths))];
		begin = write_text(model, size);
		memcpy(to, model->text.data + begin, size);
		model_expect(model, begin, size, width);
		packer_add(&model->packer, size, width, model->remaining);
	}
}

static void test_copied(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < ROUNDS && !unit_failures; round++) {
		struct model *model = model_new(random);

		copy_tasks(model);
		random = model_end(model);
	}
}

/* A model of a reader that reads in place. */
struct reading {
	struct model *model;
	/* Where the unread bytes and the group begin in the text, and how large the first unread record is. */
	size_t unread;
	size_t group;
	size_t record;
	uint32_t width;
	/* True if records are taken without some of their bytes. */
	bool drops;
};

/* Reads bytes as they come until the next record is whole. */
static void read_more(struct reading *reading)
{
	struct model *model = reading->model;
	size_t size, room = 0, begin;

	while (packer_unread_size(&model->packer) < reading->record) {
		char *to = packer_room(&model->packer, 1 + unit_below(&model->random, 5000), &room);

		if (!check(to && room))
			exit(1);
		size = 1 + unit_below(&model->random, room < 100000 ? room : 100000);
		begin = write_text(model, size);
		memcpy(to, model->text.data + begin, size);
		packer_fill(&model->packer, size);
	}
	check_slice(((struct slice){.data = packer_unread(&model->packer, &size), .size = reading->record}),
		    ((struct slice){.data = model->text.data + reading->unread, .size = reading->record}));
	check_int(size, model->text.size - reading->unread);
}

static void close_task(struct reading *reading)
{
	struct model *model = reading->model;

	if (reading->group == reading->unread)
		return;
	model_expect(model, reading->group, reading->unread - reading->group, reading->width);
	packer_close(&model->packer, reading->width, model->remaining);
	reading->group = reading->unread;
}

/* Takes the record, mostly without some of its last bytes, which vanish from the text, too. */
static void take_part(struct reading *reading)
{
	struct model *model = reading->model;
	size_t dropped = unit_below(&model->random, 3) ? unit_below(&model->random, reading->record) : 0;
	char *end;

	dropped = dropped < 300 ? dropped : 2;
	packer_take_part(&model->packer, reading->record - dropped, reading->record);
	reading->unread += reading->record - dropped;
	end = model->text.data + reading->unread;
	memmove(end, end + dropped, model->text.size - reading->unread - dropped);
	model->text.size -= dropped;
}

static void take_record(struct reading *reading)
{
	struct model *model = reading->model;

	if (unit_below(&model->random, 20) == 0) {
		close_task(reading);
		reading->unread += reading->record;
		reading->group = reading->unread;
		refuse(model, reading->record);
		return;
	}
	if (reading->drops) {
		take_part(reading);
	} else {
		packer_take(&model->packer, reading->record);
		reading->unread += reading->record;
	}
	if (unit_below(&model->random, reading->width ? reading->width : 1) == 0)
		close_task(reading);
}

static void test_in_place(void)
{
	static const uint32_t widths[] = {1, 1, 3, 50, CHUNK_RAW};
	struct unit_random random = unit_random();
	int round, step;

	for (round = 0; round < ROUNDS && !unit_failures; round++) {
		struct reading reading = {.model = model_new(random)};

		reading.width = widths[round % (int)countof(widths)];
		reading.drops = unit_below(&reading.model->random, 2);
		for (step = 0; step < STEPS && !unit_failures; step++) {
			reading.record = random_size(reading.model);
			read_more(&reading);
			take_record(&reading);
		}
		close_task(&reading);
		/* The rest is a record without an end. */
		packer_cut(&reading.model->packer, 0);
		check_int(packer_unread_size(&reading.model->packer), 0);
		random = model_end(reading.model);
	}
}

/* Submits a chunk of whole records once they have been read, or drops them. */
static void take_lines(struct reading *reading)
{
	struct model *model = reading->model;
	uint32_t count = 1 + (uint32_t)unit_below(&model->random, model->chunk_size), i;

	for (reading->record = i = 0; i < count; i++) {
		struct expected *task = &model->tasks[model->count + i];

		*task = (struct expected){.index = model->index + i, .width = CHUNK_LINES};
		task->begin = reading->unread + reading->record;
		task->size = random_size(model);
		reading->record += task->size;
	}
	read_more(reading);
	check_int(packer_index(&model->packer), model->index);
	if (unit_below(&model->random, 20)) {
		model->count += count;
		packer_close_lines(&model->packer, reading->record, count);
		check(!packer_has_tasks(&model->packer));
	} else {
		refuse(model, reading->record);
	}
	reading->unread += reading->record;
}

static void test_whole_chunks(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < ROUNDS && !unit_failures; round++) {
		struct reading reading = {.model = model_new(random)};
		size_t space = packer_space(&reading.model->packer);

		check_int(space, 0);
		while (reading.model->count + reading.model->chunk_size < STEPS && !unit_failures)
			take_lines(&reading);
		packer_cut(&reading.model->packer, 0);
		random = model_end(reading.model);
	}
}

/* A group that spans blocks moves whole, the tasks before it do not move, and the room doubles. */
static void test_growth(void)
{
	struct model *model = model_new(unit_random());
	struct reading reading = {.model = model, .width = CHUNK_WIDEST, .record = 1000};
	size_t taken;

	for (taken = 0; taken < 4 * ARENA_BLOCK_SIZE; taken += reading.record) {
		read_more(&reading);
		packer_take(&model->packer, reading.record);
		reading.unread += reading.record;
	}
	check(model->blocks_max >= 4 && model->blocks_max <= 12);
	check(model->begun <= 6);
	close_task(&reading);
	packer_cut(&model->packer, 0);
	model_end(model);
}

const struct unit_test unit_packer[] = {
	{"chunks of tasks that are copied", .run = test_copied},
	{"chunks of tasks that are read in place", .run = test_in_place},
	{"chunks of whole records", .run = test_whole_chunks},
	{"a task larger than several blocks", .run = test_growth},
	{.name = NULL},
};
