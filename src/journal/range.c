/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing and reading the tasks of a range. */
#include "journal/range.h"

#include "base/number.h"

enum {
	/* Characters of a key, and of the part of it that is in each half alone. */
	DIGITS = 22,
	HALF_DIGITS = 10,
	/* What is no digit. */
	NO_DIGIT = 64,
};

static const char range_digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes the digits of a key. */
static void put_key_digits(char *to, struct key key)
{
	int i;

	for (i = 0; i < HALF_DIGITS; i++) {
		to[i] = range_digits[key.high >> (58 - 6 * i) & 63];
		to[HALF_DIGITS + 1 + i] = range_digits[key.low >> (56 - 6 * i) & 63];
	}
	to[HALF_DIGITS] = range_digits[(key.high & 15) << 2 | key.low >> 62];
	to[DIGITS - 1] = range_digits[(key.low & 3) << 4];
}

void range_put(struct bytes *pieces, const struct range_task *task)
{
	char *begin = bytes_reserve(pieces, RANGE_PIECE_MAX), *at = begin;

	if (pieces->size)
		*at++ = ' ';
	put_key_digits(at, task->key);
	at += DIGITS;
	*at++ = ':';
	number_print(at, task->size);
	at += strlen(at);
	if (task->nth) {
		*at++ = ':';
		number_print(at, task->nth);
		at += strlen(at);
	}
	pieces->size += (size_t)(at - begin);
}

/* The value of each character as a digit. */
static uint8_t digit_values[UINT8_MAX + 1];

static void make_values(void)
{
	size_t i;

	memset(digit_values, NO_DIGIT, sizeof digit_values);
	for (i = 0; i < sizeof range_digits; i++)
		digit_values[(unsigned char)range_digits[i]] = (uint8_t)i;
}

/* Reads the digits of a key. False if they are not those of one. */
static bool take_key_digits(const char *from, struct key *key)
{
	uint64_t digits[DIGITS], all = 0;
	int i;

	if (!digit_values[0])
		make_values();
	for (i = 0; i < DIGITS; i++)
		all |= digits[i] = digit_values[(unsigned char)from[i]];
	if (all & NO_DIGIT)
		return false;
	*key = (struct key){.high = digits[HALF_DIGITS] >> 2, .low = (digits[HALF_DIGITS] & 3) << 62};
	for (i = 0; i < HALF_DIGITS; i++) {
		key->high |= digits[i] << (58 - 6 * i);
		key->low |= digits[HALF_DIGITS + 1 + i] << (56 - 6 * i);
	}
	key->low |= digits[DIGITS - 1] >> 4;
	return !(digits[DIGITS - 1] & 15);
}

/* Takes a colon and a number off the pieces. False if they are not there. */
static bool take_colon_number(struct slice *pieces, uint64_t *number)
{
	size_t i = 1;

	*number = 0;
	if (!pieces->size || pieces->data[0] != ':')
		return false;
	for (; i < pieces->size && pieces->data[i] >= '0' && pieces->data[i] <= '9'; i++) {
		if (*number > UINT64_MAX / 10 - 1)
			return false;
		*number = *number * 10 + (uint64_t)(pieces->data[i] - '0');
	}
	pieces->data += i;
	pieces->size -= i;
	return i > 1;
}

bool range_take(struct slice *pieces, struct range_task *task)
{
	uint64_t nth = 0;

	if (pieces->size < DIGITS || !take_key_digits(pieces->data, &task->key))
		return false;
	pieces->data += DIGITS;
	pieces->size -= DIGITS;
	if (!take_colon_number(pieces, &task->size))
		return false;
	if (pieces->size && pieces->data[0] == ':' && (!take_colon_number(pieces, &nth) || nth > UINT32_MAX))
		return false;
	task->nth = (uint32_t)nth;
	if (!pieces->size)
		return true;
	pieces->data++;
	pieces->size--;
	return pieces->data[-1] == ' ' || pieces->data[-1] == '"';
}
