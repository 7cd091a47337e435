/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entering output and results in the job log and the results folder. */
#include "run/logbook.h"

#include "run/report.h"
#include "run/session.h"

int record_open(struct session *session, struct error *error)
{
	const struct session_options *options = session->options;

	session->joblog.fd = session->results.fd = -1;
	/* Nothing is run. */
	if (options->dry_run)
		return 0;
	if (options->results && results_open(&session->results, options->results, options->force, error) < 0)
		return -1;
	if (options->joblog && joblog_open(&session->joblog, options->joblog, error) < 0)
		return -1;
	/* Nothing of an earlier run goes before this one can begin. */
	return results_clear(&session->results, error);
}

/* A record of the run that has a hole is none: the run ends. */
static void logbook_fail(struct session *session, struct error *error)
{
	session_fail(session, EXIT_TROUBLE, error);
	error_release(error);
	record_close(session);
}

void record_output(struct session *session, const struct output_header *header, struct slice bytes)
{
	struct session_observer *observer = session->place.observer;
	struct error error = {.number = 0};

	if (observer)
		observer->wrote(observer, header, bytes);
	if (results_put(&session->results, header->index, header->attempt, (enum stream)header->stream, bytes, &error) <
	    0)
		logbook_fail(session, &error);
}

/* Completes the task's folder. */
static int finish_folder(struct session *session, const struct result *result, const struct task *task,
			 struct error *error)
{
	char *label = task ? report_object(session, task, result->slot) : NULL;
	struct bytes meta = {.data = NULL};
	int finished;

	bytes_append_text(&meta, "{");
	output_json_fields(&meta, result, label, session->options->method->prefix);
	bytes_append_text(&meta, "}\n");
	finished = results_finish(&session->results, result, bytes_slice(&meta), error);
	bytes_release(&meta);
	free(label);
	return finished;
}

void record_result(struct session *session, const struct result *result, const struct task *task)
{
	struct template_values values = {.slot = result->slot};
	struct session_observer *observer = session->place.observer;
	struct error error = {.number = 0};
	struct bytes command = {.data = NULL};

	if (observer)
		observer->ended(observer, result, task);

	if (result->outcome == OUTCOME_SKIPPED)
		return;
	if (session->joblog.fd >= 0 && task && result->ran) {
		template_quote(&session->command, task, &values, &command);
		joblog_add(&session->joblog, result, bytes_slice(&command));
		bytes_release(&command);
	}
	if (session->results.fd >= 0 && finish_folder(session, result, task, &error) < 0)
		logbook_fail(session, &error);
}

void record_flush(struct session *session)
{
	struct error error = {.number = 0};

	if (session->joblog.lines.size && joblog_flush(&session->joblog, &error) < 0)
		logbook_fail(session, &error);
}

void record_close(struct session *session)
{
	joblog_close(&session->joblog);
	results_close(&session->results);
}
