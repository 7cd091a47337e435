/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal/durable: notes are read as they were written; a torn journal is cut, and damage is found. */
#include "unit.h"

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "journal/durable/crc.h"
#include "journal/durable/kept.h"
#include "journal/durable/note.h"
#include "journal/ordinals.h"
#include "journal/durable/past.h"
#include "journal/durable/retell.h"
#include "journal/durable/successor.h"
#include "journal/durable/scroll.h"
#include "journal/durable/seals.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_crc(void)
{
	char text[300];
	size_t size, cut;

	check_int(crc_of(0, "", 0), 0);
	check_int(crc_of(0, "123456789", 9), 0xe3069283);
	unit_fill(text, sizeof text, 1);
	for (size = 0; size < sizeof text; size += 7) {
		for (cut = 0; cut <= size; cut += 5)
			check_int(crc_of(crc_of(0, text, cut), text + cut, size - cut), crc_of(0, text, size));
	}
}

/* Returns the line of the only note in bytes, without its newline. */
static struct slice only_line(const struct bytes *bytes)
{
	check_int(bytes->data[bytes->size - 1], '\n');
	check(!memchr(bytes->data, '\n', bytes->size - 1));
	return (struct slice){.data = bytes->data, .size = bytes->size - 1};
}

static void check_note(void)
{
	struct bytes bytes = {.data = NULL};
	char all[256], *text;
	size_t begun = note_begin(&bytes), i;
	struct note note;

	for (i = 0; i < sizeof all; i++)
		all[i] = (char)(255 - i);
	note_put_number(&bytes, "first", 0);
	note_put_number(&bytes, "most", UINT64_MAX);
	note_put_text(&bytes, "all", (struct slice){.data = all, .size = sizeof all - 1});
	note_put_text(&bytes, "none", slice_of(""));
	note_put_text(&bytes, "utf8", slice_of("\xc3\xa4\xe2\x82\xac"));
	note_end(&bytes, begun);
	check(note_check(only_line(&bytes)));
	check(note_read(only_line(&bytes), &note));
	check(note_is(&note, "first") && !note_is(&note, "most") && !note_is(&note, "firs"));
	check_int(note.count, 5);
	check(note_value(&note, "most") == UINT64_MAX);
	check_int(note_value(&note, "all"), 0);
	text = note_text(&note, "all");
	check_int(strlen(text), sizeof all - 1);
	check(memcmp(text, all, sizeof all - 1) == 0);
	free(text);
	text = note_text(&note, "utf8");
	check_str(text, "\xc3\xa4\xe2\x82\xac");
	free(text);
	check(!note_text(&note, "first") && !note_text(&note, "nothing"));
	bytes_release(&bytes);
}

static void check_note_refuses(void)
{
	static const char *const lines[] = {
		"",
		"00000000 ",
		"00000000 {",
		"00000000 {}",
		"00000000 {\"a\"}",
		"00000000 {\"a\":}",
		"00000000 {\"a\":1",
		"00000000 {\"a\":-1}",
		"00000000 {\"a\":1,}",
		"00000000 {\"a\":\"}",
		"00000000 {\"a\":1}}",
		"00000000 {\"a\":[1]}",
		"00000000 {\"a\":18446744073709551616}",
	};
	struct note note;
	size_t i;

	for (i = 0; i < countof(lines); i++)
		check(!note_read(slice_of(lines[i]), &note));
	check(!note_check(slice_of("00000000 {\"a\":1}")));
	check(!note_check(slice_of("E3069283 {\"a\":1}")));
}

/* Appends a note of one number. */
static void put_one(struct bytes *bytes, const char *name, uint64_t value)
{
	size_t begun = note_begin(bytes);

	note_put_number(bytes, name, value);
	note_end(bytes, begun);
}

/* Appends a small journal of two groups. Returns where the first ends. */
static size_t put_journal(struct bytes *bytes)
{
	size_t first;

	put_one(bytes, "journal", 1);
	put_one(bytes, "commit", 1);
	first = bytes->size;
	put_one(bytes, "task", 1);
	put_one(bytes, "commit", 2);
	return first;
}

/* Collects what a journal holds. */
struct collector {
	struct scroll_reader reader;
	struct bytes names;
};

static int collect(struct scroll_reader *reader, const struct note *note, uint64_t offset UNUSED,
		   struct error *error UNUSED)
{
	struct collector *collector = container_of(reader, struct collector, reader);

	bytes_append_format(&collector->names, "%.*s %.*s\n", (int)note->fields[0].name.size, note->fields[0].name.data,
			    (int)note->fields[0].text.size, note->fields[0].text.data);
	return 0;
}

