/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elements of JSON input as tasks: checked by jansson, but taken from the source text where that matters (numbers keep
 * their digits).
 */
#ifndef CODEC_JSON_JSON_H
#define CODEC_JSON_JSON_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "codec/json/json_syntax.h"

enum json_form {
	/* The bytes of one value. */
	JSON_SCALAR,
	/* A frame (task/frame.h). */
	JSON_FRAME,
};

/* Appends an element as a record for a command's arguments, and sets *form. -1 with the problem. */
int json_as_record(struct slice element, struct bytes *out, enum json_form *form,
		   struct json_problem *problem) MUST_CHECK;

/*
 * Appends an element as text for a command's standard input: a string without its quotes, other values as they are
 * written. -1 with the problem.
 */
int json_as_text(struct slice element, struct bytes *out, struct json_problem *problem) MUST_CHECK;

/* Appends an element as it is written. -1 with the problem. */
int json_as_source(struct slice element, struct bytes *out, struct json_problem *problem) MUST_CHECK;

/*
 * Appends an element as the frame of a task that brings its own command; program runs its script, if it is one. -1 with
 * the problem.
 */
int json_as_command(struct slice element, const char *program, struct bytes *out,
		    struct json_problem *problem) MUST_CHECK;

#endif
