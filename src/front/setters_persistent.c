/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The setters of options about commands that stay, and functions. */
#include "front/setters.h"

#include "base/number.h"

/* Sets the executor that lets COMMAND persist. -1 with the error. */
static int set_persistent(struct options *options, const char *executor, struct error *error)
{
	if (options->persistent && strcmp(options->persistent, executor) != 0)
		return error_set(error,
				 "--filter, --coproc=stdio, --coproc=fd, --coproc=block and functions: records are "
				 "answered in one of these ways");
	options->persistent = executor;
	return 0;
}

int set_filter(struct options *options, const char *value UNUSED, struct error *error)
{
	return set_persistent(options, "filter", error);
}

int set_coprocess(struct options *options, const char *value, struct error *error)
{
	if (!value || strcmp(value, "stdio") == 0)
		return set_persistent(options, "coproc", error);
	if (strcmp(value, "fd") == 0)
		return set_persistent(options, "coproc-fd", error);
	if (strcmp(value, "block") == 0)
		return set_persistent(options, "block", error);
	return error_set(
		error,
		"--coproc '%s': not one of stdio, fd, block (COMMAND is what follows the options: --coproc COMMAND)",
		value);
}

/* Sets the function that is called, in a language. -1 with the error. */
static int set_function(struct options *options, const char *language, const char *code, struct error *error)
{
	return function_set_code(options, language, code, error) < 0 ? -1 : set_persistent(options, "block", error);
}

int set_python(struct options *options, const char *value, struct error *error)
{
	return set_function(options, "--python", value, error);
}

int set_bash(struct options *options, const char *value, struct error *error)
{
	return set_function(options, "--bash", value, error);
}

int set_perl(struct options *options, const char *value, struct error *error)
{
	return set_function(options, "--perl", value, error);
}

int set_node(struct options *options, const char *value, struct error *error)
{
	return set_function(options, "--node", value, error);
}

int set_plugin(struct options *options, const char *value, struct error *error)
{
	const char *colon = strrchr(value, ':');

	if (!colon || colon == value || !colon[1])
		return error_set(error, "--plugin '%s': not FILE.so:FUNCTION", value);
	if (function_set_code(options, "--plugin", value, error) < 0)
		return -1;
	return set_persistent(options, "plugin", error);
}

int set_setup(struct options *options, const char *value, struct error *error)
{
	return function_add_setting(options, "--setup", value, error);
}

int set_teardown(struct options *options, const char *value, struct error *error)
{
	return function_add_setting(options, "--teardown", value, error);
}

int set_source(struct options *options, const char *value, struct error *error)
{
	return function_add_setting(options, "--source", value, error);
}

int set_isolated(struct options *options, const char *value UNUSED, struct error *error)
{
	return function_add_setting(options, "--isolate", NULL, error);
}

int set_unisolated(struct options *options, const char *value UNUSED, struct error *error)
{
	return function_add_setting(options, "--no-isolate", NULL, error);
}

int set_max_rss(struct options *options, const char *value, struct error *error)
{
	if (number_parse_size(value, &options->run.command.max_rss) == 0 && options->run.command.max_rss)
		return 0;
	return error_set(error, "--max-rss '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}
