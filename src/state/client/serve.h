/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpmap-state serve: a server without a run, for a COMMAND or until a signal. */
#ifndef STATE_CLIENT_SERVE_H
#define STATE_CLIENT_SERVE_H

#include "base/dialect.h"
#include "state/client/arguments.h"

/* Serves at the socket of the arguments, or at one in a new folder within folder. Returns the exit status. */
int serve_run(const struct arguments *arguments, const char *folder);

#endif
