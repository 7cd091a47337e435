/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking items, and finding out that there are no more. */
#include "run/companion/finding.h"

#include "ipc/fd.h"
#include "run/companion/state_server.h"
#include "run/session_private.h"

#include <string.h>

enum {
	/* Items that are on their way, or wait for the feeder, at most. */
	ITEMS_AHEAD = 64,
};

int finding_open(struct session *session)
{
	struct finding *finding = &session->sharing.finding;
	int ends[2];

	if (fd_pipe(ends) < 0)
		return -1;
	*finding = (struct finding){
		.state = FINDING_TAKING,
		.fd = ends[1],
		.before = session->tally.submitted,
	};
	writer_init(&finding->writer, session->place.loop, finding->fd);
	return ends[0];
}

/* Refuses to go on: the queue cannot be taken from. */
static void finding_fail(struct session *session, struct slice reason)
{
	struct error error = {.number = 0};

	(void)error_set(&error, "--queue %s: %.*s", session->options->state.queue, (int)reason.size, reason.data);
	ending_fail(session, EXIT_TROUBLE, &error);
	error_release(&error);
	finding_close(&session->sharing.finding);
}

static void finding_take_item(struct session *session, const struct control_event *event)
{
	struct finding *finding = &session->sharing.finding;

	/* It would be read as two records, and their number would never be that of the items. */
	if (event->bytes.size && memchr(event->bytes.data, '\0', event->bytes.size)) {
		finding_fail(session, slice_of("an item has a NUL, and a record is a text "
					       "(mpmap-state -0 push QUEUE - ends items with NUL)"));
		return;
	}
	finding->state = FINDING_TAKING;
	writer_put(&finding->writer, event->bytes);
	finding->is_partial = !event->is_last_part;
	if (finding->is_partial)
		return;
	writer_put(&finding->writer, (struct slice){.data = "", .size = 1});
	finding->items++;
	finding->wanted--;
}

void finding_take(struct session *session, const struct control_event *event)
{
	struct finding *finding = &session->sharing.finding;

	if (finding->state == FINDING_NOTHING || finding->state == FINDING_ENDED)
		return;
	switch (event->type) {
	case CONTROL_EVENT_ITEM:
		finding_take_item(session, event);
		break;
	case CONTROL_EVENT_SYNCED:
		finding->asked--;
		if (finding->state == FINDING_ASKING && !finding->asked)
			finding_close(finding);
		break;
	case CONTROL_EVENT_REFUSED:
		finding_fail(session, event->bytes);
		break;
	}
}

/* Asks for as many items as may be on their way. */
static int finding_ask(struct session *session)
{
	struct finding *finding = &session->sharing.finding;
	uint64_t under_way = finding->wanted + (writer_kept(&finding->writer) ? finding->items - finding->done : 0);
	uint64_t more = under_way < ITEMS_AHEAD ? ITEMS_AHEAD - under_way : 0;

	if (!more || (finding->wanted && more < ITEMS_AHEAD / 2))
		return 0;
	if (control_take(state_server_channel(), session->sharing.user.run, session->options->state.queue,
			 (uint32_t)more) < 0)
		return -1;
	finding->wanted += more;
	return 0;
}

int finding_flush(struct session *session)
{
	struct finding *finding = &session->sharing.finding;
	uint64_t finished = session->tally.finished, run = session->sharing.user.run;
	uint64_t done = finished > finding->before ? finished - finding->before : 0;

	if (finding->state == FINDING_NOTHING || finding->state == FINDING_ENDED)
		return 0;
	writer_flush(&finding->writer);
	/* Tasks from before that are done later count as items that are done earlier: it is the sum that matters. */
	done = done < finding->items ? done : finding->items;
	if (done > finding->done && control_done(state_server_channel(), run, done - finding->done) < 0)
		return -1;
	finding->done = done;
	if (finding_ask(session) < 0)
		return -1;
	if (finding->state != FINDING_TAKING || finding->is_partial || finished != finding->before + finding->items)
		return 0;
	if (control_sync(state_server_channel(), run) < 0)
		return -1;
	finding->state = FINDING_ASKING;
	finding->asked++;
	return 0;
}

void finding_close(struct finding *finding)
{
	if (finding->state == FINDING_NOTHING || finding->state == FINDING_ENDED)
		return;
	finding->state = FINDING_ENDED;
	writer_release(&finding->writer);
	fd_close(&finding->fd);
}
