/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A note: one frame of a journal, a line "CCCCCCCC {json}" with the CRC-32C of the JSON in hexadecimal digits. The
 * object is flat: its values are strings and integers from 0.
 *
 * In strings, bytes that are UTF-8 are written as they are, and all others, like control characters, as \u00XX; so any
 * bytes can be read back.
 */
#ifndef JOURNAL_DURABLE_NOTE_H
#define JOURNAL_DURABLE_NOTE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "journal/range.h"

/* Bytes before the JSON: the checksum and a blank. */
enum { NOTE_PREFIX = 9 };

/* Begins a note at the end of bytes. Returns its place, for note_end. */
size_t note_begin(struct bytes *bytes);

/* Append a field to the note that was begun; names are plain words. */
void note_put_number(struct bytes *bytes, const char *name, uint64_t value);
void note_put_text(struct bytes *bytes, const char *name, struct slice value);

/* Appends a field as it was read from another note. */
struct note_field;
void note_put_field(struct bytes *bytes, const struct note_field *field);

/* Ends the note that begins at begun, with its checksum and a newline. */
void note_end(struct bytes *bytes, size_t begun);

/* Appends the note of a range. */
void note_range(struct bytes *bytes, const struct range *range);

/* The most fields of a note; it has no others. */
enum { NOTE_FIELDS = 32 };

struct note_field {
	struct slice name;
	/* The string as it is written between its quotes; the digits of a number. */
	struct slice text;
	uint64_t number;
	bool is_text;
};

/* A note that was read: a view of its line. */
struct note {
	struct note_field fields[NOTE_FIELDS];
	size_t count;
};

/* True if a line, without its newline, has the form of a note and its checksum is right. */
bool note_check(struct slice line);

/* True if the first field of a note has this name; its fields need not be read for that. */
bool note_begins(struct slice line, const char *name);

/* Reads the fields of a line. Returns false if its JSON is not what note_begin and the others write. */
bool note_read(struct slice line, struct note *note);

/* Returns the line that a note was read from. */
struct slice note_line(const struct note *note);

/* True if a field has this name. */
bool note_field_is(const struct note_field *field, const char *name);

/* True if the first field, which says what the note is, has this name. */
bool note_is(const struct note *note, const char *name);

/* Find a number. note_number returns false if there is none; note_value returns 0 then. */
bool note_number(const struct note *note, const char *name, uint64_t *value);
uint64_t note_value(const struct note *note, const char *name);

/* Finds a string. Returns its bytes as a new string (free), NULL if there is none. */
char *note_text(const struct note *note, const char *name);

/* Finds a string as it is written. Returns false if there is none. */
bool note_raw(const struct note *note, const char *name, struct slice *raw);

#endif
