/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting usable CPUs, processes and descriptors. */
#include "machine/capacity.h"

#include "base/number.h"
#include "machine/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Descriptors that this program uses whatever the number of jobs. */
	SPARE = 24,
};

size_t capacity_affinity(void)
{
	size_t cpus, count = 0;
	cpu_set_t *set;

	/* EINVAL: the machine has more CPUs than the set. */
	for (cpus = 1024; cpus <= 1024 * 1024; cpus *= 2) {
		set = CPU_ALLOC(cpus);
		if (!set)
			break;
		if (sched_getaffinity(0, CPU_ALLOC_SIZE(cpus), set) == 0)
			count = (size_t)CPU_COUNT_S(CPU_ALLOC_SIZE(cpus), set);
		CPU_FREE(set);
		if (count || errno != EINVAL)
			break;
	}
	if (!count) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);

		count = online > 0 ? (size_t)online : 1;
	}
	return count;
}

/* Returns the CPUs that a quota in microseconds of each period allows, rounded up; SIZE_MAX without a quota. */
static size_t quota_cpus(const char *quota, const char *period)
{
	uint64_t allowed, each;

	if (number_parse(quota, INT64_MAX, &allowed) || number_parse(period, INT64_MAX, &each) || !each || !allowed)
		return SIZE_MAX;
	return (size_t)((allowed + each - 1) / each);
}

/* Takes the quota of a group: of version 2 ("max 100000" or "50000 100000") or of the two files of version 1. */
static bool take_cpus(const char *folder, void *owner)
{
	size_t *least = owner, cpus = SIZE_MAX;
	char line[128], period[128];
	char *space;

	if (cgroup_line(folder, "cpu.max", line, sizeof line) && (space = strchr(line, ' '))) {
		*space = '\0';
		cpus = quota_cpus(line, space + 1);
	} else if (cgroup_line(folder, "cpu.cfs_quota_us", line, sizeof line) &&
		   cgroup_line(folder, "cpu.cfs_period_us", period, sizeof period)) {
		cpus = quota_cpus(line, period);
	}
	*least = cpus < *least ? cpus : *least;
	return true;
}

size_t capacity_cpus(void)
{
	size_t cpus = capacity_affinity();

	cgroup_each("cpu", take_cpus, &cpus);
	return cpus ? cpus : 1;
}

/* Returns what a limit leaves. The limit on descriptors can be raised to the hard one. */
static uint64_t left_of(int resource, uint64_t used)
{
	struct rlimit limit;
	rlim_t value;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return CAPACITY_JOBS_MAX;
	value = resource == RLIMIT_NOFILE ? limit.rlim_max : limit.rlim_cur;
	return value > used ? value - used : 1;
}

/* Returns the number of processes of this user, which the limit counts. */
static uint64_t own_processes(void)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	struct stat status;
	uint64_t count = 0;

	while (directory && (entry = readdir(directory))) {
		bool process = entry->d_name[0] >= '1' && entry->d_name[0] <= '9';

		count += process && fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
			 status.st_uid == geteuid();
	}
	if (directory)
		closedir(directory);
	return count;
}

size_t capacity_jobs(void)
{
	/* Half of what is left, for jobs of two processes and at most two descriptors of the parent each. */
	uint64_t processes = left_of(RLIMIT_NPROC, own_processes()) / 4,
		 descriptors = left_of(RLIMIT_NOFILE, SPARE) / 4;
	uint64_t most = processes < descriptors ? processes : descriptors;

	if (most > CAPACITY_JOBS_MAX)
		most = CAPACITY_JOBS_MAX;
	return most ? (size_t)most : 1;
}

int capacity_parse_jobs(const char *text, size_t *jobs)
{
	size_t length = strlen(text);
	uint64_t number;
	char digits[32];

	if (*text == '+' || *text == '-') {
		size_t cpus = capacity_cpus();

		if (number_parse(text + 1, CAPACITY_JOBS_MAX, &number))
			return -1;
		if (*text == '+')
			*jobs = cpus + number;
		else
			*jobs = cpus > number ? cpus - (size_t)number : 1;
		return 0;
	}
	if (length && length < sizeof digits && text[length - 1] == '%') {
		memcpy(digits, text, length - 1);
		digits[length - 1] = '\0';
		if (number_parse(digits, UINT64_C(1000000), &number))
			return -1;
		*jobs = (size_t)((capacity_cpus() * number + 99) / 100);
		*jobs = *jobs ? *jobs : 1;
		return 0;
	}
	if (number_parse(text, CAPACITY_JOBS_MAX, &number))
		return -1;
	*jobs = number ? (size_t)number : capacity_jobs();
	return 0;
}
