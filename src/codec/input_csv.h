/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of CSV in codec/input: each byte is scanned once, whatever the pieces in which the input comes. */
#ifndef CODEC_INPUT_CSV_H
#define CODEC_INPUT_CSV_H

#include "codec/input.h"

/* As input_next. */
struct input_step input_csv_next(struct input *input, char *bytes, size_t size);

/* As input_whole; sets *count to how many records these are. */
size_t input_csv_whole(const struct input *input, struct slice bytes, uint64_t *count);

#endif
