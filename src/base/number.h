/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers in decimal digits: the one checked parser of those that people write, and the fast way to write one. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/clock.h"
#include "base/dialect.h"

/*
 * A plain decimal number: digits only, at most maximum. Returns 0 and sets *value, or -1 with EINVAL (not a number) or
 * ERANGE (too large); *value is then untouched.
 */
int number_parse(const char *text, uint64_t maximum, uint64_t *value) MUST_CHECK;

/* The same for a number that may have a sign. */
int number_parse_signed(const char *text, int64_t minimum, int64_t maximum, int64_t *value) MUST_CHECK;

/* A number with an optional suffix K, M, G or T (powers of 1024; lower case too): bytes. Fails like number_parse. */
int number_parse_size(const char *text, uint64_t *bytes) MUST_CHECK;

/* A time: decimal seconds ("1.5"), or whole hours, minutes and seconds ("1h30m10s"). Fails like number_parse. */
int number_parse_time(const char *text, nsec *time) MUST_CHECK;

enum { NUMBER_TEXT_MAX = 21 };

/* Writes value and a NUL to text, which has room for NUMBER_TEXT_MAX: where printf would cost more than what it is for.
 */
void number_print(char *text, uint64_t value);

#endif
