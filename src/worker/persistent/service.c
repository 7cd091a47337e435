/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop of a worker with a persistent command. */
#include "worker/persistent/service.h"

#include "ipc/fd.h"
#include "process/command.h"
#include "worker/persistent/forking.h"
#include "worker/persistent/growth.h"
#include "worker/persistent/keeping.h"
#include "worker/persistent/lateness.h"
#include "worker/persistent/reckoning.h"
#include "worker/persistent/starting.h"

#include <errno.h>

/* Time without an answer after which the command's buffer is flushed by the end of its input. */
#define FLUSH_TIME (200 * NSEC_PER_MSEC)
/* Time for the last command to end after the parent has hung up. */
#define LAST_TIME (5 * NSEC_PER_SEC)
/* Time for which chunks are left to workers that have none: until these have started. */
#define SHARE_TIME (2 * NSEC_PER_MSEC)

enum {
	/* Bytes held at most. */
	WINDOW_MAX = 2 * 1024 * 1024,
	ERRORS_READ = 16 * 1024,
	/* Reads of standard error in a row, so that the other descriptors get their turn. */
	ERRORS_READS = 16,
};

/* Reads what the command has written to standard error. */
static void take_errors(struct serving *serving)
{
	struct standing *command = &serving->command;
	ssize_t got = ERRORS_READ;
	int reads;

	for (reads = 0; reads < ERRORS_READS && got == ERRORS_READ && !serving->parent_gone; reads++) {
		char *to = bytes_reserve(&serving->errors, ERRORS_READ);

		got = command->errors < 0 ? -1 : fd_read(command->errors, to, ERRORS_READ);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			fd_close(&command->errors);
		/* Beyond that it is dropped where it is held. */
		if (got > 0 && (!serving_holds_errors(serving) || serving->errors.size < SERVING_ERRORS_MAX))
			serving->errors.size += (size_t)got;
		if (!serving_holds_errors(serving))
			serving_pass_errors(serving, false);
	}
}

/* Returns how many records the worker may still serve (--max-tasks-per-worker). */
static uint64_t records_permitted(const struct serving *serving)
{
	uint64_t most = serving->place->setup.max_tasks;

	if (!most)
		return UINT64_MAX;
	return serving->done < most ? most - serving->done : 0;
}

/* True if chunks wait, but so few that each worker without one should get as many as this one has. */
static bool has_its_share(const struct serving *serving)
{
	struct board *board = &serving->place->board;
	size_t idle = 0, seat, most, waiting;

	for (seat = 0; seat < board->seats; seat++)
		idle += seat != serving->place->setup.seat && !atomic_load(&board_seat(board, seat)->running);
	most = (idle + 1) * serving->hand.count;
	waiting = idle ? queue_claimable(&board->queue, most + 1) : 0;
	return waiting && waiting <= most;
}

/* True if chunks are left to other workers for a moment: few records would be with one of them otherwise. */
static bool leaves_chunks(struct serving *serving)
{
	if (!serving->hand.count || !has_its_share(serving)) {
		serving->shares_until = 0;
		return false;
	}
	if (!serving->shares_until)
		serving->shares_until = clock_now() + SHARE_TIME;
	return clock_now() < serving->shares_until;
}

/* True if the command is to answer before more can be fed. */
static bool is_full(const struct serving *serving)
{
	return serving->protocol->is_full && serving->protocol->is_full(serving);
}

/* True if another chunk is to be claimed: what is held has been fed, and is not too much. */
static bool wants_chunk(const struct serving *serving)
{
	const struct standing *command = &serving->command;
	const struct hand *hand = &serving->hand;

	if (serving->is_leaving || serving->halving.state == HALVING_HALVE || !hand_has_room(hand))
		return false;
	if (standing_is_there(command) && (command->input < 0 || serving->is_late || is_full(serving)))
		return false;
	/* What is claimed is kept from other workers: it has to be fed at once. */
	if (serving->protocol->answers_each && hand->count &&
	    (serving->halving.state != HALVING_STREAM || hand_unfed(hand).size))
		return false;
	return !hand->count ||
	       (hand_unanswered(hand) < serving->window && hand_records(hand) < records_permitted(serving) &&
		!serving->protocol->has_unfed(serving));
}

