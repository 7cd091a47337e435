/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as it is written in HTML and SVG: nothing in it can be taken for markup. */
#ifndef RUN_PAGE_MARKUP_H
#define RUN_PAGE_MARKUP_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

/* Appends text, on one line: what acts on a terminal becomes visible, \n for a newline. */
void markup_text(struct bytes *out, struct slice text);

/* Appends text that keeps its lines; of a line that carriage returns overwrite, all is shown. */
void markup_lines(struct bytes *out, struct slice text);

/* Appends a time of day of the local time zone, with its date: 2026-11-27 07:30:00. */
void markup_time(struct bytes *out, nsec time);

/* Appends a size: 1.5 GiB. */
void markup_size(struct bytes *out, uint64_t bytes);

#endif
