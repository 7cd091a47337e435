/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The protocol of --coproc (mpmap-coproc(7)): a line of JSON for each request, and for each answer. */
#ifndef CODEC_COPROC_H
#define CODEC_COPROC_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "task/values.h"

enum {
	/* The longest answer, bytes: as an element of JSON input. */
	COPROC_LINE_MAX = 64 << 20,
	/* The most requests that a command may have at a time. */
	COPROC_PIPELINE_MAX = 65536,
};

/* Appends the request for a task, with its newline. Its arguments are the values, or its record if that is NULL. */
void coproc_put_request(struct bytes *out, const struct task *task, const struct values *values);

enum coproc_kind {
	/* The result of a task. */
	COPROC_ANSWER,
	/* The offer to take several requests at a time. */
	COPROC_HELLO,
	COPROC_MALFORMED,
};

/* What a line from the command says. All zero before the first; its memory is used again for the next. */
struct coproc_line {
	enum coproc_kind kind;
	/* Of an answer: the task, as task.index, its exit status, and what it wrote. */
	uint64_t index;
	int status;
	struct bytes output;
	struct bytes errors;
	/* Of a hello: the number of requests that the command takes at a time. */
	uint32_t pipeline;
	/* Of a malformed line: what is wrong with it, and its beginning. */
	struct bytes reason;
};

/* Reads a line, without its newline. */
void coproc_take(struct coproc_line *line, struct slice text);

/* Makes the line a malformed one: problem says why. */
void coproc_refuse(struct coproc_line *line, struct slice text, const char *problem);

void coproc_line_release(struct coproc_line *line);

#endif
