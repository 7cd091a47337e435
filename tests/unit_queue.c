/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board/queue: each row is claimed once, the lowest index first, even if claimers are killed. */
#include "unit.h"

#include "board/queue.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 16, CLAIMERS = 4, EACH = 20000, CHUNK = 8, KILLS = 120, INDEXES = CLAIMERS * EACH };

/* The memory that owner and claimers share besides the queue. */
struct world {
	/* How many times each index was done. */
	_Atomic uint32_t done[INDEXES];
	_Atomic bool over;
};

static struct queue make_queue(size_t rows)
{
	return queue_at(unit_share(queue_size(rows)), rows);
}

static void publish(struct queue *queue, size_t row, uint64_t first, uint32_t count)
{
	struct queue_entry *entry = &queue->entries[row];

	entry->first = first;
	entry->count = count;
	entry->size = first * 3;
	atomic_store(&entry->next, first);
	queue_publish(queue, row);
}

static void test_lowest_first(void)
{
	static const uint64_t indexes[] = {70, 30, 90, 0, 50, 20, 10};
	static const size_t expected[] = {3, 6, 5, 1, 4, 0, 2};
	struct queue queue = make_queue(countof(indexes));
	uint32_t claimer;
	size_t i;

	check_int(queue_claim(&queue, 1), QUEUE_NONE);
	queue_set_gate(&queue, QUEUE_OPEN);
	check_int(queue_claim(&queue, 1), QUEUE_NONE);
	for (i = 0; i < countof(indexes); i++) {
		check_int(queue_state(&queue, i, &claimer), QUEUE_FREE);
		publish(&queue, i, indexes[i], 5);
		check_int(queue_state(&queue, i, &claimer), QUEUE_READY);
		check_int(claimer, 0);
	}
	check_int(queue_ready(&queue), countof(indexes));
	for (i = 0; i < countof(indexes); i++) {
		check_int(queue_claim(&queue, 100 + (uint32_t)i), expected[i]);
		check_int(queue_state(&queue, expected[i], &claimer), QUEUE_CLAIMED);
		check_int(claimer, 100 + i);
	}
	check_int(queue_claim(&queue, 1), QUEUE_NONE);
	check_int(queue_ready(&queue), 0);
	queue_free(&queue, 3);
	check_int(queue_state(&queue, 3, &claimer), QUEUE_FREE);
	check_int(queue_claim(&queue, 1), QUEUE_NONE);
}

static void test_gate(void)
{
	struct queue queue = make_queue(4);

	publish(&queue, 0, 10, 1);
	publish(&queue, 1, 20, 1);
	publish(&queue, 2, QUEUE_OPEN - 1, 1);
	check_int(queue_gate(&queue), 0);
	check_int(queue_claimable(&queue, 10), 0);
	check_int(queue_claim(&queue, 1), QUEUE_NONE);
	queue_set_gate(&queue, 10);
	check_int(queue_claim(&queue, 1), QUEUE_NONE);
	queue_set_gate(&queue, 11);
	check_int(queue_claimable(&queue, 10), 1);
	check_int(queue_claim(&queue, 1), 0);
	check_int(queue_claim(&queue, 1), QUEUE_NONE);
	check_int(queue_ready(&queue), 2);
	queue_set_gate(&queue, QUEUE_OPEN);
	check(queue_gate(&queue) == QUEUE_OPEN);
	check_int(queue_claimable(&queue, 10), 2);
	check_int(queue_claimable(&queue, 1), 1);
	check_int(queue_claimable(&queue, 0), 0);
	check_int(queue_claim(&queue, UINT32_MAX), 1);
	check_int(queue_claim(&queue, UINT32_MAX), 2);
}

