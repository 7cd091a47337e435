/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes made safe: for a shell to read back, and for a person's terminal. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/*
 * Appends word so that a POSIX shell reads back the same bytes as one word: bare when it is plain, else in single
 * quotes; words with control characters as $'...' (which bash, zsh, ksh and POSIX.1-2024 read), so that a quoted
 * command is always one line and never carries an escape sequence to a terminal.
 */
void quote_shell(struct bytes *out, struct slice word);

/*
 * Appends text with everything that could act on a terminal written as \xHH (and \n, \t, \r): control characters, DEL,
 * the C1 set and direction overrides in UTF-8, bytes that are not UTF-8.
 */
void quote_terminal(struct bytes *out, struct slice text);

/*
 * Appends as much of *text (nothing in it acts on a terminal) as fits into so many columns of one with this locale, and
 * takes it off *text. A character that the locale does not have is a question mark. Returns the columns used.
 */
size_t quote_fitting(struct bytes *out, struct slice *text, size_t columns);

/* The length of the valid UTF-8 sequence that text begins with (1 to 4), with *character set; 0 when there is none. */
size_t quote_utf8(struct slice text, uint32_t *character);

#endif
