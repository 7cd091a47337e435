/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal/archive: output and results of tasks are kept as far as there is room; the oldest are dropped first. */
#include "unit.h"

#include "base/mem.h"
#include "journal/archive.h"

#include <errno.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT = 1 << STREAM_OUTPUT, ERRORS = 1 << STREAM_ERRORS, BOTH = OUTPUT | ERRORS };

/* Bytes of memory for some blocks; bytes of a large output. */
enum { MEMORY = 1 << 20, LARGE = 100000 };

static void begin(struct archive *archive, uint64_t memory, uint64_t disk)
{
	archive_init(archive, &(struct archive_options){.memory = memory, .disk = disk, .directory = unit_directory()});
}

static void put(struct archive_run *run, uint64_t index, const char *text)
{
	archive_put(run, index, 1, STREAM_OUTPUT, slice_of(text));
}

static void put_errors(struct archive_run *run, uint64_t index, const char *text)
{
	archive_put(run, index, 1, STREAM_ERRORS, slice_of(text));
}

static void put_size(struct archive_run *run, uint64_t index, size_t size)
{
	char *data = mem_new(size, 1);

	unit_fill(data, size, index);
	archive_put(run, index, 1, STREAM_OUTPUT, (struct slice){.data = data, .size = size});
	free(data);
}

static void finish(struct archive_run *run, uint64_t index, uint32_t attempt, enum outcome outcome)
{
	struct result result = {.index = index, .attempt = attempt, .outcome = outcome};

	archive_finish(run, &result, &(struct archive_words){.command = slice_of("command")});
}

/* What is read of a task; a "!" precedes each piece of standard error. */
struct notes {
	struct bytes text;
	uint64_t missing;
	int status;
	struct error error;
};

static void take(void *context, enum stream stream, struct slice bytes)
{
	struct notes *notes = context;

	if (stream == STREAM_ERRORS)
		bytes_append(&notes->text, "!", 1);
	bytes_append(&notes->text, bytes.data, bytes.size);
}

static struct notes read_task(struct archive_run *run, uint64_t index, unsigned streams)
{
	struct notes notes = {.missing = 0};
	struct chain_reading reading = {.streams = streams, .take = take, .context = &notes};

	notes.status = archive_read(run, index, &reading, &notes.error);
	notes.missing = reading.missing;
	return notes;
}

static void release(struct notes *notes)
{
	bytes_release(&notes->text);
	error_release(&notes->error);
}

/* Checks that all of a task's output is kept, and that it is the expected. */
static void check_read(struct archive_run *run, uint64_t index, unsigned streams, const char *expected)
{
	struct notes notes = read_task(run, index, streams);

	check_int(notes.status, 0);
	check_int(notes.missing, 0);
	check_str(bytes_text(&notes.text), expected);
	release(&notes);
}

/* Checks that the end of what put_size wrote is kept. Returns how many bytes are missing. */
static uint64_t check_end(struct archive_run *run, uint64_t index, size_t size)
{
	struct notes notes = read_task(run, index, OUTPUT);
	char *data = mem_new(size, 1);
	uint64_t missing = notes.missing;

	unit_fill(data, size, index);
	check_int(notes.status, 0);
	check_int(missing + notes.text.size, size);
	if (missing <= size)
		check_slice(bytes_slice(&notes.text), ((struct slice){.data = data + missing, .size = size - missing}));
	release(&notes);
	free(data);
	return missing;
}

static uint64_t file_size(const struct archive *archive)
{
	struct stat status;

	return archive->tape.fd < 0 || fstat(archive->tape.fd, &status) < 0 ? 0 : (uint64_t)status.st_size;
}

