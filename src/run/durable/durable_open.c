/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginning of a durable run: nothing is changed before everything has been checked. */
#include "run/durable/durable.h"

#include "base/diag.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/durable/crc.h"
#include "journal/durable/note.h"
#include "journal/durable/successor.h"
#include "run/durable/aspects.h"
#include "run/durable/rewrite.h"
#include "run/session_private.h"
#include "worker/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <stdio.h>
#include <unistd.h>

/* The way out of an output that cannot be continued. */
#define ANEW " (--force instead of --resume begins anew)"

/* Loads the past of a journal and compares it with the run. -1 with the error. */
static int load_past(struct durable *durable, struct error *error)
{
	struct past *past = &durable->past;

	if (!durable->scroll.size || !durable->options->resumes)
		return 0;
	if (past_load(past, &durable->scroll, error) < 0)
		return -1;
	if (!past->header || !past->session) {
		return error_refuse(error, "--journal: %s is not the journal of a run", durable->scroll.name);
	}
	return aspects_check(durable->scroll.name, (struct slice){.data = past->header, .size = past->header_size},
			     durable->session->options, error);
}

int durable_open(struct durable *durable, struct session *session, struct error *error)
{
	const struct durable_options *options = &session->options->durable;
	bool forces = session->options->output.force;
	int result;

	durable->scroll.fd = durable->output = durable->readable = durable->stage.kept.fd = -1;
	if (!options->journal || !session->options->command.executor->runs_tasks)
		return 0;
	durable->options = options;
	durable->session = session;
	durable->recorder.kind = &durable_recorder;
	if (scroll_open(&durable->scroll, options->journal,
			options->resumes ? forces ? SCROLL_SALVAGE : SCROLL_RESUME
			: forces         ? SCROLL_REPLACE
					 : SCROLL_CREATE,
			error) < 0)
		return -1;
	result = load_past(durable, error);
	kept_begin(&durable->stage.kept, options->journal, durable->past.is_second);
	return result;
}

void durable_expect(const struct durable *durable, struct out_file *out)
{
	const struct past *past = &durable->past;

	if (!durable->options)
		return;
	out->is_read = true;
	out->resumes = past->session && past->output != PAST_STREAM;
	out->has_parts = past->placed;
	out->earlier = past->output_name;
	/* A run that was killed before it began has left an empty file at most. */
	out->may_be_empty = !durable->scroll.is_new && !past->session;
}

/* Sets a usage error. */
static int refuse_output(struct error *error, char *text)
{
	error_refuse(error, "%s", text);
	free(text);
	return -1;
}

/* Sets the error for an output that was shortened. Returns -1. */
static int refuse_short(const struct durable *durable, const char *name, uint64_t size, struct error *error)
{
	bool is_out = durable->session->out.name;

	if (size == 0 && !is_out)
		return refuse_output(error,
				     mem_format("--resume: %s is empty: the shell emptied it for '>', and what "
						"the run had written is lost; --force instead of --resume begins "
						"anew, with --out=%s or '>> %s', which can be resumed",
						name, name, name));
	return refuse_output(error, mem_format("--resume: %s was shortened: it has %" PRIu64
					       " bytes, and the run had written %" PRIu64 ANEW,
					       name, size, durable->past.size));
}

/* Compares the end of what the run had written with the journal. -1 with the error. */
static int check_tail(const struct durable *durable, const char *name, struct error *error)
{
	uint32_t crc = 0;

	if (durable_tail(durable, durable->past.size, &crc) < 0)
		return error_set_errno(error, errno, "--resume: %s cannot be read", name);
	if (crc == durable->past.crc)
		return 0;
	return refuse_output(error, mem_format("--resume: %s was changed by something else: the bytes up to %" PRIu64
					       " are not those that the run has written" ANEW,
					       name, durable->past.size));
}

/* Compares the output of earlier sessions with the journal. -1 with the error. */
static int check_file(const struct durable *durable, const struct stat *status, const char *name, struct error *error)
{
	const struct past *past = &durable->past;
	uint64_t size = (uint64_t)status->st_size;

	if (!past->placed && size == past->base)
		return 0;
	if (status->st_dev != past->device)
		return refuse_output(error,
				     mem_format("--resume: %s is on another device than the output of the run, %s" ANEW,
						name, past->output_name));
	if (status->st_ino != past->inode)
		return refuse_output(error, mem_format("--resume: %s is not the file that the run has written, %s" ANEW,
						       name, past->output_name));
	if (size < past->size)
		return refuse_short(durable, name, size, error);
	if (past->end && past->total && size > past->total)
		return refuse_output(error,
				     mem_format("--resume: %s was changed by something else: %" PRIu64
						" bytes follow those that the run has written (truncate -s %" PRIu64
						" removes them)",
						name, size - past->total, past->total));
	return check_tail(durable, name, error);
}

/* Finds what the output is. */
static void find_output(struct durable *durable)
{
	const struct session *session = durable->session;
	const struct output_format *format = session->options->output.format;
	struct stat status;

	durable->output = session->out.fd >= 0 ? session->out.fd : STDOUT_FILENO;
	durable->stage.is_file =
		!(format && format->is_silent) && fstat(durable->output, &status) == 0 && S_ISREG(status.st_mode) &&
		(session->out.fd >= 0 || !(session->place.screen || session->place.closed & 1u << STDOUT_FILENO));
}

