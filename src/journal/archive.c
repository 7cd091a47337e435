/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The archive: chains and endings of many tasks on one tape, and a census that locates each task's ending. The ending
 * follows the pieces of its task and holds their chain.
 */
#include "journal/archive.h"

#include "base/mem.h"

#include <inttypes.h>

/* The largest piece, in bytes. */
enum { PIECE_MAX = 1 << 30 };

struct archive_run {
	struct list link;
	struct archive *archive;
	struct census_run tasks;
};

enum text { REASON, LINE, COMMAND, RECORD, TEXTS };

/* The end of a task on the tape; the texts follow, each with its NUL. */
struct ending {
	/* The output of the task. */
	struct chain chain;
	/* Without its texts. */
	struct result result;
	/* Bytes of the texts with their NULs; 0 if absent. */
	uint64_t sizes[TEXTS];
	/* As in struct archive_words. */
	uint32_t width;
	/* Padding, written as 0. */
	uint32_t unused;
};

void archive_init(struct archive *archive, const struct archive_options *options)
{
	uint64_t memory = options->memory > ARCHIVE_MEMORY_MIN ? options->memory : ARCHIVE_MEMORY_MIN;

	*archive = (struct archive){.memory = memory};
	tape_init(&archive->tape, options->directory, options->disk);
	census_init(&archive->census);
	list_init(&archive->runs);
}

uint64_t archive_memory(const struct archive *archive)
{
	return tape_memory(&archive->tape) + archive->census.size;
}

/* Keeps the error if it is the file's first; else releases it. */
static void note_error(struct archive *archive, struct error *error)
{
	if (archive->error.text)
		error_release(error);
	else
		archive->error = *error;
	*error = (struct error){.number = 0};
}

/* Drops the oldest blocks until memory is within its limit, as far as possible. */
static void archive_make_room(struct archive *archive)
{
	struct error error = {.number = 0};

	for (;;) {
		census_strip(&archive->census, tape_tail(&archive->tape), archive->memory / 4);
		if (archive_memory(archive) <= archive->memory)
			return;
		if (!tape_give_way(&archive->tape, &error))
			break;
		if (error.text)
			note_error(archive, &error);
	}
	census_strip(&archive->census, tape_tail(&archive->tape), 0);
}

static void append(struct archive *archive, const void *data, size_t size)
{
	struct slice rest = {.data = data, .size = size};

	while (rest.size) {
		size_t now = tape_append(&archive->tape, rest);

		rest.data += now;
		rest.size -= now;
		archive_make_room(archive);
	}
}

/* Completes the piece at the end of the tape with its trailer. */
static void seal(struct archive *archive)
{
	if (!archive->writer)
		return;
	chain_add(archive->writer, &archive->tape, archive->stream, archive->size);
	archive->writer = NULL;
	archive_make_room(archive);
}

struct archive_run *archive_begin(struct archive *archive)
{
	struct archive_run *run = mem_new(1, sizeof *run);

	run->archive = archive;
	list_init(&run->link);
	list_append(&archive->runs, &run->link);
	census_begin(&archive->census, &run->tasks);
	archive->census.size += sizeof *run;
	return run;
}

static void drop_mark(void *owner, uint64_t position)
{
	tape_unmark(owner, position);
}

void archive_forget(struct archive_run *run)
{
	struct archive *archive = run->archive;

	/* Not sealed: the trailer takes room, for which tasks of this run might be counted as dropped. */
	if (archive->writer_run == run)
		archive->writer = NULL;
	census_forget(&run->tasks, drop_mark, &archive->tape);
	archive->census.size -= sizeof *run;
	list_remove(&run->link);
	free(run);
	if (list_is_empty(&archive->runs))
		tape_clear(&archive->tape);
}

void archive_release(struct archive *archive)
{
	while (!list_is_empty(&archive->runs))
		archive_forget(container_of(archive->runs.next, struct archive_run, link));
	tape_release(&archive->tape);
	error_release(&archive->error);
}

/* Discards the attempt before, since a later one begins. */
static void supersede(struct archive *archive, const struct census_task *task)
{
	if (task->state == CENSUS_OPEN && archive->writer == task->writer)
		archive->writer = NULL;
	if (task->state == CENSUS_ENDED)
		tape_unmark(&archive->tape, task->position);
}

