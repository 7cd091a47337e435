/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line that shows how far a run is: the bar, figures, and the tasks that have been running longest. */
#ifndef RUN_DISPLAY_FRAME_H
#define RUN_DISPLAY_FRAME_H

#include "base/bytes.h"
#include "base/dialect.h"

struct session;

/* Returns how many tasks have ended in this session of the run, without those that were skipped. */
uint64_t frame_ended(const struct session *session);

/* Appends a frame for a terminal of this width: at most width - 1 columns, or it would wrap. */
void frame_compose(struct session *session, size_t width, struct bytes *out);

/* Appends the figures alone. */
void frame_figures(struct session *session, struct bytes *out);

/* Appends the line for the end of the run: "60 tasks in 3.1 s, 1 failed". */
void frame_conclude(const struct session *session, struct bytes *out);

#endif
