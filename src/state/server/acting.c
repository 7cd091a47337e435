/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the owner of a request. */
#include "state/server/acting.h"

#include "base/mem.h"
#include "base/number.h"
#include "state/server/clients.h"
#include "state/server/origin.h"

#include <inttypes.h>

/* Fails the call since what the connection acts for has ended. */
static bool acting_fail(struct connection *connection, const char *label)
{
	answer_fail(&connection->call, CALL_BROKEN, "%s has ended: what it left running owns nothing any more", label);
	return false;
}

/* Sets the label of what has ended. */
static void acting_note_end(struct connection *connection, const char *label)
{
	free(connection->ended);
	connection->ended = mem_string(label);
}

/* Finds whose a process is, after all that its run has reported before. */
static enum whose acting_ask(struct server *server, pid_t pid, struct attempt_key *key)
{
	enum whose whose = whose_is(server, pid, key);

	/* A first attempt that is in work is known by that alone. */
	if (!server->hear || (whose == WHOSE_ATTEMPT && key->number == 1))
		return whose;
	server->hear(server);
	return whose_is(server, pid, key);
}

/* Finds whose the connection is now. */
static void acting_attribute(struct connection *connection)
{
	struct server *server = connection->server;

	if (!connection->is_attributed) {
		connection->whose = acting_ask(server, connection->acts_for, &connection->key);
		/* Later runs have other tasks. */
		connection->is_attributed = connection->whose != WHOSE_NOBODY || server->run_count;
	} else if (connection->key.run && connection->key.is_record) {
		struct attempt_key before = connection->key;

		/* The same process may have the same record again, after an attempt that has ended. */
		if (server->hear)
			server->hear(server);
		connection->whose = whose_now(server, connection->acts_for, &connection->key);
		/* It has ended: the record may be with another process by now. */
		if (connection->whose == WHOSE_NOBODY) {
			connection->whose = WHOSE_ENDED;
			connection->key = before;
		}
	}
}

/* Returns the owner that is the connection, as one of an attempt or of none. */
static struct owner *acting_own(struct connection *connection, struct owner *attempt)
{
	struct bytes label = {.data = NULL};

	if (connection->own && connection->own->parent != attempt) {
		store_owner_ended(connection->server->store, connection->own);
		connection->own = NULL;
	}
	if (connection->own)
		return connection->own;
	bytes_append_text(&label, "a connection of ");
	origin_describe(connection->peer.pid, &label);
	if (attempt)
		bytes_append_format(&label, " of %s", attempt->label);
	connection->own = owner_new(connection->server->store, bytes_text(&label), attempt);
	connection->own->is_connection = true;
	bytes_release(&label);
	return connection->own;
}

/* True if the call's owner has to be known: it owns something, or what it does may be undone, or may wait for ever. */
static bool acting_is_needed(const struct connection *connection)
{
	const struct verb *verb = connection->call.request.verb;
	const struct run *run = connection->key.run;

	return verb->is_owned || (connection->server->run_count && verb->options & OPTION_TIMEOUT) ||
	       (run && run->is_atomic);
}

bool acting_find(struct connection *connection)
{
	struct server *server = connection->server;
	struct owner *attempt = NULL;
	char label[64];

	if (connection->is_orphan)
		return acting_fail(connection, connection->ended);
	connection->call.owner = connection->owner;
	attempts_check_records(server);
	if (connection->is_orphan)
		return acting_fail(connection, connection->ended);
	if (connection->owner)
		return true;
	acting_attribute(connection);
	if (connection->whose == WHOSE_ENDED) {
		snprintf(label, sizeof label, "task %" PRIu64, connection->key.index + 1);
		return acting_fail(connection, label);
	}
	if (connection->whose == WHOSE_GONE)
		return acting_fail(connection, "this process");
	if (connection->whose == WHOSE_NONE_NOW && connection->ended)
		return acting_fail(connection, connection->ended);
	if (!acting_is_needed(connection))
		return true;
	if (connection->whose == WHOSE_ATTEMPT)
		attempt = attempts_owner(server, &connection->key);
	connection->call.owner = attempt && connection->is_task ? attempt : acting_own(connection, attempt);
	return true;
}

