/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The setters of options about output, and about the tasks' standard streams. */
#include "front/setters.h"

#include "base/mem.h"
#include "base/number.h"
#include "worker/executor.h"
#include "run/page/page_recorder.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int set_progress(struct options *options, const char *value, struct error *error)
{
	options->has_progress = true;
	return progress_parse(value, &options->run.output.progress, error);
}

int set_color(struct options *options, const char *value, struct error *error)
{
	static const char *const words[] = {[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
	size_t i;

	for (i = COLOR_AUTO; i < countof(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			options->color = (enum option_color)i;
			return 0;
		}
	}
	return error_set(error, "--color '%s': not one of auto, always, never", value);
}

int set_unordered(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.order = ORDER_COMPLETION;
	return 0;
}

int set_ordered(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.order = ORDER_INPUT;
	return 0;
}

int set_ungrouped(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.ungrouped = true;
	return 0;
}

int set_lines(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.order = ORDER_LINES;
	return 0;
}

int set_tag(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.tag = "{}";
	options->run.output.tag_is_template = false;
	return 0;
}

int set_tag_string(struct options *options, const char *value, struct error *error UNUSED)
{
	options->run.output.tag = value;
	options->run.output.tag_is_template = true;
	return 0;
}

int set_stdin_file(struct options *options, const char *value, struct error *error)
{
	struct stat status;

	options->run.input.file = value;
	if (stat(value, &status) < 0 || access(value, R_OK) < 0)
		return error_set_errno(error, errno, "--stdin-file '%s'", value);
	if (S_ISREG(status.st_mode))
		return 0;
	return error_set(error, "--stdin-file '%s': not a regular file, which each task can read from its beginning",
			 value);
}

int set_retry_on(struct options *options, const char *value, struct error *error)
{
	return again_parse(value, &options->run.policy.again, error);
}

int set_slot_environment(struct options *options, const char *value, struct error *error)
{
	static const char automatic[] = "=auto";
	size_t size = strcspn(value, "=");
	const char *present;
	char *name;

	if (strcmp(value + size, automatic) != 0)
		return slot_values_add(&options->run.slots, value, error);
	name = mem_format("%.*s", (int)size, value);
	present = getenv(name);
	free(name);
	if (!present || !*present)
		return error_set(error, "--slot-env '%s': %.*s is not set, or empty", value, (int)size, value);
	/* The variable as it is in the environment, with its name. */
	return slot_values_add(&options->run.slots, present - size - 1, error);
}

int set_merged(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.merged = true;
	return 0;
}

int set_each_out(struct options *options, const char *value, struct error *error)
{
	if (!*value)
		return error_set(error, "--each-out '': the name of a file is empty");
	options->run.output.each = value;
	return 0;
}

int set_newer(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.newer = true;
	return 0;
}

int set_output(struct options *options, const char *value, struct error *error)
{
	options->run.output.format = output_find(value);
	if (options->run.output.format)
		return 0;
	return error_set(error, "--output '%s': not one of text, jsonl, json, csv, none; to write to a file: --out=%s",
			 value, *value ? value : "FILE");
}

/* Checks the name of what an option writes. Another option in its place says that it was forgotten. */
static int check_written(const char *option, const char *what, const char *name, struct error *error)
{
	if (!*name)
		return error_set(error, "%s: the name of the %s is empty", option, what);
	if (strncmp(name, "--", 2) == 0)
		return error_set(error, "%s: the name of the %s is missing before '%s' (or is ./%s)", option, what,
				 name, name);
	return 0;
}

int set_out(struct options *options, const char *value, struct error *error)
{
	options->run.output.file = value;
	if (check_written("--out", "file", value, error) < 0)
		return -1;
	if (output_find(value))
		return error_set(error, "--out=%s: -o %s sets the format; for a file of that name: --out=./%s", value,
				 value, value);
	if (strcmp(value, "-") == 0)
		return error_set(error,
				 "--out=-: without --out, standard output is written to; for a file of that "
				 "name: --out=./-");
	return 0;
}

int set_results(struct options *options, const char *value, struct error *error)
{
	options->run.output.results = value;
	return check_written("--results", "folder", value, error);
}

int set_journal(struct options *options, const char *value, struct error *error)
{
	options->run.durable.journal = value;
	return check_written("--journal", "file", value, error);
}

int set_resume(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.durable.resumes = true;
	return 0;
}

int set_sync(struct options *options, const char *value, struct error *error)
{
	nsec *sync = &options->run.durable.sync;

	options->has_sync = true;
	*sync = strcmp(value, "none") == 0 ? SYNC_NEVER : 0;
	if (*sync || strcmp(value, "each") == 0 || (number_parse_time(value, sync) == 0 && *sync > 0))
		return 0;
	return error_set(error, "--sync '%s': not a time in seconds, nor each or none", value);
}

int set_status(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->mode = MODE_STATUS;
	return 0;
}

int set_retry_interrupted(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.durable.retries_interrupted = true;
	return 0;
}

int set_at_most_once(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.durable.at_most_once = true;
	return 0;
}

int set_retry_failed(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.durable.retries_failed = true;
	return 0;
}

int set_force(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.force = true;
	return 0;
}

int set_joblog(struct options *options, const char *value, struct error *error)
{
	options->run.output.joblog = value;
	return check_written("--joblog", "file", value + (*value == '+'), error);
}

int set_from(struct options *options, const char *value, struct error *error)
{
	options->mode = MODE_REPORT;
	options->from = value;
	return *value ? 0 : error_set(error, "--from: the name of the log is empty");
}

int set_report(struct options *options, const char *value, struct error *error)
{
	options->run.output.report = value;
	if (page_name_is_good(value))
		return 0;
	return error_set(error, "--report %s: not the name of a page (FILE.html) or of trace events (FILE.json)",
			 value);
}

int set_log(struct options *options, const char *value, struct error *error)
{
	options->run.output.log = value;
	return value[*value == '+'] ? 0 : error_set(error, "--log: the name of the file is empty");
}

int set_memo(struct options *options, const char *value, struct error *error)
{
	options->run.output.memo = value;
	return check_written("--memo", "folder", value, error);
}

int set_buffer(struct options *options, const char *value, struct error *error)
{
	if (number_parse_size(value, &options->run.output.buffer) == 0)
		return 0;
	return error_set(error, "--buffer '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}

int set_spill(struct options *options, const char *value, struct error *error)
{
	if (number_parse_size(value, &options->run.output.spill) == 0)
		return 0;
	return error_set(error, "--spill '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}

int set_verbose(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.verbose = true;
	return 0;
}

int set_quiet(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.quiet = true;
	return 0;
}

int set_dry_run(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.command.executor = &executor_print;
	return 0;
}

int set_stats(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.output.stats = true;
	return 0;
}
