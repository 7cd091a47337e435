/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the output of a run is shown that does not have standard output and error for itself. */
#ifndef RUN_OUTLET_SCREEN_H
#define RUN_OUTLET_SCREEN_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"

/* Embedded in its owner. */
struct outlet_screen {
	/* True if it takes more now. */
	bool (*has_room)(struct outlet_screen *screen);
	/* Takes formatted output of the task of this index. */
	void (*put)(struct outlet_screen *screen, uint64_t index, enum stream stream, struct slice bytes);
	/* Notes the end of a task's output. */
	void (*ended)(struct outlet_screen *screen, uint64_t index);
};

#endif
