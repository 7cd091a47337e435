/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding the record that a command does not answer exactly once: the records held are fed again to fresh commands, by
 * halves, and their answers are counted and dropped.
 */
#ifndef WORKER_PERSISTENT_DIAGNOSIS_H
#define WORKER_PERSISTENT_DIAGNOSIS_H

#include "base/bytes.h"
#include "base/dialect.h"

struct serving;

/*
 * Appends what is wrong with a command's answers: how many it gave to which records, the first record that has none, or
 * more than one, when it is alone, and what to use instead. The words are not to be used if the run ends meanwhile
 * (serving_is_cut_short). May set serving->parent_gone.
 */
void diagnosis_describe(struct serving *serving, struct bytes *words);

/*
 * False if a command that has failed before it had answered everything left out some answer: those it gave would be
 * other records' then. Feeds the records that it has answered to fresh commands, as far as they are held and time is
 * left, and believes an answer that is missing only if it is missing with its record alone, too.
 */
bool diagnosis_is_even(struct serving *serving);

#endif
