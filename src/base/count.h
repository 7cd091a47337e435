/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting a byte in many. */
#ifndef BASE_COUNT_H
#define BASE_COUNT_H

#include "base/dialect.h"

#include <stddef.h>

/* Returns how many of the bytes are this one. Takes about as long as reading them, however many there are. */
size_t count_bytes(const char *data, size_t size, char byte);

/*
 * Returns the size of the shortest beginning that holds this byte count times, which has to be there so often; 0 for
 * none.
 */
size_t count_find(const char *data, size_t size, char byte, uint64_t count);

#endif
