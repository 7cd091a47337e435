/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as text (RFC 4648, section 4): with padding, without line breaks. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/* The bytes put that do not fill a group of three yet. All zero at the start. */
struct base64 {
	unsigned char rest[2];
	unsigned count;
};

/* Appends the text of the whole groups up to the end of the next piece. */
void base64_put(struct base64 *base64, struct slice piece, struct bytes *out);

/* Appends the text of the last group, with padding, at the end of the bytes. */
void base64_end(struct base64 *base64, struct bytes *out);

/* Appends the bytes that a text encodes. -1 when it is not base64; *out may have some of them then. */
int base64_decode(struct slice text, struct bytes *out) MUST_CHECK;

#endif
