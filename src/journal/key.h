/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The key of a task: a hash of its record and its command, by which another run recognizes it.
 *
 * It is XXH3-128 (xxHash 0.8, seed 0) of these parts, each preceded by its length in 8 bytes, little-endian, so that no
 * two different lists of parts are the same bytes:
 *
 *   surroundings   what else the caller wants in it, such as the script and the folder
 *   words          the words of the command, expanded in slot 0; before them their number in place of a length
 *   tag            the same of the tag
 *   bytes          the bytes of the task in its chunk: values with their NULs, a frame, or a record as it was read
 *
 * A list that does not exist or cannot be expanded has 2^64 - 1 in place of the number. The key of a task is the same
 * on every machine, whatever its byte order: frames are little-endian.
 */
#ifndef JOURNAL_KEY_H
#define JOURNAL_KEY_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "task/template.h"

struct key {
	uint64_t low;
	uint64_t high;
};

/* The characters of a key's text, with its NUL. */
enum { KEY_TEXT_SIZE = 33 };

/* What keys depend on besides the task. */
struct key_command {
	/* NULL if there is none. Its last expansion is lost. */
	struct template *command;
	/* The tag of lines; NULL if there is none. */
	struct template *tag;
	struct slice surroundings;
	/* True if the words are the same for each task, and so what precedes its bytes. */
	bool is_fixed;
	/* What is hashed; with is_fixed, what precedes the bytes of a task. */
	struct bytes parts;
};

/* Returns the key of a task. */
struct key key_of_task(struct key_command *command, const struct task *task);

/* Frees what key_of_task has allocated. */
void key_release(struct key_command *command);

/* Returns XXH3-128 of bytes. */
struct key key_of_bytes(struct slice bytes);

/* Prints a key as 32 hexadecimal digits, the high half first, and a NUL: as xxh128sum does. */
void key_print(struct key key, char text[KEY_TEXT_SIZE]);

/* Reads a key from exactly such digits. False if the text is anything else. */
bool key_read(struct slice text, struct key *key);

#endif
