/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bench of the tests of state/. */
#include "unit_state_bench.h"

#include "unit.h"

static struct bench *present;

static void take_answer(struct call *call)
{
	size_t i = (size_t)(call - present->calls);

	bytes_clear(&present->answers[i]);
	answer_write(&present->answers[i], &call->answer, present->dialects[i]);
	present->answers[i].size -= present->answers[i].size > 0;
}

void bench_begin(struct bench *bench)
{
	static const char *const labels[BENCH_OWNERS] = {"A", "B", "C", "D", "E"};
	size_t i;

	*bench = (struct bench){.store = store_new(1 << 20), .now = NSEC_PER_SEC};
	present = bench;
	for (i = 0; i < BENCH_OWNERS; i++)
		bench->owners[i] = owner_new(bench->store, labels[i], NULL);
	for (i = 0; i < BENCH_CALLS; i++) {
		bench->calls[i].answered = take_answer;
		call_renew(&bench->calls[i]);
	}
}

void bench_end(struct bench *bench)
{
	size_t i;

	for (i = 0; i < BENCH_CALLS; i++) {
		if (bench->calls[i].is_waiting)
			store_cancel(bench->store, &bench->calls[i]);
		call_discard(&bench->calls[i]);
		bytes_release(&bench->lines[i]);
		bytes_release(&bench->scratch[i]);
		bytes_release(&bench->answers[i]);
	}
	store_free(bench->store);
}

const char *bench_ask(struct bench *bench, size_t i, const char *line)
{
	struct call *call = &bench->calls[i];

	call_renew(call);
	bytes_clear(&bench->answers[i]);
	bytes_clear(&bench->lines[i]);
	bytes_append_text(&bench->lines[i], line);
	if (request_read(call, bytes_slice(&bench->lines[i]), &bench->scratch[i], &bench->dialects[i]) == 0) {
		call->owner = i < BENCH_OWNERS ? bench->owners[i] : NULL;
		if (!store_request(bench->store, call, bench->now))
			return bench->answers[i].size ? bytes_text(&bench->answers[i]) : "...";
	}
	take_answer(call);
	return bytes_text(&bench->answers[i]);
}

const char *bench_answer(struct bench *bench, size_t i)
{
	return bench->calls[i].is_waiting ? "..." : bytes_text(&bench->answers[i]);
}

void bench_end_owner(struct bench *bench, size_t i)
{
	store_owner_ended(bench->store, bench->owners[i]);
	bench->owners[i] = NULL;
}

void bench_begin_attempt(struct bench *bench, size_t i, const char *label)
{
	if (bench->owners[i])
		bench_end_owner(bench, i);
	bench->owners[i] = store_attempt_began(bench->store, label);
	bench->owners[i]->is_atomic = true;
}

void bench_end_attempt(struct bench *bench, size_t i, bool well)
{
	store_attempt_ended(bench->store, bench->owners[i], well);
	bench->owners[i] = NULL;
}

/* Lets an owner end, its answer come, or a second pass. False if the step is a request. */
static bool bench_step_is_sign(struct bench *bench, const struct bench_step *step)
{
	size_t i = step->owner;

	if (step->line[1])
		return false;
	if (step->line[0] == '!')
		bench_end_owner(bench, i);
	else if (step->line[0] == '~')
		store_attempt_over(bench->store, bench->owners[i]);
	else if (step->line[0] == '.')
		store_expire(bench->store, bench->now += NSEC_PER_SEC);
	else if (step->line[0] == '?')
		check_str(bench_answer(bench, i), step->answer);
	else
		bench_end_attempt(bench, i, step->line[0] == '+');
	return true;
}

void bench_play(const struct bench_step *steps, size_t count, void (*prepare)(struct bench *bench))
{
	struct bench bench;
	size_t i;

	bench_begin(&bench);
	if (prepare)
		prepare(&bench);
	for (i = 0; i < count; i++) {
		if (!bench_step_is_sign(&bench, &steps[i]))
			check_str(bench_ask(&bench, steps[i].owner, steps[i].line), steps[i].answer);
	}
	bench_end(&bench);
}
