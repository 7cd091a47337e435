/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run wants of the state that its tasks share. */
#ifndef STATE_OPTIONS_H
#define STATE_OPTIONS_H

#include "base/dialect.h"

struct state_options {
	/* True if the run has a state server. */
	bool is_wanted;
	/* True if what an attempt adds counts only if it ends well. */
	bool is_atomic;
	/* The queue that records are taken from, to which tasks push; NULL if none. */
	const char *queue;
	/* Bytes that the state may take; 0 for the default. */
	uint64_t memory;
};

#endif
