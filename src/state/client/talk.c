/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talking to the server. */
#include "state/client/talk.h"

#include "base/diag.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "state/wire/request_json.h"

#include <errno.h>

enum { TALK_READ_SIZE = 1 << 16 };

static const char serve_hint[] = "run this in a task of mpmap --state, or in mpmap-state serve -- COMMAND";

int talk_begin(struct talk *talk, const char *path, enum wire_dialect dialect)
{
	*talk = (struct talk){.fd = -1, .dialect = dialect};
	if (!path || !*path) {
		diag_error("there is no state server, since MPMAP_STATE is not set: %s", serve_hint);
		return -1;
	}
	talk->fd = local_connect(path);
	if (talk->fd < 0)
		diag_error("there is no state server at '%s' (%s): %s", path, strerror(errno), serve_hint);
	return talk->fd < 0 ? -1 : 0;
}

void talk_add_line(struct talk *talk, const char *line)
{
	bytes_append_text(&talk->out, line);
}

void talk_add(struct talk *talk, const struct request *request)
{
	if (talk->dialect == WIRE_JSON)
		json_request_put(&talk->out, request);
	else
		request_put(&talk->out, request);
}

static int talk_lost(void)
{
	diag_error("the state server has gone");
	return -1;
}

int talk_send(struct talk *talk)
{
	int sent = local_send_all(talk->fd, bytes_slice(&talk->out));

	bytes_clear(&talk->out);
	/* It may have answered before it closed the connection. */
	return sent < 0 && errno != EPIPE && errno != ECONNRESET ? talk_lost() : 0;
}

/* Reads an answer that has come as a line of JSON. Returns as answer_read does. */
static ssize_t talk_read_json(struct talk *talk, struct call *call)
{
	const char *end = talk->in.size ? memchr(talk->in.data, '\n', talk->in.size) : NULL;
	struct slice line = {.data = talk->in.data, .size = end ? (size_t)(end - talk->in.data) : 0};

	if (!end)
		return 0;
	return json_answer_read(call, line) < 0 ? -1 : (ssize_t)line.size + 1;
}

int talk_receive(struct talk *talk, struct call *call, enum wire_dialect dialect)
{
	for (;;) {
		ssize_t used =
			dialect == WIRE_JSON ? talk_read_json(talk, call) : answer_read(call, bytes_slice(&talk->in));
		ssize_t got;

		if (used > 0) {
			bytes_consume(&talk->in, (size_t)used);
			return 0;
		}
		if (used < 0) {
			diag_error("what answers is no state server");
			return -1;
		}
		got = local_receive(talk->fd, bytes_reserve(&talk->in, TALK_READ_SIZE), TALK_READ_SIZE);
		if (got <= 0)
			return talk_lost();
		talk->in.size += (size_t)got;
	}
}

void talk_end(struct talk *talk)
{
	fd_close(&talk->fd);
	bytes_release(&talk->out);
	bytes_release(&talk->in);
}