static void test_return(void)
{
	struct queue queue = make_queue(2);
	uint32_t claimer;

	queue_set_gate(&queue, QUEUE_OPEN);
	publish(&queue, 0, 10, 10);
	publish(&queue, 1, 20, 10);
	check_int(queue_claim(&queue, 1), 0);
	atomic_store(&queue.entries[0].next, 15);
	queue_return(&queue, 0);
	check_int(queue_state(&queue, 0, &claimer), QUEUE_READY);
	/* The rest is claimed by the index of its first task. */
	queue_set_gate(&queue, 15);
	check_int(queue_claim(&queue, 2), QUEUE_NONE);
	queue_set_gate(&queue, 16);
	check_int(queue_claim(&queue, 2), 0);
	check_int(atomic_load(&queue.entries[0].next), 15);
	check_int(queue.entries[0].first, 10);
}

static void test_withdraw(void)
{
	struct queue queue = make_queue(2);
	uint32_t claimer;

	queue_set_gate(&queue, QUEUE_OPEN);
	check(!queue_withdraw(&queue, 0));
	publish(&queue, 0, 1, 1);
	publish(&queue, 1, 2, 1);
	check(queue_withdraw(&queue, 0));
	check(!queue_withdraw(&queue, 0));
	check_int(queue_state(&queue, 0, &claimer), QUEUE_FREE);
	check_int(queue_claim(&queue, 7), 1);
	check(!queue_withdraw(&queue, 1));
	check_int(queue_state(&queue, 1, &claimer), QUEUE_CLAIMED);
	check_int(claimer, 7);
}

/* Sleeps for a moment, so that other processes run. On a busy machine sched_yield takes many times as long. */
static void pass(void)
{
	const struct timespec moment = {.tv_nsec = 20000};

	nanosleep(&moment, NULL);
}

/* Claims chunks and does their tasks, until the world is over. One task in returns, if not 0, is not done: the chunk is
 * returned from there. */
static void NORETURN claim_until_over(struct queue *queue, struct world *world, uint32_t number, uint64_t returns)
{
	struct unit_random random = {.state = number};

	while (!atomic_load(&world->over)) {
		size_t row = queue_claim(queue, number);
		struct queue_entry *entry = &queue->entries[row == QUEUE_NONE ? 0 : row];
		uint64_t end, next;

		if (row == QUEUE_NONE) {
			pass();
			continue;
		}
		end = entry->first + entry->count;
		if (entry->size != entry->first * 3 || end > INDEXES)
			_exit(3);
		for (next = atomic_load(&entry->next); next < end; next++) {
			if (returns && unit_below(&random, returns) == 0)
				break;
			atomic_fetch_add(&world->done[next], 1);
			atomic_store(&entry->next, next + 1);
		}
		if (next < end)
			queue_return(queue, row);
	}
	_exit(0);
}

/* Starts a claimer in a process of its own. Returns its pid. */
static pid_t start_claimer(struct queue *queue, struct world *world, uint32_t number, uint64_t returns)
{
	pid_t pid = fork();

	if (pid == 0)
		claim_until_over(queue, world, number, returns);
	return pid;
}

/* Frees the rows that are done and publishes chunks of 1 to most tasks. Returns the first index not published. */
static uint64_t tend(struct queue *queue, uint64_t next, struct unit_random *random, uint64_t most)
{
	size_t row;
	bool moved = false;

	for (row = 0; row < queue->rows; row++) {
		const struct queue_entry *entry = &queue->entries[row];
		uint64_t count = 1 + unit_below(random, most);
		uint32_t claimer;
		enum queue_state state = queue_state(queue, row, &claimer);

		if (state == QUEUE_CLAIMED && atomic_load(&entry->next) == entry->first + entry->count) {
			queue_free(queue, row);
			state = QUEUE_FREE;
		}
		if (state != QUEUE_FREE || next == INDEXES)
			continue;
		count = count < INDEXES - next ? count : INDEXES - next;
		publish(queue, row, next, (uint32_t)count);
		next += count;
		moved = true;
	}
	if (!moved)
		pass();
	return next;
}

static bool is_all_free(const struct queue *queue)
{
	uint32_t claimer;
	size_t row;

	for (row = 0; row < queue->rows; row++) {
		if (queue_state(queue, row, &claimer) != QUEUE_FREE)
			return false;
	}
	return true;
}

