/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store, owners and their calls, for tests that write requests and read answers as lines. */
#ifndef UNIT_STATE_BENCH_H
#define UNIT_STATE_BENCH_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "state/store/store.h"
#include "state/wire/request.h"

enum { BENCH_OWNERS = 5, BENCH_CALLS = 8 };

/* A store with owners A to E, and calls that may wait. */
struct bench {
	struct store *store;
	struct owner *owners[BENCH_OWNERS];
	struct call calls[BENCH_CALLS];
	struct bytes lines[BENCH_CALLS], scratch[BENCH_CALLS], answers[BENCH_CALLS];
	enum wire_dialect dialects[BENCH_CALLS];
	nsec now;
};

void bench_begin(struct bench *bench);
void bench_end(struct bench *bench);

/* Makes request i for owner i. Returns its answer, "..." while it waits. */
const char *bench_ask(struct bench *bench, size_t i, const char *line);

/* Returns the answer to request i, "..." while it waits. */
const char *bench_answer(struct bench *bench, size_t i);

void bench_end_owner(struct bench *bench, size_t i);

/* Owner i ends, and is an attempt of this name from now on, which is atomic. */
void bench_begin_attempt(struct bench *bench, size_t i, const char *label);

/* Owner i, an attempt, ends well or not. */
void bench_end_attempt(struct bench *bench, size_t i, bool well);

/*
 * A step: the owner, its request and the answer; or "!" its end, "+" and "-" its end as an attempt, well or not, "~" an
 * attempt is over, "?" only its answer, "." a second passes.
 */
struct bench_step {
	size_t owner;
	const char *line;
	const char *answer;
};

/* Plays the steps on a bench, which prepare, if it is given, has made its own. */
void bench_play(const struct bench_step *steps, size_t count, void (*prepare)(struct bench *bench));

#endif
