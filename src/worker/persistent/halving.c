/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The search by halves. */
#include "worker/persistent/halving.h"

enum {
	/* Records convicted in a row after which a command that never answered counts as broken. */
	TRIALS = 3,
	/* SIGKILLs in a row from which on they count. */
	KILLS = 3,
};

uint64_t halving_probe(const struct halving *halving)
{
	switch (halving->state) {
	case HALVING_TRIAL:
		return 1;
	case HALVING_HALVE:
		return halving->suspects > 1 && !halving->tries_first ? halving->suspects / 2 : 1;
	case HALVING_STREAM:
	default:
		return UINT64_MAX;
	}
}

/* Removes records from the front of the suspects. */
static void clear_suspects(struct halving *halving, uint64_t count)
{
	halving->suspects -= count < halving->suspects ? count : halving->suspects;
	if (halving->state == HALVING_HALVE && !halving->suspects)
		halving->state = HALVING_STREAM;
}

void halving_answered(struct halving *halving, uint64_t count)
{
	/* A record that was convicted in the trial was the culprit. */
	if (halving->state == HALVING_TRIAL && halving->convicted)
		halving->suspects = 0;
	if (halving->state == HALVING_TRIAL)
		halving->state = HALVING_HALVE;
	halving->has_answered = true;
	halving->kills = halving->kills_alone = halving->convicted = 0;
	halving->tries_first = false;
	clear_suspects(halving, count);
}

/* Returns the state in which suspects are searched after a command that had all records. */
static enum halving_state state_after(const struct halving *halving, enum halving_cause cause)
{
	return halving->has_answered || cause != HALVING_ENDED ? HALVING_HALVE : HALVING_TRIAL;
}

void halving_accuse(struct halving *halving, enum halving_cause cause)
{
	halving->suspects = 1;
	if (halving->state == HALVING_STREAM)
		halving->state = state_after(halving, cause);
}

/* Counts a SIGKILL. True if it proves something. */
static bool count_kill(struct halving *halving, bool is_alone)
{
	halving->kills++;
	if (!is_alone)
		return halving->kills >= KILLS;
	return ++halving->kills_alone >= KILLS;
}

enum halving_verdict halving_ended(struct halving *halving, uint64_t unanswered, enum halving_cause cause)
{
	bool is_alone = halving_is_alone(halving);

	if (cause == HALVING_KILLED && !count_kill(halving, is_alone))
		return HALVING_AGAIN;
	if (is_alone) {
		if (halving->state == HALVING_TRIAL && cause == HALVING_ENDED && ++halving->convicted == TRIALS)
			return HALVING_BROKEN;
		return HALVING_CONVICTED;
	}
	if (cause != HALVING_KILLED)
		halving->kills = 0;
	halving->suspects = unanswered;
	if (halving->state == HALVING_STREAM) {
		halving->state = state_after(halving, cause);
		halving->tries_first = cause != HALVING_KILLED;
	}
	return HALVING_AGAIN;
}

void halving_settled(struct halving *halving)
{
	halving->kills_alone = 0;
	halving->tries_first = false;
	clear_suspects(halving, halving->state == HALVING_TRIAL ? 1 : halving->suspects);
}