static void check_each_once(const struct world *world)
{
	size_t i, wrong = 0;

	for (i = 0; i < INDEXES; i++)
		wrong += atomic_load(&world->done[i]) != 1;
	check_int(wrong, 0);
}

static void test_each_once(void)
{
	struct queue queue = make_queue(ROWS);
	struct world *world = unit_share(sizeof *world);
	struct unit_random random = unit_random();
	pid_t claimers[CLAIMERS];
	uint64_t next = 0;
	int i;

	queue_set_gate(&queue, QUEUE_OPEN);
	for (i = 0; i < CLAIMERS; i++)
		claimers[i] = start_claimer(&queue, world, (uint32_t)i + 1, 0);
	while (next < INDEXES || !is_all_free(&queue))
		next = tend(&queue, next, &random, 1);
	atomic_store(&world->over, true);
	for (i = 0; i < CLAIMERS; i++)
		check_int(unit_wait(claimers[i]), 0);
	check_each_once(world);
}

/* Publishes the rows of a dead claimer again, from the first task that is not done. */
static void give_back(struct queue *queue, const struct world *world, uint32_t dead)
{
	size_t row;

	for (row = 0; row < queue->rows; row++) {
		struct queue_entry *entry = &queue->entries[row];
		uint64_t end = entry->first + entry->count, next = entry->first;
		uint32_t claimer;

		if (queue_state(queue, row, &claimer) != QUEUE_CLAIMED || claimer != dead)
			continue;
		while (next < end && atomic_load(&world->done[next]))
			next++;
		atomic_store(&entry->next, next);
		if (next == end)
			queue_free(queue, row);
		else
			queue_publish(queue, row);
	}
}

/* Moves the gate to a random index or opens it. Withdraws a row and publishes it again. */
static void disturb(struct queue *queue, uint64_t next, struct unit_random *random)
{
	size_t row = unit_below(random, queue->rows);

	if (unit_below(random, 4) == 0)
		queue_set_gate(queue, next > 100 ? next - unit_below(random, 100) : 1);
	else
		queue_set_gate(queue, QUEUE_OPEN);
	if (queue_withdraw(queue, row))
		queue_publish(queue, row);
}

static void test_killed_claimers(void)
{
	struct queue queue = make_queue(ROWS);
	struct world *world = unit_share(sizeof *world);
	struct unit_random random = unit_random();
	pid_t claimers[CLAIMERS];
	uint32_t numbers[CLAIMERS], last = 0, kills = 0;
	uint64_t next = 0;
	int i;

	for (i = 0; i < CLAIMERS; i++) {
		numbers[i] = ++last;
		claimers[i] = start_claimer(&queue, world, last, 50);
	}
	while (next < INDEXES || !is_all_free(&queue)) {
		next = tend(&queue, next, &random, CHUNK);
		disturb(&queue, next, &random);
		if (kills == KILLS || next < kills * (INDEXES / KILLS))
			continue;
		i = (int)unit_below(&random, CLAIMERS);
		kills++;
		kill(claimers[i], SIGKILL);
		check_int(unit_wait(claimers[i]), 1000 + SIGKILL);
		give_back(&queue, world, numbers[i]);
		numbers[i] = ++last;
		claimers[i] = start_claimer(&queue, world, last, 50);
	}
	atomic_store(&world->over, true);
	for (i = 0; i < CLAIMERS; i++)
		check_int(unit_wait(claimers[i]), 0);
	check(kills >= KILLS / 2);
	check_each_once(world);
}

const struct unit_test unit_queue[] = {
	{"the lowest index goes first", .run = test_lowest_first},
	{"a row at or above the gate is not claimed", .run = test_gate},
	{"the rest of a chunk that is returned is claimed again", .run = test_return},
	{"only a row that is not claimed can be withdrawn", .run = test_withdraw},
	{"four claimers claim each row once", .run = test_each_once},
	{"each index is done once although claimers are killed", .run = test_killed_claimers},
	{.name = NULL},
};