/* Returns a new file with these bytes; the caller frees its path. */
static char *write_journal(struct slice bytes)
{
	char *path = unit_file("journal", "", 0600);
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	check_int(file_write_all(fd, bytes), 0);
	close(fd);
	return path;
}

/* Opens and reads a journal of these bytes. Returns its names, "refused" with the error, or NULL where both fail. */
static char *read_journal(struct slice bytes, enum scroll_wish wish, struct error *error)
{
	struct collector collector = {.reader.note = collect};
	char *path = write_journal(bytes), *text = NULL;
	struct scroll scroll;

	if (scroll_open(&scroll, path, wish, error) == 0) {
		check_int(scroll_read(&scroll, &collector.reader, error), 0);
		text = strdup(bytes_text(&collector.names));
	}
	scroll_close(&scroll);
	bytes_release(&collector.names);
	unlink(path);
	free(path);
	return text;
}

static const char both_groups[] = "journal 1\ncommit 1\ntask 1\ncommit 2\n";
static const char one_group[] = "journal 1\ncommit 1\n";

/* Fails unless a changed journal is refused, or read up to a commit. */
static void check_changed(struct slice bytes, enum scroll_wish wish)
{
	struct error error = {.number = 0};
	char *text = read_journal(bytes, wish, &error);

	check(text ? !error.text : error.text && error.is_usage);
	check(!text || strcmp(text, both_groups) == 0 || strcmp(text, one_group) == 0 || !*text);
	error_release(&error);
	free(text);
}

static void check_each_byte_flipped(void)
{
	static const char flips[] = {1, 2, 16, 32, (char)0x80};
	struct bytes bytes = {.data = NULL};
	size_t i, j;

	put_journal(&bytes);
	for (i = 0; i < bytes.size; i++) {
		for (j = 0; j < countof(flips); j++) {
			bytes.data[i] ^= flips[j];
			check_changed(bytes_slice(&bytes), SCROLL_RESUME);
			bytes.data[i] ^= flips[j];
		}
	}
	bytes_release(&bytes);
}

static void check_damage_is_named(void)
{
	struct error error = {.number = 0};
	struct bytes bytes = {.data = NULL};
	size_t first = put_journal(&bytes);
	char *text;

	/* In the third of four notes, which begins where the first group ends. */
	bytes.data[first + 12] ^= 1;
	check(!read_journal(bytes_slice(&bytes), SCROLL_RESUME, &error));
	text = mem_format("damaged at byte %zu ", first);
	check(strstr(error_text(&error), text));
	free(text);
	error_release(&error);
	text = read_journal(bytes_slice(&bytes), SCROLL_SALVAGE, &error);
	check_str(text, one_group);
	free(text);
	bytes_release(&bytes);
}

static void check_each_length_cut(void)
{
	struct bytes bytes = {.data = NULL};
	size_t first = put_journal(&bytes), size;

	for (size = 0; size <= bytes.size; size++) {
		struct error error = {.number = 0};
		char *text = read_journal((struct slice){.data = bytes.data, .size = size}, SCROLL_RESUME, &error);

		check(!error.text);
		check_str(text, size == bytes.size ? both_groups : size >= first ? one_group : "");
		free(text);
	}
	bytes_release(&bytes);
}

static void check_tail_of_nuls(void)
{
	struct bytes bytes = {.data = NULL};
	size_t first = put_journal(&bytes), cut;
	char nuls[300] = "";

	for (cut = first; cut < bytes.size; cut += 3) {
		struct bytes torn = {.data = NULL};
		struct error error = {.number = 0};
		char *text;

		bytes_append(&torn, bytes.data, cut);
		bytes_append(&torn, nuls, sizeof nuls);
		text = read_journal(bytes_slice(&torn), SCROLL_RESUME, &error);
		check_str(text, one_group);
		free(text);
		bytes_release(&torn);
	}
	bytes_release(&bytes);
}

/* Fails unless a file is refused with these words, and is as it was. */
static void check_refused(const char *contents, enum scroll_wish wish, const char *words)
{
	struct error error = {.number = 0};
	char *text = read_journal(slice_of(contents), wish, &error);

	check(!text && error.is_usage && strstr(error_text(&error), words));
	error_release(&error);
	free(text);
}

static void check_others_refused(void)
{
	struct bytes later = {.data = NULL};

	put_one(&later, "journal", 2);
	put_one(&later, "commit", 1);
	check_refused(bytes_text(&later), SCROLL_RESUME, "format 2");
	check_refused(bytes_text(&later), SCROLL_CREATE, "format 2");
	check_refused("some text\n", SCROLL_RESUME, "not a journal");
	check_refused("some text\n", SCROLL_CREATE, "not a journal");
	check_refused("some text\n", SCROLL_REPLACE, "not a journal");
	check_refused("0123\n", SCROLL_REPLACE, "not a journal");
	bytes_release(&later);
}

