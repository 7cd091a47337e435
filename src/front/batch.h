/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode: one run of the command line, to its end. */
#ifndef FRONT_BATCH_H
#define FRONT_BATCH_H

#include "front/options.h"

/*
 * Runs the command over all records. Returns the exit status, or dies by the signal that ended the run. closed is a
 * mask of the standard descriptors that were closed at the start.
 */
int batch_run(const struct options *options, unsigned closed);

#endif
