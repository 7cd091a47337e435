/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dialects of the wire: a request is a line, in words or as an array of JSON, and so is its answer.
 *
 *	request                                 answer
 *	add NAME 1                              = 5
 *	set64 bmFtZQ== dmFsdWU=                 =
 *	keys MAP                                * 2, then two lines: = VALUE
 *	get NAME                                =64 dmFsdWU=   (a value with control characters)
 *	get nothing                             ! 1 nothing is called "nothing"
 *	["add", "NAME", 1]                      {"value": 5}
 *	["get", "nothing"]                      {"error": "nothing is called \"nothing\"", "status": 1}
 */
#ifndef STATE_WIRE_REQUEST_H
#define STATE_WIRE_REQUEST_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "state/store/call.h"

enum wire_dialect { WIRE_LINES, WIRE_JSON };

/* The longest request, bytes: any value, whatever its form. */
enum { REQUEST_SIZE_MAX = 8 << 20 };

/*
 * Reads a request from a line without its newline, into a call that has been begun. Operands are views of the line or
 * of scratch. Sets the dialect. -1, and the call has failed, if it is wrong.
 */
int request_read(struct call *call, struct slice line, struct bytes *scratch, enum wire_dialect *dialect) MUST_CHECK;

/* Appends a request in words, as the client sends it. */
void request_put(struct bytes *out, const struct request *request);

/* Appends an answer, with its newline. */
void answer_write(struct bytes *out, const struct answer *answer, enum wire_dialect dialect);

/*
 * Reads an answer in lines from the beginning of bytes. Returns the bytes that it has, 0 if more are needed, -1 if it
 * is not one.
 */
ssize_t answer_read(struct call *call, struct slice bytes);

#endif
