/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading a plugin. */
#include "worker/plugin/library.h"

#include "base/mem.h"
#include <mpmap-plugin.h>

#include <dlfcn.h>

_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "what dlsym returns may be a function");

/* Sets *function to that of a name, or leaves it if there is none. */
static void find_function(void *handle, const char *name, void *function)
{
	void *found = dlsym(handle, name);

	if (found)
		memcpy(function, &found, sizeof found);
}

/* Checks that the file is a plugin for this mpmap. -1, and appends why not. */
static int check_version(const struct library *library, const char *file, struct bytes *why)
{
	const unsigned *version = dlsym(library->handle, "mpmap_plugin_abi");

	if (version && *version == MPMAP_PLUGIN_ABI)
		return 0;
	if (!version)
		bytes_append_format(why,
				    "%s: is no plugin of mpmap: it does not export mpmap_plugin_abi (MPMAP_PLUGIN; in "
				    "one of its C files does, see mpmap-plugin(3))",
				    file);
	else
		bytes_append_format(why,
				    "%s: was compiled for version %u of mpmap-plugin.h, and this mpmap has version %u "
				    "(compile it again)",
				    file, *version, MPMAP_PLUGIN_ABI);
	return -1;
}

/* Finds what is called. -1, and appends why not. */
static int find_functions(struct library *library, const char *file, const char *name, struct bytes *why)
{
	dlerror();
	find_function(library->handle, name, &library->function);
	if (!library->function) {
		const char *error = dlerror();

		bytes_append_text(why, error ? error : "the function is at address 0");
		return -1;
	}
	find_function(library->handle, "mpmap_plugin_init", &library->init);
	find_function(library->handle, "mpmap_plugin_exit", &library->exit);
	return check_version(library, file, why);
}

int library_open(struct library *library, const char *plugin, struct bytes *why)
{
	const char *colon = strrchr(plugin, ':');
	char *file = mem_format("%.*s", (int)(colon - plugin), plugin);
	int found = -1;

	*library = (struct library){.handle = dlopen(file, RTLD_NOW | RTLD_LOCAL)};
	if (library->handle)
		found = find_functions(library, file, colon + 1, why);
	else
		bytes_append_text(why, dlerror());
	if (found < 0)
		library_close(library);
	free(file);
	return found;
}

void library_close(struct library *library)
{
	if (library->handle)
		dlclose(library->handle);
	*library = (struct library){.handle = NULL};
}
