/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A persistent command that could not be started: the oldest record's result, or another try. */
#ifndef WORKER_PERSISTENT_STARTING_H
#define WORKER_PERSISTENT_STARTING_H

#include "base/dialect.h"
#include "process/command.h"

struct serving;

/* Deals with a command that could not be started, for the reason in number (errno). */
void starting_failed(struct serving *serving, enum command_stage stage, int number);

#endif
