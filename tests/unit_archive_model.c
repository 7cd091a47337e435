/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal/archive: random operations, compared with a model that keeps everything. */
#include "unit.h"

#include "base/mem.h"
#include "journal/archive.h"

enum { RUNS = 4, TASKS = 700, OPERATIONS = 60000, LARGEST = 40000, TEXT_MAX = 300 };

struct model_task {
	/* The attempt; 0 if the task is unknown. */
	uint32_t attempt;
	bool ended;
	enum outcome outcome;
	/* The number that its words are made from. */
	uint64_t seed;
	/* The position of the tape when it ended. */
	uint64_t ended_at;
	/* The bytes that it wrote. */
	struct bytes text;
	/* The stream of each of them. */
	struct bytes streams;
};

struct model {
	struct archive archive;
	struct unit_random random;
	struct archive_run *runs[RUNS];
	struct model_task tasks[RUNS][TASKS];
	/* How many bytes of the tape must be kept. */
	uint64_t kept;
	/* The number of tasks that had been dropped before they were run again or forgotten. */
	uint64_t dropped;
};

/* Returns the words of a task, made from seed. memory holds them: 50 + TEXT_MAX bytes. */
static struct archive_words words_of(uint64_t seed, char *memory)
{
	size_t command = (size_t)(seed % 50), record = (size_t)(seed / 50 % TEXT_MAX);

	unit_fill(memory, command + record, seed);
	return (struct archive_words){
		.command = {.data = memory, .size = command},
		.record = {.data = memory + command, .size = record},
		.width = (uint32_t)(seed % 7),
	};
}

/* Forgets a task's output and result, for its next attempt. */
static void forget_output(struct model *model, int run, uint64_t index)
{
	struct model_task *task = &model->tasks[run][index];

	if (task->ended)
		model->dropped += archive_presence(model->runs[run], index) == ARCHIVE_DROPPED;
	bytes_release(&task->text);
	bytes_release(&task->streams);
	*task = (struct model_task){.attempt = task->attempt};
}

/* Chooses the attempt of the next operation. True if the archive is to take it: it is the current one or a later. */
static bool choose_attempt(struct model *model, int run, uint64_t index, uint32_t *attempt)
{
	struct model_task *task = &model->tasks[run][index];
	uint64_t choice = unit_below(&model->random, 100);

	*attempt = task->attempt;
	if (!task->attempt || choice < (task->ended ? 20 : 3)) {
		*attempt += 1 + (uint32_t)unit_below(&model->random, 2);
		return true;
	}
	if (choice < 25 && *attempt > 1) {
		--*attempt;
		return false;
	}
	return !task->ended;
}

static void put(struct model *model, int run, uint64_t index)
{
	static char data[LARGEST];
	struct model_task *task = &model->tasks[run][index];
	enum stream stream = unit_below(&model->random, 3) ? STREAM_OUTPUT : STREAM_ERRORS;
	size_t size = unit_below(&model->random, unit_below(&model->random, 30) ? TEXT_MAX : LARGEST);
	uint32_t attempt;

	unit_fill(data, size, unit_below(&model->random, UINT32_MAX));
	if (choose_attempt(model, run, index, &attempt)) {
		if (attempt != task->attempt)
			forget_output(model, run, index);
		task->attempt = attempt;
		bytes_append(&task->text, data, size);
		memset(bytes_reserve(&task->streams, size + 1), stream, size);
		task->streams.size += size;
	}
	archive_put(model->runs[run], index, attempt, stream, (struct slice){.data = data, .size = size});
}

static void finish(struct model *model, int run, uint64_t index)
{
	struct model_task *task = &model->tasks[run][index];
	struct result result = {.index = index, .outcome = (enum outcome)unit_below(&model->random, OUTCOMES)};
	uint64_t seed = unit_below(&model->random, UINT32_MAX);
	char text[50 + TEXT_MAX];
	struct archive_words words = words_of(seed, text);
	bool counts = choose_attempt(model, run, index, &result.attempt);

	result.ran = seed % 2;
	result.pid = (pid_t)(seed % 1000);
	result.reason = seed % 2 ? "reason" : NULL;
	if (counts && result.attempt != task->attempt)
		forget_output(model, run, index);
	archive_finish(model->runs[run], &result, &words);
	if (!counts)
		return;
	task->attempt = result.attempt;
	task->ended = true;
	task->outcome = result.outcome;
	task->seed = seed;
	task->ended_at = model->archive.tape.head;
}

static void forget_run(struct model *model, int run)
{
	uint64_t index;

	for (index = 0; index < TASKS; index++) {
		forget_output(model, run, index);
		model->tasks[run][index].attempt = 0;
	}
	archive_forget(model->runs[run]);
	model->runs[run] = archive_begin(&model->archive);
}

/* The state of a comparison of what is read with the model. */
struct expected {
	const struct model_task *task;
	/* A bit (1 << stream) for each stream that is read. */
	unsigned streams;
	/* The reading; its missing bytes are skipped at the beginning. */
	const struct chain_reading *reading;
	/* They have been skipped. */
	bool begun;
	/* The index of the next byte of the task. */
	size_t at;
};

/* Skips the bytes of other streams. */
static void find_byte(struct expected *expected)
{
	while (expected->at < expected->task->text.size &&
	       !(expected->streams >> expected->task->streams.data[expected->at] & 1))
		expected->at++;
}