static void check_wishes(void)
{
	struct error error = {.number = 0};
	struct bytes bytes = {.data = NULL};
	char *text;

	put_journal(&bytes);
	check_refused(bytes_text(&bytes), SCROLL_CREATE, "exists");
	text = read_journal(bytes_slice(&bytes), SCROLL_REPLACE, &error);
	check_str(text, both_groups);
	free(text);
	/* Killed before its first group was whole, a run has begun nothing. */
	text = read_journal((struct slice){.data = bytes.data, .size = 30}, SCROLL_CREATE, &error);
	check_str(text, "");
	free(text);
	bytes_release(&bytes);
}

static void check_append(void)
{
	struct collector collector = {.reader.note = collect};
	char *path = mem_format("%s/new", unit_directory());
	struct error error = {.number = 0};
	struct scroll scroll, second;

	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), -1);
	check(strstr(error_text(&error), "there is no journal"));
	check_int(scroll_open(&scroll, path, SCROLL_CREATE, &error), 0);
	check(scroll.is_new);
	put_journal(&scroll.group);
	check_int(scroll_append(&scroll, true, &error), 0);
	check_int(scroll_open(&second, path, SCROLL_RESUME, &error), -1);
	check(strstr(error_text(&error), "in use"));
	scroll_close(&second);
	put_one(&scroll.group, "commit", 3);
	check_int(scroll_append(&scroll, false, &error), 0);
	check_int(scroll_read(&scroll, &collector.reader, &error), 0);
	check_str(bytes_text(&collector.names), "journal 1\ncommit 1\ntask 1\ncommit 2\ncommit 3\n");
	bytes_clear(&collector.names);
	scroll_close(&scroll);
	check_int(truncate(path, (off_t)scroll.size - 1), 0);
	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	check_int(scroll_cut(&scroll, false, &error), 0);
	check_int(scroll_read(&scroll, &collector.reader, &error), 0);
	check_str(bytes_text(&collector.names), both_groups);
	scroll_close(&scroll);
	bytes_release(&collector.names);
	error_release(&error);
	free(path);
}

static void check_holder(void)
{
	char *path = mem_format("%s/held", unit_directory());
	struct error error = {.number = 0};
	int ends[2], stays[2];
	struct scroll scroll;
	char byte, *words;
	pid_t pid;

	check_int(fd_pipe_blocking(ends), 0);
	check_int(fd_pipe_blocking(stays), 0);
	pid = fork();
	if (pid == 0) {
		close(stays[1]);
		_exit(scroll_open(&scroll, path, SCROLL_CREATE, &error) == 0 && fd_write(ends[1], "x", 1) == 1 &&
				      fd_read(stays[0], &byte, 1) == 0
			      ? 0
			      : 1);
	}
	check_int(fd_read(ends[0], &byte, 1), 1);
	check_int(scroll_open(&scroll, path, SCROLL_CREATE, &error), -1);
	words = mem_format("(pid %ld)", (long)pid);
	check(strstr(error_text(&error), words));
	scroll_discard(&scroll);
	check_int(access(path, F_OK), 0);
	close(stays[1]);
	check_int(unit_wait(pid), 0);
	check_int(scroll_open(&scroll, path, SCROLL_CREATE, &error), 0);
	scroll_close(&scroll);
	error_release(&error);
	free(words);
	free(path);
}

/* Appends the note of a task whose key is made of its letter. */
static void put_task(struct bytes *bytes, uint64_t index, uint64_t letter, const char *where, uint64_t place)
{
	struct key key = {.low = letter, .high = letter};
	size_t begun = note_begin(bytes);
	char digits[KEY_TEXT_SIZE];

	key_print(key, digits);
	note_put_number(bytes, "task", index);
	note_put_text(bytes, "key", slice_of(digits));
	note_put_text(bytes, "outcome", slice_of(letter == 'f' ? "failed" : "ok"));
	note_put_number(bytes, "status", letter == 'f' ? 3 : 0);
	note_put_number(bytes, "size", 10);
	note_put_number(bytes, where, place);
	note_end(bytes, begun);
}

/* Appends the note with which a session begins. */
static void put_beginning_of(struct bytes *bytes, uint64_t session)
{
	size_t begun = note_begin(bytes);

	note_put_number(bytes, "begin", session);
	note_put_text(bytes, "out", slice_of("file"));
	note_put_number(bytes, "base", 5);
	note_end(bytes, begun);
}

/* Appends the notes with which a journal begins. */
static void put_beginning(struct bytes *bytes)
{
	size_t begun = note_begin(bytes);

	note_put_number(bytes, "journal", 1);
	note_put_text(bytes, "command", slice_of("cat"));
	note_end(bytes, begun);
	put_beginning_of(bytes, 1);
}

