/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The role of a worker process. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#define WORKER_ROLE "worker"

/*
 * Pulls chunks from the queue and runs their tasks, until the parent closes channel. The exit status: 0, or 1 when it
 * could not be set up or had to abandon a task.
 */
int worker_main(int channel);

#endif
