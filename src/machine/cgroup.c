/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding and reading control groups. */
#include "machine/cgroup.h"

#include "base/number.h"

enum { PATH_SIZE = 4096 };

/* True if a comma-separated list of controllers, which is changed, has this one. */
static bool has_controller(char *controllers, const char *controller)
{
	char *rest = controllers, *one;

	while ((one = strsep(&rest, ","))) {
		if (strcmp(one, controller) == 0)
			return true;
	}
	return false;
}

/* Visits a group and all above it; path is changed. */
static void visit_upwards(const char *mount, char *path, cgroup_visit *visit, void *owner)
{
	char folder[2 * PATH_SIZE];

	for (;;) {
		char *slash;

		snprintf(folder, sizeof folder, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
		if (!visit(folder, owner))
			return;
		slash = strrchr(path, '/');
		if (!slash || !path[1])
			return;
		slash[slash == path] = '\0';
	}
}

/* Lines of /proc/self/cgroup are ID:CONTROLLERS:PATH; version 2 has no controllers there. */
void cgroup_each(const char *controller, cgroup_visit *visit, void *owner)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_SIZE];

	while (file && fgets(line, sizeof line, file)) {
		char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
		char copy[PATH_SIZE], mount[64];

		if (!path)
			continue;
		*controllers++ = *path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		snprintf(copy, sizeof copy, "%s", path);
		if (!*controllers) {
			visit_upwards("/sys/fs/cgroup", path, visit, owner);
			visit_upwards("/sys/fs/cgroup/unified", copy, visit, owner);
			continue;
		}
		/* Version 1 is mounted under one of the names, or all of them. */
		snprintf(mount, sizeof mount, "/sys/fs/cgroup/%.40s", controllers);
		if (!has_controller(controllers, controller))
			continue;
		visit_upwards(mount, path, visit, owner);
		snprintf(mount, sizeof mount, "/sys/fs/cgroup/%.40s", controller);
		visit_upwards(mount, copy, visit, owner);
	}
	if (file)
		fclose(file);
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[2 * PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return fopen(path, "re");
}

bool cgroup_line(const char *folder, const char *name, char *line, size_t size)
{
	FILE *file = open_in(folder, name);
	bool got = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

bool cgroup_value(const char *folder, const char *name, const char *word, uint64_t *value)
{
	FILE *file = open_in(folder, name);
	bool found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof line, file)) {
		char *space = strchr(line, ' ');

		if (!space)
			continue;
		*space++ = '\0';
		space[strcspn(space, "\n")] = '\0';
		found = strcmp(line, word) == 0 && number_parse(space, UINT64_MAX, value) == 0;
	}
	if (file)
		fclose(file);
	return found;
}
