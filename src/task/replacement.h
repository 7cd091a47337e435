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
	/* {..}: without the last two extensions, all of it if there are fewer. */
	PART_SHORT_STEM,
	/* {/..}: the base name without the last two extensions. */
	PART_BASE_SHORT_STEM,
	PARTS_OF_VALUE,
};

enum replacement_kind {
	REPLACEMENT_NONE,
	/* {}, {.} ...: the value. */
	REPLACEMENT_VALUE,
	/* {N}, {N.} ...: the value at a position. */
	REPLACEMENT_POSITION,
	/* {NAME}, {NAME.} ...: the value of a name. */
	REPLACEMENT_NAME,
	/* {#}, {#:0WIDTH}: the number of the task, from 1. */
	REPLACEMENT_NUMBER,
	/* {%}: the slot. */
	REPLACEMENT_SLOT,
	/* {time}, {elapsed}: where template_options.has_times. */
	REPLACEMENT_TIME,
	REPLACEMENT_ELAPSED,
};

/* A replacement string; its text is a view. */
struct replacement {
	enum replacement_kind kind;
	enum part part;
	/* The position: from 1, or from the end down from -1. */
	int64_t position;
	/* The fewest digits of a number. */
	unsigned width;
	/* The text between the braces. */
	struct slice text;
	/* True for {..}, {#:04} ...: a value of exactly that name comes first, and after $ it is the shell's. */
	bool is_weak;
	/* True directly after a dollar sign. */
	bool after_dollar;
};

enum {
	/* The most digits of {#:0WIDTH}; with more it is no replacement string. */
	REPLACEMENT_WIDTH_MAX = 255,
};

/* What else the names of values contain, besides letters, digits, _ and -. */
enum name_traits {
	NAMES_HAVE_BLANKS = 1,
	NAMES_HAVE_DOTS = 2,
};

/*
 * Parses the replacement string at the beginning of text, which is an opening brace. Returns its length, or 0 if it is
 * no replacement string. Everything between braces that is not another kind is a name, perhaps with the suffix of a
 * part: the caller knows which names exist. A position beyond all columns is the last possible one.
 */
size_t replacement_parse(const char *text, struct replacement *replacement);

/*
 * Recognizes what only GNU parallel replaces: {= PERL =}, {+/}, {+.} and {+..}. Returns the words that say what to use,
 * and the length of the string at the beginning of text; or NULL for all other text.
 */
const char *replacement_foreign(const char *text, size_t *length);

/* Returns the text between braces without the suffix of a part, empty if it does not end with it. */
struct slice replacement_name(struct slice text, enum part part);

/* Returns a part of a value, a view of the value or of a constant (".", "/"). */
struct slice replacement_part(struct slice value, enum part part);

/* Returns the traits of a name (enum name_traits): blanks and dots inside it. */
unsigned replacement_name_traits(struct slice name);

/*
 * True if the text between braces looks like the name of a value, perhaps with the suffix of a part, and not like a
 * piece of a program: words of letters, digits, _ and -. Blanks need a suffix or names with blanks, dots need names
 * with dots: traits has those of all names.
 */
bool replacement_is_name(const struct replacement *replacement, unsigned traits);

#endif
