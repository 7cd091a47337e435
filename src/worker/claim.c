/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of stores and checks by which a seat's claims stay true at every instant. */
#include "worker/claim.h"

#include "base/fault.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "worker/workplace.h"

#include <inttypes.h>

int claim_hello(struct workplace *place)
{
	return channel_send(place->channel, MESSAGE_HELLO, (struct slice){.data = NULL}, NULL, 0);
}

bool claim_take(struct workplace *place)
{
	size_t row = queue_claim(&place->board.queue, place->setup.number);
	const struct queue_entry *entry;

	if (row == QUEUE_NONE)
		return false;
	entry = &place->board.queue.entries[row];
	place->claim.row = row;
	place->claim.end = entry->first + entry->count;
	place->claim.next = atomic_load_explicit(&entry->next, memory_order_acquire);
	place->claim.attempt = entry->attempt;
	place->claim.released = false;
	trace_event("chunk_claim", "\"worker\":\"%s\",\"first\":%" PRIu64 ",\"count\":%" PRIu64, place->setup.name,
		    place->claim.next + 1, place->claim.end - place->claim.next);
	fault_at("claimed");
	return true;
}

struct chunk_reader claim_read(struct workplace *place)
{
	const struct queue_entry *entry = &place->board.queue.entries[place->claim.row];
	uint64_t start = entry->block + entry->offset_in_block, end = start + entry->size;
	struct slice bytes = {.data = NULL};

	/* The arena may have grown since this process mapped it. */
	if (shm_follow(&place->arena, (size_t)end) == 0)
		bytes = (struct slice){.data = place->arena.base + start, .size = (size_t)entry->size};
	return chunk_read(bytes, entry->first, entry->count, entry->width);
}

bool claim_may_begin(const struct workplace *place, uint64_t index)
{
	return !atomic_load(&place->seat->retire) && index < queue_gate(&place->board.queue);
}

bool claim_begin(struct workplace *place, const struct task *task, nsec limit)
{
	struct seat *seat = place->seat;

	place->listened = false;
	seat->task = 0;
	atomic_store_explicit(&seat->attempt, task->attempt, memory_order_relaxed);
	atomic_store_explicit(&seat->started, clock_now(), memory_order_relaxed);
	atomic_store_explicit(&seat->limit, limit, memory_order_relaxed);
	atomic_store(&seat->running, task->index + 1);
	/* Checked after running is set: the parent shuts the gate first, then reads running to send signals. */
	if (task->index < queue_gate(&place->board.queue) && !(place->briefing.delay && atomic_load(&seat->retire)))
		return true;
	claim_drop(place);
	return false;
}

void claim_drop(struct workplace *place)
{
	atomic_store(&place->seat->running, 0);
}

/* True if the last result was taken, or the gate is shut: only some tasks may start then anyway. */
static bool is_judged(struct workplace *place, void *context UNUSED)
{
	return atomic_load(&place->seat->taken) == place->claim.results ||
	       queue_gate(&place->board.queue) != QUEUE_OPEN;
}

/* No packet has type 0; UINT32_MAX is that of padding (board/ring.c). */
static enum packet_type result_type(void)
{
	if (fault_at("garbage"))
		return (enum packet_type)0;
	return fault_at("padding") ? (enum packet_type)UINT32_MAX : PACKET_RESULT;
}

/* Announces a result that was committed, in time. False when the parent is gone. */
static bool claim_announce(struct workplace *place, enum outcome outcome)
{
	nsec before = place->doorbell.since;

	place->claim.results++;
	if (place->briefing.judged >> outcome & 1) {
		workplace_announce(place);
		return workplace_wait_until(place, is_judged, NULL, NSEC_FOREVER);
	}
	doorbell_committed(&place->doorbell);
	if (atomic_load_explicit(&place->seat->owns, memory_order_relaxed)) {
		atomic_store_explicit(&place->seat->owns, 0, memory_order_relaxed);
		workplace_announce(place);
	}
	workplace_announce_if_due(place);
	/* While tasks are short nothing else checks whether the parent is there. */
	return place->doorbell.since == before || place->listened || workplace_listen(place);
}

bool claim_commit(struct workplace *place, const struct result *result)
{
	struct claim *claim = &place->claim;

	bytes_clear(&place->scratch);
	result_put(&place->scratch, result, (uint32_t)claim->row);
	/* Before the result: once that is taken the row may hold another chunk. The seat names the task until then. */
	if (!claim->released)
		atomic_store_explicit(&place->board.queue.entries[claim->row].next, result->index + 1,
				      memory_order_release);
	fault_at("result");
	if (!workplace_send(place, result_type(), bytes_slice(&place->scratch)))
		return false;
	trace_event("task_end", "\"seq\":%" PRIu64 ",\"worker\":\"%s\",\"outcome\":\"%s\",\"status\":%d",
		    result->index + 1, place->setup.name, outcome_name(result->outcome), result->status);
	atomic_store_explicit(&place->seat->running, 0, memory_order_release);
	return claim_announce(place, result->outcome);
}