/* Returns what the past says of a task of which there is one. */
static struct past_entry past_of(struct past *past, uint64_t letter)
{
	struct key key = {.low = letter, .high = letter};
	struct error error = {.number = 0};
	struct past_entry entry;

	ordinals_release(&past->ordinals);
	check_int(past_recall(past, key, 7, &entry, &error), 0);
	check_int(entry.ordinal, 0);
	if (entry.in_roll != ROLL_NONE)
		past->roll.entries[entry.in_roll].is_taken = false;
	return entry;
}

static void check_past(void)
{
	struct error error = {.number = 0};
	struct bytes bytes = {.data = NULL};
	struct scroll scroll;
	struct past past;
	size_t begun;
	char *path;

	put_beginning(&bytes);
	put_task(&bytes, 0, 'a', "out", 5);
	put_task(&bytes, 2, 'c', "kept", 0);
	put_task(&bytes, 1, 'f', "out", 15);
	begun = note_begin(&bytes);
	note_put_number(&bytes, "placed", 2);
	note_put_number(&bytes, "size", 11);
	note_put_number(&bytes, "out", 25);
	note_end(&bytes, begun);
	begun = note_begin(&bytes);
	note_put_number(&bytes, "moved", 1);
	note_put_number(&bytes, "from", 15);
	note_put_number(&bytes, "to", 100);
	note_end(&bytes, begun);
	put_task(&bytes, 1, 'b', "out", 15);
	begun = note_begin(&bytes);
	note_put_number(&bytes, "sealed", 4);
	note_put_number(&bytes, "end", 9);
	note_put_number(&bytes, "added", 77);
	note_end(&bytes, begun);
	put_one(&bytes, "commit", 3);
	path = write_journal(bytes_slice(&bytes));
	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	check_int(past_load(&past, &scroll, &error), 0);
	check_int(past.placed, 2);
	check_int(past.seals.count, 2);
	check_int(seals_begin(&past.seals, &past.seals.pieces[1]), 4);
	check_int(seals_end(&past.seals), 9);
	check_int(past.seals.pieces[1].crc, 77);
	check(past_placed(&past, 0) == &past.roll.entries[past_of(&past, 'a').in_roll]);
	check(past_placed(&past, 1) == &past.roll.entries[past_of(&past, 'b').in_roll]);
	check(past_of(&past, 'a').is_out && !past_of(&past, 'f').is_out && !past_of(&past, 'c').is_out);
	check_int(past_of(&past, 'f').place, 100);
	check_int(past_of(&past, 'f').status, 3);
	check_int(past_of(&past, 'c').place, 110);
	check_int(past_of(&past, 'c').size, 11);
	check_int(past_of(&past, 'd').in_roll, ROLL_NONE);
	check_int(past.base, 5);
	check(note_check((struct slice){.data = past.header, .size = past.header_size}));
	past_release(&past);
	scroll_close(&scroll);
	bytes_release(&bytes);
	free(path);
}

/* Pieces of ranges are read back, and others refused. */
static void check_range(void)
{
	static const struct range_task tasks[] = {
		{.key = {.high = 0, .low = 0}},
		{.key = {.high = UINT64_MAX, .low = UINT64_MAX}, .size = UINT64_C(1) << 40, .nth = UINT32_MAX},
		{.key = {.high = UINT64_C(0x0123456789abcdef), .low = UINT64_C(0xfedcba9876543210)},
		 .size = 7,
		 .nth = 1},
	};
	static const char *const bad[] = {
		"",
		"AAAAAAAAAAAAAAAAAAAAA:1",
		"AAAAAAAAAAAAAAAAAAAAAB:1",
		"AAAAAAAAAAAAAAAAAAAA+A:1",
		"AAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAA:",
		"AAAAAAAAAAAAAAAAAAAAAA:1:",
		"AAAAAAAAAAAAAAAAAAAAAA:1,",
		"AAAAAAAAAAAAAAAAAAAAAA:1:4294967296",
		"AAAAAAAAAAAAAAAAAAAAAA:99999999999999999999",
	};
	struct bytes bytes = {.data = NULL};
	struct range_task task;
	struct slice rest;
	size_t i;

	for (i = 0; i < countof(tasks); i++)
		range_put(&bytes, &tasks[i]);
	rest = bytes_slice(&bytes);
	check(range_is_at(rest));
	for (i = 0; i < countof(tasks); i++) {
		check(range_take(&rest, &task));
		check(task.key.low == tasks[i].key.low && task.key.high == tasks[i].key.high);
		check(task.size == tasks[i].size && task.nth == tasks[i].nth);
	}
	check_int(rest.size, 0);
	check_str(bytes_text(&bytes),
		  "AAAAAAAAAAAAAAAAAAAAAA:0 _____________________w:1099511627776:4294967295 "
		  "ASNFZ4mrze_-3LqYdlQyEA:7:1");
	bytes_release(&bytes);
	for (i = 0; i < countof(bad); i++) {
		rest = slice_of(bad[i]);
		check(!range_take(&rest, &task));
	}
}

