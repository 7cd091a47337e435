/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory for jansson's values, which are many and small, and are released together: small ones are cut from blocks, the
 * blocks are freed when the last value is released.
 */
#ifndef CODEC_JSON_ELEMENT_MEMORY_H
#define CODEC_JSON_ELEMENT_MEMORY_H

#include "base/dialect.h"

/* The most memory that values take at a time, bytes: a small value takes many times its text. */
enum { ELEMENT_MEMORY_MAX = 384 << 20 };

/* Returns size bytes of memory, or NULL if values take too much or there is none. */
void *element_memory_take(size_t size);

/* Releases what element_memory_take returned; memory may be NULL. */
void element_memory_release(void *memory);

/* True if memory has been refused since the last call. */
bool element_memory_was_short(void);

#endif
