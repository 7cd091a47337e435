/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replacement strings: what is written between braces, and which part of a value it stands for. */
#ifndef TASK_REPLACEMENT_H
#define TASK_REPLACEMENT_H

#include "base/dialect.h"
#include "base/slice.h"

/* A part of a value, as of a path. */
enum part {
	/* {} */
	PART_ALL,
	/* {.} without the last extension, {/} the base name, {//} the directory, {/.} the base name without extension.
	 */
	PART_STEM,
	PART_BASE,
	PART_DIRECTORY,
	PART_BASE_STEM,
	PARTS_OF_VALUE,
};

enum replacement_kind {
	REPLACEMENT_NONE,
	/* {} and its like. */
	REPLACEMENT_VALUE,
	/* {N} and its like: position counts from 1, or from the end down from -1. */
	REPLACEMENT_POSITION,
	REPLACEMENT_NAME,
	REPLACEMENT_NUMBER,
	REPLACEMENT_SLOT,
};

struct replacement {
	enum replacement_kind kind;
	enum part part;
	int64_t position;
	/* What is between the braces; a view. */
	struct slice name;
};

/*
 * What text, an opening brace and what follows, stands for: how many bytes, or 0 when it is no replacement string. A
 * name is anything between braces that is nothing else: whether there is such a value is for the caller to know.
 */
size_t replacement_parse(const char *text, struct replacement *replacement);

/* The part of a value: a view of it, or of a constant (".", "/"). */
struct slice replacement_part(struct slice value, enum part part);

/* Whether what is between braces looks like the name of a column, and not like a piece of a program. */
bool replacement_is_name(struct slice text);

#endif
