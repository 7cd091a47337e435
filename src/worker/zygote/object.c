/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of the object that is preloaded; the list of them is made when it is built. */
#include "worker/zygote/object.h"

static const unsigned char object[] = {
#include "worker/zygote/preload.inc"
};

struct slice zygote_object(void)
{
	return (struct slice){.data = (const char *)object, .size = sizeof object};
}
