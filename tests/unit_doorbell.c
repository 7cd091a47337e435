/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Doorbells: their states, a model of workers and a parent step by step, and processes that ring at the same time. */
#include "unit.h"

#include "ipc/channel.h"
#include "ipc/fd.h"
#include "board/board.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { SEATS = 3, ROWS = 4, RING = 4096 };

static void make_board(struct board *board, struct doorbell bells[SEATS])
{
	size_t seat;

	check_int(board_create(board, SEATS, ROWS, RING), 0);
	for (seat = 0; seat < SEATS; seat++)
		doorbell_init(&bells[seat], &board->doorbells, seat);
}

/* Makes a worker gather packets for the longest time: it has rung just now. */
static void gather(struct doorbell *bell)
{
	bell->since = NSEC_FOREVER / 2;
}

static void test_states(void)
{
	struct board board;
	struct doorbell bells[SEATS], *bell = &bells[1];
	struct marks_walk walk;
	size_t seat = SEATS;

	make_board(&board, bells);
	check_int(bell->state, DOORBELL_QUIET);
	check(doorbell_deadline(bell) == NSEC_FOREVER);
	check(!doorbell_is_due(bell));
	/* The first packet of an idle worker is due at once. */
	doorbell_committed(bell);
	check_int(bell->state, DOORBELL_PENDING);
	check(doorbell_deadline(bell) <= clock_now());
	check(doorbell_is_due(bell));
	check(doorbell_ring(bell));
	check_int(bell->state, DOORBELL_RUNG);
	check(doorbell_deadline(bell) == NSEC_FOREVER);
	/* A RING that could not be sent is due again later. */
	doorbell_failed(bell);
	check_int(bell->state, DOORBELL_PENDING);
	check(doorbell_deadline(bell) > bell->since && doorbell_deadline(bell) <= clock_now() + DOORBELL_TIME);
	/* A scan takes the packet in the meantime. */
	walk = doorbells_scan(&board.doorbells);
	check(marks_next(&board.doorbells.pending, &walk, &seat));
	check_int(seat, 1);
	doorbells_clear(&board.doorbells, seat);
	bell->since = 0;
	check(!doorbell_is_due(bell));
	check_int(bell->state, DOORBELL_QUIET);
	check(bell->since == atomic_load(&board.doorbells.shared->scanned_at));
	/* A packet after a scan gathers from that scan on. */
	doorbell_committed(bell);
	gather(bell);
	doorbells_clear(&board.doorbells, 1);
	doorbell_committed(bell);
	check_int(bell->state, DOORBELL_PENDING);
	check(bell->since == atomic_load(&board.doorbells.shared->scanned_at));
	board_release(&board);
}

/* A RING serves all workers until the scan that answers it. */
static void test_in_flight(void)
{
	struct board board;
	struct doorbell bells[SEATS];
	struct marks_walk walk;
	size_t seat;

	make_board(&board, bells);
	/* Until a worker has rung, each rings itself: a worker that was about to ring may have been stopped. */
	check(doorbell_ring(&bells[0]));
	check(doorbell_ring(&bells[2]));
	doorbell_rung(&bells[2]);
	check(!doorbell_ring(&bells[1]));
	/* The scan has begun: a worker that rings now may be too late for it. */
	walk = doorbells_scan(&board.doorbells);
	for (seat = 0; seat < SEATS; seat++)
		check(marks_next(&board.doorbells.pending, &walk, &(size_t){0}));
	check(doorbell_ring(&bells[2]));
	/* A RING from before the scan that is reported after it suppresses no other. */
	doorbell_rung(&bells[0]);
	check(doorbell_ring(&bells[2]));
	doorbell_rung(&bells[2]);
	check(!doorbell_ring(&bells[0]));
	for (seat = 0; seat < SEATS; seat++)
		board_reset(&board, seat);
	check(!marks_any(&board.doorbells.pending));
	board_release(&board);
}

struct model {
	struct board board;
	struct doorbell bells[SEATS];
	/* The number of RING messages that the parent has not received. */
	unsigned in_flight;
	/* The numbers of packets that each worker has committed, and that the parent has taken. */
	unsigned committed[SEATS], taken[SEATS];
	/* True for a worker that has sent a RING and has not come to doorbell_rung. */
	bool midway[SEATS];
	/* The position of a scan that has begun. */
	struct marks_walk walk;
	bool scans;
};

static void model_ring(struct model *model, size_t seat, bool fails)
{
	if (!doorbell_ring(&model->bells[seat]))
		return;
	if (fails) {
		doorbell_failed(&model->bells[seat]);
		return;
	}
	model->in_flight++;
	model->midway[seat] = true;
}

static void model_work(struct model *model, size_t seat, struct unit_random *random)
{
	struct doorbell *bell = &model->bells[seat];

	if (model->midway[seat]) {
		doorbell_rung(bell);
		model->midway[seat] = false;
		return;
	}
	switch (unit_below(random, 4)) {
	case 0:
		/* The time of the worker is over. */
		bell->since = 0;
		if (doorbell_is_due(bell))
			model_ring(model, seat, unit_below(random, 8) == 0);
		break;
	case 1:
		model_ring(model, seat, false);
		break;
	default:
		model->committed[seat]++;
		doorbell_committed(bell);
	}
}

