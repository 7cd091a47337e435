/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorders of a run. */
#include "run/logbook.h"

#include "base/mem.h"
#include "codec/output_json.h"
#include "journal/joblog.h"
#include "journal/result_log.h"
#include "journal/results_folder.h"
#include "run/page/page_recorder.h"
#include "run/report.h"
#include "run/session_private.h"
#include "worker/executor.h"

/* Opens a recorder. Returns NULL if it is not wanted, or with the error. */
typedef struct recorder *logbook_opener(const struct session *session, struct error *error);

/* True if what the recorders have of earlier sessions is continued. */
static bool logbook_continues(const struct session *session)
{
	return (durable_is_on(&session->durable) && session->durable.past.session) || logged_is_on(&session->logged);
}

static struct recorder *open_results(const struct session *session, struct error *error)
{
	const struct output_options *output = &session->options->output;

	if (!output->results)
		return NULL;
	return results_open(output->results,
			    logbook_continues(session) ? RESULTS_CONTINUE
			    : output->force            ? RESULTS_REPLACE
						       : RESULTS_NEW,
			    error);
}

static struct recorder *open_joblog(const struct session *session, struct error *error)
{
	const struct output_options *output = &session->options->output;

	return output->joblog ? joblog_open(output->joblog, logbook_continues(session), error) : NULL;
}

static struct recorder *open_page(const struct session *session, struct error *error)
{
	const struct output_options *output = &session->options->output;

	return output->report ? page_open(output->report, &session->facts, error) : NULL;
}

static struct recorder *open_log(const struct session *session, struct error *error)
{
	const struct output_options *output = &session->options->output;

	return output->log ? result_log_open(output->log, logbook_continues(session), error) : NULL;
}

/* The recorders that options ask for. clear removes what an earlier run left, once all are open; may be NULL. */
static const struct {
	logbook_opener *open;
	int (*clear)(struct recorder *recorder, struct error *error);
} recorders[] = {
	{.open = open_results, .clear = results_clear},
	{.open = open_joblog},
	{.open = open_log},
	{.open = open_page},
};

int logbook_open(struct session *session, struct error *error)
{
	struct logbook *logbook = &session->logbook;
	struct recorder *opened[countof(recorders)] = {NULL};
	size_t i;

	logbook->recorders = mem_new(countof(recorders) + 3, sizeof *logbook->recorders);
	if (session->place.recorder)
		logbook->recorders[logbook->count++] = session->place.recorder;
	if (!session->options->command.executor->runs_tasks)
		return 0;
	if (memo_is_on(&session->memo))
		logbook->recorders[logbook->count++] = &session->memo.recorder;
	for (i = 0; i < countof(recorders); i++) {
		opened[i] = recorders[i].open(session, error);
		if (error->text)
			return -1;
		if (opened[i])
			logbook->recorders[logbook->count++] = opened[i];
	}
	/* The last: what it commits is not run again, and so not recorded by the others again. */
	if (durable_is_on(&session->durable))
		logbook->recorders[logbook->count++] = &session->durable.recorder;
	for (i = 0; i < countof(recorders); i++) {
		if (opened[i] && recorders[i].clear && recorders[i].clear(opened[i], error) < 0)
			return -1;
	}
	return 0;
}

/* Closes all recorders but the owner's, which has no close. */
static void close_recorders(struct logbook *logbook)
{
	size_t i, kept = 0;

	for (i = 0; i < logbook->count; i++) {
		struct recorder *recorder = logbook->recorders[i];

		if (recorder->kind->close)
			recorder->kind->close(recorder);
		else
			logbook->recorders[kept++] = recorder;
	}
	logbook->count = kept;
}

void logbook_close(struct session *session)
{
	close_recorders(&session->logbook);
	free(session->logbook.recorders);
	session->logbook = (struct logbook){.recorders = NULL};
}

/* Reports the logbook's error, and drains the run. */
static void report_recorder(struct session *session)
{
	ending_fail(session, EXIT_TROUBLE, &session->logbook.error);
	error_release(&session->logbook.error);
}

/* Makes the recorders but the failed one write what they have gathered, and closes all but the owner's. */
static void logbook_finish(struct session *session, const struct recorder *failed)
{
	struct logbook *logbook = &session->logbook;
	size_t i;

	for (i = 0; i < logbook->count; i++) {
		struct recorder *recorder = logbook->recorders[i];

		if (recorder != failed && recorder->kind->flush && recorder->kind->flush(recorder, &logbook->error) < 0)
			report_recorder(session);
	}
	close_recorders(logbook);
}

/* Ends the run after a recorder has failed: an incomplete record is useless. */
static void logbook_fail(struct session *session, const struct recorder *failed)
{
	report_recorder(session);
	logbook_finish(session, failed);
}

