/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elements of JSON input as tasks: checked by jansson, with what is handed on taken from the source text where that
 * matters (numbers keep their digits).
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

/* Why an element cannot be taken in, and where in it. */
struct json_problem {
	struct error error;
	size_t offset;
	/* It may go on where this ends. */
	bool is_cut;
};

/* What may stand between the parts of JSON. */
static inline bool json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum json_form {
	/* The record's own bytes. */
	JSON_SCALAR,
	/* A frame (work/frame.h). */
	JSON_FRAME,
};

/* Appends the record that an element is: for a command's arguments. -1 with the problem. */
int json_as_record(struct slice element, struct bytes *out, enum json_form *form,
		   struct json_problem *problem) MUST_CHECK;

/* Appends the record as text for a command's standard input: a string's own, other values' as they are written. */
int json_as_text(struct slice element, struct bytes *out, struct json_problem *problem) MUST_CHECK;

/* Appends the frame of a task that brings its own command. -1 with the problem. */
int json_as_command(struct slice element, struct bytes *out, struct json_problem *problem) MUST_CHECK;

#endif
