/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a durable run: none of them is another, and what is in one that exists is not overwritten. */
#include "run/durable/durable.h"

#include "base/diag.h"
#include "base/mem.h"
#include "run/session_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* True if two descriptors are of one file. */
static bool is_one_file(const struct stat *status, int fd)
{
	struct stat other;

	return fstat(fd, &other) == 0 && status->st_dev == other.st_dev && status->st_ino == other.st_ino;
}

/* True if a name is that of a file, which may not exist. */
static bool is_name_of(const struct stat *status, const char *name, const char *other)
{
	struct stat named;

	if (!other)
		return false;
	if (strcmp(name, other) == 0)
		return true;
	return status && stat(other, &named) == 0 && status->st_dev == named.st_dev && status->st_ino == named.st_ino;
}

/* Checks that nothing else that the run reads or writes is this file, whose status is NULL if it does not exist. */
static int check_apart(const struct session *session, const char *name, const struct stat *status, struct error *error)
{
	const struct output_options *output = &session->options->output;
	const char *log = output->joblog;
	const struct {
		const char *what;
		int fd;
		const char *name;
	} others[] = {
		{"standard input", STDIN_FILENO, NULL},
		{"standard output", STDOUT_FILENO, NULL},
		{"standard error", diag_descriptor(), NULL},
		{"the file of --out", session->out.fd, session->out.name},
		{"the file of --joblog", -1, log ? log + (*log == '+') : NULL},
		{"the file of --log", -1, output->log ? output->log + (*output->log == '+') : NULL},
		{"the file of --report", -1, output->report},
		{"the folder of --results", -1, output->results},
	};
	size_t i;

	for (i = 0; i < countof(others); i++) {
		if ((status && is_one_file(status, others[i].fd)) || is_name_of(status, name, others[i].name))
			return error_refuse(error, "--journal: %s is %s, too; name another file", name, others[i].what);
	}
	return 0;
}

/* Checks a file that the run makes when it is needed. -1 with the error. */
static int check_beside(const struct durable *durable, const char *name, struct error *error)
{
	struct stat status;

	if (stat(name, &status) < 0)
		return check_apart(durable->session, name, NULL, error);
	if (!S_ISREG(status.st_mode))
		return error_refuse(error, "--journal: %s, which the run may write, is not a regular file", name);
	if (check_apart(durable->session, name, &status, error) < 0)
		return -1;
	if (durable->past.session || !status.st_size || durable->session->options->output.force)
		return 0;
	return error_refuse(
		error, "--journal: %s, which the run may write, has something of another (--force replaces it)", name);
}

static bool is_link(const char *name)
{
	struct stat status;

	return lstat(name, &status) == 0 && S_ISLNK(status.st_mode);
}

int durable_check_files(const struct durable *durable, struct error *error)
{
	enum { REWRITING = 2 };
	static const char *const ends[] = {".outputs", ".outputs.1", [REWRITING] = ".rewriting"};
	struct stat status;
	size_t i;
	int result = 0;

	if (fstat(durable->scroll.fd, &status) < 0)
		return error_set_errno(error, errno, "--journal: cannot read %s", durable->scroll.name);
	if (check_apart(durable->session, durable->scroll.name, &status, error) < 0)
		return -1;
	for (i = 0; i < countof(ends) && result == 0; i++) {
		/* A journal behind a link is rewritten where it is. */
		char *file =
			i == REWRITING && is_link(durable->scroll.name) ? realpath(durable->scroll.name, NULL) : NULL;
		char *name = mem_join(file ? file : durable->scroll.name, ends[i]);

		result = check_beside(durable, name, error);
		free(name);
		free(file);
	}
	return result;
}

int durable_check_errors(const char *name, const struct stat *status, struct error *error)
{
	if (!is_one_file(status, diag_descriptor()))
		return 0;
	return error_refuse(error,
			    "--journal: standard error is written to %s, too, among which the output could not be "
			    "found again (--out=FILE keeps them apart, or 2>FILE)",
			    name);
}
