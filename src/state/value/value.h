/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is stored: bytes, and how they were given. Numbers are bytes that read as one. */
#ifndef STATE_VALUE_VALUE_H
#define STATE_VALUE_VALUE_H

#include "base/dialect.h"
#include "base/slice.h"

enum value_kind {
	/* A word of a line: a number if it reads as one, else a text. */
	VALUE_WORD,
	/* A string of JSON. */
	VALUE_STRING,
	/* The text of another value of JSON. */
	VALUE_JSON,
};

struct value {
	enum value_kind kind;
	size_t size;
	char data[];
};

/* Returns a new value (free). */
struct value *value_new(enum value_kind kind, struct slice text);

static inline struct slice value_slice(const struct value *value)
{
	return (struct slice){.data = value->data, .size = value->size};
}

/* A number: whole ones are exact in 64 bits, all others are doubles. */
struct numeral {
	bool is_real;
	int64_t whole;
	double real;
};

/* Parses a number in decimal, possibly with a sign, a fraction and an exponent. False if it is not one. */
bool numeral_parse(struct slice text, struct numeral *numeral);

/* Adds two numbers. -1 if the sum does not fit. */
int numeral_add(const struct numeral *a, const struct numeral *b, struct numeral *sum) MUST_CHECK;

/* Returns less than, equal to, or greater than 0, as a is in relation to b. */
int numeral_compare(const struct numeral *a, const struct numeral *b);

/* The longest text of a number with its NUL, bytes. */
enum { NUMERAL_TEXT_MAX = 32 };

/* Prints the number so that it is read as the same. Returns its text, within the given room. */
struct slice numeral_print(const struct numeral *numeral, char text[NUMERAL_TEXT_MAX]);

/* Compares two texts, as numbers if both are. Returns as numeral_compare does. */
int value_compare(struct slice a, struct slice b);

#endif