static void test_interleaved(void)
{
	struct archive archive;
	struct archive_run *one, *two;

	begin(&archive, MEMORY, 0);
	one = archive_begin(&archive);
	two = archive_begin(&archive);
	put(one, 0, "a");
	put(one, 0, "b");
	put(two, 0, "A");
	put_errors(one, 0, "c");
	put_errors(one, 0, "d");
	put(one, 7, "x");
	put(two, 0, "B");
	put(one, 0, "e");
	check_int(archive_presence(one, 0), ARCHIVE_OPEN);
	check_int(archive_presence(one, 1), ARCHIVE_UNKNOWN);
	check_int(archive_presence(one, 12345), ARCHIVE_UNKNOWN);
	check_read(one, 0, BOTH, "ab!cde");
	check_read(one, 0, OUTPUT, "abe");
	check_read(one, 0, ERRORS, "!cd");
	check_read(one, 0, 0, "");
	check_read(two, 0, BOTH, "AB");
	check_read(one, 7, BOTH, "x");
	/* A piece that is still open can be read, and continues. */
	put(one, 7, "y");
	check_read(one, 7, BOTH, "xy");
	put(one, 7, "z");
	finish(one, 0, 1, OUTCOME_OK);
	finish(one, 7, 1, OUTCOME_FAILED);
	finish(one, 8, 0, OUTCOME_SKIPPED);
	check_int(archive_presence(one, 0), ARCHIVE_KEPT);
	check_int(archive_presence(one, 8), ARCHIVE_KEPT);
	check_read(one, 0, BOTH, "ab!cde");
	check_read(one, 7, BOTH, "xyz");
	check_read(one, 8, BOTH, "");
	check_int(archive_next(one, 0, 1 << OUTCOME_FAILED), 7);
	check_int(archive_next(one, 0, 1 << OUTCOME_FAILED | 1 << OUTCOME_OK), 0);
	check_int(archive_next(one, 1, 1 << OUTCOME_SKIPPED | 1 << OUTCOME_OK), 8);
	check(archive_next(one, 9, UINT32_MAX) == ARCHIVE_NONE && archive_next(two, 0, UINT32_MAX) == ARCHIVE_NONE);
	archive_release(&archive);
}

static void test_unknown(void)
{
	struct archive archive;
	struct archive_run *run;
	struct archive_task task;
	struct notes notes;

	begin(&archive, MEMORY, 0);
	run = archive_begin(&archive);
	put(run, 3, "x");
	check_int(archive_look(run, 2, &task), -1);
	check_int(archive_look(run, 3, &task), -1);
	notes = read_task(run, 2, BOTH);
	check_int(notes.status, -1);
	check_str(error_text(&notes.error), "nothing is known of #3");
	release(&notes);
	archive_release(&archive);
}

static void test_attempts(void)
{
	struct archive archive;
	struct archive_run *run;

	begin(&archive, MEMORY, 0);
	run = archive_begin(&archive);
	put(run, 0, "first");
	put(run, 1, "other");
	archive_put(run, 0, 2, STREAM_ERRORS, slice_of("second"));
	put(run, 0, "late");
	check_read(run, 0, BOTH, "!second");
	finish(run, 0, 1, OUTCOME_FAILED);
	check_int(archive_presence(run, 0), ARCHIVE_OPEN);
	/* An attempt that has ended takes nothing more; the next does. */
	finish(run, 0, 2, OUTCOME_FAILED);
	archive_put(run, 0, 2, STREAM_OUTPUT, slice_of("late"));
	finish(run, 0, 2, OUTCOME_OK);
	finish(run, 0, 0, OUTCOME_OK);
	check_read(run, 0, BOTH, "!second");
	check_int(archive_next(run, 0, 1 << OUTCOME_FAILED), 0);
	check(archive_next(run, 0, 1 << OUTCOME_OK) == ARCHIVE_NONE);
	archive_put(run, 0, 3, STREAM_OUTPUT, slice_of("third"));
	check_int(archive_presence(run, 0), ARCHIVE_OPEN);
	check(archive_next(run, 0, UINT32_MAX) == ARCHIVE_NONE);
	/* A result alone begins an attempt, too. One without an attempt is that of the last. */
	finish(run, 0, 4, OUTCOME_NOT_STARTED);
	check_read(run, 0, BOTH, "");
	finish(run, 1, 0, OUTCOME_SKIPPED);
	check_read(run, 1, BOTH, "other");
	check_int(archive_next(run, 0, 1 << OUTCOME_SKIPPED), 1);
	check_int(archive_dropped(&archive), 0);
	archive_release(&archive);
}

/* The output of an attempt that begins anew is forgotten, whether or not it wrote last; what has a result is kept. */
static void test_restart(void)
{
	struct archive archive;
	struct archive_run *run;

	begin(&archive, MEMORY, 0);
	run = archive_begin(&archive);
	put(run, 0, "void");
	archive_restart(run, 0);
	put(run, 0, "a");
	put(run, 1, "void");
	put(run, 0, "b");
	archive_restart(run, 1);
	archive_restart(run, 2);
	put_errors(run, 1, "c");
	put(run, 0, "d");
	check_read(run, 0, BOTH, "abd");
	finish(run, 0, 1, OUTCOME_OK);
	archive_restart(run, 0);
	finish(run, 1, 1, OUTCOME_OK);
	check_read(run, 0, BOTH, "abd");
	check_read(run, 1, BOTH, "!c");
	archive_release(&archive);
}

