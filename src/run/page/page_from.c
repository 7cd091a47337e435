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

/* Gives a report the tasks of a log. -1 with the error. */
static int read_log(struct recorder *report, FILE *log, const char *name, struct error *error)
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
		else
			result = page_record(report, &object, error);
		result_object_release(&object);
	}
	if (result == 0 && ferror(log))
		result = error_set_errno(error, errno, "--from: cannot read %s", name);
	free(line);
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
	const struct page_facts facts = {.command = slice_of(log)};
	FILE *file = fopen(log, "re");
	struct recorder *recorder;
	int result = -1;

	if (!file)
		return error_set_errno(error, errno, "--from: cannot read %s", log);
	if (is_report(file, report)) {
		fclose(file);
		return error_set(error, "--from: %s is the file of --report, too; name another file", log);
	}
	recorder = page_open(report, &facts, error);
	if (recorder) {
		result = read_log(recorder, file, log, error);
		if (result == 0)
			result = recorder->kind->finish(recorder, error);
		recorder->kind->close(recorder);
	}
	fclose(file);
	return result;
}
