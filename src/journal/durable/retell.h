/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling the past anew: notes of its tasks alone, without what they went through. */
#ifndef JOURNAL_DURABLE_RETELL_H
#define JOURNAL_DURABLE_RETELL_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/durable/kept.h"
#include "journal/durable/past.h"
#include "journal/durable/successor.h"

/* True if a file is large, and would shrink to less than half. */
bool retell_is_worthwhile(uint64_t size, uint64_t needed);

/* Return how many bytes the journal would have, and how many of the outputs file are needed. */
uint64_t retell_size(const struct past *past);
uint64_t retell_kept(const struct past *past);

struct retelling {
	struct past *past;
	struct successor *successor;
	/* The outputs file, and the new one, to which outputs are copied; NULL if the old is used on. */
	struct kept *kept;
	struct kept *copy;
};

/*
 * Appends the notes of all tasks to a successor: those of the output in its order, then those whose output is kept, in
 * the order of their indexes; then those that the input does not have any more, with indexes beyond. Nothing that the
 * past says of them is valid then. -1 if that is not possible, with the error if there is one.
 */
int retell_tasks(const struct retelling *retelling, struct error *error) MUST_CHECK;

#endif