/* Appends a note of count tasks, whose outputs have as many bytes as their number, from 1. */
static void put_range(struct bytes *bytes, uint64_t first, uint64_t count, const char *where)
{
	struct range range = {
		.first = first, .count = count, .place = 100 * first, .is_out = strcmp(where, "out") == 0};
	uint64_t i;

	for (i = 0; i < count; i++) {
		struct range_task task = {.key = {.low = first + i + 1, .high = first + i + 1}, .size = i + 1};

		range_put(&range.pieces, &task);
	}
	note_range(bytes, &range);
	bytes_release(&range.pieces);
}

/* The past of ranges: each task by itself. */
static void check_past_ranges(void)
{
	struct error error = {.number = 0};
	struct bytes bytes = {.data = NULL};
	struct scroll scroll;
	struct past past;
	size_t begun;
	char *path;

	put_beginning(&bytes);
	put_range(&bytes, 0, 3, "out");
	put_range(&bytes, 5, 2000, "kept");
	put_range(&bytes, 3, 2, "kept");
	begun = note_begin(&bytes);
	note_put_number(&bytes, "placed", 3);
	note_put_number(&bytes, "count", 2);
	note_put_number(&bytes, "size", 3);
	note_put_number(&bytes, "out", 6);
	note_end(&bytes, begun);
	put_one(&bytes, "commit", 1);
	path = write_journal(bytes_slice(&bytes));
	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	check_int(past_load(&past, &scroll, &error), 0);
	check_int(past.placed, 5);
	check_int(past_of(&past, 3).size, 3);
	check_int(past_of(&past, 3).place, 3);
	check_int(past_of(&past, 5).place, 7);
	check_int(past_of(&past, 5).status, 0);
	check(past_of(&past, 5).is_out && !past_of(&past, 6).is_out);
	check_int(past_of(&past, 2005).place, 500 + 1999 * 2000 / 2);
	check_int(past_of(&past, 2005).outcome, OUTCOME_OK);
	check_int(past_of(&past, 2006).in_roll, ROLL_NONE);
	past_release(&past);
	scroll_close(&scroll);
	bytes_release(&bytes);
	free(path);
}

/* Appends the note of a task that is the nth of the equal ones, whose output has size bytes. */
static void put_nth(struct bytes *bytes, uint64_t index, uint64_t letter, uint64_t nth, uint64_t size)
{
	struct key key = {.low = letter * UINT64_C(0xD6E8FEB86659FD93), .high = letter};
	size_t begun = note_begin(bytes);
	char digits[KEY_TEXT_SIZE];

	key_print(key, digits);
	note_put_number(bytes, "task", index);
	note_put_text(bytes, "key", slice_of(digits));
	note_put_number(bytes, "nth", nth);
	note_put_text(bytes, "outcome", slice_of("ok"));
	note_put_number(bytes, "size", size);
	note_put_number(bytes, "kept", index);
	note_end(bytes, begun);
}

/* Tasks that end in another order than they began have no list by index. */
static void check_past_ahead(void)
{
	struct error error = {.number = 0};
	struct bytes bytes = {.data = NULL};
	struct past_entry entry;
	struct scroll scroll;
	struct past past;
	char *path;

	put_beginning(&bytes);
	put_task(&bytes, 0, 'a', "out", 5);
	put_task(&bytes, 200000, 'c', "kept", 10);
	put_task(&bytes, 100000, 'b', "kept", 0);
	put_one(&bytes, "commit", 3);
	path = write_journal(bytes_slice(&bytes));
	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	check_int(past_load(&past, &scroll, &error), 0);
	check(!past.roll.by_index && !past.sequence && !past.roll.slots);
	check_int(past_recall(&past, (struct key){.low = 'b', .high = 'b'}, 100000, &entry, &error), 0);
	check_int(entry.in_roll, 100000);
	check(!past.roll.slots);
	check_int(past_recall(&past, (struct key){.low = 'c', .high = 'c'}, 7, &entry, &error), 0);
	check_int(entry.in_roll, 200000);
	past_release(&past);
	scroll_close(&scroll);
	bytes_release(&bytes);
	free(path);
}

