/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recording tasks for a report, and writing it. */
#include "run/page/page_recorder.h"

#include "base/file.h"
#include "base/mem.h"
#include "codec/outcome.h"
#include "codec/json/result_object.h"
#include "machine/capacity.h"
#include "run/page/page.h"
#include "run/page/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of trace events that are gathered before they are written. */
enum { TRACE_BLOCK = 1 << 16 };

struct page_recorder {
	struct recorder recorder;
	/* The caller's. */
	const char *name;
	const struct page_facts *facts;
	int fd;
	/* True if it writes trace events, as tasks end; else a page, at the end. */
	bool is_trace;
	struct trace_file trace;
	struct run_page page;
};

static struct page_recorder *page_of(struct recorder *recorder)
{
	return container_of(recorder, struct page_recorder, recorder);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t size = strlen(name), tail = strlen(suffix);

	return size > tail && strcmp(name + size - tail, suffix) == 0;
}

bool page_name_is_good(const char *name)
{
	return has_suffix(name, ".html") || has_suffix(name, ".json");
}

/* Writes what there is of the report. -1 with the error. */
static int page_put_out(struct page_recorder *page, struct bytes *out, struct error *error)
{
	int result = file_write_all(page->fd, bytes_slice(out));

	bytes_clear(out);
	return result == 0 ? 0 : error_set_errno(error, errno, "--report: cannot write %s", page->name);
}

/* Adds a task to what is reported. -1 with the error. */
static int page_take(struct page_recorder *page, const struct page_task *task, struct error *error)
{
	if (!page->is_trace) {
		page_add(&page->page, task);
		return 0;
	}
	trace_file_add(&page->trace, task);
	return page->trace.out.size > TRACE_BLOCK ? page_put_out(page, &page->trace.out, error) : 0;
}

int page_record(struct recorder *recorder, const struct result_object *object, struct error *error)
{
	const struct page_task task = {
		.seq = object->seq,
		.count = 1,
		.slot = object->slot <= CAPACITY_JOBS_MAX ? (uint32_t)object->slot : 0,
		.attempts = (uint32_t)object->attempts,
		.outcome = object->outcome,
		.start = object->duration >= 0 ? object->start : 0,
		.duration = object->duration,
		.user_time = object->user_time,
		.system_time = object->system_time,
		.max_rss = object->max_rss,
		.text = bytes_slice(&object->text),
		.ending = bytes_slice(&object->ending),
		.errors = bytes_slice(&object->errors),
	};

	return page_take(page_of(recorder), &task, error);
}

/* Records a result. */
static int page_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error)
{
	struct page_recorder *page = page_of(recorder);
	const struct result *result = entry->result;
	struct bytes ending = {.data = NULL};
	struct page_task task = {
		.seq = result->index + 1,
		.count = result_count(result),
		.slot = result->ran ? result->slot : 0,
		.attempts = result->attempt,
		.outcome = result->outcome,
		.start = result->ran ? result->start : 0,
		.duration = result->duration,
		.user_time = result->user_time,
		.system_time = result->system_time,
		.max_rss = result->max_rss,
		.text = entry->shown,
		.errors = entry->errors,
	};
	int taken;

	outcome_describe(result, &ending);
	task.ending = bytes_slice(&ending);
	taken = page_take(page, &task, error);
	bytes_release(&ending);
	return taken;
}

/* Writes the report, or the rest of it. */
static int page_finish(struct recorder *recorder, struct error *error)
{
	struct page_recorder *page = page_of(recorder);
	struct bytes text = {.data = NULL};
	int result;

	if (page->is_trace) {
		trace_file_end(&page->trace);
		return page_put_out(page, &page->trace.out, error);
	}
	page_write(&page->page, page->facts, &text);
	result = page_put_out(page, &text, error);
	bytes_release(&text);
	return result;
}

static void page_close(struct recorder *recorder)
{
	struct page_recorder *page = page_of(recorder);

	if (page->fd >= 0)
		close(page->fd);
	trace_file_release(&page->trace);
	page_release(&page->page);
	free(page);
}

static const struct recorder_kind page_recorder_kind = {
	.texts = RECORDER_SHOWN | RECORDER_ERRORS,
	.count = page_count,
	.finish = page_finish,
	.close = page_close,
};

struct recorder *page_open(const char *name, const struct page_facts *facts, struct error *error)
{
	struct page_recorder *page = mem_new(1, sizeof *page);

	*page = (struct page_recorder){.recorder.kind = &page_recorder_kind, .name = name, .facts = facts};
	page->is_trace = has_suffix(name, ".json");
	page->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (page->fd < 0) {
		error_set_errno(error, errno, "--report: cannot write %s", name);
		page_close(&page->recorder);
		return NULL;
	}
	if (page->is_trace)
		trace_file_begin(&page->trace, facts->command, facts->began);
	return &page->recorder;
}
