/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpmap: where it begins, and the index of its source.
 *
 * base/     the ground: knows libc only
 *   dialect  the C this is written in       mem     allocate or die        bytes   growable buffers, encoding
 *   slice    views of bytes                 error   what went wrong        number  parsing numbers
 *   quote    for shells and terminals       diag    standard error         trace   events for tests
 *   fault    failure points for tests       list    linked lists           clock   nanoseconds
 * ipc/      how bytes move between processes
 *   fd       descriptors                    loop    the event loop         channel private lines, fd passing
 *   shm      shared memory                  queue   the shared task queue  ring    records without locks
 *   arena    blocks of input                writer  output that never blocks the loop
 */
#include "base/dialect.h"

int main(void)
{
	puts("mpmap " PACKAGE_VERSION);
	return 0;
}
