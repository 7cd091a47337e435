/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replacement strings: their syntax, and the parts of values that they select. */
#ifndef TASK_REPLACEMENT_H
#define TASK_REPLACEMENT_H

#include "base/dialect.h"
#include "base/slice.h"

/* The parts of a value, read as a path. */
enum part {
	/* {}: all of it. */
	PART_ALL,
	/* {.}: without the last extension. */
	PART_STEM,
	/* {/}: the base name. */
	PART_BASE,
	/* {//}: the directory. */
	PART_DIRECTORY,
	/* {/.}: the base name without the last extension. */
	PART_BASE_STEM,
	PARTS_OF_VALUE,
};

enum replacement_kind {
	REPLACEMENT_NONE,
	/* {}, {.} ...: the value. */
	REPLACEMENT_VALUE,
	/* {N}, {N.} ...: the value at a position. */
	REPLACEMENT_POSITION,
	/* {NAME}: the value of a name. */
	REPLACEMENT_NAME,
	/* {#}: the number of the task, from 1. */
	REPLACEMENT_NUMBER,
	/* {%}: the slot. */
	REPLACEMENT_SLOT,
};

struct replacement {
	enum replacement_kind kind;
	enum part part;
	/* The position: from 1, or from the end down from -1. */
	int64_t position;
	/* The text between the braces, a view. */
	struct slice name;
};

/*
 * Parses the replacement string at the beginning of text, which is an opening brace. Returns its length, or 0 if it is
 * no replacement string. Everything between braces that is not another kind is a name: the caller knows which names
 * exist.
 */
size_t replacement_parse(const char *text, struct replacement *replacement);

/* Returns a part of a value, a view of the value or of a constant (".", "/"). */
struct slice replacement_part(struct slice value, enum part part);

/* True if the text between braces looks like the name of a column, not like a piece of a program. */
bool replacement_is_name(struct slice text);

#endif
