/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal of a run: committing groups, ending it. */
#include "run/durable/durable.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/durable/crc.h"
#include "journal/durable/note.h"
#include "run/session_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Bytes of notes that are committed at once, whatever the time. */
	GROUP_MOST = 1 << 22,
	/* Bytes of the output that are checked. */
	TAIL_SIZE = 1 << 16,
};

/* The time between two commits that are not stored. */
#define COMMIT_TIME NSEC_PER_SEC

int durable_tail(const struct durable *durable, uint64_t size, uint32_t *crc)
{
	char tail[TAIL_SIZE];
	size_t length = size - durable->past.base < sizeof tail ? (size_t)(size - durable->past.base) : sizeof tail;

	if (length && file_read_at(durable->readable, size - length, tail, length) < 0)
		return -1;
	*crc = crc_of(0, tail, length);
	return 0;
}

char *durable_output_name(const struct durable *durable)
{
	char link[64], name[4096];
	ssize_t size;

	if (durable->session->out.name)
		return mem_string(durable->session->out.name);
	snprintf(link, sizeof link, "/proc/self/fd/%d", durable->output);
	size = readlink(link, name, sizeof name - 1);
	name[size > 0 ? size : 0] = '\0';
	return mem_string(size > 0 ? name : "standard output");
}

void durable_note_session(struct durable *durable, uint64_t number)
{
	struct bytes *group = &durable->scroll.group;
	enum past_output output = !durable->stage.is_file      ? PAST_STREAM
				  : durable->session->out.name ? PAST_FILE
							       : PAST_APPEND;
	size_t begun = note_begin(group);
	struct stat status;

	note_put_number(group, "begin", number);
	note_put_number(group, "pid", (uint64_t)getpid());
	note_put_number(group, "at", (uint64_t)(clock_wall() / NSEC_PER_SEC));
	note_put_text(group, "out", slice_of(past_output_name(output)));
	if (durable->stage.is_file && fstat(durable->output, &status) == 0) {
		char *name = durable_output_name(durable);

		note_put_number(group, "device", status.st_dev);
		note_put_number(group, "inode", status.st_ino);
		note_put_number(group, "base", durable->past.base);
		note_put_text(group, "name", slice_of(name));
		free(name);
	}
	if (durable->past.is_second)
		note_put_number(group, "outputs", 1);
	if (durable->past.session) {
		note_put_number(group, "first", durable->past.first_began);
		note_put_number(group, "ended", durable->past.progress.done + durable->past.progress.failed);
	}
	note_end(group, begun);
}

/* True if the session ends, and the whole input was read. */
static bool ends_complete(const struct durable *durable)
{
	return durable->end && ending_is_complete(durable->session);
}

/* Begins the note "commit": how far the run is. Until its input has been read, it is where it was. */
static void note_progress(struct durable *durable)
{
	struct bytes *group = &durable->scroll.group;
	const struct session_tally *tally = &durable->session->tally;
	const struct stage *stage = &durable->stage;
	struct past_progress progress = {
		.done = stage->done,
		.failed = stage->failed,
		.running = pool_running(durable->session->pool) + stage->interrupted,
		.submitted = tally->submitted,
		.total = tally->total,
	};

	if (stage->done + stage->failed < durable->past.progress.done + durable->past.progress.failed &&
	    !tally->total && !ends_complete(durable))
		progress = durable->past.progress;
	note_put_number(group, "commit", progress.done + progress.failed);
	note_put_number(group, "failed", progress.failed);
	note_put_number(group, "running", progress.running);
	note_put_number(group, "submitted", progress.submitted);
	note_put_number(group, "total", progress.total);
	note_put_number(group, "at", (uint64_t)(clock_wall() / NSEC_PER_SEC));
}

