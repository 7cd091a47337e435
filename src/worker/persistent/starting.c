/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Persistent commands that cannot be started. */
#include "worker/persistent/starting.h"

#include "worker/persistent/reckoning.h"
#include "worker/persistent/serving.h"

/* Retries of a start for which resources are short, each after twice the wait of the one before: 1.3 seconds in all. */
enum { START_RETRIES = 7 };
#define START_WAIT (10 * NSEC_PER_MSEC)

/* Waits, and tries again. False if resources are short for too long. */
static bool wait_for_resources(struct serving *serving)
{
	nsec wait = START_WAIT << serving->starved;

	if (serving->starved++ == START_RETRIES)
		return false;
	serving->parent_gone |= !claim_wait(serving->place, clock_now() + wait);
	return true;
}

void starting_failed(struct serving *serving, enum command_stage stage, int number)
{
	struct result result = {
		.outcome = OUTCOME_NOT_STARTED,
		.status = -1,
		.number = number,
		.astray = stage == COMMAND_ASTRAY,
	};

	if (stage != COMMAND_UNBORN || !command_wants_resources(number)) {
		reckoning_commit(serving, &result);
		return;
	}
	if (wait_for_resources(serving))
		return;
	hand_return(&serving->hand, serving->place);
	serving->is_leaving = serving->is_used_up = true;
	serving->parent_gone |= !claim_starve(serving->place, number);
}
