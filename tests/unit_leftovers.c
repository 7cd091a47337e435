/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of groups that tasks left. */
#include "unit.h"

#include "base/mem.h"
#include "board/leftovers.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* More than any pid: a group that is gone. */
#define NO_GROUP 0x3fffffff

/* Returns an empty table. */
static struct leftovers make_table(void)
{
	/* What a task leaves becomes a child of this process. */
	prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
	return leftovers_at(unit_share(leftovers_size()));
}

/* Pauses, with a child that does so, too, for each further generation. Ends with the test. */
static void pause_in(int generations, int ready)
{
	while (generations > 1 && fork() == 0)
		generations--;
	if (generations == 1 && write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Leaves processes in a group whose leader has ended: each with so many generations. Returns the group. */
static pid_t leave(int processes, int generations)
{
	int ready[2], i;
	char byte;
	pid_t leader;

	if (pipe(ready) < 0)
		return 0;
	leader = fork();
	if (leader == 0) {
		setpgid(0, 0);
		for (i = 0; i < processes; i++) {
			/* A later pid for each: the order in which they are named. */
			if (fork() == 0)
				pause_in(generations, ready[1]);
		}
		for (i = 0; i < processes; i++) {
			if (read(ready[0], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(ready[0]);
	close(ready[1]);
	check_int(unit_wait(leader), 0);
	return leader;
}

/* Ends a group, and waits for those that have become children of this process. */
static void clear(pid_t group)
{
	while (kill(-group, SIGKILL) == 0) {
		waitpid(-1, NULL, WNOHANG);
		poll(NULL, 0, 1);
	}
}

static size_t count_found(const struct leftovers *table)
{
	struct leftover *found;
	size_t count = leftovers_find(table, &found);

	free(found);
	return count;
}

static void test_found_until_gone(void)
{
	struct leftovers table = make_table();
	struct leftover *found;
	pid_t group = leave(2, 3);
	size_t i;

	check(leftovers_is_unused(&table));
	check(leftovers_add(&table, group, 6));
	check(!leftovers_is_unused(&table));
	if (check_int(leftovers_find(&table, &found), 1)) {
		check_int(found->index, 6);
		check_int(found->group, group);
		check_int(found->count, 2);
		for (i = 0; i < 2; i++) {
			/* The last of each three, whose parents wait for them. */
			check(found->named[i].pid > group + 2);
			check(found->named[i].name[0]);
		}
		check_int(found->named[2].pid, 0);
	}
	free(found);
	check_int(leftovers_signal(&table, 0), 1);
	check_int(leftovers_signal(&table, SIGKILL), 1);
	clear(group);
	check_int(count_found(&table), 0);
	check_int(leftovers_signal(&table, 0), 0);
}

/* Processes that have ended hold a group's number until they are waited for. */
static void test_zombies(void)
{
	struct leftovers table = make_table();
	pid_t group = leave(1, 1);
	siginfo_t info;

	check(leftovers_add(&table, group, 0));
	kill(-group, SIGKILL);
	while (waitid(P_PGID, (id_t)group, &info, WEXITED | WNOWAIT) < 0)
		;
	check_int(kill(-group, 0), 0);
	check_int(count_found(&table), 0);
	clear(group);
}

static void test_order(void)
{
	static const uint64_t indexes[] = {9, 3, 70000000000, 1, 5};
	struct leftovers table = make_table();
	struct leftover *found;
	pid_t groups[countof(indexes)];
	size_t i;

	for (i = 0; i < countof(indexes); i++)
		check(leftovers_add(&table, groups[i] = leave(1, 1), indexes[i]));
	if (check_int(leftovers_find(&table, &found), countof(indexes))) {
		check_int(found[0].index, 1);
		check_int(found[1].index, 3);
		check_int(found[4].index, 70000000000);
		check_int(found[0].group, groups[3]);
	}
	free(found);
	for (i = 0; i < countof(indexes); i++)
		clear(groups[i]);
}

/* A group that got the number of one that is gone is neither found nor signalled. */
static void test_other_group(void)
{
	struct leftovers table = make_table();
	pid_t leader = fork(), younger;

	if (leader == 0) {
		for (;;)
			pause();
	}
	setpgid(leader, leader);
	younger = leave(1, 1);
	/* It has a leader. */
	check(leftovers_add(&table, leader, 1));
	check_int(leftovers_signal(&table, SIGKILL), 0);
	/* All of it began after the group of that number was last seen. */
	check(leftovers_add(&table, younger, 2));
	atomic_store(&table.rows[0].seen, survey_now() - 10 * NSEC_PER_SEC);
	check_int(leftovers_signal(&table, SIGKILL), 0);
	check_int(waitpid(-1, NULL, WNOHANG), 0);
	/* The same number once more, as a task's that has just ended: the newest counts. */
	check(leftovers_add(&table, younger, 3));
	check_int(leftovers_signal(&table, 0), 1);
	clear(younger);
	clear(leader);
}

static void test_rows_used_again(void)
{
	struct leftovers table = make_table();
	pid_t group = leave(1, 1);
	struct leftover *found;
	uint64_t i;

	check(leftovers_add(&table, group, 0));
	for (i = 1; i < 1000000; i++) {
		if (!leftovers_add(&table, NO_GROUP, i))
			break;
	}
	check_int(i, 1000000);
	check(atomic_load(&table.shared->used) <= 4);
	check_int(leftovers_find(&table, &found), 1);
	check_int(found ? found->index : 1, 0);
	free(found);
	clear(group);
}

static void test_full(void)
{
	struct leftovers table = make_table();
	size_t i;

	/* Rows whose worker was killed while it wrote them. */
	for (i = 0; i < LEFTOVER_ROWS; i++)
		atomic_store(&table.rows[i].group, -1);
	atomic_store(&table.shared->used, LEFTOVER_ROWS);
	check(!leftovers_add(&table, NO_GROUP, 1));
	check_int(atomic_load(&table.shared->dropped), 1);
	check_int(count_found(&table), 0);
	atomic_store(&table.rows[LEFTOVER_ROWS - 1].group, 0);
	check(leftovers_add(&table, NO_GROUP, 1));
}

/* Several processes enter groups at the same time, and take over rows of groups that are gone. */
static void test_at_once(void)
{
	enum { PROCESSES = 4, GROUPS = 500 };
	struct leftovers table = make_table();
	pid_t children[PROCESSES];
	size_t rows = 0, i;
	int child, round;

	for (child = 0; child < PROCESSES; child++) {
		children[child] = fork();
		if (children[child] == 0) {
			for (round = 0; round < GROUPS; round++)
				leftovers_add(&table, NO_GROUP + child * GROUPS + round, 0);
			_exit(0);
		}
	}
	for (child = 0; child < PROCESSES; child++)
		check_int(unit_wait(children[child]), 0);
	for (i = 0; i < atomic_load(&table.shared->used); i++)
		rows += atomic_load(&table.rows[i].group) != 0;
	check(rows > 0 && rows <= PROCESSES * 8);
}

/* What another process has written does no harm. */
static void test_garbage_table(void)
{
	struct leftovers table = make_table();
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 20; round++) {
		unit_fill((char *)table.rows, 1000 * sizeof *table.rows, unit_below(&random, UINT32_MAX));
		atomic_store(&table.shared->used, round % 2 ? UINT32_MAX : 1000);
		atomic_store(&table.shared->turn, (uint32_t)unit_below(&random, UINT32_MAX));
		count_found(&table);
		check(leftovers_add(&table, NO_GROUP, 1));
	}
}

static void test_count_orphans(void)
{
	pid_t group;

	prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
	group = leave(3, 2);
	/* By the pids after the leader's, and by all processes. */
	check_int(survey_count_orphans(group, 0), 3);
	check_int(survey_count_orphans(group, NSEC_FOREVER), 3);
	clear(group);
	check_int(survey_count_orphans(group, 0), 0);
	check_int(survey_count_orphans(group, NSEC_FOREVER), 0);
}

const struct unit_test unit_leftovers[] = {
	{"a group is found until all its processes have ended", .run = test_found_until_gone},
	{"processes that are only waited for are not found", .run = test_zombies},
	{"groups are found in the order of their tasks", .run = test_order},
	{"a group that has another's number is neither found nor signalled", .run = test_other_group},
	{"rows are used again once their groups are gone", .run = test_rows_used_again},
	{"a table that is full says so", .run = test_full},
	{"several workers enter groups at once", .run = test_at_once},
	{"a table of garbage does no harm", .run = test_garbage_table},
	{"orphans are counted without their children", .run = test_count_orphans},
	{.name = NULL},
};
