/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading memory and load from /proc and the control groups. */
#include "machine/pressure.h"

#include "base/number.h"
#include "machine/cgroup.h"

/* Takes the memory that a group has left, with inactive file pages. Tries the files of version 2, then of version 1. */
static bool take_memory(const char *folder, void *owner)
{
	uint64_t *least = owner, most, used, inactive = 0, left;
	char line[64];

	if ((!cgroup_line(folder, "memory.max", line, sizeof line) &&
	     !cgroup_line(folder, "memory.limit_in_bytes", line, sizeof line)) ||
	    number_parse(line, UINT64_MAX, &most))
		return true;
	if ((!cgroup_line(folder, "memory.current", line, sizeof line) &&
	     !cgroup_line(folder, "memory.usage_in_bytes", line, sizeof line)) ||
	    number_parse(line, UINT64_MAX, &used))
		return true;
	cgroup_value(folder, "memory.stat", "inactive_file", &inactive);
	used = used > inactive ? used - inactive : 0;
	left = most > used ? most - used : 0;
	*least = left < *least ? left : *least;
	return true;
}

uint64_t pressure_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t least = UINT64_MAX, kilobytes;
	char line[256];

	while (file && fgets(line, sizeof line, file)) {
		char *digits = line + strcspn(line, "0123456789");

		if (strncmp(line, "MemAvailable:", strlen("MemAvailable:")) != 0)
			continue;
		digits[strspn(digits, "0123456789")] = '\0';
		if (number_parse(digits, UINT64_MAX / 1024, &kilobytes) == 0)
			least = kilobytes * 1024;
	}
	if (file)
		fclose(file);
	cgroup_each("memory", take_memory, &least);
	return least;
}

uint64_t pressure_load(void)
{
	double average;

	return getloadavg(&average, 1) == 1 && average > 0 ? (uint64_t)(average * 100) : 0;
}

bool pressure_oom_kills_of(const char *folder, uint64_t *kills)
{
	return cgroup_value(folder, "memory.events", "oom_kill", kills) ||
	       cgroup_value(folder, "memory.oom_control", "oom_kill", kills);
}

/* Takes the count of our own group, which includes groups below and kills for a limit above. */
static bool take_kills(const char *folder, void *owner)
{
	return !pressure_oom_kills_of(folder, owner);
}

uint64_t pressure_oom_kills(void)
{
	uint64_t kills = 0;

	cgroup_each("memory", take_kills, &kills);
	return kills;
}
