/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state machine of keys.h. */
#include "interactive/prompt/keys.h"

#include <wchar.h>

#define OPENING "\033[200~"
#define CLOSING "\033[201~"

enum { BRACKET = sizeof OPENING - 1 };

static bool is_control(char byte)
{
	return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static void release_held(struct keys *keys)
{
	keys->ready = keys->bytes.size;
}

static void drop_held(struct keys *keys)
{
	keys->bytes.size = keys->ready;
}

/* Returns what mbrtowc does for the bytes that are held: (size_t)-2 if they begin a character. */
static size_t measure_character(const struct keys *keys)
{
	mbstate_t state = {0};
	wchar_t character;

	return mbrtowc(&character, keys->bytes.data + keys->ready, keys->bytes.size - keys->ready, &state);
}

/* Handles the last byte, the only one that is held. */
static void begin_key(struct keys *keys)
{
	char byte = keys->bytes.data[keys->bytes.size - 1];

	if (byte == '\033') {
		keys->state = KEYS_SEQUENCE;
		keys->sequence[0] = byte;
		keys->sequence_size = 1;
	} else if (measure_character(keys) == (size_t)-2) {
		keys->state = KEYS_CHARACTER;
	} else {
		keys->state = KEYS_PLAIN;
		release_held(keys);
	}
}

/* Releases what was held before the last byte, which is no part of it. */
static void break_key(struct keys *keys)
{
	keys->ready = keys->bytes.size - 1;
	begin_key(keys);
}

static void continue_character(struct keys *keys)
{
	size_t size = measure_character(keys);

	if (size == (size_t)-2)
		return;
	if (size == (size_t)-1) {
		break_key(keys);
		return;
	}
	release_held(keys);
	keys->state = KEYS_PLAIN;
}

enum sequence_part { PART_NONE, PART_MIDDLE, PART_LAST };

/* Returns what a byte is in a sequence: ESC [ PARAMETER... FINAL, or ESC O FINAL. */
static enum sequence_part judge_part(const struct keys *keys, char byte)
{
	bool is_final = byte >= 0x40 && byte < 0x7f;

	if (keys->sequence_size == 1)
		return byte == '[' || byte == 'O' ? PART_MIDDLE : PART_NONE;
	if (keys->sequence_size == sizeof keys->sequence)
		return PART_NONE;
	if (keys->sequence[1] == '[' && byte >= 0x20 && byte < 0x40)
		return PART_MIDDLE;
	return is_final ? PART_LAST : PART_NONE;
}

static bool sequence_is(const struct keys *keys, const char *bracket)
{
	return keys->sequence_size == BRACKET && memcmp(keys->sequence, bracket, BRACKET) == 0;
}

static void continue_sequence(struct keys *keys, char byte)
{
	enum sequence_part part = judge_part(keys, byte);

	if (part == PART_NONE) {
		break_key(keys);
		return;
	}
	keys->sequence[keys->sequence_size++] = byte;
	if (part == PART_MIDDLE)
		return;
	if (sequence_is(keys, OPENING)) {
		keys->state = KEYS_PASTE;
		return;
	}
	if (sequence_is(keys, CLOSING))
		drop_held(keys);
	release_held(keys);
	keys->state = KEYS_PLAIN;
}

/* Turns the paste that is held into a line of text. */
static void type_paste(struct keys *keys)
{
	char *begin = keys->bytes.data + keys->ready, *end = keys->bytes.data + keys->bytes.size - BRACKET, *at;

	memmove(begin, begin + BRACKET, (size_t)(end - begin) - BRACKET);
	end -= BRACKET;
	while (end > begin && is_control(end[-1]))
		end--;
	for (at = begin; at < end; at++) {
		if (is_control(*at))
			*at = ' ';
	}
	keys->bytes.size = (size_t)(end - keys->bytes.data);
}

/* Ends a paste; its closing is among the bytes. */
static void end_paste(struct keys *keys)
{
	size_t held = keys->bytes.size - keys->ready;

	/* The opening is not held if it came in pieces: then readline has read some of it. */
	if (keys->pastes_are_typed && held >= 2 * (size_t)BRACKET &&
	    memcmp(keys->bytes.data + keys->ready, OPENING, BRACKET) == 0)
		type_paste(keys);
	release_held(keys);
	keys->state = KEYS_PLAIN;
}

/* True if the last bytes are the end of a paste. */
static bool is_closed(const struct keys *keys)
{
	return keys->bytes.size - keys->ready >= BRACKET &&
	       memcmp(keys->bytes.data + keys->bytes.size - BRACKET, CLOSING, BRACKET) == 0;
}

/* Keeps of a paste that is dropped only what may begin its closing. */
static void continue_dropped(struct keys *keys)
{
	if (is_closed(keys)) {
		drop_held(keys);
		keys->state = KEYS_PLAIN;
	} else if (keys->bytes.size - keys->ready >= BRACKET) {
		memmove(keys->bytes.data + keys->ready, keys->bytes.data + keys->ready + 1, BRACKET - 1);
		keys->bytes.size--;
	}
}

void keys_put(struct keys *keys, char byte, nsec now)
{
	bytes_append(&keys->bytes, &byte, 1);
	keys->last = now;
	switch (keys->state) {
	case KEYS_CHARACTER:
		continue_character(keys);
		break;
	case KEYS_SEQUENCE:
		continue_sequence(keys, byte);
		break;
	case KEYS_PASTE:
		if (is_closed(keys))
			end_paste(keys);
		break;
	case KEYS_DROPPED:
		continue_dropped(keys);
		break;
	case KEYS_PLAIN:
	default:
		begin_key(keys);
	}
}

bool keys_are_ready(const struct keys *keys)
{
	return keys->taken < keys->ready;
}

int keys_take(struct keys *keys)
{
	int byte;

	if (!keys_are_ready(keys))
		return -1;
	byte = (unsigned char)keys->bytes.data[keys->taken++];
	if (keys->taken == keys->bytes.size) {
		keys->taken = keys->ready = 0;
		bytes_release(&keys->bytes);
	}
	return byte;
}

nsec keys_deadline(const struct keys *keys)
{
	if (keys->state == KEYS_DROPPED)
		return keys->last + KEYS_FLOW;
	if (keys->ready == keys->bytes.size)
		return NSEC_FOREVER;
	return keys->last + (keys->state == KEYS_SEQUENCE ? keys->escape_wait : KEYS_PATIENCE);
}

void keys_expire(struct keys *keys)
{
	switch (keys->state) {
	case KEYS_CHARACTER:
	case KEYS_DROPPED:
		drop_held(keys);
		keys->state = KEYS_PLAIN;
		break;
	case KEYS_SEQUENCE:
		release_held(keys);
		break;
	case KEYS_PASTE:
		bytes_append(&keys->bytes, CLOSING, BRACKET);
		end_paste(keys);
		break;
	case KEYS_PLAIN:
	default:
		break;
	}
}

void keys_interrupt(struct keys *keys)
{
	bool is_open = keys->state == KEYS_PASTE || keys->state == KEYS_DROPPED;

	bytes_release(&keys->bytes);
	keys->taken = keys->ready = 0;
	keys->state = is_open ? KEYS_DROPPED : KEYS_PLAIN;
}

void keys_release(struct keys *keys)
{
	bytes_release(&keys->bytes);
	*keys = (struct keys){.state = KEYS_PLAIN};
}
