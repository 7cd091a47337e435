/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker knows of its persistent command, and how it changes. */
#include "worker/persistent/serving.h"

#include "base/mem.h"
#include "process/command.h"
#include "process/signals.h"
#include "worker/persistent/keeping.h"

enum {
	/* Bytes held at first. */
	WINDOW_MIN = 128 * 1024,
};

/* The longest wait while there is a time limit: a stop of this process shows by a wait that took longer. */
#define LIMIT_PERIOD (500 * NSEC_PER_MSEC)

struct serving *serving_open(struct workplace *place, const struct protocol *protocol, size_t own_size)
{
	struct serving *serving = mem_new(1, sizeof *serving);

	*serving = (struct serving){
		.place = place,
		.protocol = protocol,
		.command = STANDING_NONE,
		.window = WINDOW_MIN,
		.kill_at = NSEC_FOREVER,
	};
	hand_init(&serving->hand);
	/* A command may end, or close its input, before it has read everything. */
	signals_catch_pipe();
	command_adopt_orphans();
	if (launcher_init(&serving->launcher, place) < 0) {
		workplace_report_unable(place, "/dev/null");
		free(serving);
		return NULL;
	}
	serving->own = mem_new(1, own_size);
	return serving;
}

void serving_show(struct serving *serving)
{
	struct seat *seat = serving->place->seat;
	uint64_t running = serving->hand.is_begun ? hand_first(&serving->hand) + 1 : 0;

	if (running) {
		atomic_store_explicit(&seat->attempt, serving->hand.rows[0].claim.attempt, memory_order_relaxed);
		atomic_store_explicit(&seat->started, serving->oldest_since, memory_order_relaxed);
		/* The parent does not end this worker for it. */
		atomic_store_explicit(&seat->limit, SEAT_UNLIMITED, memory_order_relaxed);
	}
	atomic_store(&seat->running, running);
}

void serving_note_oldest(struct serving *serving)
{
	serving->oldest_since = clock_now();
	serving->oldest_wall = clock_wall();
	serving->oldest_time = workplace_time(serving->place);
	if (serving->exceeded && serving->protocol->marks &&
	    hand_before(&serving->hand, serving->late_index) != UINT64_MAX)
		return;
	serving->exceeded = 0;
	if (serving->command.output >= 0 && !serving->was_terminated)
		serving->kill_at = NSEC_FOREVER;
	if (serving->fed_at || !serving->hand.is_begun)
		return;
	serving->fed_at = serving->oldest_since;
	serving->first_fed = hand_first(&serving->hand);
}

void serving_stop_feeding(struct serving *serving)
{
	serving->is_late = true;
	serving->allowed = hand_fed_records(&serving->hand);
	hand_limit(&serving->hand, serving->allowed);
}

void serving_note_results(struct serving *serving, uint64_t count)
{
	serving->has_output = false;
	serving->output_size = 0;
	serving->last_answered = hand_first(&serving->hand) + count - 1;
	hand_answer(&serving->hand, count);
	serving->done += count;
	serving->answered += count;
	if (serving->allowed != UINT64_MAX)
		serving->allowed -= count;
	serving_note_oldest(serving);
	serving_show(serving);
}

void serving_note_answers(struct serving *serving, uint64_t count)
{
	const struct standing *command = &serving->command;
	nsec begin = command->started > serving->fed_at ? command->started : serving->fed_at;

	serving_note_results(serving, count);
	if (serving->has_answered)
		return;
	serving->has_answered = true;
	if (!serving->quickest || serving->oldest_since - begin < serving->quickest)
		serving->quickest = serving->oldest_since - begin;
}

void serving_note_judgement(struct serving *serving, enum outcome outcome)
{
	const struct workplace *place = serving->place;

	if (place->briefing.judged >> outcome & 1 && claim_is_over(place))
		serving->flaw = SERVING_STOPPED;
}

size_t serving_answers_max(const struct serving *serving)
{
	return ring_packet_max(&serving->place->ring) - sizeof(struct answers_header);
}

