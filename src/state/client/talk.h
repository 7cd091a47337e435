/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's end of a connection: requests to the server, and its answers. */
#ifndef STATE_CLIENT_TALK_H
#define STATE_CLIENT_TALK_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "state/store/call.h"
#include "state/wire/request.h"

struct talk {
	/* -1 if there is no connection. */
	int fd;
	enum wire_dialect dialect;
	/* Requests that have not been sent. */
	struct bytes out;
	/* Answers that have not been read. */
	struct bytes in;
};

/* Connects to the socket at path, NULL if none is known. Returns 0, or -1 and has printed why. */
int talk_begin(struct talk *talk, const char *path, enum wire_dialect dialect) MUST_CHECK;

/* Adds a request in lines, and one in the dialect of the talk. */
void talk_add_line(struct talk *talk, const char *line);
void talk_add(struct talk *talk, const struct request *request);

/* Sends the requests that were added. Returns 0, or -1 and has printed why. */
int talk_send(struct talk *talk) MUST_CHECK;

/* Waits for the next answer. Returns 0 with the call's answer, or -1 and has printed why. */
int talk_receive(struct talk *talk, struct call *call, enum wire_dialect dialect) MUST_CHECK;

void talk_end(struct talk *talk);

#endif
