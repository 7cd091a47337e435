/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending ends, and those of a run that is closed before they could be sent. */
#include "run/companion/ends.h"

#include "base/mem.h"

#include <errno.h>

/* A run that is closed while the channel is full. It frees itself. */
struct departure {
	struct state_user user;
	struct ends ends;
};

void ends_add(struct ends *ends, const struct control_end *end)
{
	ends->list = mem_grow(ends->list, ends->count, &ends->capacity, sizeof *ends->list);
	ends->list[ends->count++] = *end;
}

int ends_report(struct ends *ends, uint64_t run)
{
	size_t sent = 0, count = 0;
	int result = 0;

	for (; result == 0 && sent < ends->count; sent += result == 0 ? count : 0) {
		count = ends->count - sent < CONTROL_ENDS_MAX ? ends->count - sent : CONTROL_ENDS_MAX;
		result = control_attempts_ended(state_server_channel(), run, ends->list + sent, count);
	}
	ends->count -= sent;
	/* Once for all of them: many gather while the server does not keep up. */
	if (sent && ends->count)
		memmove(ends->list, ends->list + sent, ends->count * sizeof *ends->list);
	return result;
}

/* Reports what remains of a run. False if the channel is full. */
static bool report_all(struct ends *ends, uint64_t run)
{
	/* If the server is gone, nothing is left to be ended. */
	return (ends_report(ends, run) == 0 && control_run_ended(state_server_channel(), run) == 0) || errno != EAGAIN;
}

static void departure_release(struct departure *departure)
{
	ends_release(&departure->ends);
	free(departure);
}

static void departure_has_room(struct state_user *user)
{
	struct departure *departure = container_of(user, struct departure, user);

	if (!report_all(&departure->ends, user->run)) {
		state_server_await_room();
		return;
	}
	state_server_leave(user);
	departure_release(departure);
}

static void departure_has_lost(struct state_user *user, const char *reason UNUSED)
{
	departure_release(container_of(user, struct departure, user));
}

void ends_report_last(struct ends *ends, uint64_t run)
{
	struct departure *departure;

	if (report_all(ends, run)) {
		ends_release(ends);
		return;
	}
	departure = mem_new(1, sizeof *departure);
	*departure = (struct departure){
		.user = {.run = run, .on_room = departure_has_room, .on_end = departure_has_lost},
		.ends = *ends,
	};
	*ends = (struct ends){.list = NULL};
	state_server_return(&departure->user);
	state_server_await_room();
}

void ends_release(struct ends *ends)
{
	free(ends->list);
	*ends = (struct ends){.list = NULL};
}
