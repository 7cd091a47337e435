/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranges of the stage: consecutive tasks whose output comes, is kept, and is copied as one piece. A filter's answers
 * come so: one note says what became of thousands of records.
 */
#ifndef RUN_DURABLE_RANGES_H
#define RUN_DURABLE_RANGES_H

#include "run/durable/stage.h"

/* Divides a piece of output among the tasks of the range that is being taken. */
void ranges_measure(struct stage *stage, struct slice bytes);

/* Ends that range: enters where the output of each of its tasks is, and notes them. */
void ranges_end(struct stage *stage, const struct result *result);

/*
 * Returns how many tasks from this index on have their output kept in one piece, of which all is the first; adds the
 * sizes of the others to it.
 */
uint64_t ranges_gather(const struct stage *stage, uint64_t index, struct turn *all);

#endif
