/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The socket for Python's multiprocessing.connection: handshake and frames of its clients, and the key that they need.
 *
 * A message is a request in JSON and is answered by one; nothing else is read.
 */
#ifndef STATE_SERVER_PYTHON_H
#define STATE_SERVER_PYTHON_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "state/pyauth.h"
#include "state/store/call.h"

/* Bytes of a key: hexadecimal digits. */
enum { PYTHON_KEY_SIZE = 64 };

/* A key, and the file that has it. */
struct python_key {
	char text[PYTHON_KEY_SIZE + 1];
	/* Owned; NULL if there is none. */
	char *file;
};

/* Draws a key and writes it to a new file that only this user can read. Returns 0, or -1 with the error. */
int python_key_create(struct python_key *key, const char *file, struct error *error) MUST_CHECK;

/* Removes the file. */
void python_key_remove(struct python_key *key);

/* Begins the handshake with a client, and appends what is sent first. Returns NULL with errno; free. */
struct pyauth *python_greet(const struct python_key *key, struct bytes *out);

/*
 * Finds the message that the bytes begin with. Returns how many of them it has, 0 if it is not whole, -1 if they cannot
 * begin a request.
 */
ssize_t python_find_message(struct slice bytes, struct slice *message);

/* Appends an answer. */
void python_put_answer(struct bytes *out, const struct answer *answer);

#endif