/* The past of two sessions of 3000 tasks each, the second with its input reversed and a thousand tasks more. */
static void check_past_edited(void)
{
	enum { TASKS = 3000, MORE = 1000 };
	struct error error = {.number = 0};
	struct bytes bytes = {.data = NULL};
	struct scroll scroll;
	struct past past;
	uint64_t i;
	char *path;

	put_beginning(&bytes);
	for (i = 0; i < TASKS; i++)
		put_nth(&bytes, i, i / 3 + 1, i % 3, i);
	put_one(&bytes, "commit", 1);
	put_beginning_of(&bytes, 2);
	for (i = 0; i < TASKS + MORE; i++)
		put_nth(&bytes, TASKS + MORE - 1 - i, i / 3 + 1, i % 3, TASKS + i);
	put_one(&bytes, "commit", 1);
	path = write_journal(bytes_slice(&bytes));
	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	check_int(past_load(&past, &scroll, &error), 0);
	for (i = 0; i < TASKS + MORE; i++) {
		uint64_t first = i * 7 % (TASKS + MORE) / 3 * 3, letter = first / 3 + 1;
		struct key key = {.low = letter * UINT64_C(0xD6E8FEB86659FD93), .high = letter};
		struct past_entry entry;

		check_int(past_recall(&past, key, i, &entry, &error), 0);
		check_int(entry.outcome, OUTCOME_OK);
		check_int(entry.size, TASKS + first + entry.ordinal);
		check_int(entry.place, TASKS + MORE - 1 - first - entry.ordinal);
		check(!past.roll.entries[entry.in_roll].is_out);
		check_int(roll_at(&past.roll, entry.place), entry.in_roll);
	}
	past_release(&past);
	scroll_close(&scroll);
	bytes_release(&bytes);
	free(path);
}

static void put_placed(struct bytes *bytes, uint64_t index, uint64_t size, uint64_t out)
{
	size_t begun = note_begin(bytes);

	note_put_number(bytes, "placed", index);
	note_put_number(bytes, "size", size);
	note_put_number(bytes, "out", out);
	note_end(bytes, begun);
}

static void put_begun(struct bytes *bytes, uint64_t index, uint64_t letter)
{
	struct key key = {.low = letter, .high = letter};
	size_t begun = note_begin(bytes);
	char digits[KEY_TEXT_SIZE];

	key_print(key, digits);
	note_put_number(bytes, "begun", index);
	note_put_text(bytes, "key", slice_of(digits));
	note_end(bytes, begun);
}

/* A journal of tasks in all states: a, f and d are in the output; the index of g is that of h now. */
static char *write_states(void)
{
	struct bytes bytes = {.data = NULL};
	char *path;

	put_beginning(&bytes);
	put_task(&bytes, 0, 'a', "kept", 0);
	put_placed(&bytes, 0, 12, 5);
	put_task(&bytes, 1, 'f', "out", 17);
	put_begun(&bytes, 2, 'd');
	put_placed(&bytes, 2, 0, 27);
	put_task(&bytes, 3, 'c', "kept", 10);
	put_task(&bytes, 4, 'g', "kept", 20);
	put_begun(&bytes, 5, 'e');
	put_one(&bytes, "skipped", 5);
	put_one(&bytes, "commit", 3);
	put_beginning_of(&bytes, 2);
	put_task(&bytes, 4, 'h', "kept", 30);
	put_one(&bytes, "commit", 3);
	path = write_journal(bytes_slice(&bytes));
	bytes_release(&bytes);
	return path;
}

/* Checks what a past says of these tasks, the last three of which have their output at kept and so on. */
static void check_states(struct past *past, uint64_t kept)
{
	check_int(past->placed, 3);
	check(past_placed(past, 0) == &past->roll.entries[past_of(past, 'a').in_roll]);
	check(past_placed(past, 2) == &past->roll.entries[past_of(past, 'd').in_roll]);
	check(past_of(past, 'a').is_out && past_of(past, 'f').is_out && past_of(past, 'd').is_out);
	check_int(past_of(past, 'a').size, 12);
	check_int(past_of(past, 'f').place, 17);
	check_int(past_of(past, 'f').status, 3);
	check_int(past_of(past, 'f').outcome, OUTCOME_FAILED);
	check_int(past_of(past, 'd').outcome, PAST_BEGUN);
	check_int(past_of(past, 'd').place, 27);
	check_int(past_of(past, 'c').place, kept);
	check_int(past_of(past, 'h').place + past_of(past, 'g').place, kept * 2 + 30);
	check_int(roll_at(&past->roll, 4), past_of(past, 'h').in_roll);
}

