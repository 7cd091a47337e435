/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys that readline reads: those of the open line (keys.h), once they are whole. Where readline asks for more all
 * the same, as a macro can make it do, it gets an answer that ends the key: it never waits.
 */
#ifndef INTERACTIVE_PROMPT_LINE_INPUT_H
#define INTERACTIVE_PROMPT_LINE_INPUT_H

#include "base/dialect.h"
#include "interactive/prompt/line.h"

/* Makes readline read the keys of a line. */
void line_input_begin(struct line *line);

/* Ends line_input_begin. */
void line_input_end(void);

/* True if the terminal has input that was not read. */
bool line_input_is_waiting(void);

/* Reads what has come, up to the end of a key. Returns false if the terminal is lost. */
bool line_input_receive(struct line *line);

/* Drops the rest of a key that was bound to several lines: readline would read it without a handler, and crash. */
void line_input_drop_macro(void);

#endif
