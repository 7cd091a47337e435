/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The setters of options about what tasks share. */
#include "front/setters.h"

#include "base/number.h"

enum {
	/* Bytes that the name of a shared object may have. */
	QUEUE_NAME_MAX = 255,
};

int set_shared(struct options *options, const char *value, struct error *error)
{
	return shared_add(&options->run.shared, value, error);
}

int set_state(struct options *options, const char *value, struct error *error)
{
	struct state_options *state = &options->run.state;

	state->is_wanted = true;
	state->is_atomic = value && strcmp(value, "atomic") == 0;
	if (!value || state->is_atomic)
		return 0;
	return error_set(error, "--state='%s': not atomic (COMMAND follows the options: --state COMMAND)", value);
}

int set_queue(struct options *options, const char *value, struct error *error)
{
	options->run.state.is_wanted = true;
	options->run.state.queue = value;
	if (!*value)
		return error_set(error, "--queue '': no name of a queue");
	if (strlen(value) > QUEUE_NAME_MAX)
		return error_set(error, "--queue: a name of %zu bytes is too long: at most %d", strlen(value),
				 QUEUE_NAME_MAX);
	return 0;
}

int set_state_memory(struct options *options, const char *value, struct error *error)
{
	uint64_t *memory = &options->run.state.memory;

	if (number_parse_size(value, memory) == 0 && *memory)
		return 0;
	return error_set(error, "--state-memory '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}
