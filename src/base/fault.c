/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing MPMAP_FAULT, and counting how often each point is reached. */
#include "base/fault.h"

#ifdef MPMAP_FAULTS

#include "base/fatal.h"
#include "base/number.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { FAULTS_MAX = 8, NAME_MAX_LENGTH = 32 };

/* An element of MPMAP_FAULT. */
struct fault {
	char name[NAME_MAX_LENGTH];
	/* The first time that it has an effect, from 1. */
	uint64_t at;
	/* How often the point has been reached. */
	uint64_t reached;
	/* True if later times have the effect, too. */
	bool onwards;
	/* The errno value, 0 if none. */
	int number;
	/* The signal, 0 if none. */
	int signal;
};

static struct fault faults[FAULTS_MAX];
static size_t fault_count;
static bool parsed;

static const struct {
	const char *name;
	int number;
	int signal;
} effects[] = {
	{.name = "EAGAIN", .number = EAGAIN},         {.name = "EDQUOT", .number = EDQUOT},
	{.name = "EFBIG", .number = EFBIG},           {.name = "EIO", .number = EIO},
	{.name = "EMFILE", .number = EMFILE},         {.name = "ENOBUFS", .number = ENOBUFS},
	{.name = "ENOENT", .number = ENOENT},         {.name = "ENOMEM", .number = ENOMEM},
	{.name = "ENOSPC", .number = ENOSPC},         {.name = "ENOSYS", .number = ENOSYS},
	{.name = "EOPNOTSUPP", .number = EOPNOTSUPP}, {.name = "EPIPE", .number = EPIPE},
	{.name = "EROFS", .number = EROFS},           {.name = "KILL", .signal = SIGKILL},
	{.name = "STOP", .signal = SIGSTOP},
};

static void parse_effect(struct fault *fault, const char *what)
{
	size_t i;

	for (i = 0; i < countof(effects); i++) {
		if (strcmp(what, effects[i].name) == 0) {
			fault->number = effects[i].number;
			fault->signal = effects[i].signal;
			return;
		}
	}
	fatal("MPMAP_FAULT: no such effect: %s", what);
}

static void parse_one(char *text)
{
	struct fault *fault = &faults[fault_count];
	char *at = strchr(text, ':'), *what = at ? strchr(at + 1, ':') : NULL;
	size_t length;

	if (fault_count == FAULTS_MAX || !at || (size_t)(at - text) >= sizeof fault->name)
		fatal("MPMAP_FAULT: not NAME:N[+][:WHAT]: %s", text);
	memcpy(fault->name, text, (size_t)(at - text));
	*at++ = '\0';
	if (what)
		*what++ = '\0';
	length = strlen(at);
	if (length && at[length - 1] == '+') {
		fault->onwards = true;
		at[length - 1] = '\0';
	}
	if (number_parse(at, UINT64_MAX, &fault->at))
		fatal("MPMAP_FAULT: not a number: %s", at);
	fault->number = EIO;
	if (what)
		parse_effect(fault, what);
	fault_count++;
}

static void parse_all(void)
{
	const char *variable = getenv("MPMAP_FAULT");
	char *copy = variable ? strdup(variable) : NULL, *rest = copy, *one;

	parsed = true;
	while (rest && (one = strsep(&rest, ",")))
		parse_one(one);
	free(copy);
}

bool fault_at(const char *name)
{
	int number = 0;
	size_t i;

	if (!parsed)
		parse_all();
	for (i = 0; i < fault_count; i++) {
		struct fault *fault = &faults[i];

		if (strcmp(fault->name, name) != 0)
			continue;
		fault->reached++;
		if (fault->reached != fault->at && !(fault->onwards && fault->reached > fault->at))
			continue;
		if (fault->signal) {
			raise(fault->signal);
			continue;
		}
		number = fault->number;
	}
	if (number)
		errno = number;
	return number;
}

#endif
