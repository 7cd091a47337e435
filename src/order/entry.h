/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of one task until it has gone out: its output, its result, its label. */
#ifndef ORDER_ENTRY_H
#define ORDER_ENTRY_H

#include "base/dialect.h"
#include "base/utf8.h"
#include "task/task.h"
#include "order/held.h"

struct entry {
	/* All of it; or where streams are kept apart, standard output and error. */
	struct held_output held[2];
	/* Whether each of the two is text so far, where that matters. */
	struct utf8 text[2];
	/* What stands for the task in the output, as its owner has said for this attempt; NULL. */
	char *label;
	/* Held until its turn, with a copy of its reason; NULL before there is one. */
	struct result *result;
	/* The attempt that the output held is of; 0 before the first is heard of. */
	uint32_t attempt;
	/* How many times it may be run, where it brings that; 0: as all others. */
	uint32_t attempts;
	/* The result is that of an attempt that is to be followed by another. */
	bool aside;
	/* Goes out as it is produced although it might have been run again. */
	bool committed;
	/* Has begun to go out as a whole. */
	bool begun;
	/* Went out already (unordered). */
	bool gone;
};

/* Whether the result is there that counts. */
bool entry_is_finished(const struct entry *entry);

/* Whether the task may still produce; entry may be NULL (it has gone out). */
bool entry_is_open(const struct entry *entry);

/* Whether output of it is held. */
bool entry_has_output(const struct entry *entry);

/*
 * Makes attempt the one that counts: what is held of the one before goes. False when it is not that, nor the next one
 * after one that was set aside.
 */
bool entry_begin_attempt(struct entry *entry, struct held *held, uint32_t attempt) MUST_CHECK;

/* Keeps a copy of the result, with its texts; or of what stands for the task in the output. */
void entry_keep_result(struct entry *entry, struct held *held, const struct result *result);
void entry_keep_label(struct entry *entry, struct held *held, const char *label);

/* Forgets the result and the label. */
void entry_drop_result(struct entry *entry, struct held *held);
void entry_drop_label(struct entry *entry, struct held *held);

/* Forgets everything. */
void entry_release(struct entry *entry, struct held *held);

#endif
