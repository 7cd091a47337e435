/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as text (RFC 4648, section 4): with padding, without line breaks. */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/* What was put in of a run of bytes that comes in pieces and does not fill a group of three yet. All zero is the start.
 */
struct base64 {
	unsigned char rest[2];
	unsigned count;
};

/* Appends the text of the next piece, as far as it goes; and what is left at the end. */
void base64_put(struct base64 *base64, struct slice piece, struct bytes *out);
void base64_end(struct base64 *base64, struct bytes *out);

/* Appends the bytes that a text stands for. -1 when it is none. */
int base64_decode(struct slice text, struct bytes *out) MUST_CHECK;

#endif
