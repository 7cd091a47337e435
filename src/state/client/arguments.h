/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of mpmap-state. */
#ifndef STATE_CLIENT_ARGUMENTS_H
#define STATE_CLIENT_ARGUMENTS_H

#include "base/dialect.h"
#include "base/error.h"
#include "state/store/call.h"

enum arguments_mode { ARGUMENTS_VERB, ARGUMENTS_SERVE, ARGUMENTS_HELP, ARGUMENTS_VERSION };

enum arguments_format { FORMAT_LINES, FORMAT_NUL, FORMAT_JSON };

struct arguments {
	enum arguments_mode mode;
	enum arguments_format format;
	/* The socket of --socket; NULL without it. */
	const char *socket;
	/* The request, whose verb is set with ARGUMENTS_VERB. Its operands are views of the command line. */
	struct call call;
	/* COMMAND and its arguments, ended by NULL; NULL without one. */
	char **command;
	/* The limit of serve --memory, bytes. */
	uint64_t memory;
};

/* Reads the command line, whose words it moves. Returns 0, or -1 with the error. */
int arguments_read(struct arguments *arguments, char **words, struct error *error) MUST_CHECK;

/* True if the request has this verb. */
bool arguments_verb_is(const struct arguments *arguments, const char *name);

#endif