static void test_look(void)
{
	struct archive archive;
	struct archive_run *run;
	struct archive_task task;
	char reason[] = "why", command[] = "echo 'a b'", record[] = "a b\0c";
	struct result result = {.index = 5,
				.attempt = 2,
				.outcome = OUTCOME_TIMEOUT,
				.status = -1,
				.signal = 9,
				.duration = 17,
				.reason = reason};
	struct archive_words words = {.command = slice_of(command), .width = 2};

	words.record = (struct slice){.data = record, .size = sizeof record};
	begin(&archive, MEMORY, 0);
	run = archive_begin(&archive);
	archive_put(run, 5, 2, STREAM_OUTPUT, slice_of("four"));
	archive_put(run, 5, 2, STREAM_ERRORS, slice_of("seven.."));
	archive_finish(run, &result, &words);
	memset(reason, 'x', 3);
	memset(command, 'x', 3);
	memset(record, 'x', 3);
	check_int(archive_look(run, 5, &task), 0);
	check_int(task.result.index, 5);
	check_int(task.result.attempt, 2);
	check_int(task.result.outcome, OUTCOME_TIMEOUT);
	check_int(task.result.status, -1);
	check_int(task.result.signal, 9);
	check_int(task.result.duration, 17);
	check_str(task.result.reason, "why");
	check(!task.result.line);
	check_str(task.words.command.data, "echo 'a b'");
	check_slice(task.words.record, ((struct slice){.data = "a b\0c", .size = 6}));
	check_int(task.words.width, 2);
	check_int(task.written[STREAM_OUTPUT - 1], 4);
	check_int(task.written[STREAM_ERRORS - 1], 7);
	archive_task_release(&task);
	archive_finish(run, &(struct result){.index = 6, .attempt = 1, .line = ""},
		       &(struct archive_words){.width = 0});
	check_int(archive_look(run, 6, &task), 0);
	check(!task.result.reason && task.result.line && !*task.result.line);
	check_int(task.words.command.size + task.words.record.size, 0);
	archive_task_release(&task);
	archive_release(&archive);
}

static void test_large_words(void)
{
	struct archive archive;
	struct archive_run *run;
	struct archive_task task;
	char *record = mem_new(MEMORY, 1);
	struct archive_words words = {.record = {.data = record, .size = MEMORY / 2 - 1000}};

	begin(&archive, MEMORY, 0);
	run = archive_begin(&archive);
	archive_finish(run, &(struct result){.index = 0, .attempt = 1}, &words);
	check_int(archive_look(run, 0, &task), 0);
	check_int(task.words.record.size, MEMORY / 2 - 1000);
	archive_task_release(&task);
	words.record.size = MEMORY;
	archive_finish(run, &(struct result){.index = 1, .attempt = 1, .outcome = OUTCOME_LOST, .reason = "why"},
		       &words);
	check_int(archive_look(run, 1, &task), 0);
	check_int(task.result.outcome, OUTCOME_LOST);
	check(!task.result.reason);
	check_int(task.words.record.size, 0);
	archive_task_release(&task);
	check_int(archive_presence(run, 0), ARCHIVE_KEPT);
	archive_release(&archive);
	free(record);
}

/* Fills the archive with tasks of LARGE bytes each. Checks that the oldest are dropped and at least at_least kept. */
static void fill(struct archive *archive, uint64_t tasks, uint64_t at_least)
{
	struct archive_run *run = archive_begin(archive);
	uint64_t index, first = 0;
	struct notes notes;

	for (index = 0; index < tasks; index++) {
		put_size(run, index, LARGE);
		finish(run, index, 1, index % 3 ? OUTCOME_OK : OUTCOME_FAILED);
		check(archive_memory(archive) <= archive->memory);
	}
	while (archive_presence(run, first) == ARCHIVE_DROPPED)
		first++;
	check_int(archive_dropped(archive), first);
	check(tasks - first >= at_least);
	notes = read_task(run, 0, OUTPUT);
	check_int(notes.status, -1);
	check_str(error_text(&notes.error), "what #1 wrote is kept no longer");
	release(&notes);
	for (index = first; index < tasks; index++) {
		uint64_t missing = check_end(run, index, LARGE);

		check(index == first || !missing);
		check_int(archive_presence(run, index), ARCHIVE_KEPT);
	}
	for (index = 0; index < tasks; index += 3)
		check_int(archive_next(run, index ? index - 2 : 0, 1 << OUTCOME_FAILED), index);
}