/* Checks an output that is a file. -1 with the error. */
static int check_output(struct durable *durable, struct error *error)
{
	char link[64], *name = durable_output_name(durable);
	struct stat status;
	int result = 0;

	snprintf(link, sizeof link, "/proc/self/fd/%d", durable->output);
	durable->readable = open(link, O_RDONLY | O_CLOEXEC);
	if (durable->readable < 0 || fstat(durable->readable, &status) < 0)
		result = error_set_errno(error, errno, "--journal: %s cannot be read back", name);
	else if (durable_check_errors(name, &status, error) < 0)
		result = -1;
	else if (durable->past.session && durable->past.output != PAST_STREAM)
		result = check_file(durable, &status, name, error);
	free(name);
	return result;
}

int durable_check(struct durable *durable, struct error *error)
{
	const struct past *past = &durable->past;

	if (!durable->options)
		return 0;
	if (durable_check_files(durable, error) < 0)
		return -1;
	find_output(durable);
	if (durable->stage.is_file)
		return check_output(durable, error);
	if (!past->placed)
		return 0;
	return refuse_output(error,
			     past->output == PAST_FILE
				     ? mem_format("--resume: the output of the run is in %s: --out=%s goes on there",
						  past->output_name, past->output_name)
				     : mem_format("--resume: the output of the run is in %s: '>> %s' goes on there",
						  past->output_name, past->output_name));
}

/* Sets where the output of this session begins, and cuts what was not committed. -1 with the error. */
static int begin_output_file(struct durable *durable, struct error *error)
{
	struct past *past = &durable->past;
	bool is_continued = past->session && past->output != PAST_STREAM;
	int flags = fcntl(durable->output, F_GETFL);
	off_t end = lseek(durable->output, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);

	if (!is_continued) {
		past->base = past->size = end > 0 ? (uint64_t)end : 0;
		return 0;
	}
	/* Without a task it may be another file, or was emptied: what the output begins with is written again. */
	if (!past->placed)
		past->size = past->base;
	if (durable_cut_output(durable, past->size) < 0)
		return error_set_errno(error, errno, "--resume: the output cannot be cut");
	return 0;
}

/*
 * Has the names of the journal and of the output stored, before a note says that these are there: after a loss of power
 * they must be found. -1 with the error.
 */
static int store_names(const struct durable *durable, struct error *error)
{
	char *name = durable->stage.is_file ? durable_output_name(durable) : NULL;
	int result = scroll_sync_folder(durable->scroll.name, error);

	if (!result && name)
		result = scroll_sync_folder(name, error);
	free(name);
	return result;
}

/* Sets what keys depend on: a command that stays gets columns by their names, which its words do not say. */
static void begin_keys(struct durable *durable)
{
	struct session *session = durable->session;
	const struct session_options *options = session->options;
	const struct template_options *template = &options->command.template;
	size_t i;

	for (i = 0; options->command.executor->persists && i < template->name_count; i++)
		bytes_put_text(&durable->surroundings, template->names[i] ? template->names[i] : "");
	durable->keys.surroundings = bytes_slice(&durable->surroundings);
	durable->keys.command = &session->command;
	durable->keys.is_fixed = options->command.executor->persists && !options->output.tag;
	durable->keys.tag = options->output.tag && options->output.tag_is_template ? &session->tag : NULL;
}

/* Prepares the stage for the outlet, which is not open yet. */
static void begin_stage(struct durable *durable)
{
	struct session *session = durable->session;
	const struct output_options *output = &session->options->output;
	struct stage *stage = &durable->stage;

	stage->output = &session->outlet.output;
	stage->screen = session->out.fd < 0 ? session->place.screen : NULL;
	stage->format = output->format ? output->format : &output_text;
	stage->state = &session->outlet.state;
	stage->scroll = &durable->scroll;
	stage->notes_begun = durable->options->at_most_once;
	stage->is_ordered = output->order == ORDER_INPUT;
}

int durable_begin(struct durable *durable, struct error *error)
{
	const struct session *session = durable->session;
	struct stage *stage = &durable->stage;
	struct past *past = &durable->past;

	if (!durable->options)
		return 0;
	begin_keys(durable);
	begin_stage(durable);
	/* What is left of an interrupted rewriting. */
	if (past->session || session->options->output.force) {
		kept_clear(durable->scroll.name, past->is_second);
		successor_clear(&durable->scroll);
	}
	if (past->session && kept_resume(&stage->kept, past->kept, session->options->output.force, error) < 0)
		return -1;
	if (scroll_cut(&durable->scroll, !past->session, error) < 0)
		return -1;
	if (stage->is_file && begin_output_file(durable, error) < 0)
		return -1;
	stage->base = stage->written = past->size;
	stage->is_opened = stage->is_file && past->size > past->base;
	stage->has_tasks = durable_has_tasks(durable, past->placed);
	turns_skip(&stage->turns, stage->is_ordered ? past->placed : 0);
	if (!past->session)
		aspects_note(&durable->scroll.group, session->options, session->briefing.id);
	durable_note_session(durable, past->session + 1);
	if (store_names(durable, error) < 0 || durable_commit(durable, past->size, true, error) < 0)
		return -1;
	/* In the order of completion there is no place that a task must have. */
	if (!stage->is_ordered && past->placed && durable_move(durable, 0, error) < 0)
		return -1;
	return past->session ? rewrite_journal(durable, error) : 0;
}

void durable_discard(struct durable *durable)
{
	if (!durable->options)
		return;
	scroll_discard(&durable->scroll);
	durable_close(durable);
}
