/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decimal numbers: the parsers of those that people write, and a fast way to print one. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/clock.h"
#include "base/dialect.h"

/*
 * Parses a number that consists of digits only and is at most maximum. Returns 0 with *value set, or -1 with *value
 * unchanged and errno EINVAL (not a number) or ERANGE (too large).
 */
int number_parse(const char *text, uint64_t maximum, uint64_t *value) MUST_CHECK;

/* The same for a number that may begin with a sign. */
int number_parse_signed(const char *text, int64_t minimum, int64_t maximum, int64_t *value) MUST_CHECK;

/* Parses a size with an optional suffix K, M, G or T (powers of 1024, any case) to bytes. Fails like number_parse. */
int number_parse_size(const char *text, uint64_t *bytes) MUST_CHECK;

/* Parses decimal seconds ("1.5"), or whole hours, minutes, seconds ("1h30m10s"). Fails like number_parse. */
int number_parse_time(const char *text, nsec *time) MUST_CHECK;

/* The longest number with its NUL, bytes. */
enum { NUMBER_TEXT_MAX = 21 };

/* Prints value and a NUL to text, which has room for NUMBER_TEXT_MAX bytes, at a fraction of the cost of printf. */
void number_print(char *text, uint64_t value);

#endif