static void test_memory(void)
{
	struct archive archive;

	begin(&archive, MEMORY, 0);
	fill(&archive, 100, (MEMORY - 2 * TAPE_BLOCK) / LARGE);
	check_int(archive.tape.fd, -1);
	archive_release(&archive);
}

static void test_disk(void)
{
	struct archive archive;
	uint64_t disk = 2 * MEMORY + 1000;

	begin(&archive, MEMORY, disk);
	fill(&archive, 200, (3 * MEMORY - 3 * TAPE_BLOCK) / LARGE);
	check_int(file_size(&archive), 2 * MEMORY);
	check(!archive.error.text);
	archive_release(&archive);
	check_int(archive.tape.fd, -1);
}

/* The last blocks are always kept. A disk of less than a block is not used. */
static void test_nothing(void)
{
	static const uint64_t disks[] = {0, TAPE_BLOCK - 1, TAPE_BLOCK};
	struct archive archive;
	size_t i;

	for (i = 0; i < countof(disks); i++) {
		begin(&archive, 0, disks[i]);
		fill(&archive, 50, 3);
		check_int(file_size(&archive), disks[i] / TAPE_BLOCK * TAPE_BLOCK);
		archive_release(&archive);
	}
}

static void test_long_task(void)
{
	struct archive archive;
	struct archive_run *run;
	size_t size = 5 * MEMORY, done, step = 777;
	char *data = mem_new(size, 1);
	struct notes notes;
	uint64_t missing;

	begin(&archive, MEMORY, MEMORY);
	run = archive_begin(&archive);
	put_size(run, 1, size);
	missing = check_end(run, 1, size);
	check(missing && size - missing >= 2 * MEMORY - 3 * TAPE_BLOCK);
	finish(run, 1, 1, OUTCOME_OK);
	check(check_end(run, 1, size) >= missing);
	unit_fill(data, size, 2);
	for (done = 0; done < size; done += step) {
		archive_put(run, 2, 1, STREAM_OUTPUT,
			    (struct slice){.data = data + done, .size = size - done < step ? size - done : step});
		put_errors(run, 3, "!");
		put_errors(run, 2, "?");
	}
	missing = check_end(run, 2, size);
	check(missing && size - missing >= MEMORY);
	check_int(archive_presence(run, 1), ARCHIVE_DROPPED);
	check_int(archive_dropped(&archive), 1);
	notes = read_task(run, 3, BOTH);
	check_int(notes.missing + notes.text.size / 2, (size + step - 1) / step);
	release(&notes);
	archive_release(&archive);
	free(data);
}

static void test_outlived(void)
{
	struct archive archive;
	struct archive_run *run;
	struct notes notes;

	begin(&archive, 0, 0);
	run = archive_begin(&archive);
	put(run, 0, "gone");
	put_size(run, 1, MEMORY);
	notes = read_task(run, 0, BOTH);
	check_int(notes.status, 0);
	check_int(notes.missing, 4);
	check_int(notes.text.size, 0);
	release(&notes);
	check_int(archive_presence(run, 0), ARCHIVE_OPEN);
	put(run, 0, "there");
	finish(run, 0, 1, OUTCOME_OK);
	notes = read_task(run, 0, BOTH);
	check_int(notes.missing, 4);
	check_str(bytes_text(&notes.text), "there");
	release(&notes);
	archive_release(&archive);
}