int durable_note_commit(struct durable *durable, uint64_t size, struct kept *kept, struct error *error)
{
	struct bytes *group = &durable->scroll.group;
	size_t begun = note_begin(group);
	uint32_t crc = 0, added_crc;
	int added = kept_added(kept, &added_crc, error);

	if (added < 0)
		return -1;
	note_progress(durable);
	if (durable->stage.is_file) {
		if (durable_tail(durable, size, &crc) < 0)
			return error_set_errno(error, errno, "--journal: the output cannot be read back");
		note_put_number(group, "size", size);
		note_put_number(group, "crc", crc);
	}
	note_put_number(group, "kept", kept_end(kept));
	if (added)
		note_put_number(group, "added", added_crc);
	note_end(group, begun);
	return 0;
}

bool durable_syncs(const struct durable *durable)
{
	return durable->options->sync != SYNC_NEVER;
}

int durable_commit(struct durable *durable, uint64_t size, bool syncs, struct error *error)
{
	struct stage *stage = &durable->stage;

	durable->due = 0;
	if (kept_flush(&stage->kept, syncs, error) < 0)
		return -1;
	if (syncs && stage->is_file && (fault_at("out_sync") || fdatasync(durable->output) < 0) && errno != EINVAL)
		return error_set_errno(error, errno, "--journal: the output cannot be stored");
	if (durable_note_commit(durable, size, &stage->kept, error) < 0)
		return -1;
	return scroll_append(&durable->scroll, syncs, error);
}

/* Notes the session's end, once. */
static void note_session_end(struct durable *durable)
{
	struct bytes *group = &durable->scroll.group;
	size_t begun;

	if (!durable->end || durable->has_ended)
		return;
	begun = note_begin(group);
	note_put_text(group, "end", slice_of(durable->end));
	if (durable->stage.is_file)
		note_put_number(group, "total", durable->stage.base + durable->stage.output->total);
	note_end(group, begun);
}

/* The recorder's. */
static int count_nothing(struct recorder *recorder UNUSED, const struct recorder_entry *entry UNUSED,
			 struct error *error UNUSED)
{
	return 0;
}

/* Sets the error of the outputs file. Returns -1. */
static int pass_error(struct durable *durable, struct error *error)
{
	durable->has_failed = true;
	if (durable->stage.error.text && !error->text) {
		*error = durable->stage.error;
		durable->stage.error = (struct error){.number = 0};
	}
	return -1;
}

/* Commits the open group if it is time. */
static int durable_flush(struct recorder *recorder, struct error *error)
{
	struct durable *durable = container_of(recorder, struct durable, recorder);
	bool is_last = durable->end && !durable->has_ended;
	size_t size = durable->scroll.group.size;

	if (durable->has_failed)
		return 0;
	if (durable->stage.error.text)
		return pass_error(durable, error);
	/* What a file lacks is not to be noted; of a stream nothing is. */
	if (durable->stage.is_file && durable->stage.output->error) {
		durable->has_failed = true;
		return 0;
	}
	if (size && !durable->due)
		durable->due =
			clock_now() + (durable->options->sync == SYNC_NEVER ? COMMIT_TIME : durable->options->sync);
	if (!is_last && (!size || (size < GROUP_MOST && clock_now() < durable->due)))
		return 0;
	/* Some output is still on its way; it is a file, so that this does not last. */
	if (durable->stage.is_file && !writer_is_idle(durable->stage.output))
		return 0;
	note_session_end(durable);
	durable->has_ended = durable->end;
	return durable_commit(durable, durable->stage.written, durable_syncs(durable), error) < 0
		       ? pass_error(durable, error)
		       : 0;
}

const struct recorder_kind durable_recorder = {.count = count_nothing, .flush = durable_flush};

