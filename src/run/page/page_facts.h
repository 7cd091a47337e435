/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a report says of a run besides its tasks. */
#ifndef RUN_PAGE_PAGE_FACTS_H
#define RUN_PAGE_PAGE_FACTS_H

struct session;

/* Sets the facts of a run that begins now, if it is to have a report. */
void page_facts_begin(struct session *session);

/* Sets how and when the run has ended. */
void page_facts_end(struct session *session);

#endif
