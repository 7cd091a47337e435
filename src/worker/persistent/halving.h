/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search for the record that ends its command, by halves. Pure: it gets the ends of commands, and returns how many
 * of the unanswered records the next command gets.
 *
 * Answers come in the order of the records, so the suspects are always the first that have no answer. In states other
 * than STREAM a fresh command gets some of them (the probe), and then the end of its input.
 *
 *   state   | probe               | event                             | next
 *   --------+---------------------+-----------------------------------+---------------------------------------------
 *   STREAM  | all                 | ended, some fed ones unanswered   | HALVE among those; TRIAL if no command has
 *           |                     |                                   | ever answered
 *   HALVE   | the first suspect,  | answered                          | HALVE among the others; STREAM if none
 *           | then half of them   | ended, the probe was several      | HALVE among those unanswered
 *           |                     | ended, the probe was one          | that record is convicted; STREAM
 *   TRIAL   | one record          | answered                          | HALVE among the others; STREAM if none, or
 *           |                     |                                   | one is convicted
 *           |                     | ended                             | that record is convicted; after three in a
 *           |                     |                                   | row the command is broken
 *
 * The first suspect is tried first since most programs write out their buffer when they exit: it is the culprit then.
 * After SIGKILL that is not so, and half of the suspects are tried at once.
 *
 * SIGKILL may come from outside, so it proves nothing at once: a range is halved from the third in a row on, and a
 * record alone is convicted by its own third.
 */
#ifndef WORKER_PERSISTENT_HALVING_H
#define WORKER_PERSISTENT_HALVING_H

#include "base/dialect.h"

enum halving_state {
	HALVING_STREAM,
	HALVING_HALVE,
	HALVING_TRIAL,
};

/* All zero at the start. */
struct halving {
	enum halving_state state;
	/* Number of suspects; 0 in HALVING_STREAM. */
	uint64_t suspects;
	/* True if the first suspect is tried before they are halved. */
	bool tries_first;
	/* Records convicted in a row in HALVING_TRIAL. */
	unsigned convicted;
	/* SIGKILLs in a row without an answer in between, and those of the record that is alone. */
	unsigned kills;
	unsigned kills_alone;
	/* True once a command has answered. */
	bool has_answered;
};

/* Why a command ended. */
enum halving_cause {
	/* It exited, or a signal other than SIGKILL ended it. */
	HALVING_ENDED,
	/* SIGKILL, which was not ours. */
	HALVING_KILLED,
	/* Its time was over. */
	HALVING_TIMED_OUT,
};

enum halving_verdict {
	/* A fresh command is to get the next probe. */
	HALVING_AGAIN,
	/* The first unanswered record has ended a command that had it alone. */
	HALVING_CONVICTED,
	/* So have it and the two before: the command answers no record. */
	HALVING_BROKEN,
};

/* Returns how many of the unanswered records a fresh command gets: UINT64_MAX in HALVING_STREAM. */
uint64_t halving_probe(const struct halving *halving);

/* True if a command gets a single record. */
static inline bool halving_is_alone(const struct halving *halving)
{
	return halving_probe(halving) == 1;
}

/* Notes that the first count of the unanswered records have been answered. */
void halving_answered(struct halving *halving, uint64_t count);

/*
 * Notes that the first unanswered record is the only suspect: it is known that it was in work when its command ended,
 * for this cause. halving_ended follows.
 */
void halving_accuse(struct halving *halving, enum halving_cause cause);

/* Notes that a command ended, and that unanswered of the records it was fed have no answer: at least one. */
enum halving_verdict halving_ended(struct halving *halving, uint64_t unanswered, enum halving_cause cause);

/* Notes that the convicted record has its result: it is not among the unanswered ones any more. */
void halving_settled(struct halving *halving);

#endif
