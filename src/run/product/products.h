/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --each-out and --newer: the files of the run's tasks, as the parent sees them. Their workers make them
 * (worker/product/draft.h).
 *
 *   a task                                            | what happens to it
 *   --------------------------------------------------+-------------------------------------------------------
 *   whose file an earlier task has, or has none       | is refused before it runs
 *   whose file is newer than its record's (--newer)   | is skipped
 *   that was lost with its worker                     | its unfinished file is removed
 */
#ifndef RUN_PRODUCT_PRODUCTS_H
#define RUN_PRODUCT_PRODUCTS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "run/product/makers.h"
#include "task/task.h"
#include "task/template.h"

struct session;

/* What products_find has found about a task. */
enum products_fate {
	PRODUCTS_RUN,
	PRODUCTS_REFUSED,
	PRODUCTS_NEWER,
};

struct products {
	bool is_on;
	/* A task whose file is newer than its record's is skipped. */
	bool skips;
	struct template template;
	/* The folder that tasks run in: a descriptor, and its name. */
	int folder;
	char *base;
	struct makers makers;
	/* The fate of the task that was asked about last; why it is refused. Owned. */
	enum products_fate fate;
	char *reason;
	/* Tasks that were not submitted, and the number at which the loop is served before the next. */
	uint64_t taken;
	uint64_t pause;
	/* Tasks that were skipped. */
	uint64_t newer;
};

/* Compiles the template of names, if the options have one. -1 with the error, which is one of usage. */
int products_open(struct products *products, const struct session *session, struct error *error) MUST_CHECK;

/* Finds out whether a task is to be submitted, which goes by its name. True if products_take is to follow instead. */
bool products_find(struct session *session, const struct task *task);

/* True if products_take is to follow for the task that was asked about last. */
static inline bool products_has_found(const struct products *products)
{
	return products->fate != PRODUCTS_RUN;
}

/* Gives the next index to that task, with its result. */
void products_take(struct session *session, const struct task *task);

/* True if so many tasks were taken that the loop is to be served. */
static inline bool products_pauses(const struct products *products)
{
	return products->is_on && products->taken >= products->pause;
}

/* Ends the pause, once that has been done. */
void products_go_on(struct products *products);

/* Removes the unfinished file of a task that was lost. task may be NULL. */
void products_note(struct session *session, const struct result *result, const struct task *task);

/* Returns why a task's file could not be made or named, the caller's; NULL if that is not why it failed. */
char *products_problem(struct session *session, const struct result *result, const struct task *task);

/* Appends the field "file" of a task's result object, if it has a file. */
void products_append(struct session *session, const struct task *task, struct bytes *label);

/* Reports how many tasks were skipped. */
void products_report(const struct products *products);

void products_close(struct products *products);

#endif
