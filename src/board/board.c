/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layout of the memory that a pool and its workers share: queue, seats, rings, what tasks left. */
#include "board/board.h"

#include <errno.h>

static size_t sleepers_offset(size_t queue_rows)
{
	return queue_size(queue_rows) + sizeof(struct notice);
}

static size_t doorbells_offset(size_t seats, size_t queue_rows)
{
	return sleepers_offset(queue_rows) + marks_size(seats);
}

static size_t seats_offset(size_t seats, size_t queue_rows)
{
	return doorbells_offset(seats, queue_rows) + doorbells_size(seats);
}

static size_t rings_offset(size_t seats, size_t queue_rows)
{
	return seats_offset(seats, queue_rows) + seats * sizeof(struct seat);
}

static size_t leftovers_offset(size_t seats, size_t queue_rows, size_t ring_size)
{
	return rings_offset(seats, queue_rows) + seats * ring_footprint(ring_size);
}

static size_t board_size_of(size_t seats, size_t queue_rows, size_t ring_size)
{
	return leftovers_offset(seats, queue_rows, ring_size) + leftovers_size();
}

static void lay_out(struct board *board, size_t seats, size_t queue_rows, size_t ring_size)
{
	board->queue = queue_at(board->shm.base, queue_rows);
	board->sleepers = marks_at(board->shm.base + sleepers_offset(queue_rows), seats);
	board->doorbells = doorbells_at(board->shm.base + doorbells_offset(seats, queue_rows), seats);
	board->leftovers = leftovers_at(board->shm.base + leftovers_offset(seats, queue_rows, ring_size));
	board->seats = seats;
	board->ring_size = ring_size;
}

int board_create(struct board *board, size_t seats, size_t queue_rows, size_t ring_size)
{
	*board = (struct board){.seats = 0};
	if (shm_create(&board->shm, "mpmap-board", board_size_of(seats, queue_rows, ring_size)) < 0)
		return -1;
	lay_out(board, seats, queue_rows, ring_size);
	return 0;
}

int board_attach(struct board *board, int fd, size_t seats, size_t queue_rows, size_t ring_size)
{
	*board = (struct board){.seats = 0};
	if (shm_attach(&board->shm, fd) < 0)
		return -1;
	if (board->shm.size < board_size_of(seats, queue_rows, ring_size)) {
		errno = EPROTO;
		return -1;
	}
	lay_out(board, seats, queue_rows, ring_size);
	return 0;
}

struct notice *board_notice(const struct board *board)
{
	return (struct notice *)(void *)(board->shm.base + queue_size(board->queue.rows));
}

struct seat *board_seat(const struct board *board, size_t seat)
{
	struct seat *seats = (struct seat *)(void *)(board->shm.base + seats_offset(board->seats, board->queue.rows));

	return &seats[seat];
}

struct ring board_ring(const struct board *board, size_t seat)
{
	size_t offset = rings_offset(board->seats, board->queue.rows) + seat * ring_footprint(board->ring_size);

	return ring_at(board->shm.base + offset, board->ring_size);
}

void board_sleep(const struct board *board, size_t seat)
{
	atomic_store(&board_seat(board, seat)->parked, 1);
	marks_set(&board->sleepers, seat);
}

bool board_clear_sleeping(const struct board *board, size_t seat)
{
	/* First: a worker that goes to sleep again afterwards sets its mark again. */
	marks_clear(&board->sleepers, seat);
	return atomic_exchange(&board_seat(board, seat)->parked, 0);
}

void board_reset(struct board *board, size_t seat)
{
	struct seat *status = board_seat(board, seat);
	struct ring ring = board_ring(board, seat);

	(void)!board_clear_sleeping(board, seat);
	doorbells_clear(&board->doorbells, seat);
	atomic_store(&status->retire, 0);
	atomic_store(&status->taken, 0);
	status->worker = 0;
	atomic_store(&status->mark_fd, 0);
	atomic_store(&status->owns, 0);
	atomic_store(&status->running, 0);
	atomic_store(&status->attempt, 0);
	atomic_store(&status->started, 0);
	atomic_store(&status->limit, 0);
	atomic_store(&status->executed, 0);
	atomic_store(&status->has_hook, 0);
	atomic_store(&status->prepared, 0);
	atomic_store(&status->prepared_at, 0);
	status->task = 0;
	status->forked_by = 0;
	atomic_store(&ring.shared->committed, 0);
	atomic_store(&ring.shared->released, 0);
	atomic_store(&ring.shared->wanting, 0);
}

void board_release(struct board *board)
{
	shm_release(&board->shm);
}
