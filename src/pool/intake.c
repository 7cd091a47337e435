/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking what workers have put into their rings: checked packet by packet, and handed to the pool's owner. */
#include "pool/intake.h"

#include "base/bytes.h"
#include "base/diag.h"
#include "board/message.h"
#include "pool/staffing.h"

/* Takes one output packet. -1: it is nonsense. */
static int take_output(struct worker *worker, struct slice packet)
{
	struct output_header header;
	struct pool_owner *owner = worker->pool->owner;

	memcpy(&header, packet.data, sizeof header);
	if (header.stream != STREAM_OUTPUT && header.stream != STREAM_ERRORS)
		return -1;
	return owner->on_output(
		owner, &header, (uint32_t)(worker - worker->pool->workers) + 1,
		(struct slice){.data = packet.data + sizeof header, .size = packet.size - sizeof header});
}

/* Takes one result. -1: it is nonsense. */
static int take_result(struct worker *worker, struct slice packet)
{
	struct pool *pool = worker->pool;
	struct cursor cursor = cursor_of(packet);
	struct result result;
	uint32_t row;

	if (result_take(&cursor, &result, &row) < 0 || !ledger_has(&pool->ledger, row, result.index, result.attempt))
		return -1;
	result.worker = worker->number;
	pool->tally.task_time += result.duration;
	worker->last_result = result.index + 1;
	worker->last_attempt = result.attempt;
	if (pool_take_result(pool, row, &result) < 0)
		return -1;
	atomic_fetch_add(&worker->seat->taken, 1);
	if (pool->options.judged >> result.outcome & 1)
		roster_wake(worker);
	pool->failing_since = 0;
	pool->early_ends = pool->early_kills = 0;
	return 0;
}

/* A worker has given up for want of resources: the pool goes on with one fewer. */
static int take_starved(struct worker *worker, struct slice packet)
{
	struct pool *pool = worker->pool;
	int32_t number;

	if (packet.size != sizeof number)
		return -1;
	memcpy(&number, packet.data, sizeof number);
	staffing_starved(pool, number);
	return 0;
}

/* A worker's initializer has ended: without it the worker cannot be used, and leaves. */
static int take_initialized(struct worker *worker, struct slice packet)
{
	struct initialized initialized;

	if (packet.size < sizeof initialized || worker->unfit)
		return -1;
	memcpy(&initialized, packet.data, sizeof initialized);
	packet.data += sizeof initialized;
	packet.size -= sizeof initialized;
	staffing_initialized(worker, &initialized, packet);
	return 0;
}

static int intake_take_packet(struct worker *worker, uint32_t type, struct slice packet)
{
	switch (type) {
	case PACKET_OUTPUT:
		return take_output(worker, packet);
	case PACKET_RESULT:
		return take_result(worker, packet);
	case PACKET_STARVED:
		return take_starved(worker, packet);
	case PACKET_WORDS:
		worker->pool->owner->on_words(worker->pool->owner, packet);
		return 0;
	case PACKET_UNFIT:
		worker->pool->owner->on_unfit(worker->pool->owner, packet);
		return 0;
	case PACKET_INITIALIZED:
		return take_initialized(worker, packet);
	default:
		return -1;
	}
}

/* Every packet that is about a task begins with its index. */
static uint64_t index_of(struct slice packet)
{
	uint64_t index;

	memcpy(&index, packet.data, sizeof index);
	return index;
}

static bool is_about_worker(uint32_t type)
{
	return type == PACKET_STARVED || type == PACKET_INITIALIZED || type == PACKET_WORDS || type == PACKET_UNFIT;
}

static bool is_about_task(uint32_t type, struct slice packet)
{
	return (type == PACKET_OUTPUT || type == PACKET_RESULT) && packet.size >= sizeof(struct output_header);
}

/* Whether a packet of this task is, or will be, in the worker's ring. */
static bool has_task(const struct worker *worker, uint64_t index)
{
	uint64_t position = worker->ring.position;
	struct slice packet;
	uint32_t type;

	if (atomic_load(&worker->seat->running) == index + 1)
		return true;
	while (ring_look_ahead(&worker->ring, &position, &type, &packet) > 0) {
		if (is_about_task(type, packet) && index_of(packet) == index)
			return true;
	}
	return false;
}

/* Whether a packet can be taken now. */
static bool can_take(struct worker *worker, struct slice packet)
{
	struct pool_owner *owner = worker->pool->owner;
	uint64_t index = index_of(packet), head;

	if (owner->accepts(owner, index))
		return true;
	/* What lies in a ring before the head's own output must not hold that up. */
	head = owner->head(owner);
	return index != head && has_task(worker, head);
}

bool intake_look(struct worker *worker, bool ended)
{
	bool taken = false;
	struct slice packet;
	uint32_t type;
	int got;

	if (worker->broken)
		return false;
	worker->stalled = false;
	doorbells_clear(&worker->pool->board.doorbells, (size_t)(worker - worker->pool->workers));
	while ((got = ring_peek(&worker->ring, &type, &packet)) > 0) {
		bool of_worker = is_about_worker(type);

		if (!of_worker && !is_about_task(type, packet))
			got = -1;
		if (got > 0 && !ended && !of_worker && !can_take(worker, packet)) {
			worker->stalled = true;
			return taken;
		}
		if (got < 0 || intake_take_packet(worker, type, packet) < 0)
			break;
		taken = true;
		if (ring_release(&worker->ring))
			roster_wake(worker);
	}
	if (got == 0)
		return taken;
	worker->broken = true;
	diag_error("%s (pid %ld) broke the protocol and is replaced", worker->process.name, (long)worker->process.pid);
	if (!ended)
		roster_kill(worker);
	return taken;
}
