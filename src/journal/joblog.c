/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the job log. */
#include "journal/joblog.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "journal/log_file.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

struct joblog {
	struct recorder recorder;
	struct log_file file;
};

static const char header[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

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
	struct bytes *lines = &container_of(recorder, struct joblog, recorder)->file.lines;
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

static int joblog_flush(struct recorder *recorder, struct error *error)
{
	return log_file_flush(&container_of(recorder, struct joblog, recorder)->file, error);
}

static void joblog_close(struct recorder *recorder)
{
	struct joblog *log = container_of(recorder, struct joblog, recorder);

	log_file_close(&log->file);
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
	int start;

	*log = (struct joblog){.recorder.kind = &joblog_kind};
	start = log_file_open(&log->file, "--joblog", name, continues, error);
	if (start == LOG_FILE_EMPTY)
		bytes_append_text(&log->file.lines, header);
	if (start >= 0 && log_file_flush(&log->file, error) == 0)
		return &log->recorder;
	joblog_close(&log->recorder);
	return NULL;
}
