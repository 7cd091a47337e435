/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting usable CPUs, processes and descriptors. */
#include "process/capacity.h"

#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Descriptors that are ours whatever the number of jobs. */
	SPARE = 24,
};

static size_t affinity_cpus(void)
{
	size_t cpus, count = 0;
	cpu_set_t *set;

	/* Machines with more CPUs than a set holds say so with EINVAL. */
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

/* The first line of a small file, without its newline: false when it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

/* CPUs that a quota in microseconds of each period allows, rounded up; SIZE_MAX without a quota. */
static size_t quota_cpus(const char *quota, const char *period)
{
	uint64_t allowed, each;

	if (number_parse(quota, INT64_MAX, &allowed) || number_parse(period, INT64_MAX, &each) || !each || !allowed)
		return SIZE_MAX;
	return (size_t)((allowed + each - 1) / each);
}

/* The quota of one cgroup folder, in version 2's form ("max 100000" or "50000 100000") or version 1's two files. */
static size_t folder_cpus(const char *folder)
{
	char path[4200], line[128], period[128];
	char *space;

	snprintf(path, sizeof path, "%s/cpu.max", folder);
	if (read_line(path, line, sizeof line) && (space = strchr(line, ' '))) {
		*space = '\0';
		return quota_cpus(line, space + 1);
	}
	snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
	if (!read_line(path, line, sizeof line))
		return SIZE_MAX;
	snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
	return read_line(path, period, sizeof period) ? quota_cpus(line, period) : SIZE_MAX;
}

/* The smallest quota of a cgroup and all above it. path is changed. */
static size_t hierarchy_cpus(const char *mount, char *path)
{
	size_t least = SIZE_MAX;
	char folder[4096];

	for (;;) {
		char *slash;
		size_t cpus;

		snprintf(folder, sizeof folder, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
		cpus = folder_cpus(folder);
		least = cpus < least ? cpus : least;
		slash = strrchr(path, '/');
		if (!slash || !path[1])
			return least;
		slash[slash == path] = '\0';
	}
}

/* Whether a comma-separated list of controllers has "cpu". */
static bool has_cpu(char *controllers)
{
	char *rest = controllers, *one;

	while ((one = strsep(&rest, ","))) {
		if (strcmp(one, "cpu") == 0)
			return true;
	}
	return false;
}

/* Lines of /proc/self/cgroup are ID:CONTROLLERS:PATH; version 2 has no controllers there. */
static size_t cgroup_cpus(void)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	static const char *const old_mounts[] = {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"};
	FILE *file = fopen("/proc/self/cgroup", "re");
	size_t least = SIZE_MAX, i;
	char line[4096];

	while (file && fgets(line, sizeof line, file)) {
		char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		controllers++;
		for (i = 0; i < 2; i++) {
			bool unified = !*controllers;
			char copy[4096], names[256];
			size_t cpus;

			snprintf(copy, sizeof copy, "%s", path);
			snprintf(names, sizeof names, "%s", controllers);
			if (!unified && !has_cpu(names))
				break;
			cpus = hierarchy_cpus(unified ? mounts[i] : old_mounts[i], copy);
			least = cpus < least ? cpus : least;
		}
	}
	if (file)
		fclose(file);
	return least;
}

size_t capacity_cpus(void)
{
	size_t affinity = affinity_cpus(), quota = cgroup_cpus(), cpus = affinity < quota ? affinity : quota;

	return cpus ? cpus : 1;
}

/* What a limit leaves beside what is in use. The limit on descriptors can be raised to the hard one. */
static uint64_t left_of(int resource, uint64_t used)
{
	struct rlimit limit;
	rlim_t value;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return CAPACITY_JOBS_MAX;
	value = resource == RLIMIT_NOFILE ? limit.rlim_max : limit.rlim_cur;
	return value > used ? value - used : 1;
}

/* Processes that this user has, which the limit counts. */
static uint64_t own_processes(void)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	struct stat status;
	uint64_t count = 0;

	while (directory && (entry = readdir(directory))) {
		bool process = entry->d_name[0] >= '1' && entry->d_name[0] <= '9';

		count += process && fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 && status.st_uid == geteuid();
	}
	if (directory)
		closedir(directory);
	return count;
}

size_t capacity_jobs(void)
{
	/* Half of what is left; and a job takes two processes, and two descriptors of the parent's. */
	uint64_t processes = left_of(RLIMIT_NPROC, own_processes()) / 4, descriptors = left_of(RLIMIT_NOFILE, SPARE) / 4;
	uint64_t most = processes < descriptors ? processes : descriptors;

	if (most > CAPACITY_JOBS_MAX)
		most = CAPACITY_JOBS_MAX;
	return most ? (size_t)most : 1;
}