/* Sets how many records the present command gets. */
static void limit_records(struct serving *serving)
{
	uint64_t probe = halving_probe(&serving->halving), left = records_permitted(serving), before = UINT64_MAX;

	serving->allowed = probe < left ? probe : left;
	/* The culprit is not fed again. */
	if (serving->culprit.is_known)
		before = hand_before(&serving->hand, serving->culprit.result.index);
	hand_limit(&serving->hand, before < serving->allowed ? before : serving->allowed);
}

/* Claims chunks as far as there are any and they are wanted, or gives back what is not to be begun. */
static void take_chunks(struct serving *serving)
{
	struct workplace *place = serving->place;

	serving->is_used_up |= !records_permitted(serving);
	serving->is_leaving |= serving->is_used_up || atomic_load(&place->seat->retire) || claim_is_over(place);
	if (serving->is_leaving && serving->hand.count)
		hand_return_unfed(&serving->hand, place);
	while (wants_chunk(serving) && !leaves_chunks(serving) && claim_take(place)) {
		serving->shares_until = 0;
		if (atomic_load(&place->seat->parked))
			claim_stay_awake(place);
		if (!hand_add(&serving->hand, place))
			BUG("a chunk whose memory cannot be reached");
		if (serving->halving.state == HALVING_STREAM)
			limit_records(serving);
	}
}

/* Starts a command, or has one forked. False if it does not stand. */
static bool start_fresh(struct serving *serving)
{
	enum command_stage stage;

	if (serving->place->briefing.prototype && !serving->is_alone) {
		switch (forking_start(serving)) {
		case FORKING_DONE:
			return true;
		case FORKING_ABANDONED:
			return false;
		case FORKING_NEVER:
		default:
			serving->is_alone = true;
		}
	}
	if (standing_start(&serving->command, &serving->launcher, serving->place, serving->wiring, &stage) == 0)
		return true;
	starting_failed(serving, stage, errno);
	return false;
}

/* Starts a command for the records held. */
static void start_command(struct serving *serving)
{
	serving->was_kept = !serving->starts && keeping_take(serving->place, &serving->command, &serving->quickest);
	if (!serving->was_kept && !start_fresh(serving))
		return;
	serving->starts++;
	serving->starved = 0;
	serving->fed_at = 0;
	serving->answered = serving->surplus = 0;
	hand_begin(&serving->hand);
	serving->has_answered = false;
	serving->flaw = SERVING_FLAWLESS;
	serving->reason = NULL;
	serving->exceeded = 0;
	serving->was_terminated = false;
	serving->marked = 0;
	serving->is_late = serving->is_quiet = false;
	serving->measured_at = 0;
	serving->kill_at = NSEC_FOREVER;
	serving->was_killed = false;
	bytes_clear(&serving->errors);
	bytes_clear(&serving->printed);
	limit_records(serving);
	serving->protocol->begin(serving);
}

/* Returns when the command has run for long enough to be flushed, monotonic. */
static nsec started_by(const struct serving *serving)
{
	const struct standing *command = &serving->command;
	nsec begin = command->started > serving->fed_at ? command->started : serving->fed_at;

	return !serving->has_answered && serving->quickest ? begin + serving->quickest : 0;
}

/*
 * True if nothing more will be submitted, and the command has answers to give to what it has. One that may stay for the
 * next run is given the time to do so.
 */
static bool is_at_end(const struct serving *serving)
{
	const struct workplace *place = serving->place;

	return serving->hand.is_begun && !place->setup.stays && atomic_load(&place->notice->no_more) &&
	       !queue_has_ready(&place->board.queue);
}

/* True if the command is to be fed no more than what is held: some records at most (--max-tasks-per-worker). */
static bool has_all_it_gets(const struct serving *serving)
{
	return serving->allowed != UINT64_MAX && hand_records(&serving->hand) >= serving->allowed;
}

/* Closes the command's input if nothing more is to be fed. Returns when that is due. */
static nsec close_input(struct serving *serving)
{
	struct standing *command = &serving->command;
	nsec due = serving->oldest_since + FLUSH_TIME, started = started_by(serving);
	bool is_last = serving->is_over || serving->is_leaving || serving->is_late || has_all_it_gets(serving) ||
		       serving->halving.state != HALVING_STREAM || is_at_end(serving);

	if (command->input < 0 || serving->protocol->has_unfed(serving))
		return NSEC_FOREVER;
	if (!is_last && (!serving->hand.is_begun || serving->protocol->answers_each))
		return NSEC_FOREVER;
	/* What it prints at its end belongs to no record. */
	if (serving->protocol->marks && serving->hand.is_begun)
		return NSEC_FOREVER;
	due = due > started ? due : started;
	if (!is_last && clock_now() < due)
		return due;
	/* It needs more before it answers. */
	if (!is_last && hand_unanswered(&serving->hand) >= serving->window && serving->window < WINDOW_MAX)
		serving->window *= 2;
	standing_close_input(command);
	return NSEC_FOREVER;
}

