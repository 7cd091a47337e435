/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stage of a journalled run: takes the output of tasks, formatted and each as a whole, as they end, notes where it
 * is, and puts it into the run's output in its turn.
 *
 *   the output is   | of the next task        | of another
 *   ----------------+-------------------------+----------------------------------------
 *   a file          | is written there        | is kept, and copied when its turn comes
 *   a stream        | is kept, then copied    | is kept, and copied when its turn comes
 *
 * Where tasks need not be in the order of the input, each is the next when it ends. What stands between tasks
 * (output_format.join) is no part of a task's output.
 */
#ifndef RUN_DURABLE_STAGE_H
#define RUN_DURABLE_STAGE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "codec/output.h"
#include "ipc/writer.h"
#include "journal/durable/kept.h"
#include "journal/durable/scroll.h"
#include "run/durable/turns.h"
#include "run/outlet_screen.h"

struct stage {
	/* The run's output; the outlet's. */
	struct writer *output;
	/* What shows the output instead; NULL if it is written. */
	struct outlet_screen *screen;
	const struct output_format *format;
	struct output_state *state;
	/* The journal, whose open group takes the notes. */
	struct scroll *scroll;
	struct kept kept;
	struct turns turns;
	/* Tasks are in the order of the input. */
	bool is_ordered;
	/* The output can be read back. */
	bool is_file;
	/* The output has its beginning, and tasks, from earlier sessions. */
	bool is_opened;
	bool has_tasks;
	/* Where in the file the first byte of the writer goes. */
	uint64_t base;
	/* The end of the last task in the output, if it is a file. */
	uint64_t written;
	/* The task that is being taken: whether there is one, whether it is dropped, or goes straight to the output. */
	bool is_taking;
	bool is_void;
	bool is_direct;
	/* Where it begins. */
	uint64_t begun;
	/*
	 * It is a range: the tasks that a result holds for. The one whose output comes next, the last, and the byte
	 * that ends the output of each.
	 */
	bool is_range;
	uint64_t filling;
	uint64_t last;
	char delimiter;
	/* What is noted of it. */
	struct range range;
	/* Tasks that have succeeded, and that have failed, in this session or before. */
	uint64_t done;
	uint64_t failed;
	/* Tasks that were interrupted: before, and left so, or by the end of this session. */
	uint64_t interrupted;
	/* It is noted which tasks may begin. */
	bool notes_begun;
	/* A failure of the outputs file, which ends the run. */
	struct error error;
};

/* Notes that what the output begins with has been put. */
void stage_open(struct stage *stage);

/* True if kept output has its turn, and waits for a reader only. */
bool stage_has_more(const struct stage *stage);

/* Begins to take a task; its output is dropped if it is void. */
void stage_begin(struct stage *stage, const struct result *result, bool is_void);

/* Takes formatted output of that task. */
void stage_put(struct stage *stage, struct slice bytes);

/* Notes that the task of this index may begin. */
void stage_note_begun(struct stage *stage, uint64_t index, const struct turn *turn);

/* Counts a task that has ended. */
void stage_count(struct stage *stage, const struct result *result);

/* Ends that task: notes its result and the place of its output, and writes what has its turn now. */
void stage_end(struct stage *stage, const struct result *result);

/*
 * Takes a task of an earlier session, whose output is kept. is_noted: the journal has it with this index; else it is
 * noted anew, by its result.
 */
void stage_recall(struct stage *stage, const struct result *result, const struct turn *turn, bool is_noted);

/* Writes kept output whose turn has come, as far as there is room. */
void stage_pump(struct stage *stage);

void stage_release(struct stage *stage);

#endif
