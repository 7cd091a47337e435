/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface of fuzz targets, and their assertion. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/dialect.h"

/* Runs a target on an input. Returns 0, or ends the process where an assertion does not hold. Defined by each target.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define hold(condition) ((condition) ? (void)0 : BUG("does not hold: " #condition))

#endif
