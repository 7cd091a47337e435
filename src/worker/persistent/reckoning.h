/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the end of a command means for the records that it was fed and has not answered, in one place for all kinds of
 * persistent commands.
 *
 *   the command has ended, and ...                  | the records without an answer
 *   ------------------------------------------------+----------------------------------------------------------------
 *   everything is answered                          | (there are none)
 *   the run is ending                               | go back to the queue, and are skipped
 *   its status is 0, or there are too many answers  | the run fails: the command does not answer each record once
 *   else                                            | are fed again, by halves (worker/persistent/halving.h), until a
 *                                                   | record that ends its command alone has that as its result
 *
 *   protocol.answers_each, and ...                  |
 *   ------------------------------------------------+----------------------------------------------------------------
 *   an answer was malformed                         | the oldest has failed, the others are fed again
 *   its status is 0, after an answer                | are fed again
 *   only one was in work, or its time was over      | the oldest is known to be the culprit: that is its result
 *
 *   protocol.marks, and ...                         |
 *   ------------------------------------------------+----------------------------------------------------------------
 *   it was not ready, or had no record              | the run fails, unless a signal ended it: the third in a row
 *   an answer was malformed                         | the oldest has failed, the others are fed again
 *   it marked a record, or answers each             | that is the culprit, whose result waits for those before it
 *   it did not, and its status is 0                 | by halves; the record that ends it alone has failed
 */
#ifndef WORKER_PERSISTENT_RECKONING_H
#define WORKER_PERSISTENT_RECKONING_H

#include "base/dialect.h"
#include "task/task.h"

struct serving;

/* Deals with a command that has ended, or whose answers are wrong, and releases it. */
void reckoning_end(struct serving *serving);

/*
 * Commits the result of a record that ended an earlier command, if those before it are answered now. True if it did, or
 * if the record is not held any more: the others may be fed then.
 */
bool reckoning_settle_culprit(struct serving *serving);

/*
 * Ends the run: the parent reports the words, and shuts the gate. status is the program's exit status then, 0 for the
 * usual one.
 */
void reckoning_fail(struct serving *serving, unsigned status, struct slice words);

/* For protocols: returns the beginning of a result of the oldest record, which has answered now. */
struct result reckoning_result(const struct serving *serving, enum outcome outcome);

/* For protocols: commits a result of the oldest record, and removes it from the hand. */
void reckoning_commit(struct serving *serving, struct result *result);

#endif
