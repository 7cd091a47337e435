/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the log of results. */
#include "journal/result_log.h"

#include "base/mem.h"
#include "journal/log_file.h"

struct result_log {
	struct recorder recorder;
	struct log_file file;
};

static struct log_file *result_log_file(struct recorder *recorder)
{
	return &container_of(recorder, struct result_log, recorder)->file;
}

static int result_log_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error UNUSED)
{
	bytes_append(&result_log_file(recorder)->lines, entry->logged.data, entry->logged.size);
	return 0;
}

static int result_log_flush(struct recorder *recorder, struct error *error)
{
	return log_file_flush(result_log_file(recorder), error);
}

static void result_log_close(struct recorder *recorder)
{
	struct result_log *log = container_of(recorder, struct result_log, recorder);

	log_file_close(&log->file);
	free(log);
}

static const struct recorder_kind result_log_kind = {
	.texts = RECORDER_LOGGED,
	.count = result_log_count,
	.flush = result_log_flush,
	.close = result_log_close,
};

struct recorder *result_log_open(const char *name, bool continues, struct error *error)
{
	struct result_log *log = mem_new(1, sizeof *log);

	*log = (struct result_log){.recorder.kind = &result_log_kind};
	if (log_file_open(&log->file, "--log", name, continues, error) >= 0 && log_file_flush(&log->file, error) == 0)
		return &log->recorder;
	result_log_close(&log->recorder);
	return NULL;
}
