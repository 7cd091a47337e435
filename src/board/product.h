/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A task's product (--each-out): the file that its standard output goes to.
 *
 * While the task runs it has another name in the same folder, which says the run and the task; so the worker that makes
 * it, and the parent that removes it after the worker has died, need not tell each other.
 */
#ifndef BOARD_PRODUCT_H
#define BOARD_PRODUCT_H

#include "base/dialect.h"
#include "board/message.h"
#include "task/task.h"
#include "task/template.h"

/* Returns the options that compile the template of names; views of the briefing, which must have one. */
struct template_options product_template(const struct briefing *briefing);

/*
 * Returns the name of a task's product, valid until the next call; or NULL with template->problem set if the task lacks
 * a value that the template wants.
 */
const char *product_name(struct template *template, const struct task *task);

/* Returns the name that the product has while its task runs. The caller's. */
char *product_draft(const char *name, const struct briefing *briefing, const struct task *task);

#endif
