/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes from the terminal, held back until readline can read all that it asks for.
 *
 * Once readline has begun with a character or a paste it reads on until that is whole, and nothing else could be done
 * meanwhile. So the bytes of these are released together:
 *
 *  state     | next byte                                          | its time is over
 *  ----------+----------------------------------------------------+------------------------------------------------
 *  PLAIN     | ESC -> SEQUENCE; begins a character -> CHARACTER;  | (nothing is held)
 *            | else released                                      |
 *  CHARACTER | ends it: released -> PLAIN; no part of it:         | KEYS_PATIENCE: dropped -> PLAIN
 *            | released, and the byte handled as in PLAIN         |
 *  SEQUENCE  | ends it: released -> PLAIN; opens a paste ->       | escape_wait: released; the state remains, since
 *            | PASTE; closes one that is over: dropped -> PLAIN;  | the rest of the opening may still come
 *            | no part of it: as in CHARACTER                     |
 *  PASTE     | closes it: released -> PLAIN                       | KEYS_PATIENCE: closed and released -> PLAIN
 *  DROPPED   | dropped; closes it -> PLAIN                        | KEYS_FLOW: -> PLAIN
 *
 * keys_interrupt drops what is held: PASTE -> DROPPED, DROPPED remains, all others -> PLAIN.
 */
#ifndef INTERACTIVE_PROMPT_KEYS_H
#define INTERACTIVE_PROMPT_KEYS_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"

/* How long the next byte of a character or a paste is waited for. */
#define KEYS_PATIENCE (2 * NSEC_PER_SEC)

/* The time between two bytes of a paste that is dropped: later ones are typed. */
#define KEYS_FLOW (200 * NSEC_PER_MSEC)

enum keys_state { KEYS_PLAIN, KEYS_CHARACTER, KEYS_SEQUENCE, KEYS_PASTE, KEYS_DROPPED };

/* Empty if all zero. */
struct keys {
	enum keys_state state;
	/* Bytes that were received. The first taken of them have been read, the first ready of them may be. */
	struct bytes bytes;
	size_t taken;
	size_t ready;
	/* The current sequence, and how many bytes of it have come. */
	char sequence[32];
	size_t sequence_size;
	/* When the last byte came. */
	nsec last;
	/* How long the rest of a sequence is waited for. Set by the owner. */
	nsec escape_wait;
	/*
	 * True if a paste is released as if its text had been typed, in a line: without its brackets, and with blanks
	 * for control characters. Set by the owner before keys_put.
	 */
	bool pastes_are_typed;
};

/* Adds a byte that has come at the time now. */
void keys_put(struct keys *keys, char byte, nsec now);

/* True if keys_take has a byte. */
bool keys_are_ready(const struct keys *keys);

/* Returns the next byte that was released, -1 if none. */
int keys_take(struct keys *keys);

/* Returns when keys_expire is to be called, NSEC_FOREVER if nothing is held. */
nsec keys_deadline(const struct keys *keys);

/* Gives up what is held, since its time is over. */
void keys_expire(struct keys *keys);

/* Drops all bytes, also the rest of an open paste. */
void keys_interrupt(struct keys *keys);

void keys_release(struct keys *keys);

#endif
