/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies an environment, and applies the changes of a task. */
#include "task/frame_environment.h"

#include "base/mem.h"
#include "task/frame.h"

/* Removes the variables of a name (up to its '=', if any). Returns the number of variables left. */
static size_t drop_variable(char **variables, size_t count, struct slice name)
{
	const char *equals = memchr(name.data, '=', name.size);
	size_t length = equals ? (size_t)(equals - name.data) : name.size, i;

	for (i = 0; i < count; i++) {
		if (strncmp(variables[i], name.data, length) == 0 && variables[i][length] == '=')
			variables[i--] = variables[--count];
	}
	return count;
}

/* Stores a variable, or the NULL at the end, at a place. */
static void place_variable(struct frame_environment *environment, size_t place, const char *variable)
{
	environment->variables =
		mem_grow(environment->variables, place, &environment->capacity, sizeof *environment->variables);
	environment->variables[place] = (char *)(uintptr_t)variable;
}

char **frame_environment_make(struct frame_environment *environment, char *const *from, struct slice frame,
			      const char **path)
{
	struct frame_reader reader = frame_read(frame);
	size_t count = 0;
	struct slice value;
	enum field field;

	for (; from[count]; count++)
		place_variable(environment, count, from[count]);
	while (frame_next(&reader, &field, &value)) {
		if (field != FIELD_SET && field != FIELD_UNSET)
			continue;
		count = drop_variable(environment->variables, count, value);
		if (field == FIELD_UNSET && slice_equals(value, slice_of("PATH")))
			*path = NULL;
		if (field == FIELD_UNSET)
			continue;
		if (value.size >= 5 && memcmp(value.data, "PATH=", 5) == 0)
			*path = value.data + 5;
		place_variable(environment, count++, value.data);
	}
	place_variable(environment, count, NULL);
	return environment->variables;
}

void frame_environment_release(struct frame_environment *environment)
{
	free(environment->variables);
	*environment = (struct frame_environment){.variables = NULL};
}
