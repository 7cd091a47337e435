/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells of CSV. */
#ifndef CODEC_OUTPUT_CSV_H
#define CODEC_OUTPUT_CSV_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/* Appends a comma and a cell, with quotes around it where it needs them. A NUL becomes U+FFFD: labels are strings. */
void output_csv_cell(struct bytes *out, struct slice text);

#endif
