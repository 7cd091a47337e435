/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The role of a run's state server: it serves until the run has closed its channel (control.h). */
#ifndef STATE_SERVER_ROLE_H
#define STATE_SERVER_ROLE_H

#include "base/dialect.h"

#define STATE_ROLE "state"

/* Waits for control_setup, serves, and returns the exit status: 0 after the channel's end, 1 if it could not serve. */
int state_main(int channel);

#endif
