/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzz targets share: how one is called, and how it says that something does not hold. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/dialect.h"

/* Defined by each target. Whatever the bytes are, it returns 0, or ends the process where something does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define hold(condition) ((condition) ? (void)0 : BUG("does not hold: " #condition))

#endif