/* Makes the connection act for a process. False if that cannot be. */
static bool acting_for(struct connection *connection, pid_t pid, bool is_self)
{
	struct server *server = connection->server;
	struct attempt_key key;
	enum whose whose = acting_ask(server, pid, &key);
	struct owner *owner = NULL;

	/* All that a task starts is the task. */
	if (is_self || whose == WHOSE_NOBODY || whose == WHOSE_NONE_NOW) {
		owner = clients_owner(server, pid, NULL, whose == WHOSE_ATTEMPT ? attempts_owner(server, &key) : NULL);
		if (!owner)
			return false;
	}
	if (connection->own)
		store_owner_ended(server->store, connection->own);
	connection->own = NULL;
	connection->owner = owner;
	connection->key = key;
	connection->whose = whose;
	connection->is_attributed = true;
	connection->acts_for = pid;
	connection->is_task = !owner;
	connection->is_orphan = false;
	return true;
}

void acting_as(struct connection *connection)
{
	struct slice word = call_operand(&connection->call, 0);
	pid_t pid = connection->peer.pid;
	struct attempt_key key;

	/* Inherited: its peer is the worker. */
	if (connection->is_task && !connection->is_orphan && connection->key.process == pid)
		return;
	/* The parent of a task's leader does not belong to the task. */
	if (!slice_equals(word, slice_of("parent")) || acting_ask(connection->server, pid, &key) != WHOSE_ATTEMPT)
		pid = clients_named(connection->server, pid, word);
	if (pid > 1 && origin_is_of(pid, connection->peer.uid) &&
	    acting_for(connection, pid, slice_equals(word, slice_of("self"))))
		return;
	answer_fail(&connection->call, CALL_USAGE, "\"%.*s\" is no process of this user that could own anything",
		    (int)word.size, word.data);
}

/* Reads a number that begins a text, and what follows it. 0 if there is none. */
static uint64_t acting_read_number(const char **text)
{
	uint64_t number = 0;
	char digits[NUMBER_TEXT_MAX];
	size_t size = strspn(*text, "0123456789");

	if (size >= sizeof digits)
		return 0;
	memcpy(digits, *text, size);
	digits[size] = '\0';
	*text += size;
	return number_parse(digits, UINT64_MAX, &number) == 0 ? number : 0;
}

bool acting_take_task(struct connection *connection, struct slice line)
{
	char text[64];
	const char *at = text;
	uint64_t seq, number;
	struct attempt_key key;

	if (line.size >= sizeof text || line.size < 5 || memcmp(line.data, "task ", 5) != 0)
		return false;
	memcpy(text, line.data + 5, line.size - 5);
	text[line.size - 5] = '\0';
	seq = acting_read_number(&at);
	if (!seq || *at++ != ' ')
		return false;
	number = acting_read_number(&at);
	if (!number || number > UINT32_MAX || *at)
		return false;
	key = (struct attempt_key){.index = seq - 1, .number = (uint32_t)number};
	if (connection->server->hear)
		connection->server->hear(connection->server);
	if (!whose_worker(connection->server, connection->peer.pid, &key))
		return false;
	connection->key = key;
	connection->whose = WHOSE_ATTEMPT;
	connection->is_attributed = connection->is_task = true;
	return true;
}

void acting_forget(struct connection *connection, const struct owner *owner)
{
	if (connection->own && owner->is_attempt && owner_is_within(connection->own, owner)) {
		store_owner_ended(connection->server->store, connection->own);
		connection->own = NULL;
		acting_note_end(connection, owner->label);
		connection->is_orphan = !connection->key.is_record;
	}
	if (!connection->owner || connection->owner != owner)
		return;
	connection->owner = NULL;
	acting_note_end(connection, owner->label);
	connection->is_orphan = true;
}

void acting_end(struct connection *connection, const struct run *run, const struct control_end *end)
{
	struct call *call = &connection->call;
	char label[64];

	if (connection->is_orphan || connection->whose != WHOSE_ATTEMPT || !attempts_ends(&connection->key, run, end))
		return;
	snprintf(label, sizeof label, "task %" PRIu64, connection->key.index + 1);
	if (call->is_waiting) {
		store_cancel(connection->server->store, call);
		answer_fail(call, CALL_BROKEN, "%s has ended, for which this waited", label);
		call->answered(call);
	}
	if (connection->key.is_record)
		return;
	acting_note_end(connection, label);
	connection->is_orphan = true;
}