bool claim_answer(struct workplace *place, struct answers_header *header, struct slice bytes)
{
	char *to = workplace_reserve(place, sizeof *header + bytes.size);

	if (!to)
		return false;
	header->row = (uint32_t)place->claim.row;
	memcpy(to, header, sizeof *header);
	memcpy(to + sizeof *header, bytes.data, bytes.size);
	return claim_answer_in_place(place, to, sizeof *header + bytes.size);
}

bool claim_answer_in_place(struct workplace *place, const char *packet, size_t size)
{
	struct answers_header header;

	memcpy(&header, packet, sizeof header);
	atomic_store_explicit(&place->board.queue.entries[header.row].next, header.index + header.further + 1,
			      memory_order_release);
	fault_at("answers");
	ring_commit(&place->ring, PACKET_ANSWERS, size);
	trace_event("answers", "\"first\":%" PRIu64 ",\"count\":%" PRIu64 ",\"worker\":\"%s\"", header.index + 1,
		    (uint64_t)header.further + 1, place->setup.name);
	return claim_announce(place, OUTCOME_OK);
}

bool claim_can_share(const struct workplace *place, uint64_t index)
{
	return !place->claim.released && index + 1 < place->claim.end;
}

/* Makes the row ready again, from its entry's next task on. */
static void claim_release(struct workplace *place, uint64_t next)
{
	place->claim.released = true;
	trace_event("chunk_return", "\"worker\":\"%s\",\"first\":%" PRIu64, place->setup.name, next + 1);
	queue_return(&place->board.queue, place->claim.row);
}

void claim_share(struct workplace *place, uint64_t index)
{
	if (!claim_can_share(place, index))
		return;
	atomic_store_explicit(&place->board.queue.entries[place->claim.row].next, index + 1, memory_order_relaxed);
	claim_release(place, index + 1);
	workplace_announce(place);
}

void claim_return(struct workplace *place)
{
	if (!place->claim.released)
		claim_release(place, atomic_load(&place->board.queue.entries[place->claim.row].next));
}

bool claim_starve(struct workplace *place, int number)
{
	int32_t value = number;
	bool sent = workplace_send(place, PACKET_STARVED, (struct slice){.data = (char *)&value, .size = sizeof value});

	workplace_announce(place);
	return sent;
}

/*
 * The order that makes sure of every wake-up:
 *
 *   worker                          | parent
 *   --------------------------------+------------------------------------
 *   woken = false                   | publish a chunk
 *   mark the seat as sleeping       | find the mark, clear it
 *   check the queue, then wait      | send WAKE
 *
 * Whichever comes first, either the worker's check finds the chunk or the parent finds the mark.
 */
enum claim_seek claim_seek(struct workplace *place)
{
	board_sleep(&place->board, place->setup.seat);
	if (atomic_load(&place->notice->last_call) && !queue_has_ready(&place->board.queue))
		return CLAIM_OVER;
	if (queue_claimable(&place->board.queue, 1))
		return CLAIM_READY;
	trace_event("worker_park", "\"worker\":\"%s\"", place->setup.name);
	workplace_announce(place);
	return CLAIM_WAITS;
}

void claim_stay_awake(struct workplace *place)
{
	/* Some wake-ups leave the seat's mark set, and a worker that is awake must have none. If the parent has just
	 * cleared the mark, its WAKE is in flight and wakes this worker once more for nothing. */
	(void)!board_clear_sleeping(&place->board, place->setup.seat);
}

/* True if the worker is not to sleep, or has been woken; what it found before is in *context. */
static bool is_not_to_sleep(struct workplace *place, void *context)
{
	enum claim_seek *found = context;

	/* The worker was woken to claim a chunk. With a second mark the parent would count on it twice. */
	if (*found == CLAIM_WAITS)
		return true;
	*found = claim_seek(place);
	return *found != CLAIM_WAITS;
}

bool claim_park(struct workplace *place)
{
	enum claim_seek found = CLAIM_READY;
	bool parent_there = workplace_wait_until(place, is_not_to_sleep, &found, NSEC_FOREVER);

	if (found == CLAIM_OVER)
		return false;
	claim_stay_awake(place);
	return parent_there;
}

bool claim_is_over(const struct workplace *place)
{
	return !queue_gate(&place->board.queue);
}

/* True if this worker begins no task any more. */
static bool is_no_more(struct workplace *place, void *context UNUSED)
{
	return claim_is_over(place) || atomic_load(&place->seat->retire);
}

bool claim_wait(struct workplace *place, nsec deadline)
{
	workplace_announce_pending(place);
	return workplace_wait_until(place, is_no_more, NULL, deadline);
}

static bool is_continued(struct workplace *place, void *context UNUSED)
{
	return !atomic_load(&place->notice->stopped_at);
}

bool claim_pause(struct workplace *place)
{
	return workplace_wait_until(place, is_continued, NULL, NSEC_FOREVER);
}

int claim_leave(const struct workplace *place)
{
	return channel_send(place->channel, MESSAGE_FREE, (struct slice){.data = NULL}, NULL, 0);
}