static void test_forget(void)
{
	struct archive archive;
	struct archive_run *runs[3];
	uint64_t index;
	int i;

	begin(&archive, MEMORY, 4 * MEMORY);
	for (i = 0; i < 3; i++)
		runs[i] = archive_begin(&archive);
	for (index = 0; index < 40; index++) {
		put_size(runs[index % 3], index, LARGE / 2);
		put(runs[(index + 1) % 3], 1000 + index, "x");
		finish(runs[index % 3], index, 1, OUTCOME_OK);
	}
	put(runs[1], 99, "open");
	archive_forget(runs[1]);
	put(runs[2], 99, "open");
	put_size(runs[0], 100, LARGE);
	finish(runs[0], 100, 1, OUTCOME_OK);
	check_end(runs[0], 0, LARGE / 2);
	check_end(runs[2], 2, LARGE / 2);
	check_int(archive_presence(runs[2], 1), ARCHIVE_UNKNOWN);
	check_read(runs[2], 99, BOTH, "open");
	check(archive.tape.fd >= 0);
	archive_forget(runs[0]);
	archive_forget(runs[2]);
	check_int(archive.tape.fd, -1);
	check(archive_memory(&archive) < TAPE_BLOCK);
	check_int(archive.census.size, 0);
	check_int(archive_dropped(&archive), 0);
	runs[0] = archive_begin(&archive);
	put(runs[0], 0, "again");
	check_read(runs[0], 0, BOTH, "again");
	archive_release(&archive);
}

/*
 * Finishes many tasks that wrote nothing while one stays open. Checks that memory stays within its limit and that all
 * tasks are counted, dropped or kept.
 */
static void run_many(uint64_t memory, uint64_t disk, uint64_t tasks)
{
	struct archive archive;
	struct archive_run *run;
	uint64_t index, largest = 0, found = 0, kept = 0, before;
	struct mallinfo2 info = mallinfo2();
	nsec begun = clock_now();

	before = info.uordblks + info.hblkhd;
	begin(&archive, memory, disk);
	run = archive_begin(&archive);
	put(run, 4321, "open");
	for (index = 0; index < tasks; index++) {
		if (index != 4321)
			finish(run, index, 1, index % 10 ? OUTCOME_OK : OUTCOME_FAILED);
		largest = archive_memory(&archive) > largest ? archive_memory(&archive) : largest;
	}
	info = mallinfo2();
	printf("# %llu tasks, memory %llu: %llu at most, now %llu (%llu of malloc), tables %llu, %.0f ns each\n",
	       (unsigned long long)tasks, (unsigned long long)memory, (unsigned long long)largest,
	       (unsigned long long)archive_memory(&archive), (unsigned long long)(info.uordblks + info.hblkhd - before),
	       (unsigned long long)archive.census.size, (double)(clock_now() - begun) / (double)tasks);
	check(largest <= archive.memory + TAPE_BLOCK);
	check(archive_memory(&archive) <= archive.memory);
	check_int(archive_presence(run, 4321), ARCHIVE_OPEN);
	for (index = 0; (index = archive_next(run, index, 1 << OUTCOME_FAILED)) != ARCHIVE_NONE; index++)
		found++;
	check_int(found + archive_counted(run, 1 << OUTCOME_FAILED), (tasks + 9) / 10);
	for (index = 0; index < tasks; index++)
		kept += archive_presence(run, index) == ARCHIVE_KEPT;
	check_int(archive_dropped(&archive) + kept, tasks - 1);
	check(kept > 100);
	printf("# %llu kept, %llu known only by number\n", (unsigned long long)kept,
	       (unsigned long long)archive_counted(run, UINT32_MAX));
	/* A task of which only the number is known can be run again. */
	archive_put(run, 0, 2, STREAM_OUTPUT, slice_of("again"));
	check_read(run, 0, BOTH, "again");
	archive_release(&archive);
}

static void test_many(void)
{
	run_many(8 * MEMORY, 0, 1000000);
	run_many(MEMORY, 0, 100000);
	run_many(MEMORY, 300 * MEMORY, 300000);
}

static void test_very_many(void)
{
	run_many(16 * MEMORY, 0, 10000000);
	run_many(MEMORY, 1024 * MEMORY, 10000000);
}

static void test_million_pieces(void)
{
	struct archive archive;
	struct archive_run *run;
	struct notes notes;
	nsec begun = clock_now(), put_time;
	int i;

	begin(&archive, MEMORY, 1 << 30);
	run = archive_begin(&archive);
	for (i = 0; i < 1000000; i++) {
		archive_put(run, 0, 1, i % 2 ? STREAM_ERRORS : STREAM_OUTPUT, slice_of("x"));
		put(run, 1, "y");
	}
	put_time = clock_now() - begun;
	notes = read_task(run, 0, BOTH);
	printf("# %.0f ns for a piece, %.0f ns to read one\n", (double)put_time / 2e6,
	       (double)(clock_now() - begun - put_time) / 1e6);
	check_int(notes.missing, 0);
	check_int(notes.text.size, 1500000);
	check_slice(((struct slice){.data = notes.text.data, .size = 7}), slice_of("x!xx!xx"));
	release(&notes);
	notes = read_task(run, 1, BOTH);
	check_int(notes.text.size, 1000000);
	release(&notes);
	archive_release(&archive);
}

