/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking what workers have put into their rings: checked packet by packet, and handed to the pool's owner.
 *
 * One call takes at most one ring full. All that was committed before the call is within that; what a fast producer
 * adds meanwhile has a mark of its own (board), so that it cannot keep the parent from other workers and from signals.
 */
#include "pool/intake.h"

#include "base/bytes.h"
#include "base/diag.h"
#include "board/message.h"
#include "pool/outcomes.h"
#include "pool/roster.h"

/* The fate of the first packet of a ring. */
enum take {
	TAKE_TAKEN,
	/* The ring is empty. */
	TAKE_NONE,
	/* The owner does not accept it now. It remains in the ring. */
	TAKE_WAIT,
	/* The packet breaks the protocol. */
	TAKE_BROKEN,
};

/* The state of a call of intake_take. */
struct intake_scan {
	bool ended;
	/* Packets below this position precede a packet of the task head: they are taken even if not accepted. */
	uint64_t until;
	uint64_t head;
};

/* Takes one output packet. -1: it breaks the protocol. */
static int take_output(struct worker *worker, struct slice packet)
{
	struct output_header header;
	struct pool_owner *owner = worker->pool->owner;

	memcpy(&header, packet.data, sizeof header);
	if (header.stream != STREAM_OUTPUT && header.stream != STREAM_ERRORS)
		return -1;
	return owner->on_output(
		owner, &header, (uint32_t)worker_seat(worker) + 1,
		(struct slice){.data = packet.data + sizeof header, .size = packet.size - sizeof header});
}

/* Takes one result. -1: it breaks the protocol. */
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
	worker->last = (struct worker_progress){.result = result.index + 1, .attempt = result.attempt};
	worker->intake.progressed = true;
	if (outcomes_take(pool, row, &result) < 0)
		return -1;
	/* Read by the worker on a line that it needs for each task: written only where it waits for that. */
	if (pool->options.judged)
		atomic_fetch_add(&worker->seat->taken, 1);
	if (pool->options.judged >> result.outcome & 1)
		roster_wake(worker);
	return 0;
}

/* Notes that a worker gave up for want of resources. -1: the packet breaks the protocol. */
static int note_starved(struct worker *worker, struct slice packet)
{
	int32_t number;

	if (packet.size != sizeof number)
		return -1;
	memcpy(&number, packet.data, sizeof number);
	if (number <= 0)
		return -1;
	worker->intake.starved = number;
	return 0;
}

/* Notes how a worker's initializer ended, and shows what it wrote. -1: the packet breaks the protocol. */
static int note_initialized(struct worker *worker, struct slice packet)
{
	const size_t size = sizeof worker->intake.initializer;

	if (packet.size < size || worker->intake.initialized || worker->fitness.unfit)
		return -1;
	memcpy(&worker->intake.initializer, packet.data, size);
	worker->intake.initialized = true;
	if (packet.size > size)
		worker->pool->owner->on_words(worker->pool->owner,
					      (struct slice){.data = packet.data + size, .size = packet.size - size});
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
		return note_starved(worker, packet);
	case PACKET_WORDS:
		worker->pool->owner->on_words(worker->pool->owner, packet);
		return 0;
	case PACKET_UNFIT:
		worker->pool->owner->on_unfit(worker->pool->owner, packet);
		return 0;
	case PACKET_UNABLE:
		error_set(&worker->pool->staffing.unable_why, "%.*s",
			  (int)(packet.size < INT32_MAX ? packet.size : INT32_MAX), packet.data);
		return 0;
	case PACKET_INITIALIZED:
		return note_initialized(worker, packet);
	default:
		return -1;
	}
}

/* Returns the index that every packet about a task begins with. */
static uint64_t index_of(struct slice packet)
{
	uint64_t index;

	memcpy(&index, packet.data, sizeof index);
	return index;
}

static bool is_about_worker(uint32_t type)
{
	return type == PACKET_STARVED || type == PACKET_INITIALIZED || type == PACKET_WORDS || type == PACKET_UNFIT ||
	       type == PACKET_UNABLE;
}

static bool is_about_task(uint32_t type, struct slice packet)
{
	return (type == PACKET_OUTPUT || type == PACKET_RESULT) && packet.size >= sizeof(struct output_header);
}

/* Returns the position of the end of a task's first packet, 0 if the ring has no packet about it. */
static uint64_t find_packet(const struct worker *worker, uint64_t index)
{
	uint64_t position = worker->ring.position;
	struct slice packet;
	uint32_t type;

	while (ring_look_ahead(&worker->ring, &position, &type, &packet) > 0) {
		if (is_about_task(type, packet) && index_of(packet) == index)
			return position;
	}
	return 0;
}

bool intake_has_task(const struct worker *worker, uint64_t index)
{
	/* First: a result is in the ring before this is cleared. */
	return atomic_load(&worker->seat->running) == index + 1 ||
	       (!worker->intake.broken && find_packet(worker, index));
}

/* True if a packet can be taken now: its task is accepted, or it precedes the head's own packets. */
static bool can_take(struct worker *worker, struct intake_scan *scan, uint64_t index)
{
	struct pool_owner *owner = worker->pool->owner;
	uint64_t head;

	if (owner->accepts(owner, index))
		return true;
	head = owner->head(owner);
	if (index == head)
		return false;
	/* Found once for all packets that precede it. */
	if (head != scan->head || worker->ring.position >= scan->until) {
		scan->head = head;
		scan->until = atomic_load(&worker->seat->running) == head + 1 ? UINT64_MAX : find_packet(worker, head);
	}
	return worker->ring.position < scan->until;
}

/* Takes the first packet of a worker's ring. */
static enum take take_first(struct worker *worker, struct intake_scan *scan)
{
	struct slice packet;
	uint32_t type;
	int got = ring_peek(&worker->ring, &type, &packet);

	if (got <= 0)
		return got == 0 ? TAKE_NONE : TAKE_BROKEN;
	if (!is_about_worker(type)) {
		if (!is_about_task(type, packet))
			return TAKE_BROKEN;
		if (!scan->ended && !can_take(worker, scan, index_of(packet)))
			return TAKE_WAIT;
	}
	if (intake_take_packet(worker, type, packet) < 0)
		return TAKE_BROKEN;
	if (ring_release(&worker->ring))
		roster_wake(worker);
	return TAKE_TAKEN;
}

bool intake_take(struct worker *worker, bool ended)
{
	struct intake_scan scan = {.ended = ended};
	uint64_t begin = worker->ring.position;
	bool any = false;
	enum take take;

	if (worker->intake.broken)
		return false;
	/* Not to be offered again from within its own callbacks. */
	worker->intake.stalled = false;
	doorbells_clear(&worker->pool->board.doorbells, worker_seat(worker));
	do {
		take = take_first(worker, &scan);
		any |= take == TAKE_TAKEN;
	} while (take == TAKE_TAKEN && (ended || worker->ring.position - begin < worker->ring.size));
	worker->intake.stalled = take == TAKE_WAIT;
	if (take == TAKE_BROKEN) {
		worker->intake.broken = true;
		diag_error("%s (pid %ld) broke the protocol and is replaced", worker->process.name,
			   (long)worker->process.pid);
		if (!ended)
			roster_kill(worker);
	}
	return any;
}
