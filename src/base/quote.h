/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quoting for shells, escaping for terminals. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/*
 * Appends word in a form that a POSIX shell reads as the same word: bare if possible, else in single quotes; with
 * control characters as $'...' (understood by bash, zsh, ksh and POSIX.1-2024), so that a quoted command is one line
 * without escape sequences.
 */
void quote_shell(struct bytes *out, struct slice word);

/*
 * Appends text with everything that acts on a terminal as \xHH, \n, \t or \r: control characters, DEL, the C1 set and
 * direction overrides in UTF-8, bytes that are not UTF-8.
 */
void quote_terminal(struct bytes *out, struct slice text);

/*
 * Moves the beginning of *text, in which nothing may act on a terminal, to out: as much as fits into columns on a
 * terminal of the current locale. A character that the locale lacks becomes a question mark. Returns the columns used.
 */
size_t quote_fitting(struct bytes *out, struct slice *text, size_t columns);

/* Returns the length (1 to 4) of the UTF-8 sequence at the beginning of text and sets *character; 0 if not valid. */
size_t quote_utf8(struct slice text, uint32_t *character);

#endif
