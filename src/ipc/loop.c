/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop on epoll: the cost of a step does not depend on how many descriptors are idle. */
#include "ipc/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* The most watches that are called in a step. */
enum { BATCH = 64 };

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll < 0 ? -1 : 0;
}

static void add_always(struct loop *loop, struct watch *watch)
{
	watch->always = true;
	watch->next_always = loop->always;
	loop->always = watch;
}

int loop_watch(struct loop *loop, struct watch *watch, unsigned events)
{
	struct epoll_event event = {
		.events = (events & LOOP_INPUT ? EPOLLIN : 0u) | (events & LOOP_OUTPUT ? EPOLLOUT : 0u),
		.data.ptr = watch,
	};

	if (watch->watched && watch->events == events)
		return 0;
	if (!watch->always &&
	    epoll_ctl(loop->epoll, watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd, &event) < 0) {
		/* EPERM: this kind of file is always ready. */
		if (errno != EPERM || watch->watched)
			return -1;
		add_always(loop, watch);
	}
	watch->events = events;
	watch->watched = true;
	return 0;
}

void loop_forget(struct loop *loop, struct watch *watch)
{
	struct watch **link;
	size_t i;

	if (!watch->watched)
		return;
	if (watch->always) {
		for (link = &loop->always; *link != watch; link = &(*link)->next_always)
			;
		*link = watch->next_always;
		if (loop->next_always == watch)
			loop->next_always = watch->next_always;
	} else if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL) < 0) {
		BUG("a descriptor was closed while it was watched");
	}
	watch->watched = watch->always = false;
	watch->events = 0;
	for (i = 0; i < loop->batch_size; i++) {
		if (loop->batch[i] == watch)
			loop->batch[i] = NULL;
	}
}

/* True if a watch that is always ready waits for events. */
static bool always_is_wanted(const struct loop *loop)
{
	const struct watch *watch;

	for (watch = loop->always; watch; watch = watch->next_always) {
		if (watch->events)
			return true;
	}
	return false;
}

/* Calls a watch in its context. The watch may be gone afterwards. */
static void loop_deliver(struct watch *watch, unsigned events)
{
	const struct diag_context *before = diag_enter(watch->context);

	watch->ready(watch, events);
	diag_enter(before);
}

static void call_always(struct loop *loop)
{
	struct watch *watch;

	for (watch = loop->always; watch; watch = loop->next_always) {
		loop->next_always = watch->next_always;
		if (watch->events)
			loop_deliver(watch, watch->events);
	}
}

static unsigned events_of(uint32_t epoll_events)
{
	unsigned events = 0;

	if (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		events |= LOOP_INPUT;
	if (epoll_events & (EPOLLOUT | EPOLLERR))
		events |= LOOP_OUTPUT;
	if (epoll_events & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HANGUP;
	return events;
}

/*
 * Returns the milliseconds until the deadline, rounded up, so that it has passed when the wait ends; -1 without a
 * deadline.
 */
static int milliseconds_until(nsec deadline)
{
	nsec now, left;

	if (deadline == NSEC_FOREVER)
		return -1;
	now = clock_now();
	left = deadline > now ? (deadline - now - 1) / NSEC_PER_MSEC + 1 : 0;
	return left > 60000 ? 60000 : (int)left;
}

void loop_step(struct loop *loop, nsec deadline)
{
	struct epoll_event ready[BATCH];
	struct watch *batch[BATCH];
	int count, i;

	count = epoll_wait(loop->epoll, ready, BATCH, always_is_wanted(loop) ? 0 : milliseconds_until(deadline));
	for (i = 0; i < count; i++)
		batch[i] = ready[i].data.ptr;
	loop->batch = batch;
	loop->batch_size = count > 0 ? (size_t)count : 0;
	for (i = 0; i < count; i++) {
		if (batch[i])
			loop_deliver(batch[i], events_of(ready[i].events));
	}
	loop->batch_size = 0;
	loop->batch = NULL;
	call_always(loop);
}

void loop_release(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}
