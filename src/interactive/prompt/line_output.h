/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the prompt writes to its terminal, without ever waiting for it: a terminal that was stopped (^S), or whose other
 * end does not read, must not keep signals and tasks waiting. What it does not take yet is kept.
 */
#ifndef INTERACTIVE_PROMPT_LINE_OUTPUT_H
#define INTERACTIVE_PROMPT_LINE_OUTPUT_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "ipc/writer.h"

/* Embedded in its owner, and not moved while it is open. */
struct line_output {
	struct writer writer;
	/* A stream whose bytes go the same way, for code that wants one. */
	FILE *stream;
	/* The streams that line_output_capture has replaced, NULL if none. */
	FILE *standard;
	FILE *errors;
};

/*
 * Opens the output to descriptor 1. changed is called when a full output has room again, or has failed. Returns -1 with
 * the error.
 */
int line_output_open(struct line_output *output, struct loop *loop, void (*changed)(struct writer *writer),
		     struct error *error) MUST_CHECK;

/* Writes text after what was written before, to the stream too. */
void line_output_put(struct line_output *output, struct slice text);

/* Writes what is in the stream. */
void line_output_flush(struct line_output *output);

/* True if so much is kept that no more should be written. */
bool line_output_is_full(const struct line_output *output);

/* True if so much more is kept that the terminal does not seem to take anything. */
bool line_output_is_stuck(const struct line_output *output);

/* True if the terminal has taken everything. */
bool line_output_is_idle(const struct line_output *output);

/*
 * Makes stdout and stderr the stream until line_output_free_streams: a library writes its bell and its reports there.
 * No effect where libc does not let a program set them.
 */
void line_output_capture(struct line_output *output);
void line_output_free_streams(struct line_output *output);

/* Drops what the terminal has not taken. No effect if all zero. */
void line_output_close(struct line_output *output);

#endif
