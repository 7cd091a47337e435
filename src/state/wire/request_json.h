/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dialect of JSON: the words of a line as an array; other values than strings are stored as they are written. */
#ifndef STATE_WIRE_REQUEST_JSON_H
#define STATE_WIRE_REQUEST_JSON_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "state/store/call.h"

/* Reads a request (request.h); what its operands are views of is in scratch. */
int json_request_read(struct call *call, struct slice line, struct bytes *scratch) MUST_CHECK;

/* Appends a request, as the client sends it. */
void json_request_put(struct bytes *out, const struct request *request);

/* Appends an answer, with its newline. */
void json_answer_put(struct bytes *out, const struct answer *answer);

/* Reads an answer from a line without its newline: the text of its value is one value. -1 if it is no answer. */
int json_answer_read(struct call *call, struct slice line) MUST_CHECK;

#endif
