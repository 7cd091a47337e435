/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Batch mode: a loop, a session, and the feeder for the sources that the command line names. And runs that can be
 * resumed: which options go together, how far one is, the line to type.
 */
#include "front/batch.h"

#include "base/bytes.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/quote.h"
#include "process/signals.h"
#include "run/companion/companions.h"
#include "run/supply.h"
#include "feed/feeder.h"
#include "front/help.h"
#include "run/page/page_from.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct batch {
	struct loop loop;
	struct session_owner owner;
	struct session *session;
	struct session_options run;
	struct feeder *feeder;
};

static void batch_on_room(struct session_owner *owner)
{
	struct batch *batch = container_of(owner, struct batch, owner);

	feeder_feed(batch->feeder);
	if (feeder_is_fed(batch->feeder))
		session_last_call(batch->session);
}

/* Opens the parts of a run. Returns EXIT_OK, or the exit status with the error; the caller releases what is open. */
static int batch_begin(struct batch *batch, const struct options *options, unsigned closed, struct error *error)
{
	const struct session_place place = {
		.loop = &batch->loop,
		.owner = &batch->owner,
		.closed = closed,
		.is_alone = true,
	};

	if (loop_init(&batch->loop) < 0) {
		error_set_errno(error, errno, "cannot begin");
		return EXIT_TROUBLE;
	}
	if (companions_begin(&options->run, error) < 0)
		return EXIT_TROUBLE;
	batch->run = options->run;
	batch->feeder = feeder_open_with_queue(&options->feed, &batch->run, error);
	if (!batch->feeder)
		return error->is_usage ? EXIT_USAGE : EXIT_TROUBLE;
	batch->session = session_open(&batch->run, &place, error);
	if (!batch->session)
		return error->is_usage ? EXIT_USAGE : EXIT_TROUBLE;
	batch->owner.on_room = batch_on_room;
	feeder_begin(batch->feeder, batch->session);
	return EXIT_OK;
}

int batch_run(const struct options *options, unsigned closed)
{
	struct batch *batch = mem_new(1, sizeof *batch);
	struct error error = {.number = 0};
	int status = batch_begin(batch, options, closed, &error), signal = 0;

	if (status != EXIT_OK) {
		diag_error("%s", error_text(&error));
		error_release(&error);
		if (batch->feeder)
			feeder_close(batch->feeder);
		companions_end();
		loop_release(&batch->loop);
		free(batch);
		return status;
	}
	batch_on_room(&batch->owner);
	supply_flush(batch->session);
	while (!feeder_is_fed(batch->feeder) || !ending_is_settled(batch->session))
		session_step(batch->session);
	status = session_close(batch->session, &signal);
	feeder_close(batch->feeder);
	loop_release(&batch->loop);
	free(batch);
	if (signal)
		signals_die(signal);
	return status;
}

/* Checks what does not go with --journal. -1 with the error. */
static int check_journal(const struct options *options, struct error *error)
{
	const struct output_options *output = &options->run.output;
	const char *journal = options->run.durable.journal;

	if (options->mode == MODE_INTERACTIVE)
		return error_set(error, "--journal: a run at the prompt has its own (map --journal=%s COMMAND)",
				 journal);
	/* Other names of the file are found when it is open. */
	if (output->file && strcmp(journal, output->file) == 0)
		return error_set(error, "--journal: %s is the file of --out, too; name another file", journal);
	if (options->run.command.terminal)
		return error_set(error, "--journal and --tty: what tasks write then is not seen");
	if (output->ungrouped)
		return error_set(error, "--journal and --ungroup: what tasks write then is not seen");
	if (output->order == ORDER_LINES)
		return error_set(error,
				 "--journal and --line-buffer: lines of tasks that had not ended could not be "
				 "taken back");
	if (options->run.state.queue)
		return error_set(error, "--journal and --queue: what tasks push is not kept for a run that is resumed");
	if (options->run.state.is_wanted)
		return error_set(error,
				 "--journal and --state: what tasks share is not kept for a run that is resumed");
	return 0;
}

/* Checks what does not go with --resume by a job log. -1 with the error. */
static int check_log(const struct options *options, struct error *error)
{
	const struct output_options *output = &options->run.output;

	if (!output->joblog)
		return error_set(error,
				 "--resume: which run is said by its journal, --journal=FILE, or by its job "
				 "log, --joblog=FILE");
	if (options->run.durable.retries_interrupted)
		return error_set(error, "--retry-interrupted is for --journal: a job log has only tasks that ended");
	if (options->run.state.queue)
		return error_set(error, "--resume by a job log and --queue: what is found has no number that lasts");
	if (output->file && output->force)
		return error_set(error,
				 "--resume by a job log and --force --out: what the file has would be lost, and "
				 "is not written again");
	return 0;
}

