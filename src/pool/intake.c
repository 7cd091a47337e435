/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking what workers have put into their rings: checked packet by packet, and handed to the pool's owner.
 *
 * One call takes at most one ring full. All that was committed before the call is within that; what a fast producer
 * adds meanwhile has a mark of its own (board), so that it cannot keep the parent from other workers and from signals.
 *
 * Where a command stays (options.refeeds), the results of a row come in the order of its tasks, whichever workers had
 * it. A worker may have returned a row while answers to it were in its ring: when a later worker's ring is read first,
 * the packets of the earlier one are taken before (intake_catch_up).
 */
#include "pool/intake.h"

#include "base/bytes.h"
#include "base/diag.h"
#include "board/prepared.h"
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
	if (header.stream < STREAM_OUTPUT || header.stream > STREAM_VALUE)
		return -1;
	return owner->on_output(
		owner, &header, (uint32_t)worker_seat(worker) + 1,
		(struct slice){.data = packet.data + sizeof header, .size = packet.size - sizeof header});
}

/* Returns the part of a result's duration that no earlier result of the worker has: several may be under way. */
static nsec added_time(struct worker *worker, const struct result *result)
{
	nsec begin = result->start > worker->last.ended ? result->start : worker->last.ended, end;

	if (__builtin_add_overflow(result->start, result->duration, &end) || end <= begin)
		return 0;
	worker->last.ended = end;
	return end - begin;
}

/* True if a worker may have this result now. */
static bool is_expected(struct worker *worker, size_t row, const struct result *result)
{
	const struct ledger *ledger = &worker->pool->ledger;

	if (!ledger_has(ledger, row, result->index, result->attempt))
		return false;
	if (!worker->pool->options.refeeds)
		return true;
	intake_catch_up(worker, row, result->index);
	return ledger_next(ledger, row) == result->index && result_count(result) <= ledger->rows[row].outstanding;
}

/* Accounts for a result that is to be taken. */
static void note_result(struct worker *worker, const struct result *result)
{
	struct pool *pool = worker->pool;

	pool->tally.task_time += pool->options.refeeds ? added_time(worker, result) : result->duration;
	worker->last.result = result->index + result_count(result);
	worker->last.attempt = result->attempt;
	worker->intake.progressed = true;
}

/* Lets a worker know that a result was taken, if it waits for that. */
static void note_taken(struct worker *worker, enum outcome outcome)
{
	uint32_t judged = worker->pool->options.judged;

	/* Read by the worker on a line that it needs for each task: written only where it waits for that. */
	worker->intake.unacknowledged += judged != 0;
	if (!worker->pool->options.acknowledges)
		roster_acknowledge(worker, judged >> outcome & 1);
}

/* Takes one result. -1: it breaks the protocol. */
static int take_result(struct worker *worker, struct slice packet)
{
	struct cursor cursor = cursor_of(packet);
	struct result result;
	uint32_t row;

	if (result_take(&cursor, &result, &row) < 0 || !is_expected(worker, row, &result))
		return -1;
	result.worker = worker->number;
	note_result(worker, &result);
	if (outcomes_take(worker->pool, row, &result) < 0)
		return -1;
	note_taken(worker, result.outcome);
	return 0;
}

/* Takes the answers to consecutive tasks. -1: they break the protocol. */
static int take_answers(struct worker *worker, struct slice packet)
{
	struct answers_header header;
	struct slice bytes = {.data = packet.data + sizeof header, .size = packet.size - sizeof header};
	struct result result;

	memcpy(&header, packet.data, sizeof header);
	result = (struct result){
		.index = header.index,
		.further = header.further,
		.attempt = header.attempt,
		.outcome = OUTCOME_OK,
		.ran = true,
		.pid = header.pid,
		.slot = (uint32_t)worker_seat(worker) + 1,
		.worker = worker->number,
		.output_size = bytes.size,
		.start = header.start,
		.duration = header.duration,
		.user_time = -1,
		.system_time = -1,
	};
	if (!worker->pool->options.refeeds || !is_expected(worker, header.row, &result))
		return -1;
	note_result(worker, &result);
	if (outcomes_take_answers(worker->pool, header.row, &result, bytes) < 0)
		return -1;
	note_taken(worker, OUTCOME_OK);
	return 0;
}

