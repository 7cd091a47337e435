/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of a request, in whatever dialect: VERB [OPTION [VALUE]]... [--] [OPERAND]...
 *
 * A word that begins with "--" is an option if no operand came before it.
 */
#ifndef STATE_WIRE_WORDS_H
#define STATE_WIRE_WORDS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "state/store/call.h"

/* A request while its words come. All zero but for call at the start. */
struct words {
	struct call *call;
	/* The option whose value is the next word; NULL if none. */
	const struct word_option *option;
	/* True after the first operand, and after "--". */
	bool past_options;
};

/* Takes a word. -1, and the call has failed, if it is wrong. */
int words_take(struct words *words, struct slice word, enum value_kind kind) MUST_CHECK;

/* True if the next word is the last, and is the rest of the line. */
bool words_want_rest(const struct words *words);

/* Ends the request. -1, and the call has failed, if words are missing. */
int words_end(struct words *words) MUST_CHECK;

/* Returns 0 if the word is no option of the verb, 1 if it is one, 2 if a value follows it. */
int words_option_length(const struct verb *verb, struct slice word);

/* Appends the options of a request and "--", each word after a blank. */
void words_put_options(struct bytes *out, const struct request *request);

#endif
