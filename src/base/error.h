/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong, in words for a person, carried up to the place that may print them. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/dialect.h"

/* All zero is "no error". number is an errno value, or 0 when the words say it all. text is owned (error_release). */
struct error {
	int number;
	char *text;
	/* What the user asked for cannot be: nothing has been run. */
	bool is_usage;
};

/* Sets the words (replacing earlier ones) and returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same with ": " and the meaning of number behind the words. */
int error_set_errno(struct error *error, int number, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts words and ": " before those that are there; returns -1. */
int error_wrap(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* The words, never NULL; owned by the error. */
const char *error_text(const struct error *error);

/* The name of a signal: "SIGKILL", "SIGRTMIN+3"; valid until the next call. */
const char *error_signal(int number);

void error_release(struct error *error);

#endif
