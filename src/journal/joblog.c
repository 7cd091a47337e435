/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the job log. */
#include "journal/joblog.h"

#include "base/bytes.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

struct joblog {
	struct recorder recorder;
	/* The caller's. */
	const char *name;
	int fd;
	/* Lines that are still to be written. */
	struct bytes lines;
};

static const char header[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/*
 * Returns where the last whole line of a file that is appended to ends, since its writer may have been killed within
 * one; size if that cannot be read.
 */
static off_t find_whole(const struct joblog *log, off_t size)
{
	int fd = open(log->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	off_t at = size, end = fd < 0 ? size : 0;
	char block[4096];

	while (!end && at > 0) {
		size_t count = at < (off_t)sizeof block ? (size_t)at : sizeof block;
		const char *last;

		at -= (off_t)count;
		if (pread(fd, block, count, at) != (ssize_t)count)
			end = size;
		else if ((last = memrchr(block, '\n', count)))
			end = at + (last + 1 - block);
	}
	if (fd >= 0)
		close(fd);
	return end;
}

/* Prepares a file for lines of this run. Returns 0, or -1 with errno. */
static int begin_log_lines(struct joblog *log, bool continues)
{
	struct stat status;
	off_t whole;

	if (fstat(log->fd, &status) < 0 || !S_ISREG(status.st_mode) || !status.st_size) {
		bytes_append_text(&log->lines, header);
		return 0;
	}
	whole = find_whole(log, status.st_size);
	if (whole == status.st_size)
		return 0;
	if (!continues) {
		bytes_append_text(&log->lines, "\n");
		return 0;
	}
	/* The task of that line is run again, or its journal has it. */
	if (whole == 0)
		bytes_append_text(&log->lines, header);
	return ftruncate(log->fd, whole);
}

/* Appends the columns Exitval and Signal, as GNU parallel fills them. */
static void add_ending(struct bytes *line, const struct result *result)
{
	switch (result->outcome) {
	case OUTCOME_TIMEOUT:
		bytes_append_format(line, "-1\t%d", SIGTERM);
		break;
	case OUTCOME_LOST:
		bytes_append_format(line, "0\t%d", SIGKILL);
		break;
	case OUTCOME_OK:
	case OUTCOME_FAILED:
	case OUTCOME_SIGNALED:
	case OUTCOME_NOT_STARTED:
	case OUTCOME_SKIPPED:
	case OUTCOMES:
	default:
		bytes_append_format(line, "%d\t%d", result->signal ? 0 : result->status, result->signal);
	}
}

/* Appends the line of a task that ran. */
static int joblog_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error UNUSED)
{
	struct bytes *lines = &container_of(recorder, struct joblog, recorder)->lines;
	const struct result *result = entry->result;

	if (!result->ran || !entry->task)
		return 0;
	bytes_append_format(lines, "%" PRIu64 "\t:\t%.3f\t%10.3f\t0\t%" PRIu64 "\t", result->index + 1,
			    (double)result->start / (double)NSEC_PER_SEC,
			    (double)result->duration / (double)NSEC_PER_SEC, result->output_size);
	add_ending(lines, result);
	bytes_append_text(lines, "\t");
	bytes_append(lines, entry->command.data, entry->command.size);
	bytes_append_text(lines, "\n");
	return 0;
}

/* Writes the lines: all of them whole, or none. -1 with the error. */
static int joblog_flush(struct recorder *recorder, struct error *error)
{
	struct joblog *log = container_of(recorder, struct joblog, recorder);
	size_t done = 0;
	int number = 0;

	while (done < log->lines.size && !number) {
		ssize_t now = write(log->fd, log->lines.data + done, log->lines.size - done);

		if (now > 0)
			done += (size_t)now;
		else if (now == 0 || errno != EINTR)
			number = now == 0 ? ENOSPC : errno;
	}
	if (!number) {
		bytes_clear(&log->lines);
		return 0;
	}
	/* The disk is full: remove the part of a line. */
	if (done) {
		off_t end = lseek(log->fd, 0, SEEK_END);

		(void)!ftruncate(log->fd, end - (off_t)done);
	}
	bytes_clear(&log->lines);
	return error_set_errno(error, number, "--joblog: cannot write %s", log->name);
}

static void joblog_close(struct recorder *recorder)
{
	struct joblog *log = container_of(recorder, struct joblog, recorder);

	if (log->fd >= 0)
		close(log->fd);
	bytes_release(&log->lines);
	free(log);
}

static const struct recorder_kind joblog_kind = {
	.texts = RECORDER_COMMAND,
	.count = joblog_count,
	.flush = joblog_flush,
	.close = joblog_close,
};

struct recorder *joblog_open(const char *name, bool continues, struct error *error)
{
	struct joblog *log = mem_new(1, sizeof *log);
	bool has_sign = name[0] == '+', appends = has_sign || continues;

	*log = (struct joblog){.recorder.kind = &joblog_kind, .name = name + has_sign};
	log->fd = open(log->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (appends ? 0 : O_TRUNC), 0600);
	if (log->fd < 0) {
		error_set_errno(error, errno, "--joblog: cannot write %s", log->name);
		joblog_close(&log->recorder);
		return NULL;
	}
	if (begin_log_lines(log, continues) < 0)
		error_set_errno(error, errno, "--joblog: cannot cut %s", log->name);
	if (error->text || joblog_flush(&log->recorder, error) < 0) {
		joblog_close(&log->recorder);
		return NULL;
	}
	return &log->recorder;
}
