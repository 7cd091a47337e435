/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From result objects to a report. */
#include "run/page/page_from.h"

#include "base/mem.h"
#include "codec/json/result_object.h"
#include "run/page/page.h"
#include "run/page/page_recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Reads the tasks of a log, and gives them to a report, if there is one. -1 with the error. */
static int read_log(FILE *log, const char *name, struct recorder *report, struct error *error)
{
	char *line = NULL;
	size_t room = 0;
	uint64_t number = 0;
	ssize_t size;
	int result = 0;

	while (result == 0 && (size = getline(&line, &room, log)) > 0) {
		struct result_object object;

		number++;
		result = result_object_read(&object, (struct slice){.data = line, .size = (size_t)size});
		/* The writer may have been killed within the last line. */
		if (result < 0 && line[size - 1] != '\n' && number > 1)
			result = 0;
		else if (result < 0)
			error_set(error,
				  "--from: line %" PRIu64 " of %s is not the result of a task (--log=FILE writes them)",
				  number, name);
		else if (report)
			result = page_record(report, &object, error);
		result_object_release(&object);
	}
	if (result == 0 && ferror(log))
		result = error_set_errno(error, errno, "--from: cannot read %s", name);
	free(line);
	return result;
}

/* Writes the report of a log. -1 with the error. */
static int write_report(FILE *log, const char *name, const char *report, struct error *error)
{
	const struct page_facts facts = {.command = slice_of(name)};
	struct recorder *recorder = page_open(report, &facts, error);
	int result;

	if (!recorder)
		return -1;
	result = read_log(log, name, recorder, error);
	if (result == 0)
		result = recorder->kind->finish(recorder, error);
	recorder->kind->close(recorder);
	return result;
}

/* True if the file has this name, too. */
static bool is_report(FILE *file, const char *name)
{
	struct stat status, named;

	return fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && stat(name, &named) == 0 &&
	       status.st_dev == named.st_dev && status.st_ino == named.st_ino;
}

int page_write_from(const char *report, const char *log, struct error *error)
{
	FILE *file = fopen(log, "re");
	int result = 0;

	if (!file)
		return error_set_errno(error, errno, "--from: cannot read %s", log);
	if (is_report(file, report))
		result = error_set(error, "--from: %s is the file of --report, too; name another file", log);
	/* An earlier report stays where the log is of no use; what is no file can be read once. */
	else if (fseek(file, 0, SEEK_SET) == 0 && (result = read_log(file, log, NULL, error)) == 0)
		rewind(file);
	if (result == 0)
		result = write_report(file, log, report, error);
	fclose(file);
	return result;
}
