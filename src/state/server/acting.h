/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a connection acts for. */
#ifndef STATE_SERVER_ACTING_H
#define STATE_SERVER_ACTING_H

#include "base/dialect.h"
#include "state/server/connection.h"

/* Sets the owner of the connection's call, if it needs one. False if it has none any more: the call has failed. */
bool acting_find(struct connection *connection);

/* Carries out "as": from now on the connection acts for a process, or for its task. */
void acting_as(struct connection *connection);

/* Takes the line "task SEQ ATTEMPT" of a worker, which makes the connection that task's. False if it is another. */
bool acting_take_task(struct connection *connection, struct slice line);

/* Takes note that an owner ends. */
void acting_forget(struct connection *connection, const struct owner *owner);

/* Takes note that attempts have ended, if this is a connection of one. */
void acting_end(struct connection *connection, const struct run *run, const struct control_end *end);

#endif