static void check_retell(void)
{
	struct error error = {.number = 0};
	char *path = write_states(), data[10];
	struct successor successor;
	struct kept kept, copy;
	struct scroll scroll;
	struct past past;

	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	check_int(past_load(&past, &scroll, &error), 0);
	check_states(&past, 10);
	check_int(retell_kept(&past), 30);
	kept_begin(&kept, path, false);
	kept_begin(&copy, path, true);
	check_int(kept_put(&kept, slice_of("----------cccccccccc"), &error), 0);
	check_int(kept_put(&kept, slice_of("gggggggggghhhhhhhhhh"), &error), 0);
	check_int(successor_begin(&successor, &scroll), 0);
	put_beginning(&scroll.group);
	check_int(successor_append(&successor, &scroll.group), 0);
	check_int(retell_tasks(&(struct retelling){&past, &successor, &kept, &copy}, &error), 0);
	put_one(&scroll.group, "commit", 3);
	check_int(successor_append(&successor, &scroll.group), 0);
	past_release(&past);
	check_int(past_load(&past, &successor.scroll, &error), 0);
	check_states(&past, 0);
	check_int(past_of(&past, 'e').in_roll, ROLL_NONE);
	check_int(kept_get(&copy, past_of(&past, 'g').place, data, sizeof data, &error), 0);
	check(memcmp(data, "gggggggggg", sizeof data) == 0);
	check_int(successor_install(&successor), 0);
	check_int(access(successor.temporary, F_OK), -1);
	successor_release(&successor);
	past_attach(&past, &scroll);
	check_states(&past, 0);
	past_release(&past);
	scroll_close(&scroll);
	check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
	scroll_close(&scroll);
	kept_remove(&kept);
	kept_remove(&copy);
	free(path);
}

/* A past that this program cannot hold is refused. */
static void check_past_limits(void)
{
	static const struct {
		uint64_t index, size, place;
		const char *words;
	} cases[] = {
		{UINT32_MAX, 1, 1, "4 billion tasks"},
		{1, ROLL_SIZE_END, 1, "1 TiB by one task"},
		{1, 1, ROLL_PLACE_END, "16 TiB"},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct error error = {.number = 0};
		struct bytes bytes = {.data = NULL};
		struct scroll scroll;
		struct past past;
		size_t begun;
		char *path;

		put_beginning(&bytes);
		begun = note_begin(&bytes);
		note_put_number(&bytes, "task", cases[i].index);
		note_put_text(&bytes, "outcome", slice_of("ok"));
		note_put_number(&bytes, "size", cases[i].size);
		note_put_number(&bytes, "out", cases[i].place);
		note_end(&bytes, begun);
		put_one(&bytes, "commit", 1);
		path = write_journal(bytes_slice(&bytes));
		check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
		check_int(past_load(&past, &scroll, &error), -1);
		check(strstr(error_text(&error), cases[i].words));
		error_release(&error);
		past_release(&past);
		scroll_close(&scroll);
		bytes_release(&bytes);
		free(path);
	}
}

static void check_past_refuses(void)
{
	static const char *const first[] = {"placed", "moved", "task", "begin", "sealed", "unknown"};
	size_t i;

	for (i = 0; i < countof(first); i++) {
		struct error error = {.number = 0};
		struct bytes bytes = {.data = NULL};
		struct scroll scroll;
		struct past past;
		char *path;

		put_one(&bytes, "journal", 1);
		put_one(&bytes, first[i], 7);
		put_one(&bytes, "commit", 1);
		path = write_journal(bytes_slice(&bytes));
		check_int(scroll_open(&scroll, path, SCROLL_RESUME, &error), 0);
		check_int(past_load(&past, &scroll, &error), -1);
		check(error.is_usage && strstr(error_text(&error), "makes no sense"));
		error_release(&error);
		past_release(&past);
		scroll_close(&scroll);
		bytes_release(&bytes);
		unlink(path);
		free(path);
	}
}

