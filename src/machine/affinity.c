/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and changing the processors that a process may use. */
#include "machine/affinity.h"

void affinity_get(struct affinity *affinity)
{
	CPU_ZERO(&affinity->set);
	if (sched_getaffinity(0, sizeof affinity->set, &affinity->set) < 0)
		CPU_ZERO(&affinity->set);
}

int affinity_choose(const struct affinity *affinity, size_t place)
{
	size_t count = (size_t)CPU_COUNT(&affinity->set), passed = 0;
	int processor;

	for (processor = 0; processor < CPU_SETSIZE && count; processor++) {
		if (CPU_ISSET((size_t)processor, &affinity->set) && passed++ == place % count)
			return processor;
	}
	return -1;
}

int affinity_bind(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)processor, &set);
	return sched_setaffinity(0, sizeof set, &set);
}

void affinity_restore(const struct affinity *affinity)
{
	if (CPU_COUNT(&affinity->set))
		(void)!sched_setaffinity(0, sizeof affinity->set, &affinity->set);
}