/* True if the worker has to wait before it can claim a chunk; makes sure that the parent wakes it. */
static bool is_without_chunk(struct serving *serving)
{
	struct workplace *place = serving->place;

	if (!wants_chunk(serving) || serving->shares_until || atomic_load(&place->seat->parked))
		return true;
	place->woken = false;
	switch (claim_seek(place)) {
	case CLAIM_READY:
		return false;
	case CLAIM_OVER:
		serving->is_over = true;
		return false;
	case CLAIM_WAITS:
	default:
		return true;
	}
}

/* Reads what the command has written besides answers. */
static void take_prints(struct serving *serving)
{
	if (serving->protocol->take_prints)
		serving->protocol->take_prints(serving);
	else
		take_errors(serving);
}

/* Waits for the command, the parent or the next deadline, and deals with what the command has done. */
static void wait_for_command(struct serving *serving)
{
	struct fd_wait waits[1 + STANDING_WAITS];
	struct standing *command = &serving->command;
	nsec late = lateness_check(serving), flush = close_input(serving);
	bool had_ended = command->has_ended;

	if (serving->shares_until && serving->shares_until < flush)
		flush = serving->shares_until;
	if (!is_without_chunk(serving))
		return;
	standing_expect(command, serving->protocol->has_unfed(serving) && !is_full(serving), true, waits + 1);
	/* What is printed without a record in work is that of the next one. */
	if (serving->protocol->take_prints && !serving->hand.is_begun && !command->has_ended && command->input >= 0 &&
	    serving_is_ready(serving))
		waits[3].fd = waits[5].fd = -1;
	if (!serving_await(serving, waits, countof(waits), flush < late ? flush : late)) {
		serving->parent_gone = true;
		return;
	}
	standing_note_end(command, waits + 1);
	serving->is_quiet = had_ended && !waits[2].input;
	if (waits[1].output || waits[1].hangup)
		serving->protocol->feed(serving);
	if (waits[2].input)
		serving->protocol->collect(serving);
	if (waits[2].input && growth_is_too_large(serving))
		serving_stop_feeding(serving);
	if (waits[3].input || waits[5].input)
		take_prints(serving);
}

/* True if nothing more can come from a command that has ended, or nothing has come for long enough. */
static bool is_drained(const struct serving *serving)
{
	const struct standing *command = &serving->command;

	if (!command->has_ended)
		return false;
	return serving->flaw || (command->output < 0 && command->errors < 0 && command->prints < 0) ||
	       (serving->is_quiet && clock_now() >= command->ended + LATENESS_DRAIN);
}

/* Does what can be done now. False once nothing is left to be done. */
static bool serving_step(struct serving *serving)
{
	if (atomic_load(&serving->place->notice->stopped_at))
		return serving_pause(serving);
	take_chunks(serving);
	if (reckoning_settle_culprit(serving))
		limit_records(serving);
	if (!standing_is_there(&serving->command) && !serving->hand.count) {
		if (serving->is_leaving)
			return false;
		/* Reaps what earlier commands have left. */
		command_reap_orphans();
		return claim_park(serving->place);
	}
	if (!standing_is_there(&serving->command)) {
		start_command(serving);
		return true;
	}
	/* It is kept for the next run. */
	if (serving->place->setup.stays && (serving->is_over || serving->is_leaving) && serving_is_idle(serving))
		return false;
	wait_for_command(serving);
	if (serving->flaw)
		standing_kill(&serving->command);
	if (is_drained(serving))
		reckoning_end(serving);
	return true;
}

enum executor_service service_serve(struct workplace *place, void *state)
{
	struct serving *serving = state;

	while (!serving->parent_gone && serving_step(serving))
		;
	if (serving->parent_gone && standing_is_there(&serving->command) &&
	    atomic_load(&place->notice->dismissed) == NOTICE_HUNG_UP)
		/* As long as the parent waits for this worker. */
		standing_await_end(&serving->command, clock_now() + LAST_TIME);
	if (serving->parent_gone)
		return SERVICE_ABANDONED;
	return serving->is_used_up ? SERVICE_USED_UP : SERVICE_OVER;
}
