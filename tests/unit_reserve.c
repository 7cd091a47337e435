/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool/reserve: workers between runs (puppets, here), and process/process: moving one. */
#include "unit.h"

#include "ipc/fd.h"
#include "pool/reserve.h"

#include <errno.h>

static size_t living(void)
{
	struct process *found[8];

	return process_active_children(found, countof(found));
}

/* Engages a new worker, as a pool does. */
static bool recruit_new(struct reserve *reserve, const struct start_method *method, struct recruit *recruit)
{
	struct puppet puppet;

	*recruit = (struct recruit){.method = method, .number = reserve_engage(reserve)};
	if (!puppet_start(&puppet, method))
		return false;
	recruit->channel = puppet.channel;
	process_move(&recruit->process, &puppet.process);
	return true;
}

/* Ends a worker that was taken. */
static void dismiss(struct reserve *reserve, struct recruit *recruit)
{
	fd_close(&recruit->channel);
	check_int(process_join(&recruit->process, clock_now() + 20 * NSEC_PER_SEC), 0);
	check_int(process_close(&recruit->process), 0);
	reserve_lose(reserve);
}

static void test_there_and_back(const struct start_method *method)
{
	size_t before = unit_count_fds();
	struct reserve reserve;
	struct recruit one, two, taken;
	struct loop loop;
	pid_t pid;

	check_int(loop_init(&loop), 0);
	reserve_init(&reserve, &loop, 2);
	check(reserve_has_one(&reserve));
	check(!reserve_take(&reserve, method, 0, &taken));
	if (!recruit_new(&reserve, method, &one) || !recruit_new(&reserve, method, &two))
		return;
	check_int(one.number, 1);
	check_int(two.number, 2);
	check(!reserve_has_one(&reserve));
	pid = one.process.pid;
	reserve_return(&reserve, &one);
	check_int(one.process.state, PROCESS_CLOSED);
	check(reserve.changed);
	check(reserve_has_one(&reserve));
	check_int(reserve_count(&reserve), 2);
	check(reserve_take(&reserve, method, 0, &taken));
	check_int(taken.process.pid, pid);
	check_int(taken.number, 1);
	check_int(process_is_alive(&taken.process), 1);
	check(!reserve_take(&reserve, method, 0, &one));
	dismiss(&reserve, &taken);
	check(reserve_has_one(&reserve));
	check_int(reserve_engage(&reserve), 3);
	reserve_lose(&reserve);
	reserve_return(&reserve, &two);
	reserve_close(&reserve);
	check_int(reserve_count(&reserve), 0);
	check_int(living(), 0);
	loop_release(&loop);
	forkserver_stop();
	check_int(unit_count_fds(), before);
}

/* The worker that has had the seat is taken, whichever was returned first. */
static void test_seats(void)
{
	struct reserve reserve;
	struct recruit one, two, taken;
	struct loop loop;
	pid_t second;

	check_int(loop_init(&loop), 0);
	reserve_init(&reserve, &loop, 2);
	if (!recruit_new(&reserve, &start_fork, &one) || !recruit_new(&reserve, &start_fork, &two))
		return;
	two.seat = 1;
	second = two.process.pid;
	reserve_return(&reserve, &one);
	reserve_return(&reserve, &two);
	check(reserve_take(&reserve, &start_fork, 1, &taken));
	check_int(taken.process.pid, second);
	check_int(taken.seat, 1);
	reserve_return(&reserve, &taken);
	reserve_close(&reserve);
	check_int(living(), 0);
	loop_release(&loop);
}

/* Steps until that many workers live, including those that are leaving. */
static void settle(struct reserve *reserve, size_t count)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	while (living() > count && clock_now() < deadline)
		loop_step(reserve->loop, deadline);
	/* Checking for living workers takes an end before the loop has reported it. */
	loop_step(reserve->loop, clock_now());
	check_int(living(), count);
}

static void test_sizes(void)
{
	struct reserve reserve;
	struct recruit recruits[3], taken;
	struct loop loop;
	size_t i;

	check_int(loop_init(&loop), 0);
	reserve_init(&reserve, &loop, 3);
	for (i = 0; i < 3; i++) {
		if (!recruit_new(&reserve, &start_fork, &recruits[i]))
			return;
	}
	reserve_return(&reserve, &recruits[0]);
	reserve_return(&reserve, &recruits[1]);
	reserve_resize(&reserve, 2);
	check_int(reserve_count(&reserve), 2);
	settle(&reserve, 2);
	/* One worker too many is returned. */
	reserve_resize(&reserve, 1);
	check_int(reserve.idle, 0);
	reserve_resize(&reserve, 0);
	reserve_return(&reserve, &recruits[2]);
	check_int(reserve_count(&reserve), 0);
	check(!reserve_has_one(&reserve));
	check(!reserve_take(&reserve, &start_fork, 0, &taken));
	settle(&reserve, 0);
	reserve_close(&reserve);
	loop_release(&loop);
}

/* A waiting worker of another kind, or a dead one, is not handed out. */
static void test_of_no_use(void)
{
	struct reserve reserve;
	struct recruit forked, dying, taken;
	struct loop loop;

	check_int(loop_init(&loop), 0);
	reserve_init(&reserve, &loop, 2);
	if (!recruit_new(&reserve, &start_fork, &forked) || !recruit_new(&reserve, &start_fork, &dying))
		return;
	check_int(process_kill(&dying.process), 0);
	reserve_return(&reserve, &dying);
	settle(&reserve, 1);
	check_int(reserve_count(&reserve), 1);
	reserve_return(&reserve, &forked);
	check(!reserve_take(&reserve, &start_spawn, 0, &taken));
	check_int(reserve_count(&reserve), 0);
	settle(&reserve, 0);
	reserve_close(&reserve);
	loop_release(&loop);
}

const struct unit_test unit_reserve[] = {
	{.name = "a worker that comes back is taken again", .run_with = test_there_and_back},
	{.name = "the worker that has had the seat", .run = test_seats},
	{.name = "how many there may be", .run = test_sizes},
	{.name = "workers of no use", .run = test_of_no_use},
	{.name = NULL},
};