/* Checks --at-most-once and what goes with it. -1 with the error. */
static int check_once(const struct options *options, struct error *error)
{
	const struct durable_options *durable = &options->run.durable;

	if (durable->retries_interrupted && !durable->resumes)
		return error_set(error, "--retry-interrupted is for a run that is resumed (--resume)");
	if (!durable->at_most_once)
		return 0;
	if (!durable->journal)
		return error_set(error, "--at-most-once: what has begun is recorded by --journal=FILE");
	if (options->run.policy.retries)
		return error_set(error, "--at-most-once and --retries: a task that is run again is run twice");
	if (options->persistent)
		return error_set(error,
				 "--at-most-once: a command or function that gets many records may get one "
				 "again");
	return 0;
}

int batch_check(const struct options *options, struct error *error)
{
	const struct durable_options *durable = &options->run.durable;
	const struct output_options *output = &options->run.output;

	if (output->force && !output->results && !output->file && !durable->journal)
		return error_set(error, "--force is for --results, --out and --journal");
	if (options->mode == MODE_STATUS)
		return durable->journal
			       ? 0
			       : error_set(error, "--status: which run is said by its journal, --journal=FILE");
	if (durable->resumes && !durable->journal && check_log(options, error) < 0)
		return -1;
	if (options->has_sync && !durable->journal)
		return error_set(error, "--sync is for --journal");
	if (durable->retries_failed && !durable->resumes)
		return error_set(error, "--retry-failed is for a run that is resumed (--resume)");
	if (check_once(options, error) < 0)
		return -1;
	return durable->journal ? check_journal(options, error) : 0;
}

int batch_status(const char *journal, unsigned closed)
{
	struct bytes out = {.data = NULL};
	struct error error = {.number = 0};
	int status;

	if (durable_status(journal, &out, &error) < 0) {
		status = error.is_usage ? EXIT_USAGE : EXIT_TROUBLE;
		diag_error("%s", error_text(&error));
	} else {
		status = help_write(&out, closed);
	}
	error_release(&error);
	bytes_release(&out);
	return status;
}

int batch_report(const struct options *options)
{
	struct error error = {.number = 0};
	int result = page_write_from(options->run.output.report, options->from, &error);

	if (result < 0)
		diag_error("%s", error_text(&error));
	error_release(&error);
	return result < 0 ? EXIT_TROUBLE : EXIT_OK;
}

/* Returns the name of the regular file that a descriptor is of, NULL if it is of none, or its name is not known. */
static char *file_name_of(int fd)
{
	struct stat status, named;
	char link[64], name[4096];
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = readlink(link, name, sizeof name - 1);
	if (size <= 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	name[size] = '\0';
	if (stat(name, &named) < 0 || named.st_dev != status.st_dev || named.st_ino != status.st_ino)
		return NULL;
	return mem_string(name);
}

/* Appends where standard output goes, if that is a file whose name is known. */
static void append_output(struct bytes *line)
{
	char *name = file_name_of(STDOUT_FILENO);

	if (!name)
		return;
	bytes_append_text(line, " >> ");
	quote_shell(line, slice_of(name));
	free(name);
}

/* Appends where standard input comes from, if records are read from it. */
static void append_input(struct bytes *line, const struct feed_options *feed)
{
	char *name = NULL;
	size_t i;

	for (i = 0; i < feed->source_count; i++) {
		const struct source_options *source = &feed->sources[i];

		if (!source->items && (!source->file || strcmp(source->file, "-") == 0))
			break;
	}
	if (i == feed->source_count)
		return;
	/* What another program has read of it before is not to be read by the next run. */
	if (lseek(STDIN_FILENO, 0, SEEK_CUR) == 0)
		name = file_name_of(STDIN_FILENO);
	if (name) {
		bytes_append_text(line, " < ");
		quote_shell(line, slice_of(name));
	} else {
		bytes_append_text(line, " # (with the same input)");
	}
	free(name);
}

void batch_append_words(struct bytes *line, char *const *words, size_t count, size_t number)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i < number && strcmp(words[i], "--force") == 0)
			continue;
		bytes_append_text(line, " ");
		quote_shell(line, slice_of(words[i]));
	}
}

char *batch_line(int argc, char **argv)
{
	struct bytes line = {.data = NULL};

	quote_shell(&line, slice_of(argv[0]));
	batch_append_words(&line, argv + 1, (size_t)argc - 1, 0);
	bytes_append(&line, "", 1);
	return line.data;
}

void batch_note_again(struct options *options, int argc, char **argv)
{
	struct bytes before = {.data = NULL}, after = {.data = NULL};

	quote_shell(&before, slice_of(argv[0]));
	if (!options->run.durable.resumes)
		bytes_append_text(&before, " --resume");
	batch_append_words(&after, argv + 1, (size_t)argc - 1, (size_t)options->first_operand - 1);
	if (!options->run.output.file)
		append_output(&after);
	append_input(&after, &options->feed);
	bytes_append(&before, "", 1);
	bytes_append(&after, "", 1);
	options->run.durable.again = before.data;
	options->run.durable.again_rest = after.data;
}