void logbook_put(struct session *session, const struct output_header *header, struct slice bytes)
{
	const struct recorder_piece piece = {
		.index = header->index,
		.attempt = header->attempt,
		.stream = (enum stream)header->stream,
		.bytes = bytes,
	};
	size_t i;

	for (i = 0; i < session->logbook.count; i++) {
		struct recorder *recorder = session->logbook.recorders[i];

		/* Most recorders keep what tasks write. */
		if (header->stream == STREAM_VALUE && !recorder->kind->takes_values)
			continue;
		if (recorder->kind->put && recorder->kind->put(recorder, &piece, &session->logbook.error) < 0)
			logbook_fail(session, recorder);
	}
}

void logbook_forget(struct session *session, uint64_t index, uint32_t attempt)
{
	size_t i;

	for (i = 0; i < session->logbook.count; i++) {
		struct recorder *recorder = session->logbook.recorders[i];

		if (recorder->kind->forget)
			recorder->kind->forget(recorder, index, attempt);
	}
}

/* Appends the result object of a task, on a line; errors is how its standard error begins, NULL without that. */
static void append_object(struct session *session, const struct recorder_entry *entry, const struct slice *errors,
			  struct bytes *out)
{
	char *label = entry->task ? report_object(session, entry->task, entry->result->slot) : NULL;

	bytes_append_text(out, "{");
	output_json_fields(out, entry->result, label, session->options->workers.method->prefix);
	if (errors)
		output_json_errors(out, *errors);
	bytes_append_text(out, "}\n");
	free(label);
}

/* The texts of an entry, in memory. */
struct logbook_texts {
	struct bytes command;
	struct bytes shown;
	struct bytes object;
	struct bytes logged;
};

/* Makes the texts that the recorders want. */
static void make_texts(struct session *session, struct recorder_entry *entry, struct logbook_texts *texts)
{
	const struct task *task = entry->task;
	struct template_values values = {.slot = entry->result->slot};
	bool has_failed = result_is_failure(entry->result);
	unsigned wanted = 0;
	size_t i;

	for (i = 0; i < session->logbook.count; i++)
		wanted |= session->logbook.recorders[i]->kind->texts;
	if (wanted & RECORDER_COMMAND && task && entry->result->ran)
		template_quote(&session->command, task, &values, &texts->command);
	if (wanted & RECORDER_SHOWN && task)
		report_command_line(session, task, entry->result->slot, &texts->shown);
	if (wanted & RECORDER_OBJECT)
		append_object(session, entry, NULL, &texts->object);
	if (wanted & (RECORDER_LOGGED | RECORDER_ERRORS) && has_failed)
		entry->errors = tries_errors(&session->tries, entry->result);
	if (wanted & RECORDER_LOGGED)
		append_object(session, entry, has_failed ? &entry->errors : NULL, &texts->logged);
	entry->command = bytes_slice(&texts->command);
	entry->shown = bytes_slice(&texts->shown);
	entry->object = bytes_slice(&texts->object);
	entry->logged = bytes_slice(&texts->logged);
}

void logbook_count(struct session *session, const struct result *result, const struct task *task)
{
	struct recorder_entry entry = {.result = result, .task = task};
	struct logbook_texts texts = {.command.data = NULL};
	const struct recorder *failed = NULL;
	size_t i;

	if (result->outcome == OUTCOME_SKIPPED || !session->logbook.count)
		return;
	make_texts(session, &entry, &texts);
	for (i = 0; i < session->logbook.count; i++) {
		struct recorder *recorder = session->logbook.recorders[i];

		if (recorder->kind->count(recorder, &entry, &session->logbook.error) < 0) {
			report_recorder(session);
			failed = recorder;
		}
	}
	/* Only now: the task has ended, and the other recorders have it. */
	if (failed)
		logbook_finish(session, failed);
	bytes_release(&texts.command);
	bytes_release(&texts.shown);
	bytes_release(&texts.object);
	bytes_release(&texts.logged);
}

bool logbook_wants_written(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->logbook.count; i++) {
		if (session->logbook.recorders[i]->kind->written)
			return true;
	}
	return false;
}

void logbook_written(struct session *session, const struct result *result)
{
	size_t i;

	for (i = 0; i < session->logbook.count; i++) {
		struct recorder *recorder = session->logbook.recorders[i];

		if (recorder->kind->written && recorder->kind->written(recorder, result, &session->logbook.error) < 0)
			logbook_fail(session, recorder);
	}
}

void logbook_flush(struct session *session)
{
	size_t i;

	for (i = 0; i < session->logbook.count; i++) {
		struct recorder *recorder = session->logbook.recorders[i];

		if (recorder->kind->flush && recorder->kind->flush(recorder, &session->logbook.error) < 0)
			logbook_fail(session, recorder);
	}
}

void logbook_end(struct session *session)
{
	size_t i;

	for (i = 0; i < session->logbook.count; i++) {
		struct recorder *recorder = session->logbook.recorders[i];

		if (recorder->kind->finish && recorder->kind->finish(recorder, &session->logbook.error) < 0)
			logbook_fail(session, recorder);
	}
}

void logbook_write(struct session *session)
{
	outlet_flush(&session->outlet);
	logbook_flush(session);
	outlet_flush(&session->outlet);
}
