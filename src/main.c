/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpmap: where it begins, and the index of its source.
 *
 * base/     the ground: knows libc only
 *   dialect  the C this is written in       mem     allocate or die        bytes   growable buffers, encoding
 *   slice    views of bytes                 error   what went wrong        number  parsing numbers
 *   quote    for shells and terminals       diag    standard error         trace   events for tests
 *   fault    failure points for tests       list    linked lists           clock   nanoseconds
 */
#include "base/dialect.h"

int main(void)
{
	puts("mpmap " PACKAGE_VERSION);
	return 0;
}
