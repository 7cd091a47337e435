/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers that sleep: found by their marks, and woken. */
#include "pool/sleepers.h"

#include "pool/roster.h"

/* Whether a worker sleeps, as far as it says itself. One that has not said HELLO is not reckoned with. */
static bool sleeps(const struct worker *worker)
{
	return worker->state == WORKER_ACTIVE && atomic_load(&worker->seat->parked);
}

bool sleepers_wake_one(struct pool *pool)
{
	struct marks_walk walk = {.groups = 0};
	size_t seat;

	while (marks_next(&pool->board.sleepers, &walk, &seat)) {
		struct worker *worker = &pool->workers[seat];

		if (sleeps(worker) && board_clear_sleeping(&pool->board, seat)) {
			roster_wake(worker);
			return true;
		}
	}
	return false;
}

void sleepers_wake_all(struct pool *pool)
{
	struct marks_walk walk = {.groups = 0};
	size_t seat;

	while (marks_next(&pool->board.sleepers, &walk, &seat)) {
		struct worker *worker = &pool->workers[seat];

		/* Also one whose HELLO has not been taken. */
		if ((worker->state == WORKER_STARTING || worker->state == WORKER_ACTIVE) &&
		    board_clear_sleeping(&pool->board, seat))
			roster_wake(worker);
	}
}

bool sleepers_exist(const struct pool *pool)
{
	struct marks_walk walk = {.groups = 0};
	size_t seat;

	while (marks_next(&pool->board.sleepers, &walk, &seat)) {
		if (sleeps(&pool->workers[seat]))
			return true;
	}
	return false;
}