/* Copies the output from byte from on to the outputs file, where it begins at *to. -1 with the error. */
static int keep_output(struct durable *durable, uint64_t from, uint64_t *to, struct error *error)
{
	struct kept *kept = &durable->stage.kept;
	uint64_t end = durable->past.size;
	char piece[TAIL_SIZE];

	*to = kept_end(kept);
	while (from < end) {
		size_t size = end - from < sizeof piece ? (size_t)(end - from) : sizeof piece;

		if (file_read_at(durable->readable, from, piece, size) < 0)
			return error_set_errno(error, errno, "--resume: the output cannot be read");
		if (kept_put(kept, (struct slice){.data = piece, .size = size}, error) < 0)
			return -1;
		from += size;
	}
	return 0;
}

bool durable_has_tasks(const struct durable *durable, size_t number)
{
	size_t i = 0;

	while (i < number && !past_placed(&durable->past, i)->size)
		i++;
	return i < number;
}

/* Returns where the number-th task of the output begins, with what stands before it. */
static uint64_t task_begin(const struct durable *durable, size_t number)
{
	const struct roll_entry *entry = past_placed(&durable->past, number ? number - 1 : 0);
	struct output_state state = {.begun = false};
	struct bytes join = {.data = NULL};
	uint64_t begin = entry->place;

	if (number)
		return entry->place + entry->size;
	if (durable->stage.format->join && entry->size)
		durable->stage.format->join(&state, &join);
	begin -= join.size;
	bytes_release(&join);
	return begin;
}

int durable_cut_output(struct durable *durable, uint64_t size)
{
	if (ftruncate(durable->output, (off_t)size) < 0)
		return -1;
	return lseek(durable->output, (off_t)size, SEEK_SET) < 0 ? -1 : 0;
}

int durable_move(struct durable *durable, size_t number, struct error *error)
{
	struct bytes *group = &durable->scroll.group;
	struct stage *stage = &durable->stage;
	uint64_t from = task_begin(durable, number), to;
	size_t begun;

	if (keep_output(durable, from, &to, error) < 0)
		return -1;
	if (kept_end(&stage->kept) >= ROLL_PLACE_END)
		return error_set(error, "--resume: %s would be larger than 16 TiB", stage->kept.name);
	begun = note_begin(group);
	note_put_number(group, "moved", number);
	note_put_number(group, "from", from);
	note_put_number(group, "to", to);
	note_end(group, begun);
	if (durable_commit(durable, from, true, error) < 0)
		return -1;
	if (durable_cut_output(durable, from) < 0)
		return error_set_errno(error, errno, "--resume: the output cannot be cut");
	past_move(&durable->past, number, from, to);
	durable->past.size = from;
	/* All that was moved can be recalled. */
	durable->past.kept = kept_end(&stage->kept);
	stage->base = from - writer_end(stage->output);
	stage->written = from;
	stage->has_tasks = durable_has_tasks(durable, number);
	turns_rewind(&stage->turns, number);
	return 0;
}

bool durable_owes(const struct durable *durable)
{
	return durable->options && durable_commits_each(durable->options) && durable->scroll.group.size &&
	       !durable->has_failed;
}

nsec durable_deadline(const struct durable *durable)
{
	return durable->due && !durable->has_failed ? durable->due : NSEC_FOREVER;
}

void durable_close(struct durable *durable)
{
	if (!durable->options)
		return;
	scroll_close(&durable->scroll);
	past_release(&durable->past);
	key_release(&durable->keys);
	stage_release(&durable->stage);
	bytes_release(&durable->surroundings);
	if (durable->readable >= 0)
		close(durable->readable);
	durable->options = NULL;
}

void durable_end(struct durable *durable)
{
	struct session *session = durable->session;

	if (!durable->options || durable->has_failed)
		return;
	durable->end = ending_is_complete(session) ? "complete" : "stopped";
	/* The input has become shorter. */
	if (ends_complete(durable) && session->tally.submitted < durable->past.placed &&
	    durable_move(durable, (size_t)session->tally.submitted, &durable->stage.error) == 0)
		session->outlet.state.begun = durable->stage.has_tasks;
}
