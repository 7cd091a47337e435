/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outlet: writes the output of a run, formatted and in its final order, to standard output or a file and to
 * standard error, with our own messages in their place among it.
 */
#ifndef RUN_OUTLET_H
#define RUN_OUTLET_H

#include "base/dialect.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "ipc/writer.h"
#include "codec/output.h"
#include "order/order.h"
#include "run/durable/stage.h"
#include "run/outlet_screen.h"

/*
 * Embedded in its owner, which sets failed, finished, settled, voids, stage and screen.
 *
 * A task is settled when the kernel has accepted all of its output; that output may still be lost in a crash of the
 * machine. Until then a copy of its result is kept, but only if the owner asks for it: at most OUTLET_UNSETTLED_MOST
 * and those of the tasks that had begun by then, since the owner begins no task while outlet_is_behind.
 */
struct outlet {
	/* Notifies the owner that standard output cannot be written (errno). */
	void (*failed)(struct outlet *outlet, int number);
	/*
	 * Notifies the owner that all output of a task has been put into the writers, where it may be lost. Returns
	 * true if settled is to be called for the task.
	 */
	bool (*finished)(struct outlet *outlet, const struct result *result);
	/*
	 * Notifies the owner that a task is settled; the result has no reason and no line. Not called for a task of
	 * which output was lost. NULL if finished always returns false.
	 */
	void (*settled)(struct outlet *outlet, const struct result *result);
	/* Removes the frame below the text before anything is written to standard error; NULL without a frame. */
	void (*clear)(struct outlet *outlet);
	/*
	 * True if nothing of a task that has ended is to be in the output, since it was interrupted. Not called without
	 * a stage.
	 */
	bool (*voids)(struct outlet *outlet, const struct result *result);
	/* Takes the output of tasks and puts it into the output; NULL without a journal. The owner's. */
	struct stage *stage;
	/* NULL if output is written to standard output and error. */
	struct outlet_screen *screen;
	/* Standard output is written to a file although there is a screen. */
	bool has_file;
	/* The task whose output is written now. */
	uint64_t index;
	struct order_sink sink;
	const struct output_format *format;
	struct output_state state;
	/* Bytes that the format has appended, to be written at once. */
	struct bytes formatted;
	/* Standard output's writer. */
	struct writer output;
	/* Standard error's writer if that is another file. */
	struct writer own_errors;
	/* The writer that serves standard error. */
	struct writer *errors;
	/* Bytes of the current task that were written, before formatting. */
	uint64_t current_bytes;
	/* The last bytes written to standard error did not end their line. */
	bool within_line;
	/* Finished tasks that are to be settled (struct outlet_unsettled), the oldest first. */
	struct list unsettled;
	/* The length of that list. */
	size_t unsettled_count;
};

/* The number of unsettled tasks from which on no task should be begun. */
enum { OUTLET_UNSETTLED_MOST = 4096 };

struct outlet_options {
	const struct output_format *format;
	/* For the format, as in struct output_state: the prefix of workers' names, and the columns of a table. */
	const char *worker_prefix;
	const char *columns;
	size_t column_count;
	/*
	 * The descriptor that standard output is written to; the caller's. -1 if nothing is written: then a reader that
	 * goes away has no effect, and bytes are an error (EBADF). With a screen: -1 if that shows standard output.
	 */
	int output;
};

/* Begins the output of a run and, without a screen, takes over messages. */
void outlet_open(struct outlet *outlet, struct loop *loop, const struct outlet_options *options);

/* Writes the end that the format gives the output, after all tasks. */
void outlet_end(struct outlet *outlet);

/* Writes gathered bytes as far as possible without waiting, and settles tasks. */
void outlet_flush(struct outlet *outlet);

/* True if so many tasks are unsettled, since the reader is slow, that no task should be begun. */
bool outlet_is_behind(const struct outlet *outlet);

/* True if what tasks write to this stream is not written, or cannot be written any more. */
bool outlet_drops(const struct outlet *outlet, enum stream stream);

/* After a loss of standard output: returns the streams of tasks that were lost with it (bits 1 << stream). */
unsigned outlet_lost_streams(const struct outlet *outlet);

/* True if a frame can be shown: the text has ended its line, and everything is written. */
bool outlet_takes_frame(const struct outlet *outlet);

/* Writes a frame below the text, to standard error. */
void outlet_put_frame(struct outlet *outlet, struct slice frame);

/* True if everything is written, or can never be. */
bool outlet_is_idle(const struct outlet *outlet);

/* Releases the outlet; tasks that are not settled by now never are. Messages are written straight to standard error
 * again. */
void outlet_close(struct outlet *outlet);

#endif
