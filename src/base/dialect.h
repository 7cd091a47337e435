/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialect of C of this program: attributes, small macros and banned functions. Included first everywhere. */
#ifndef BASE_DIALECT_H
#define BASE_DIALECT_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* Returns the struct of the given type in which pointer points to the member. */
#define container_of(pointer, type, member) ((type *)(void *)(((char *)(pointer)) - offsetof(type, member)))

#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define MUST_CHECK __attribute__((warn_unused_result))

/* Bytes in which processors exchange memory. Fields that different processes write are kept this far apart. */
#define CACHE_LINE 64

/* Reports an impossible state, a defect of this program and not of its input, and aborts. Always compiled in. */
#define BUG(what) bug_at(__FILE__, __LINE__, what)
void bug_at(const char *file, int line, const char *what) NORETURN;

/*
 * Banned functions, for which libc or this program has better ones: unbounded copies, parsing without errors, hidden
 * shells, signal handlers that reset themselves.
 */
/* Fortified libcs define some as macros. */
#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll gets system popen tmpnam mktemp
#pragma GCC poison usleep

#endif
