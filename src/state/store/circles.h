/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waits that cannot end: circles of owners that wait for each other, and tasks that all wait.
 *
 * A call is stuck if a hold keeps it waiting whose owner, or a descendant of that, has a stuck call; one that waits for
 * any of several holds (a semaphore), if all of them are such. All that is left of the waiting calls after those that
 * are not stuck have been taken away, again and again, waits in circles or for them.
 */
#ifndef STATE_STORE_CIRCLES_H
#define STATE_STORE_CIRCLES_H

#include "base/dialect.h"
#include "state/store/objects.h"

/* Ends the youngest wait of a circle that a call, which has just begun to wait, has closed. */
void circles_check(struct store *store, struct call *call);

/* Ends the youngest wait of the tasks if all of them wait, and nobody else can come. */
void circles_check_outlook(struct store *store);

#endif