/* Makes one step of the parent: begins a scan, or takes one worker's packets. False if there is nothing to do. */
static bool model_scan(struct model *model)
{
	size_t seat;

	if (!model->scans && !model->in_flight)
		return false;
	if (!model->scans) {
		model->in_flight--;
		model->walk = doorbells_scan(&model->board.doorbells);
		model->scans = true;
	} else if (marks_next(&model->board.doorbells.pending, &model->walk, &seat)) {
		doorbells_clear(&model->board.doorbells, seat);
		model->taken[seat] = model->committed[seat];
	} else
		model->scans = false;
	return true;
}

/* Lets all finish: workers ring for what is due, and the parent answers. All packets have to be taken then. */
static void model_settle(struct model *model)
{
	size_t seat;

	for (seat = 0; seat < SEATS; seat++) {
		if (model->midway[seat])
			doorbell_rung(&model->bells[seat]);
		model->midway[seat] = false;
		model->bells[seat].since = 0;
		if (doorbell_is_due(&model->bells[seat]))
			model_ring(model, seat, false);
	}
	while (model_scan(model))
		;
	for (seat = 0; seat < SEATS; seat++) {
		check_int(model->taken[seat], model->committed[seat]);
		if (model->midway[seat])
			doorbell_rung(&model->bells[seat]);
		model->midway[seat] = false;
	}
}

/* In whatever order workers and the parent take their steps, no packet waits for ever. */
static void test_model(void)
{
	struct unit_random random = unit_random();
	struct model model = {.in_flight = 0};
	int round, step;

	make_board(&model.board, model.bells);
	for (round = 0; round < 3000; round++) {
		for (step = (int)unit_below(&random, 40); step > 0; step--) {
			if (unit_below(&random, 3) == 0)
				model_scan(&model);
			else
				model_work(&model, unit_below(&random, SEATS), &random);
		}
		model_settle(&model);
	}
	board_release(&model.board);
}

enum { CALLERS = 2, CALLS = 10000 };

/*
 * Returns the counter of the packets that a worker has committed, followed by that of the packets that the parent has
 * taken.
 */
static _Atomic uint64_t *said_by(const struct board *board, size_t seat)
{
	return &board_seat(board, seat)->running;
}

static volatile pid_t *taken_of(const struct board *board, size_t seat)
{
	return &board_seat(board, seat)->task;
}

/*
 * Commits one packet at a time, and waits until the packets of all workers are taken. Otherwise another worker's next
 * RING would have this one taken, too.
 */
static void caller(const struct board *board, size_t seat, int channel)
{
	struct doorbell bell;
	size_t other;
	int said;

	doorbell_init(&bell, &board->doorbells, seat);
	for (said = 1; said <= CALLS; said++) {
		bool patient = (size_t)said % CALLERS == seat;

		atomic_store(said_by(board, seat), (uint64_t)said);
		/* In turn one worker lets packets gather: another worker's RING may be all that is needed. */
		if (patient) {
			doorbell_committed(&bell);
			bell.since = 0;
			sched_yield();
		}
		if ((!patient || doorbell_is_due(&bell)) && doorbell_ring(&bell) &&
		    channel_send(channel, 1, slice_of(""), NULL, 0) == 0)
			doorbell_rung(&bell);
		for (other = 0; other < CALLERS; other++) {
			while (*taken_of(board, other) < said)
				sched_yield();
		}
	}
	_exit(0);
}

/* Scans, as the pool does. */
static void scan(const struct board *board)
{
	struct marks_walk walk = doorbells_scan(&board->doorbells);
	size_t seat;

	while (marks_next(&board->doorbells.pending, &walk, &seat)) {
		doorbells_clear(&board->doorbells, seat);
		*taken_of(board, seat) = (pid_t)atomic_load(said_by(board, seat));
	}
}

/* Every worker's packets are taken, though only one of the workers that ring at the same time sends a message. */
static void test_processes(void)
{
	struct board board;
	struct fd_wait waits[CALLERS];
	pid_t pids[CALLERS];
	bool told = true;
	size_t seat;

	check_int(board_create(&board, SEATS, ROWS, RING), 0);
	for (seat = 0; seat < CALLERS; seat++) {
		int ends[2] = {-1, -1};

		check_int(channel_pair(ends), 0);
		waits[seat] = (struct fd_wait){.fd = ends[0], .want_input = true};
		pids[seat] = fork();
		if (pids[seat] == 0)
			caller(&board, seat, ends[1]);
		fd_close(&ends[1]);
	}
	while (told && (*taken_of(&board, 0) < CALLS || *taken_of(&board, 1) < CALLS)) {
		told = check(fd_wait(waits, CALLERS, clock_now() + 20 * NSEC_PER_SEC) > 0);
		for (seat = 0; seat < CALLERS; seat++) {
			struct message message;

			if (waits[seat].input && channel_receive(waits[seat].fd, &message) > 0)
				scan(&board);
			else if (waits[seat].input)
				fd_close(&waits[seat].fd);
		}
	}
	for (seat = 0; seat < CALLERS; seat++) {
		if (!told)
			kill(pids[seat], SIGKILL);
		check_int(unit_wait(pids[seat]), 0);
		fd_close(&waits[seat].fd);
	}
	board_release(&board);
}

const struct unit_test unit_doorbell[] = {
	{"states", .run = test_states},
	{"one RING in flight serves all workers", .run = test_in_flight},
	{"every packet is taken, whatever the order of steps", .run = test_model},
	{"every packet is taken, with processes that ring at the same time", .run = test_processes},
	{.name = NULL},
};
