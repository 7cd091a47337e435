/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a run's output goes: what the order lets out, formatted, to standard output and error, with our own messages in
 * their place among it.
 */
#ifndef RUN_OUTLET_H
#define RUN_OUTLET_H

#include "base/dialect.h"
#include "ipc/loop.h"
#include "ipc/writer.h"
#include "codec/output.h"
#include "order/order.h"

/* Where a run's output is shown that has not standard output and error for itself; embedded in its owner. */
struct outlet_screen {
	/* Whether more can be taken now. */
	bool (*has_room)(struct outlet_screen *screen);
	/* Formatted output, of the task of this index. */
	void (*put)(struct outlet_screen *screen, uint64_t index, enum stream stream, struct slice bytes);
	/* The end of a task's output. */
	void (*ended)(struct outlet_screen *screen, uint64_t index);
};

/* Embedded in its owner, who sets the two functions, and the screen if there is one. */
struct outlet {
	/* Standard output cannot be written any more (errno). */
	void (*failed)(struct outlet *outlet, int number);
	/* All of a task's output has gone by, and this came of it. */
	void (*finished)(struct outlet *outlet, const struct result *result);
	/* Takes away what is shown below the text, before anything is put to standard error; may be NULL. */
	void (*clear)(struct outlet *outlet);
	struct outlet_screen *screen;
	/* The task whose output goes by. */
	uint64_t index;
	struct order_sink sink;
	struct output_target target;
	const struct output_format *format;
	struct writer output;
	/* Standard error's, when that is another file; and what serves for it. */
	struct writer own_errors;
	struct writer *errors;
	/* Standard output was closed when the program started. */
	bool closed;
	/* Bytes of the task whose turn it is that have gone by. */
	uint64_t current_bytes;
	/* The last thing that was put to standard error did not end its line. */
	bool within_line;
};

/*
 * closed is a mask of the standard descriptors that were closed; worker_prefix is for the format. Messages come by here
 * from now on.
 */
void outlet_open(struct outlet *outlet, struct loop *loop, const struct output_format *format,
		 const char *worker_prefix, unsigned closed);

/* All tasks have gone by: the format's last words. */
void outlet_end(struct outlet *outlet);

/* Writes what is gathered, as far as it goes without waiting. */
void outlet_flush(struct outlet *outlet);

/* What is shown below the text may be put now: the text has ended its line, and everything is written. */
bool outlet_takes_frame(const struct outlet *outlet);

/* Puts what is shown below the text, to standard error. */
void outlet_put_frame(struct outlet *outlet, struct slice frame);

/* Whether everything is written, or can never be. */
bool outlet_is_idle(const struct outlet *outlet);

/* Messages go straight to standard error again. */
void outlet_close(struct outlet *outlet);

#endif