static void take(void *context, enum stream stream, struct slice bytes)
{
	struct expected *expected = context;
	size_t i;
	uint64_t missing;

	for (missing = expected->begun ? 0 : expected->reading->missing; missing; missing--) {
		find_byte(expected);
		expected->at++;
	}
	expected->begun = true;
	for (i = 0; i < bytes.size; i++, expected->at++) {
		find_byte(expected);
		if (!check(expected->at < expected->task->text.size) ||
		    !check(expected->task->streams.data[expected->at] == (char)stream) ||
		    !check(expected->task->text.data[expected->at] == bytes.data[i]))
			return;
	}
}

static void check_output(struct model *model, int run, uint64_t index, bool whole)
{
	struct expected expected = {.task = &model->tasks[run][index],
				    .streams = (unsigned)unit_below(&model->random, 4) << 1};
	struct chain_reading reading = {.streams = expected.streams, .take = take, .context = &expected};
	struct error error = {.number = 0};

	expected.reading = &reading;
	check_int(archive_read(model->runs[run], index, &reading, &error), 0);
	if (!expected.begun)
		take(&expected, STREAM_OUTPUT, (struct slice){.data = NULL});
	find_byte(&expected);
	check_int(expected.at, expected.task->text.size);
	check(!whole || !reading.missing);
	error_release(&error);
}

static void check_words(struct model *model, int run, uint64_t index)
{
	const struct model_task *expected = &model->tasks[run][index];
	struct archive_task task;
	char text[50 + TEXT_MAX];
	struct archive_words words = words_of(expected->seed, text);

	if (!check_int(archive_look(model->runs[run], index, &task), 0))
		return;
	check_int(task.result.index, index);
	check_int(task.result.attempt, expected->attempt);
	check_int(task.result.outcome, expected->outcome);
	check_int(task.result.ran, expected->seed % 2);
	check_int(task.result.pid, expected->seed % 1000);
	check_str(task.result.reason ? task.result.reason : "", expected->seed % 2 ? "reason" : "");
	check_slice(task.words.command, words.command);
	check_slice(task.words.record, words.record);
	check_int(task.words.width, words.width);
	check_int(task.written[0] + task.written[1], expected->text.size);
	archive_task_release(&task);
}

static void check_task(struct model *model, int run, uint64_t index)
{
	const struct model_task *task = &model->tasks[run][index];
	enum archive_presence presence = archive_presence(model->runs[run], index);
	bool recent = model->archive.tape.head - task->ended_at < model->kept;

	if (!task->attempt)
		check_int(presence, ARCHIVE_UNKNOWN);
	else if (!task->ended)
		check_int(presence, ARCHIVE_OPEN);
	else if (presence != ARCHIVE_DROPPED || recent)
		check_int(presence, ARCHIVE_KEPT);
	if (presence == ARCHIVE_KEPT)
		check_words(model, run, index);
	if (presence == ARCHIVE_OPEN || presence == ARCHIVE_KEPT)
		check_output(model, run, index, model->archive.tape.first == 0);
	check(archive_next(model->runs[run], index, UINT32_MAX) >= index);
	check_int(archive_next(model->runs[run], index, 1u << task->outcome) == index, task->ended);
}

static void check_all(struct model *model)
{
	uint64_t dropped = model->dropped, index;
	int run;

	for (run = 0; run < RUNS; run++) {
		for (index = 0; index < TASKS; index++)
			dropped += archive_presence(model->runs[run], index) == ARCHIVE_DROPPED;
	}
	check_int(archive_dropped(&model->archive), dropped);
	/* Reading an open task can drop others. */
	for (run = 0; run < RUNS; run++) {
		for (index = 0; index < TASKS; index++)
			check_task(model, run, index);
	}
	check(!model->archive.error.text);
}

static void run_model(uint64_t memory, uint64_t disk)
{
	struct model *model = mem_new(1, sizeof *model);
	int run, round;

	model->random = unit_random();
	model->kept = disk + 4 * TAPE_BLOCK;
	archive_init(&model->archive,
		     &(struct archive_options){.memory = memory, .disk = disk, .directory = unit_directory()});
	for (run = 0; run < RUNS; run++)
		model->runs[run] = archive_begin(&model->archive);
	for (round = 0; round < OPERATIONS && !unit_failures; round++) {
		/* Every other 3000 rounds use few tasks. */
		uint64_t index = unit_below(&model->random, round / 3000 % 2 ? 10 : TASKS);
		uint64_t choice = unit_below(&model->random, 100);

		run = (int)unit_below(&model->random, RUNS);
		if (choice < 70)
			put(model, run, index);
		else if (choice < 90)
			finish(model, run, index);
		else
			check_task(model, run, index);
		if (round % 5000 == 4000)
			forget_run(model, run);
		if (round % 10000 == 1000)
			check_all(model);
		check(archive_memory(&model->archive) <= model->archive.memory);
	}
	check_all(model);
	printf("# %llu bytes on the tape, %llu tasks dropped\n", (unsigned long long)model->archive.tape.head,
	       (unsigned long long)archive_dropped(&model->archive));
	check(archive_dropped(&model->archive) > 100 || disk > 1 << 28);
	for (run = 0; run < RUNS; run++)
		forget_run(model, run);
	archive_release(&model->archive);
	free(model);
}

static void test_memory(void)
{
	run_model(0, 0);
}

static void test_disk(void)
{
	run_model(0, 3 << 20);
}

static void test_large_disk(void)
{
	run_model(0, 1 << 30);
}

const struct unit_test unit_archive_model[] = {
	{"an archive in memory is as the model", .run = test_memory},
	{"an archive on disk that is overwritten is as the model", .run = test_disk},
	{"an archive on a disk that holds everything is as the model", .run = test_large_disk},
	{.name = NULL},
};
