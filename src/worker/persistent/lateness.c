/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time limit of records that a persistent command has in work. */
#include "worker/persistent/lateness.h"

#include "worker/persistent/serving.h"

#include <signal.h>

/* Checks of the record in work within the time that it may take, where the command marks it. */
enum { CHECKS = 16 };

/* Returns since when the record in work is that, on the workplace's clock, as far as is known. */
static nsec in_work_since(struct serving *serving, nsec now)
{
	uint64_t marked = serving->protocol->marks ? standing_marked(&serving->command) : 0;

	if (marked != serving->marked) {
		serving->marked = marked;
		serving->marked_since = now;
	}
	return marked && serving->marked_since > serving->oldest_time ? serving->marked_since : serving->oldest_time;
}

/* Begins to end a command one of whose records takes too long. */
static void end_late_command(struct serving *serving, nsec timeout, nsec now)
{
	bool is_marked = serving->marked && hand_before(&serving->hand, serving->marked - 1) != UINT64_MAX;

	serving->exceeded = timeout;
	serving->late_index = is_marked ? serving->marked - 1 : hand_first(&serving->hand);
	serving->kill_at = now + serving->place->briefing.grace;
	serving_stop_feeding(serving);
	if (!serving->protocol->marks)
		return;
	serving->was_terminated = true;
	standing_signal(&serving->command, SIGTERM);
}

/* Returns when the record in work is checked for the time that it takes: then, or after a part of that time. */
static nsec next_check(const struct serving *serving, nsec since, nsec timeout, nsec now)
{
	nsec due = since + timeout, soon = now + timeout / CHECKS;

	return workplace_when(serving->place, serving->protocol->marks && soon < due ? soon : due);
}

/* Begins to end a command that is not ready, and is not to become so: the run is ending. */
static void end_unready_command(struct serving *serving, nsec now)
{
	if (serving_is_ready(serving) || serving->was_terminated || !claim_is_over(serving->place))
		return;
	serving->was_terminated = true;
	serving->kill_at = now + serving->place->briefing.grace;
	standing_signal(&serving->command, SIGTERM);
}

nsec lateness_check(struct serving *serving)
{
	struct workplace *place = serving->place;
	struct standing *command = &serving->command;
	nsec timeout = atomic_load(&place->notice->timeout), now = workplace_time(place);

	if (command->has_ended)
		return command->ended + LATENESS_DRAIN;
	if (timeout && serving->hand.is_begun && !serving->exceeded) {
		nsec since = in_work_since(serving, now);

		if (now - since < timeout)
			return next_check(serving, since, timeout, now);
		end_late_command(serving, timeout, now);
	}
	if (command->output < 0 && serving->kill_at == NSEC_FOREVER) {
		serving->kill_at = now + place->briefing.grace;
		standing_close_input(command);
	}
	end_unready_command(serving, now);
	if (now < serving->kill_at)
		return workplace_when(place, serving->kill_at);
	serving->kill_at = NSEC_FOREVER;
	serving->was_killed = true;
	standing_kill(command);
	return NSEC_FOREVER;
}