static void check_kept(void)
{
	char *journal = mem_format("%s/j", unit_directory()), *name = mem_join(journal, ".outputs"), data[8];
	struct error error = {.number = 0};
	struct kept kept;
	uint32_t crc;

	kept_begin(&kept, journal, false);
	check_int(kept_flush(&kept, true, &error), 0);
	check_int(access(name, F_OK), -1);
	check_int(kept_put(&kept, slice_of("abcdef"), &error), 0);
	check_int(kept_get(&kept, 2, data, 3, &error), 0);
	check(memcmp(data, "cde", 3) == 0);
	check_int(kept_put(&kept, slice_of("ghi"), &error), 0);
	kept_drop(&kept, 7);
	check_int(kept_end(&kept), 7);
	check_int(kept_get(&kept, 5, data, 2, &error), 0);
	check(memcmp(data, "fg", 2) == 0);
	kept_drop(&kept, 3);
	check_int(kept_put(&kept, slice_of("X"), &error), 0);
	check_int(kept_flush(&kept, true, &error), 0);
	check_int(kept_added(&kept, &crc, &error), 1);
	check_int(crc, crc_of(0, "abcX", 4));
	check_int(kept_added(&kept, &crc, &error), 0);
	kept_drop(&kept, 2);
	check_int(kept_end(&kept), 4);
	kept_close(&kept);
	kept_begin(&kept, journal, false);
	check_int(kept_resume(&kept, 4, false, &error), 0);
	check_int(kept_put(&kept, slice_of("YZ"), &error), 0);
	check_int(kept_flush(&kept, true, &error), 0);
	check_int(kept_added(&kept, &crc, &error), 1);
	check_int(crc, crc_of(0, "YZ", 2));
	kept_close(&kept);
	kept_begin(&kept, journal, false);
	check_int(kept_resume(&kept, 4, false, &error), 0);
	check_int(kept_get(&kept, 0, data, 4, &error), 0);
	check(memcmp(data, "abcX", 4) == 0);
	kept_close(&kept);
	kept_begin(&kept, journal, false);
	check_int(kept_resume(&kept, 5, false, &error), -1);
	check(strstr(error_text(&error), "shortened"));
	kept_close(&kept);
	kept_begin(&kept, journal, false);
	check_int(kept_resume(&kept, 5, true, &error), 0);
	check_int(kept_get(&kept, 3, data, 2, &error), 0);
	check(memcmp(data, "X", 2) == 0);
	kept_close(&kept);
	error_release(&error);
	free(name);
	free(journal);
}

static void check_seals(void)
{
	char *name = mem_format("%s/sealed", unit_directory());
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	struct seals seals = {.pieces = NULL};

	check_int(write(fd, "abcdefghi", 9), 9);
	seals_add(&seals, 0, 3, crc_of(0, "abc", 3));
	seals_add(&seals, 3, 6, crc_of(0, "dEf", 3));
	/* What is from 6 to 8 has no checksum. */
	seals_add(&seals, 8, 12, crc_of(0, "ijkl", 4));
	check(!seals_check(&seals, fd, 0, 3));
	check(!seals_check(&seals, fd, 6, 8));
	check(!seals_check(&seals, fd, 12, 20));
	check(!seals_check(&seals, fd, 3, 3));
	check_int(seals_check(&seals, fd, 0, 4)->end, 6);
	check_int(seals_begin(&seals, seals_check(&seals, fd, 5, 9)), 3);
	check_int(seals_begin(&seals, seals_check(&seals, fd, 7, 9)), 8);
	/* Each is compared once. */
	check_int(pwrite(fd, "X", 1, 0), 1);
	check(!seals_check(&seals, fd, 0, 3));
	seals_release(&seals);
	close(fd);
	unlink(name);
	free(name);
}

static void check_ordinals(void)
{
	struct ordinals ordinals = {.marks = NULL};
	uint64_t i, round;

	for (round = 0; round < 3; round++) {
		for (i = 1; i <= 5000; i++) {
			struct key key = {.low = i * UINT64_C(0x9E3779B97F4A7C15), .high = i};

			check_int(ordinals_next(&ordinals, key), round);
			/* One that is nearly the same. */
			key.low ^= 1;
			check_int(ordinals_next(&ordinals, key), round);
		}
	}
	ordinals_release(&ordinals);
}

const struct unit_test unit_journal[] = {
	{.name = "crc: CRC-32C, in any pieces", .run = check_crc},
	{.name = "note: what was put is found", .run = check_note},
	{.name = "note: other JSON is refused", .run = check_note_refuses},
	{.name = "scroll: each byte flipped", .run = check_each_byte_flipped},
	{.name = "scroll: damage is named, and what precedes it salvaged", .run = check_damage_is_named},
	{.name = "scroll: cut at each length", .run = check_each_length_cut},
	{.name = "scroll: a tail of NULs is torn", .run = check_tail_of_nuls},
	{.name = "scroll: other files are refused", .run = check_others_refused},
	{.name = "scroll: what exists, and what has begun nothing", .run = check_wishes},
	{.name = "scroll: groups are appended, and a torn one is cut", .run = check_append},
	{.name = "scroll: the process that has it is named", .run = check_holder},
	{.name = "past: tasks, places, moves", .run = check_past},
	{.name = "range: pieces", .run = check_range},
	{.name = "past: ranges", .run = check_past_ranges},
	{.name = "past: tasks in another order", .run = check_past_ahead},
	{.name = "past: an input that was edited, equal tasks", .run = check_past_edited},
	{.name = "retell: a journal is written anew", .run = check_retell},
	{.name = "past: what is too much", .run = check_past_limits},
	{.name = "past: notes that make no sense", .run = check_past_refuses},
	{.name = "kept: bytes are kept, dropped and found", .run = check_kept},
	{.name = "seals: pieces are compared when they are needed", .run = check_seals},
	{.name = "ordinals: equal keys are counted", .run = check_ordinals},
	{.name = NULL},
};