#ifdef MPMAP_FAULTS

/*
 * Checks that an archive whose file fails reports that once, and keeps as many of the newest tasks as its memory and
 * blocks of the file hold.
 */
static void check_disk_error(const char *fault, int number, size_t blocks)
{
	struct archive archive;

	setenv("MPMAP_FAULT", fault, 1);
	begin(&archive, MEMORY, 100 * MEMORY);
	fill(&archive, 100, (MEMORY - 2 * TAPE_BLOCK + blocks * TAPE_BLOCK) / LARGE);
	check_int(archive.error.number, number);
	check(archive.error.text && strstr(archive.error.text, "temporary file in "));
	check_int(archive.tape.fd >= 0, blocks > 0);
	check_int(archive.tape.disk, blocks);
	archive_release(&archive);
}

/* The file keeps the size that it has, and is written round and round. */
static void test_disk_full(void)
{
	check_disk_error("spill_write:20:ENOSPC", ENOSPC, 19);
}

static void test_one_block(void)
{
	check_disk_error("spill_write:2:EDQUOT", EDQUOT, 1);
}

/* Not even what the file has can be overwritten. */
static void test_disk_broken(void)
{
	check_disk_error("spill_write:20+:EIO", EIO, 0);
}

static void test_no_room(void)
{
	check_disk_error("spill_write:1:ENOSPC", ENOSPC, 0);
}

static void test_no_file(void)
{
	check_disk_error("spill_open:1:EMFILE", EMFILE, 0);
}

#endif

static void test_damage(void)
{
	struct archive archive;
	struct archive_run *run;
	struct archive_task task;
	struct notes notes;

	begin(&archive, MEMORY, 8 * MEMORY);
	run = archive_begin(&archive);
	put(run, 0, "x");
	finish(run, 0, 1, OUTCOME_OK);
	put_size(run, 1, 2 * MEMORY);
	put(run, 2, "y");
	check_int(ftruncate(archive.tape.fd, 0), 0);
	notes = read_task(run, 0, BOTH);
	check_int(notes.status, -1);
	check_int(notes.error.number, EIO);
	release(&notes);
	check_int(archive_look(run, 0, &task), -1);
	check_int(archive.error.number, EIO);
	check_read(run, 2, BOTH, "y");
	archive_release(&archive);
}

const struct unit_test unit_archive[] = {
	{"interleaved pieces are read by task and stream", .run = test_interleaved},
	{"an unknown task is an error", .run = test_unknown},
	{"only the last attempt is kept", .run = test_attempts},
	{"an attempt that begins anew", .run = test_restart},
	{"a result is returned as it was finished", .run = test_look},
	{"words that are too large are dropped, their result is not", .run = test_large_words},
	{"the oldest tasks are dropped from memory", .run = test_memory},
	{"the file is overwritten from its beginning", .run = test_disk},
	{"the last tasks are kept without memory and disk", .run = test_nothing},
	{"of a task larger than the archive the end is kept", .run = test_long_task},
	{"a task may continue after its output was dropped", .run = test_outlived},
	{"a run that is forgotten takes no room", .run = test_forget},
	{"many tiny tasks stay within the limit", .run = test_many},
	{"very many tiny tasks stay within the limit", .run = test_very_many, .slow = true},
	{"a million pieces are read in order", .run = test_million_pieces},
#ifdef MPMAP_FAULTS
	{"a file that cannot grow keeps its size", .run = test_disk_full},
	{"a file of one block", .run = test_one_block},
	{"a file that cannot be overwritten is reported, memory is used alone", .run = test_disk_broken},
	{"a full disk is reported, memory is used alone", .run = test_no_room},
	{"a file that cannot be made is reported, memory is used alone", .run = test_no_file},
#endif
	{"what a truncated file held is an error, the rest is read", .run = test_damage},
	{.name = NULL},
};
