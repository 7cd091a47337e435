/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers between runs: they wait, are taken, are returned, and are dismissed. */
#include "pool/reserve.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"

/* Nanoseconds that dismissed workers may take to end. */
#define LEAVE_TIME (5 * NSEC_PER_SEC)

/* A worker without a run. */
struct idler {
	struct list link;
	struct reserve *reserve;
	struct recruit recruit;
	struct watch channel;
	struct watch sentinel;
	/* True if it was dismissed. */
	bool leaves;
};

static struct idler *idler_at(struct list *link)
{
	return container_of(link, struct idler, link);
}

/* Removes a worker from the reserve. Its process and its channel remain as they are. */
static void forget(struct idler *idler)
{
	struct reserve *reserve = idler->reserve;

	loop_forget(reserve->loop, &idler->channel);
	loop_forget(reserve->loop, &idler->sentinel);
	list_remove(&idler->link);
	reserve->idle -= !idler->leaves;
	reserve->changed = true;
}

/* Dismisses a worker: the end of file on its channel makes it end. */
static void send_away(struct idler *idler)
{
	struct reserve *reserve = idler->reserve;

	loop_forget(reserve->loop, &idler->channel);
	fd_close(&idler->recruit.channel);
	if (idler->leaves)
		return;
	idler->leaves = true;
	reserve->idle--;
	reserve->changed = true;
	list_remove(&idler->link);
	list_append(&reserve->leaving, &idler->link);
}

static void reserve_channel_ready(struct watch *watch, unsigned events UNUSED)
{
	struct idler *idler = container_of(watch, struct idler, channel);
	struct message message;
	int got;

	while ((got = channel_receive(watch->fd, &message)) > 0) {
		while (message.fd_count)
			fd_close(&message.fds[--message.fd_count]);
	}
	/* No message is expected. A worker whose channel has closed is of no use. */
	if (got < 0)
		send_away(idler);
}

/* Takes the end of a worker's process, and releases everything. */
static void reserve_take_end(struct idler *idler)
{
	struct process *process = &idler->recruit.process;

	if (process_join(process, NSEC_FOREVER) < 0)
		BUG("a worker whose end cannot be taken");
	trace_event("worker_exit", "\"worker\":\"%s\",\"worker_pid\":%ld,\"exit\":%d,\"signal\":%d", process->name,
		    (long)process->pid, process->end.status, process->end.signal);
	forget(idler);
	fd_close(&idler->recruit.channel);
	if (process_close(process) < 0)
		BUG("a worker that ended still runs");
	free(idler);
}

static void reserve_sentinel_ready(struct watch *watch, unsigned events UNUSED)
{
	reserve_take_end(container_of(watch, struct idler, sentinel));
}

/* Kills a worker whose end could not be watched, and waits for it. */
static void discard(struct idler *idler)
{
	if (process_kill(&idler->recruit.process) < 0)
		BUG("a worker that cannot be killed");
	reserve_take_end(idler);
}

void reserve_init(struct reserve *reserve, struct loop *loop, size_t size)
{
	*reserve = (struct reserve){.loop = loop, .size = size};
	list_init(&reserve->waiting);
	list_init(&reserve->leaving);
}

size_t reserve_count(const struct reserve *reserve)
{
	return reserve->engaged + reserve->idle;
}

bool reserve_has_one(const struct reserve *reserve)
{
	return reserve->idle || reserve->engaged < reserve->size;
}

uint32_t reserve_engage(struct reserve *reserve)
{
	reserve->engaged++;
	return ++reserve->last_number;
}

/* Returns a waiting worker that was started by the method, of this seat if there is one; NULL if none waits. */
static struct idler *find_waiting(struct reserve *reserve, const struct start_method *method, size_t seat)
{
	struct list *link = reserve->waiting.next, *next;
	struct idler *found = NULL;

	for (; link != &reserve->waiting; link = next) {
		struct idler *idler = idler_at(link);

		next = link->next;
		/* Started by another method: it makes room for the worker that is wanted. */
		if (idler->recruit.method != method)
			send_away(idler);
		else if (idler->recruit.seat == seat)
			return idler;
		else if (!found)
			found = idler;
	}
	return found;
}

bool reserve_take(struct reserve *reserve, const struct start_method *method, size_t seat, struct recruit *recruit)
{
	struct idler *idler = find_waiting(reserve, method, seat);

	if (!idler)
		return false;
	forget(idler);
	*recruit = (struct recruit){
		.method = method, .channel = idler->recruit.channel, .number = idler->recruit.number, .seat = seat};
	process_move(&recruit->process, &idler->recruit.process);
	/* In a run its channel shows its end. */
	process_forget_sentinel(&recruit->process);
	free(idler);
	reserve->engaged++;
	return true;
}

void reserve_return(struct reserve *reserve, struct recruit *recruit)
{
	struct idler *idler = mem_new(1, sizeof *idler);

	*idler = (struct idler){.reserve = reserve};
	idler->recruit = (struct recruit){.method = recruit->method,
					  .channel = recruit->channel,
					  .number = recruit->number,
					  .seat = recruit->seat};
	process_move(&idler->recruit.process, &recruit->process);
	idler->channel = (struct watch){.fd = recruit->channel, .ready = reserve_channel_ready};
	idler->sentinel =
		(struct watch){.fd = process_sentinel(&idler->recruit.process), .ready = reserve_sentinel_ready};
	reserve->engaged--;
	reserve->idle++;
	reserve->changed = true;
	list_append(&reserve->waiting, &idler->link);
	if (loop_watch(reserve->loop, &idler->sentinel, LOOP_INPUT) < 0)
		discard(idler);
	else if (loop_watch(reserve->loop, &idler->channel, LOOP_INPUT) < 0 || reserve_count(reserve) > reserve->size)
		send_away(idler);
}

void reserve_lose(struct reserve *reserve)
{
	reserve->engaged--;
	reserve->changed = true;
}

void reserve_resize(struct reserve *reserve, size_t size)
{
	reserve->size = size;
	reserve->changed = true;
	while (reserve->idle && reserve_count(reserve) > size)
		send_away(idler_at(reserve->waiting.next));
}

void reserve_close(struct reserve *reserve)
{
	nsec deadline = clock_now() + LEAVE_TIME;
	struct list *link;

	reserve_resize(reserve, 0);
	while (!list_is_empty(&reserve->leaving)) {
		loop_step(reserve->loop, deadline);
		if (clock_now() < deadline)
			continue;
		for (link = reserve->leaving.next; link != &reserve->leaving; link = link->next) {
			if (process_kill(&idler_at(link)->recruit.process) < 0)
				BUG("a worker that cannot be killed");
		}
		deadline = NSEC_FOREVER;
	}
}
