/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Functions of interpreters (--python, --bash, --perl, --node): which adapter is run for them, with which words. The
 * adapter is a file of ours beside this program, or in its data folder. Those of plugins need none.
 */
#ifndef FRONT_FUNCTION_H
#define FRONT_FUNCTION_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"

struct options;
struct language;

/* A function as the command line describes it. All zero: none. */
struct function {
	/* NULL if there is none. */
	const struct language *language;
	const char *code;
	/* The adapter's options, each with its NUL, and the first of them without its value, NULL if none. */
	struct bytes settings;
	const char *setting;
	/* The words of COMMAND, one allocation (free). */
	char **words;
};

/* Sets the language, by its option's name, and the code. -1 with the error. */
int function_set_code(struct options *options, const char *language, const char *code, struct error *error) MUST_CHECK;

/* Adds an option of the adapter; value is NULL if it takes none. -1 with the error. */
int function_add_setting(struct options *options, const char *name, const char *value, struct error *error) MUST_CHECK;

/* Returns the option that chose the language, or NULL if there is no function. */
const char *function_option(const struct options *options);

/* Makes COMMAND of the function, if there is one. -1 with the error, if it cannot be run as it was given. */
int function_settle(struct options *options, struct error *error) MUST_CHECK;

#endif
