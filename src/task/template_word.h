/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compiled words of a template, shared by compiling and expanding. */
#ifndef TASK_TEMPLATE_WORD_H
#define TASK_TEMPLATE_WORD_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/replacement.h"

/* A part of a word: literal text, or a replacement string. */
struct template_piece {
	/* REPLACEMENT_NONE for literal text. */
	struct replacement what;
	/* The literal text, a view of the word. */
	struct slice text;
};

struct template_word {
	/* The word as it was given; its owner is that of template_options. */
	char *text;
	struct template_piece *pieces;
	size_t count;
	/* Bytes that padded numbers may add to the text. */
	size_t padding;
	/* True if {} or one of its parts is among the pieces. */
	bool has_value;
	/* True if a replacement string that every task can fill is among the pieces. */
	bool is_filled;
	/* The kinds of the pieces that are replaced (1 << enum replacement_kind). */
	unsigned kinds;
	/* True if a time is among the pieces. */
	bool shows_time;
	/* True if {} or one of its parts is the only piece: it becomes one argument for each value. */
	bool is_lone;
};

/* True if the word is the same for every task. */
static inline bool template_word_is_literal(const struct template_word *word)
{
	return word->count == 0 || (word->count == 1 && word->pieces[0].what.kind == REPLACEMENT_NONE);
}

#endif