/* Returns the chain of an attempt; NULL if it does not count. */
static struct chain *writer_of(struct archive_run *run, uint64_t index, uint32_t attempt)
{
	struct census_task task = census_look(&run->tasks, index);

	if (task.state == CENSUS_OPEN && task.attempt == attempt)
		return task.writer;
	if (attempt <= task.attempt)
		return NULL;
	supersede(run->archive, &task);
	task.writer = census_open(&run->tasks, index, attempt);
	archive_make_room(run->archive);
	return task.writer;
}

void archive_put(struct archive_run *run, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes)
{
	struct archive *archive = run->archive;
	struct chain *writer = writer_of(run, index, attempt);

	while (writer && bytes.size) {
		size_t now = bytes.size;

		if (archive->writer != writer || archive->stream != stream || archive->size == PIECE_MAX) {
			seal(archive);
			archive->writer = writer;
			archive->writer_run = run;
			archive->stream = stream;
			archive->size = 0;
		}
		now = now < PIECE_MAX - archive->size ? now : PIECE_MAX - archive->size;
		now = tape_append(&archive->tape, (struct slice){.data = bytes.data, .size = now});
		bytes.data += now;
		bytes.size -= now;
		archive->size += (uint32_t)now;
		archive_make_room(archive);
	}
}

void archive_restart(struct archive_run *run, uint64_t index)
{
	struct census_task task = census_look(&run->tasks, index);

	if (task.state != CENSUS_OPEN)
		return;
	supersede(run->archive, &task);
	*task.writer = (struct chain){.last = 0};
}

/* Sets the texts of a result and its words, and their sizes with NULs. */
static void gather(const struct result *result, const struct archive_words *words, struct slice *texts, uint64_t *sizes)
{
	size_t i;

	texts[REASON] = slice_of(result->reason ? result->reason : "");
	texts[LINE] = slice_of(result->line ? result->line : "");
	texts[COMMAND] = words->command;
	texts[RECORD] = words->record;
	for (i = 0; i < TEXTS; i++)
		sizes[i] = texts[i].size + 1;
	if (!result->reason)
		sizes[REASON] = 0;
	if (!result->line)
		sizes[LINE] = 0;
}

/* Appends the ending of a task to the tape. Returns its position. */
static uint64_t put_ending(struct archive *archive, const struct chain *chain, const struct result *result,
			   const struct archive_words *words)
{
	uint64_t disk = archive->tape.disk * TAPE_BLOCK, limit = (disk > archive->memory ? disk : archive->memory) / 2;
	struct ending ending;
	struct slice texts[TEXTS];
	uint64_t position, sum = 0;
	size_t i;

	memset(&ending, 0, sizeof ending);
	ending.chain = *chain;
	ending.result = *result;
	ending.result.reason = NULL;
	ending.result.line = NULL;
	ending.width = words->width;
	gather(result, words, texts, ending.sizes);
	for (i = 0; i < TEXTS; i++)
		sum += ending.sizes[i];
	if (sum > limit)
		memset(ending.sizes, 0, sizeof ending.sizes);
	position = archive->tape.head;
	append(archive, &ending, sizeof ending);
	for (i = 0; i < TEXTS; i++) {
		if (!ending.sizes[i])
			continue;
		append(archive, texts[i].data, texts[i].size);
		append(archive, "", 1);
	}
	return position;
}

void archive_finish(struct archive_run *run, const struct result *result, const struct archive_words *words)
{
	struct archive *archive = run->archive;
	struct census_task task = census_look(&run->tasks, result->index);
	uint32_t attempt = result->attempt ? result->attempt : task.attempt;
	struct chain chain = {.last = 0};

	if (attempt < task.attempt || (task.state == CENSUS_ENDED && attempt == task.attempt))
		return;
	if (attempt > task.attempt)
		supersede(archive, &task);
	seal(archive);
	if (task.state == CENSUS_OPEN && attempt == task.attempt)
		chain = *task.writer;
	task.position = put_ending(archive, &chain, result, words);
	task.attempt = attempt;
	task.outcome = result->outcome;
	census_end(&run->tasks, result->index, &task);
	tape_mark(&archive->tape, task.position);
	archive_make_room(archive);
}

