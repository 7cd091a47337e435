/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The word that a mistyped one probably means. */
#ifndef FRONT_HINT_NEAREST_H
#define FRONT_HINT_NEAREST_H

#include "base/dialect.h"

/* Returns the word of the list (which ends with NULL) that is nearest to a mistyped one, NULL if none is near. */
const char *nearest(const char *mistyped, const char *const *words);

#endif