/* Drops the output of a task that begins anew. -1: the packet breaks the protocol. */
static int take_forget(struct worker *worker, struct slice packet)
{
	struct output_header header;
	struct pool_owner *owner = worker->pool->owner;

	if (!worker->pool->options.refeeds)
		return -1;
	memcpy(&header, packet.data, sizeof header);
	owner->on_forget(owner, header.index, 1, header.attempt);
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

/* Ends the run for the reason that a worker reports. -1: it breaks the protocol. */
static int take_failure(struct worker *worker, struct slice packet)
{
	struct cursor cursor = cursor_of(packet);
	uint32_t status = cursor_u32(&cursor);
	struct error error = {.number = 0};

	if (cursor_failed(&cursor) || status > 255)
		return -1;
	error_set(&error, "%.*s", (int)(cursor.end - cursor.at), cursor.at);
	worker->pool->owner->on_failure(worker->pool->owner, &error, status);
	error_release(&error);
	return 0;
}

static int intake_take_packet(struct worker *worker, uint32_t type, struct slice packet)
{
	switch (type) {
	case PACKET_OUTPUT:
		return take_output(worker, packet);
	case PACKET_RESULT:
		return take_result(worker, packet);
	case PACKET_ANSWERS:
		return take_answers(worker, packet);
	case PACKET_FORGET:
		return take_forget(worker, packet);
	case PACKET_STARVED:
		return note_starved(worker, packet);
	case PACKET_WORDS:
		worker->pool->owner->on_words(worker->pool->owner, packet);
		return 0;
	case PACKET_UNFIT:
	case PACKET_UNFINISHED:
		worker->pool->owner->on_report(worker->pool->owner, type, packet);
		return 0;
	case PACKET_FAILURE:
		return take_failure(worker, packet);
	case PACKET_UNABLE:
		error_set(&worker->pool->staffing.unable_why, "%.*s", (int)packet.size, packet.data);
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
	       type == PACKET_UNABLE || type == PACKET_FAILURE || type == PACKET_UNFINISHED;
}

static bool is_about_task(uint32_t type, struct slice packet)
{
	if (type == PACKET_OUTPUT || type == PACKET_RESULT || type == PACKET_FORGET)
		return packet.size >= sizeof(struct output_header);
	return type == PACKET_ANSWERS && packet.size >= sizeof(struct answers_header);
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

/*
 * Returns the position in a worker's ring before which everything precedes the head: if it runs that, or has claimed it
 * for a command that stays, its packets are still to come. 0 if the ring has nothing to do with the head.
 */
static uint64_t precedes_until(const struct worker *worker, uint64_t head)
{
	const struct pool *pool = worker->pool;

	if (atomic_load(&worker->seat->running) == head + 1 ||
	    (pool->options.refeeds && ledger_claims(&pool->ledger, worker->number, head)))
		return UINT64_MAX;
	return find_packet(worker, head);
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
		scan->until = precedes_until(worker, head);
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

/* Reads nothing more from a worker that broke the protocol, and replaces it. */
static void give_up(struct worker *worker, bool ended)
{
	worker->intake.broken = true;
	diag_error("%s (pid %ld) broke the protocol and is replaced", worker->process.name, (long)worker->process.pid);
	if (!ended)
		roster_kill(worker);
}

/* Returns another worker whose ring has a packet about a task, NULL if there is none. */
static struct worker *other_with(const struct worker *worker, uint64_t index)
{
	struct crew *crew = &worker->pool->crew;
	size_t seat;

	for (seat = 0; seat < crew->seats; seat++) {
		struct worker *other = &crew->workers[seat];

		/* No chain of workers that wait for each other is closed, but damaged rings may look so. */
		if (other != worker && other->state != WORKER_GONE && !other->intake.broken &&
		    !other->intake.catching_up && find_packet(other, index))
			return other;
	}
	return NULL;
}

void intake_catch_up(struct worker *worker, size_t row, uint64_t index)
{
	const struct ledger *ledger = &worker->pool->ledger;
	struct intake_scan scan = {.ended = true};
	struct worker *other;

	worker->intake.catching_up = true;
	while (ledger->rows[row].chunk.count && ledger_next(ledger, row) < index &&
	       (other = other_with(worker, ledger_next(ledger, row)))) {
		if (take_first(other, &scan) != TAKE_TAKEN)
			give_up(other, other->state == WORKER_LEAVING);
	}
	worker->intake.catching_up = false;
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
	if (ended)
		prepared_inherit(worker->seat, &worker->ring);
	do {
		take = take_first(worker, &scan);
		any |= take == TAKE_TAKEN;
	} while (take == TAKE_TAKEN && (ended || worker->ring.position - begin < worker->ring.size));
	worker->intake.stalled = take == TAKE_WAIT;
	if (take == TAKE_BROKEN)
		give_up(worker, ended);
	return any;
}