static bool is_kept(const struct archive_run *run, const struct census_task *task)
{
	return task->state == CENSUS_ENDED && task->position >= tape_tail(&run->archive->tape);
}

enum archive_presence archive_presence(const struct archive_run *run, uint64_t index)
{
	struct census_task task = census_look(&run->tasks, index);

	if (task.state == CENSUS_UNKNOWN)
		return ARCHIVE_UNKNOWN;
	if (task.state == CENSUS_OPEN)
		return ARCHIVE_OPEN;
	return is_kept(run, &task) ? ARCHIVE_KEPT : ARCHIVE_DROPPED;
}

/* Sets the texts of a task to views of its memory, which has them as on the tape. */
static void set_texts(struct archive_task *task, const struct ending *ending)
{
	struct slice texts[TEXTS] = {{.data = NULL}};
	const char *at = task->memory;
	size_t i;

	for (i = 0; i < TEXTS; i++) {
		if (ending->sizes[i])
			texts[i] = (struct slice){.data = at, .size = (size_t)ending->sizes[i] - 1};
		at += ending->sizes[i];
	}
	task->result.reason = texts[REASON].data;
	task->result.line = texts[LINE].data;
	task->words =
		(struct archive_words){.command = texts[COMMAND], .record = texts[RECORD], .width = ending->width};
}

int archive_look(struct archive_run *run, uint64_t index, struct archive_task *task)
{
	struct archive *archive = run->archive;
	struct census_task known = census_look(&run->tasks, index);
	struct error error = {.number = 0};
	struct ending ending;
	uint64_t size = 0;
	size_t i;

	*task = (struct archive_task){.memory = NULL};
	if (!is_kept(run, &known))
		return -1;
	if (tape_read(&archive->tape, known.position, &ending, sizeof ending, &error) < 0)
		goto failed;
	for (i = 0; i < TEXTS; i++)
		size += ending.sizes[i];
	task->memory = mem_resize(NULL, size, 1);
	if (tape_read(&archive->tape, known.position + sizeof ending, task->memory, size, &error) < 0)
		goto failed;
	task->result = ending.result;
	memcpy(task->written, ending.chain.written, sizeof task->written);
	set_texts(task, &ending);
	return 0;

failed:
	archive_task_release(task);
	note_error(archive, &error);
	return -1;
}

void archive_task_release(struct archive_task *task)
{
	free(task->memory);
	*task = (struct archive_task){.memory = NULL};
}

/* Finds the chain of a task. -1 with the error if it is not open or kept, or cannot be read. */
static int find_chain(struct archive_run *run, uint64_t index, struct chain *chain, struct error *error)
{
	struct tape *tape = &run->archive->tape;
	struct census_task task = census_look(&run->tasks, index);
	struct ending ending;

	if (task.state == CENSUS_OPEN) {
		/* Not for an ended task: the trailer takes room, for which that task's output might be dropped. */
		if (run->archive->writer == task.writer)
			seal(run->archive);
		*chain = *task.writer;
		return 0;
	}
	if (task.state == CENSUS_UNKNOWN)
		return error_set(error, "nothing is known of #%" PRIu64, index + 1);
	if (!is_kept(run, &task))
		return error_set(error, "what #%" PRIu64 " wrote is kept no longer", index + 1);
	if (tape_read(tape, task.position, &ending, sizeof ending, error) < 0)
		return -1;
	*chain = ending.chain;
	return 0;
}

int archive_read(struct archive_run *run, uint64_t index, struct chain_reading *reading, struct error *error)
{
	struct chain chain;

	reading->missing = 0;
	if (find_chain(run, index, &chain, error) < 0)
		return -1;
	return chain_read(&chain, &run->archive->tape, reading, error);
}

uint64_t archive_next(const struct archive_run *run, uint64_t from, unsigned outcomes)
{
	return census_next(&run->tasks, from, outcomes);
}

uint64_t archive_counted(const struct archive_run *run, unsigned outcomes)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < OUTCOMES; i++)
		count += outcomes >> i & 1 ? run->tasks.counted[i] : 0;
	return count;
}

uint64_t archive_dropped(const struct archive *archive)
{
	return archive->tape.marks_gone;
}
