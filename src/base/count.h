/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting a byte in many. */
#ifndef BASE_COUNT_H
#define BASE_COUNT_H

#include "base/dialect.h"

#include <stddef.h>

/* Returns how many of the bytes are this one. Takes about as long as reading them, however many there are. */
size_t count_bytes(const char *data, size_t size, char byte);

#endif
