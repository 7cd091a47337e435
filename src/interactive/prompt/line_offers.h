/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates for TAB: from the line's owner to readline. */
#ifndef INTERACTIVE_PROMPT_LINE_OFFERS_H
#define INTERACTIVE_PROMPT_LINE_OFFERS_H

#include "base/dialect.h"
#include "interactive/prompt/line.h"

/* Makes readline complete words with the candidates of owner->complete. */
void line_offers_begin(struct line_owner *owner);

#endif
