/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The protocol of a seat, without a process: this test is the parent on one side and the worker on the other. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "board/arena.h"
#include "worker/claim.h"
#include "worker/workplace.h"

#include <sys/resource.h>

enum { SEATS = 2, ROWS = 4, RING = 65536, SEAT = 1, NUMBER = 7, TASKS = 3 };

/* The state of the parent. */
struct office {
	int channel;
	struct board board;
	struct arena arena;
	struct ring ring;
};

static void send_setup(struct office *office, const struct briefing *briefing)
{
	char name[] = "UnitWorker-1";
	struct setup setup = {
		.number = NUMBER, .seat = SEAT, .seats = SEATS, .queue_rows = ROWS, .ring_size = RING, .name = name};
	struct bytes bytes = {.data = NULL}, run = {.data = NULL};
	struct rlimit limit;
	struct shm shared;
	int fds[3];

	getrlimit(RLIMIT_NOFILE, &limit);
	setup.descriptor_limit = limit.rlim_cur;
	setup_put(&bytes, &setup);
	briefing_put(&run, briefing);
	fds[0] = office->board.shm.fd;
	fds[1] = office->arena.shm.fd;
	check_int(shm_create(&shared, "unit-run", run.size), 0);
	memcpy(shared.base, run.data, run.size);
	fds[2] = shared.fd;
	check_int(channel_send(office->channel, MESSAGE_SETUP, bytes_slice(&bytes), fds, 3), 0);
	shm_release(&shared);
	bytes_release(&bytes);
	bytes_release(&run);
}

/* Opens both sides. The run waits for judgement of these outcomes. */
static void open_office(struct office *office, struct workplace *place, uint32_t judged)
{
	char executor[] = "command", id[] = "unit", word[] = "true";
	char *words[] = {word};
	struct briefing briefing = {
		.executor = executor, .id = id, .words = words, .word_count = 1, .value_count = 1, .judged = judged};
	int ends[2] = {-1, -1};

	check_int(channel_pair(ends), 0);
	office->channel = ends[0];
	check_int(board_create(&office->board, SEATS, ROWS, RING), 0);
	check_int(arena_init(&office->arena), 0);
	office->ring = board_ring(&office->board, SEAT);
	queue_set_gate(&office->board.queue, QUEUE_OPEN);
	send_setup(office, &briefing);
	check_int(workplace_open(place, ends[1]), 1);
}

static void close_office(struct office *office, struct workplace *place)
{
	int channel = place->channel;

	check_int(workplace_close(place), 0);
	fd_close(&channel);
	fd_close(&office->channel);
	arena_release(&office->arena);
	board_release(&office->board);
}

/* Publishes a chunk of one-letter records in a row. */
static void publish(struct office *office, size_t row, uint64_t first)
{
	struct queue_entry *entry = &office->board.queue.entries[row];
	size_t block = arena_take(&office->arena);
	static const char records[2 * TASKS] = "a\0b\0c";

	memcpy(arena_block(&office->arena, block), records, sizeof records);
	atomic_store(&entry->next, first);
	entry->first = first;
	entry->count = TASKS;
	entry->offset_in_block = 0;
	entry->block = block * ARENA_BLOCK_SIZE;
	entry->size = sizeof records;
	entry->attempt = 1;
	entry->width = 1;
	queue_publish(&office->board.queue, row);
}

static enum queue_state state_of_row(const struct office *office, size_t row)
{
	uint32_t claimer;

	return queue_state(&office->board.queue, row, &claimer);
}

/* Takes the next result from the ring. Returns its index, or -1 if the ring is empty. */
static int take_result(struct office *office)
{
	struct slice packet;
	struct cursor cursor;
	struct result result;
	uint32_t type, row;

	if (!ring_peek(&office->ring, &type, &packet))
		return -1;
	cursor = cursor_of(packet);
	check_int(type, PACKET_RESULT);
	check_int(result_take(&cursor, &result, &row), 0);
	(void)!ring_release(&office->ring);
	return (int)result.index;
}

/* Receives the next message of the worker. Returns its type, or 0 if there is no message. */
static int take_message(struct office *office)
{
	struct message message;

	return channel_receive(office->channel, &message) > 0 ? (int)message.type : 0;
}

static bool commit(struct workplace *place, const struct task *task)
{
	return claim_commit(place, &(struct result){.index = task->index, .attempt = task->attempt, .ran = true});
}

static void test_claim_chunk(void)
{
	struct office office;
	struct workplace place;
	struct chunk_reader reader;
	struct task task;
	uint64_t index = 10;

	open_office(&office, &place, 0);
	check_int(claim_hello(&place), 0);
	check_int(take_message(&office), MESSAGE_HELLO);
	check(!claim_take(&place));
	publish(&office, 2, index);
	check(claim_take(&place));
	check_int(state_of_row(&office, 2), QUEUE_CLAIMED);
	check_int(place.claim.row, 2);
	check_int(place.claim.next, index);
	check_int(place.claim.end, index + TASKS);
	reader = claim_read(&place);
	while (chunk_next(&reader, &task)) {
		check(task.index == index++);
		check(claim_may_begin(&place, task.index));
		check(claim_begin(&place, &task, 5));
		check(atomic_load(&place.seat->running) == task.index + 1);
		check_int(atomic_load(&place.seat->limit), 5);
		check(commit(&place, &task));
		check(atomic_load(&place.seat->running) == 0);
		check(atomic_load(&office.board.queue.entries[2].next) == index);
		check_int(take_result(&office), (int)task.index);
	}
	check(index == 10 + TASKS);
	/* At most one RING: the parent has not scanned since. */
	check_int(take_message(&office), MESSAGE_RING);
	check_int(take_message(&office), 0);
	check_int(claim_leave(&place), 0);
	check_int(take_message(&office), MESSAGE_FREE);
	close_office(&office, &place);
}

