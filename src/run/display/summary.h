/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary of the tasks that failed: how many, why, and a line for each of the first. */
#ifndef RUN_DISPLAY_SUMMARY_H
#define RUN_DISPLAY_SUMMARY_H

struct session;

/* Reports the summary, unless no task has failed. */
void summary_report(const struct session *session);

#endif