void serving_commit_answers(struct serving *serving, uint64_t count, struct slice bytes)
{
	struct answers_header header = {
		.index = hand_first(&serving->hand),
		.further = (uint32_t)(count - 1),
		.attempt = serving->hand.rows[0].claim.attempt,
		.pid = serving->command.pid,
		.start = serving->oldest_wall,
		.duration = clock_now() - serving->oldest_since,
	};

	hand_select(&serving->hand, serving->place);
	serving->parent_gone |= !claim_answer(serving->place, &header, bytes);
	serving_note_judgement(serving, OUTCOME_OK);
	serving_note_answers(serving, count);
	halving_answered(&serving->halving, count);
}

void serving_commit_output(struct serving *serving, enum stream stream, struct slice bytes)
{
	struct workplace *place = serving->place;
	struct output_header header = {
		.index = hand_first(&serving->hand),
		.stream = (uint32_t)stream,
		.attempt = serving->hand.rows[0].claim.attempt,
	};

	if (!bytes.size || serving->parent_gone)
		return;
	serving->has_output = true;
	serving->output_size += stream == STREAM_OUTPUT ? bytes.size : 0;
	serving->parent_gone = !workplace_send_output(place, &header, bytes);
}

bool serving_holds_errors(const struct serving *serving)
{
	return serving->halving.state != HALVING_STREAM;
}

void serving_pass_errors(struct serving *serving, bool all)
{
	struct bytes *errors = &serving->errors;
	const char *last = errors->size ? memrchr(errors->data, '\n', errors->size) : NULL;
	size_t size = all || !last ? errors->size : (size_t)(last + 1 - errors->data);

	if (!errors->size || (!all && !last && errors->size < SERVING_ERRORS_MAX))
		return;
	if (all && errors->data[errors->size - 1] != '\n') {
		bytes_append_text(errors, "\n");
		size++;
	}
	serving->parent_gone |= !workplace_say(serving->place, (struct slice){.data = errors->data, .size = size});
	bytes_consume(errors, size);
}

bool serving_is_idle(const struct serving *serving)
{
	const struct standing *command = &serving->command;

	return standing_is_there(command) && !command->has_ended && command->input >= 0 && command->output >= 0 &&
	       !serving->hand.count && !serving->flaw && !serving->errors.size;
}

bool serving_pause(struct serving *serving)
{
	/* The parent stops and continues only commands whose records it knew of at these moments. */
	standing_signal(&serving->command, SIGSTOP);
	serving->parent_gone |= !claim_pause(serving->place);
	standing_signal(&serving->command, SIGCONT);
	return !serving->parent_gone;
}

bool serving_await(struct serving *serving, struct fd_wait *waits, size_t count, nsec deadline)
{
	struct workplace *place = serving->place;
	nsec before = workplace_time(place), now = clock_now();

	if (!atomic_load(&place->notice->timeout))
		return workplace_await(place, waits, count, deadline);
	deadline = deadline < now + LIMIT_PERIOD ? deadline : now + LIMIT_PERIOD;
	if (!workplace_await(place, waits, count, deadline))
		return false;
	workplace_note_stop(place, before, deadline > now ? deadline - now : 0);
	return true;
}

bool serving_is_cut_short(const struct serving *serving)
{
	return serving->parent_gone || claim_is_over(serving->place);
}

void serving_report_bad_end(struct serving *serving)
{
	const struct command_end *end = &serving->command.end;
	struct bytes words = {.data = NULL};

	bytes_append_format(&words, "%s failed at its end (teardown) in %s: ", serving->place->briefing.words[0],
			    serving->place->setup.name);
	if (end->signal)
		bytes_append_text(&words, error_signal(end->signal));
	else
		bytes_append_format(&words, "exit status %d", end->status);
	serving->parent_gone |= !workplace_send(serving->place, PACKET_UNFINISHED, bytes_slice(&words));
	bytes_release(&words);
}

void serving_close(struct workplace *place, void *state)
{
	struct serving *serving = state;

	if (!serving_is_idle(serving) || serving->parent_gone || serving->is_used_up)
		standing_drop(&serving->command, place);
	/* A worker that has had no record of this run keeps what it has of another. */
	if (place->setup.stays && standing_is_there(&serving->command))
		keeping_put(place, &serving->command, serving->quickest);
	serving->protocol->release(serving);
	bytes_release(&serving->errors);
	bytes_release(&serving->printed);
	bytes_release(&serving->culprit.printed);
	bytes_release(&serving->culprit.errors);
	hand_release(&serving->hand);
	launcher_release(&serving->launcher);
	free(serving);
}
