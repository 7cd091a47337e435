/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode: records in, results out, and done. */
#ifndef FRONT_BATCH_H
#define FRONT_BATCH_H

#include "front/options.h"

/* Runs it all: the exit status. closed is a mask of the standard descriptors that were closed at the start. */
int batch_run(const struct options *options, unsigned closed);

#endif