/* The rest of a chunk is shared after a task that takes long, and can be given back. */
static void test_claim_share(void)
{
	struct office office;
	struct workplace place;
	struct chunk_reader reader;
	struct task task;

	open_office(&office, &place, 0);
	publish(&office, 0, 0);
	check(claim_take(&place));
	reader = claim_read(&place);
	check(chunk_next(&reader, &task));
	check(claim_begin(&place, &task, 0));
	check(claim_can_share(&place, 0));
	check(!claim_can_share(&place, TASKS - 1));
	claim_share(&place, 0);
	check(!claim_can_share(&place, 0));
	check_int(state_of_row(&office, 0), QUEUE_READY);
	check(commit(&place, &task));
	/* The row belongs to the worker that claims it next: this result leaves it alone. */
	check(atomic_load(&office.board.queue.entries[0].next) == 1);
	claim_return(&place);
	check(claim_take(&place));
	check_int(place.claim.next, 1);
	claim_return(&place);
	check_int(state_of_row(&office, 0), QUEUE_READY);
	close_office(&office, &place);
}

/* A gate that is shut between the two checks, and a worker that is to retire. */
static void test_claim_gate(void)
{
	struct office office;
	struct workplace place;
	struct task task = {.index = 1, .attempt = 1};

	open_office(&office, &place, 0);
	publish(&office, 0, 0);
	check(claim_take(&place));
	check(claim_may_begin(&place, 1));
	queue_set_gate(&office.board.queue, 1);
	check(!claim_may_begin(&place, 1));
	check(claim_may_begin(&place, 0));
	check(!claim_begin(&place, &task, 0));
	check(atomic_load(&place.seat->running) == 0);
	atomic_store(&place.seat->retire, 1);
	check(!claim_may_begin(&place, 0));
	close_office(&office, &place);
}

/* A result whose outcome is judged is waited for; a chunk, or the last call, keeps a worker from sleeping. */
static void test_claim_waits(void)
{
	struct office office;
	struct workplace place;
	struct task task = {.index = 0, .attempt = 1};

	open_office(&office, &place, 1u << OUTCOME_OK);
	publish(&office, 0, 0);
	publish(&office, 1, 100);
	check(claim_take(&place));
	check(claim_begin(&place, &task, 0));
	/* The parent has taken the result before the worker checks. */
	atomic_store(&place.seat->taken, 1);
	check(commit(&place, &task));
	check(claim_park(&place));
	check(!marks_any(&office.board.sleepers));
	check(claim_take(&place));
	check_int(place.claim.row, 1);
	/* A WAKE from before the check wakes for nothing, and is not lost. */
	check_int(channel_send(office.channel, MESSAGE_WAKE, slice_of(""), NULL, 0), 0);
	check(claim_park(&place));
	check(!marks_any(&office.board.sleepers));
	atomic_store(&board_notice(&office.board)->last_call, 1);
	check(!claim_park(&place));
	atomic_store(&board_notice(&office.board)->last_call, 0);
	fd_close(&office.channel);
	check(!claim_park(&place));
	close_office(&office, &place);
}

/* Waits that are all late, as on a machine with too much to do: a limit is reached nevertheless, but not early. */
static void test_late_waits(void)
{
	struct notice notice = {.stopped_at = NSEC_PER_SEC};
	struct workplace place = {.notice = &notice};
	const nsec limit = 2 * NSEC_PER_SEC, period = NSEC_PER_SEC / 2;
	int waits;

	for (waits = 0; waits < 100 && workplace_time(&place) < limit; waits++) {
		nsec before = workplace_time(&place), left = limit - before, wanted = left < period ? left : period;

		/* The clock of a run that is stopped is moved by hand. */
		atomic_fetch_add(&notice.stopped_at, wanted + NSEC_PER_SEC);
		workplace_note_stop(&place, before, wanted);
		check(workplace_time(&place) > before);
		check(workplace_time(&place) <= before + wanted);
	}
	check(waits < 20);
	check_int(workplace_time(&place), limit);
}

const struct unit_test unit_claim[] = {
	{"a chunk, task by task", .run = test_claim_chunk},
	{"the rest of a chunk is shared or returned", .run = test_claim_share},
	{"the gate, and a worker that is to retire", .run = test_claim_gate},
	{"waiting for judgement and for work", .run = test_claim_waits},
	{"waits that are late, and time limits", .run = test_late_waits},
	{.name = NULL},
};
