/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An error as words for a person, returned upwards to the function that may print them. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/dialect.h"

/* All zero is no error. */
struct error {
	/* An errno value, 0 if none. */
	int number;
	/* Owned; freed by error_release. */
	char *text;
	/* True if the request of the user is impossible: nothing has been run. */
	bool is_usage;
};

/* Sets the words, in place of earlier ones. Returns -1, for `return error_set(...)`. */
int error_set(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same for a request that is impossible: is_usage is set. */
int error_refuse(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* As error_set, followed by ": " and the meaning of number. */
int error_set_errno(struct error *error, int number, const char *format, ...) PRINTF_LIKE(3, 4);

/* Inserts words and ": " before the present ones. Returns -1. */
int error_wrap(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* Returns the words, never NULL; owned by the error. */
const char *error_text(const struct error *error);

/* Returns the name of a signal, such as "SIGKILL" or "SIGRTMIN+3", valid until the next call. */
const char *error_signal(int number);

/* Frees the words; the error is all zero again. */
void error_release(struct error *error);

#endif
