/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mistyped word was probably meant to be. */
#ifndef FRONT_NEAREST_H
#define FRONT_NEAREST_H

#include "base/dialect.h"

/* The word of the list (which ends with NULL) that is nearest to a mistyped one, or NULL when none is near. */
const char *nearest(const char *mistyped, const char *const *words);

#endif
