/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Popping items for a run. */
#include "state/server/taker.h"

#include "base/mem.h"

/* Appends a message to what is to be sent. */
static void taker_send(struct server *server, enum control_type type, struct slice payload)
{
	bytes_put_u32(&server->out, type);
	bytes_put_slice(&server->out, payload);
}

/* Sends an item in parts. */
static void taker_send_item(const struct taker *taker, struct slice item)
{
	struct bytes payload = {.data = NULL};

	do {
		struct slice part = {.data = item.data,
				     .size = item.size < CONTROL_PART_MAX ? item.size : CONTROL_PART_MAX};

		item.data += part.size;
		item.size -= part.size;
		bytes_clear(&payload);
		bytes_put_u64(&payload, taker->run);
		bytes_put_u8(&payload, item.size == 0);
		bytes_put_slice(&payload, part);
		taker_send(taker->server, CONTROL_ITEM, bytes_slice(&payload));
	} while (item.size);
	bytes_release(&payload);
}

/* Sends why nothing can be taken, and wants nothing any more. */
static void taker_refuse(struct taker *taker, struct slice reason)
{
	struct bytes payload = {.data = NULL};

	taker->wanted = 0;
	bytes_put_u64(&payload, taker->run);
	bytes_put_slice(&payload, reason);
	taker_send(taker->server, CONTROL_REFUSED, bytes_slice(&payload));
	bytes_release(&payload);
}

static void taker_answered(struct call *call)
{
	container_of(call, struct taker, call)->is_answered = true;
}

/* Makes a request for the run: true with its answer, false if it waits. */
static bool taker_ask(struct taker *taker, struct call *call, const char *verb, unsigned options)
{
	call_renew(call);
	call->request.verb = verb_find(slice_of(verb));
	call->request.options = options;
	call->owner = taker->owner;
	call_add_operand(call, slice_of(taker->queue), VALUE_STRING);
	return store_request(taker->server->store, call, clock_now());
}

/* Sends what a pop has been answered with. */
static void taker_take_answer(struct taker *taker)
{
	struct cursor cursor = answer_values(&taker->call.answer);
	enum value_kind kind;
	struct slice item;

	taker->is_answered = false;
	if (taker->call.answer.status != CALL_OK || !answer_next(&cursor, &kind, &item)) {
		taker_refuse(taker, bytes_slice(&taker->call.answer.data));
		return;
	}
	taker->wanted--;
	taker_send_item(taker, item);
}

/* Pops what can be had. False if there may be more. */
static bool taker_pop(struct taker *taker)
{
	if (taker->is_answered)
		taker_take_answer(taker);
	while (taker->wanted && !taker->call.is_waiting && taker->server->out.size < TAKER_OUT_MAX) {
		/* A wait may have ended by the time that it is reported. */
		if (taker_ask(taker, &taker->call, "pop", OPTION_ACK) || taker->is_answered)
			taker_take_answer(taker);
	}
	return !taker->wanted || taker->call.is_waiting;
}

void taker_go_on(struct server *server, struct run *run)
{
	struct bytes payload = {.data = NULL};

	if (run->taker && !taker_pop(run->taker))
		return;
	bytes_put_u64(&payload, run->number);
	for (; run->syncs; run->syncs--)
		taker_send(server, CONTROL_SYNCED, bytes_slice(&payload));
	bytes_release(&payload);
}

static struct taker *taker_new(struct server *server, const struct run *run, const char *queue)
{
	struct taker *taker = mem_new(1, sizeof *taker);

	taker->server = server;
	taker->run = run->number;
	taker->queue = mem_string(queue);
	taker->owner = owner_new(server->store, "the run", NULL);
	taker->owner->is_taker = true;
	taker->call.answered = taker_answered;
	call_renew(&taker->call);
	return taker;
}

void taker_want(struct server *server, struct run *run, const char *queue, uint32_t count)
{
	if (!run->taker)
		run->taker = taker_new(server, run, queue);
	if (strcmp(run->taker->queue, queue) != 0) {
		taker_refuse(run->taker, slice_of("a run takes from one queue"));
		return;
	}
	run->taker->wanted += count;
}

void taker_done(struct run *run, uint64_t count)
{
	struct call call = {.answered = NULL};

	for (; run->taker && count; count--) {
		if (!taker_ask(run->taker, &call, "done", 0) || call.answer.status != CALL_OK)
			break;
	}
	call_discard(&call);
}

void taker_end(struct run *run)
{
	struct taker *taker = run->taker;

	if (!taker)
		return;
	run->taker = NULL;
	if (taker->call.is_waiting)
		store_cancel(taker->server->store, &taker->call);
	store_owner_ended(taker->server->store, taker->owner);
	call_discard(&taker->call);
	free(taker->queue);
	free(taker);
}
