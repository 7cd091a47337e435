/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The setters of options: each checks its value, and names the right form in the error. */
#include "front/setters.h"

#include "base/number.h"
#include "task/columns.h"
#include "task/delimiter.h"
#include "task/shell.h"
#include "machine/capacity.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The largest number of --retries. */
enum { RETRIES_MOST = 1000000 };

int set_null(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->delimiter = (struct delimiter){.size = 1};
	options->has_null = true;
	return 0;
}

/* Parses what ends records, or begins them, for an option. -1 with the error. */
static int parse_delimiter(struct delimiter *delimiter, const char *option, const char *value, struct error *error)
{
	if (delimiter_parse(delimiter, value) == 0)
		return 0;
	return error_set(error, "%s '%s': not 1 to %d bytes, with \\n, \\t, \\r, \\0, \\xHH and \\\\ for some of them",
			 option, value, DELIMITER_MAX);
}

int set_delimiter(struct options *options, const char *value, struct error *error)
{
	options->has_delimiter = true;
	return parse_delimiter(&options->delimiter, "--delimiter", value, error);
}

int set_record_start(struct options *options, const char *value, struct error *error)
{
	return parse_delimiter(&options->record_start, "--record-start", value, error);
}

int set_file(struct options *options, const char *value, struct error *error UNUSED)
{
	*options_add_source(options) = (struct source_options){.file = value};
	return 0;
}

int set_separator(struct options *options, const char *value, struct error *error)
{
	struct columns columns;

	if (columns_compile(&columns, value, error) < 0)
		return error_wrap(error, "--colsep");
	columns_release(&columns);
	options->run.command.template.separator = value;
	return 0;
}

int set_csv(struct options *options, const char *value, struct error *error)
{
	struct delimiter separator = {.bytes = ",", .size = 1};

	if (value && (delimiter_parse(&separator, value) < 0 || separator.size > 1 || !separator.bytes[0] ||
		      strchr("\"\r\n", separator.bytes[0])))
		return error_set(
			error,
			"--csv '%s': not one byte between fields, nor \\t or \\xHH (a quote, NUL or the end of "
			"a line cannot be one)",
			value);
	options->run.command.template.csv = separator.bytes[0];
	return 0;
}

int set_header(struct options *options, const char *value, struct error *error)
{
	if (strcmp(value, ":") != 0)
		return error_set(error, "--header '%s': not ':' (the first record of each source names its columns)",
				 value);
	options->feed.has_header = true;
	return 0;
}

int set_group(struct options *options, const char *value, struct error *error)
{
	if (strcmp(value, "max") == 0) {
		options->feed.group = FEED_MAX;
		return 0;
	}
	if (strcmp(value, "auto") == 0) {
		options->feed.group = FEED_AUTO;
		return 0;
	}
	if (number_parse(value, UINT32_MAX - 1, &options->feed.group) == 0 && options->feed.group)
		return 0;
	return error_set(error, "--max-args '%s': not a number of records for a command (1 or more), max or auto",
			 value);
}

int set_stdin(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.input.to_stdin = true;
	return 0;
}

int set_block(struct options *options, const char *value, struct error *error)
{
	uint64_t size;

	if (number_parse_size(value, &size) < 0 || !size || size > FEED_STDIN_MAX)
		return error_set(error, "--block '%s': not a size of 1 byte to 1G, such as 65536 or 1M", value);
	options->feed.block = size;
	return 0;
}

int set_replace(struct options *options, const char *value, struct error *error UNUSED)
{
	options->run.command.template.replace = value;
	return 0;
}

int set_link(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->feed.link_all = true;
	return 0;
}

static int set_framing(struct options *options, enum feed_framing framing, struct error *error)
{
	if (options->feed.framing != FEED_TEXT && options->feed.framing != framing)
		return error_set(error, "--json and --jsonl: the input is one or the other");
	options->feed.framing = framing;
	return 0;
}

int set_json(struct options *options, const char *value UNUSED, struct error *error)
{
	return set_framing(options, FEED_JSON, error);
}

int set_json_lines(struct options *options, const char *value UNUSED, struct error *error)
{
	return set_framing(options, FEED_JSON_LINES, error);
}

int set_nothing(struct options *options UNUSED, const char *value UNUSED, struct error *error UNUSED)
{
	return 0;
}

int set_shell(struct options *options, const char *value, struct error *error)
{
	const char *rest = shell_program(value);

	options->run.command.shell = true;
	options->run.command.program = value;
	if (shell_word(&rest).size)
		return 0;
	return error_set(error, "--shell='%s': no program that runs the script (bash, or 'bash -euo pipefail')", value);
}

/* Sets the number of jobs from the file of --jobs=@FILE. -1 with the error. */
static int set_jobs_file(struct options *options, const char *path, struct error *error)
{
	if (throttle_read_jobs(path, &options->run.workers.jobs) == 0) {
		options->run.machine.throttle.jobs_file = path;
		return 0;
	}
	if (errno == EINVAL || errno == EAGAIN)
		return error_set(error, "--jobs '@%s': its first line is not a number of jobs (N, N%%, +N, -N or 0)",
				 path);
	return error_set_errno(error, errno, "--jobs '@%s'", path);
}

int set_jobs(struct options *options, const char *value, struct error *error)
{
	if (value[0] == '@')
		return set_jobs_file(options, value + 1, error);
	options->run.machine.throttle.jobs_file = NULL;
	if (capacity_parse_jobs(value, &options->run.workers.jobs) == 0)
		return 0;
	return error_set(error,
			 "--jobs '%s': not a number of jobs (N, N%%, +N, -N, 0 for as many as possible, or @FILE)",
			 value);
}

int set_method(struct options *options, const char *value, struct error *error)
{
	const struct start_method *method = start_method_find(value);

	if (!method)
		return error_set(error, "--start-method '%s': not one of fork, spawn, forkserver", value);
	options->run.workers.method = method;
	return 0;
}

int set_chunk_size(struct options *options, const char *value, struct error *error)
{
	if (strcmp(value, "auto") == 0) {
		options->run.workers.chunk_size = 0;
		return 0;
	}
	if (number_parse(value, UINT32_MAX, &options->run.workers.chunk_size) || !options->run.workers.chunk_size)
		return error_set(error, "--chunksize '%s': not a number of tasks (1 or more), nor auto", value);
	return 0;
}

int set_max_tasks(struct options *options, const char *value, struct error *error)
{
	if (number_parse(value, INT64_MAX, &options->run.workers.max_tasks) || !options->run.workers.max_tasks)
		return error_set(error, "--max-tasks-per-worker '%s': not a number of tasks (1 or more)", value);
	return 0;
}

int set_directory(struct options *options, const char *value, struct error *error)
{
	struct stat status;

	if (stat(value, &status) < 0)
		return error_set_errno(error, errno, "--workdir '%s'", value);
	if (!S_ISDIR(status.st_mode))
		return error_set_errno(error, ENOTDIR, "--workdir '%s'", value);
	if (access(value, X_OK) < 0)
		return error_set_errno(error, errno, "--workdir '%s'", value);
	options->run.command.directory = value;
	return 0;
}

/* True if the niceness may be changed by change (setpriority(2): RLIMIT_NICE is 20 minus the lowest). */
static bool may_be_nice(int change)
{
	int wanted = getpriority(PRIO_PROCESS, 0) + change;
	struct rlimit limit;

	if (change >= 0 || geteuid() == 0 || getrlimit(RLIMIT_NICE, &limit) < 0)
		return true;
	return limit.rlim_cur == RLIM_INFINITY || wanted >= 20 - (int64_t)limit.rlim_cur;
}

int set_nice(struct options *options, const char *value, struct error *error)
{
	int64_t number;

	if (number_parse_signed(value, -40, 40, &number))
		return error_set(error, "--nice '%s': not a number from -40 to 40 to add to the niceness", value);
	if (!may_be_nice((int)number))
		return error_set(error, "--nice '%s': only root may lower the niceness", value);
	options->run.command.nice = (int)number;
	return 0;
}

/* Sets a time; zero is true if 0 is a valid one. -1 with the error. */
static int set_time(const char *name, const char *value, bool zero, nsec *time, struct error *error)
{
	nsec parsed;

	if (number_parse_time(value, &parsed) || (!parsed && !zero))
		return error_set(error, "--%s '%s': not a time in seconds%s (5, 0.5, 1h30m)", name, value,
				 zero ? "" : " above 0");
	*time = parsed;
	return 0;
}

int set_initializer(struct options *options, const char *value, struct error *error)
{
	options->run.command.initializer = value;
	return *value ? 0 : error_set(error, "--initializer '': no command");
}

int set_finalizer(struct options *options, const char *value, struct error *error)
{
	options->run.command.finalizer = value;
	return *value ? 0 : error_set(error, "--finalizer '': no command");
}

int set_terminal(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.command.terminal = true;
	return 0;
}

int set_zygote(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.command.zygote = true;
	return 0;
}

int set_delay(struct options *options, const char *value, struct error *error)
{
	return set_time("delay", value, true, &options->run.policy.delay, error);
}

int set_rate(struct options *options, const char *value, struct error *error)
{
	return rate_parse(value, &options->run.policy.rate, error);
}

int set_retries(struct options *options, const char *value, struct error *error)
{
	if (number_parse(value, RETRIES_MOST, &options->run.policy.retries) == 0)
		return 0;
	return error_set(error, "--retries '%s': not a number of times to run a failed task again (0 to %d)", value,
			 RETRIES_MOST);
}

int set_retry_delay(struct options *options, const char *value, struct error *error)
{
	return set_time("retry-delay", value, true, &options->run.policy.retry_delay, error);
}

int set_timeout(struct options *options, const char *value, struct error *error)
{
	return limit_parse(value, &options->run.policy.limit, error);
}

int set_grace(struct options *options, const char *value, struct error *error)
{
	return set_time("grace", value, true, &options->run.policy.grace, error);
}

int set_leftovers(struct options *options, const char *value, struct error *error)
{
	static const char *const words[] = {
		[LEFTOVERS_LEAVE] = "leave", [LEFTOVERS_WAIT] = "wait", [LEFTOVERS_KILL] = "kill"};
	size_t i;

	for (i = 0; i < countof(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			options->run.policy.leftovers = (enum leftovers_policy)i;
			return 0;
		}
	}
	return error_set(error, "--leftovers '%s': not one of leave, wait, kill", value);
}

int set_halt(struct options *options, const char *value, struct error *error)
{
	return halt_parse(value, &options->run.policy.halt, error);
}

int set_until(struct options *options, const char *value, struct error *error)
{
	return until_parse(value, &options->run.policy.until, error);
}

int set_memory(struct options *options, const char *value, struct error *error)
{
	if (number_parse_size(value, &options->run.machine.throttle.memory) == 0)
		return 0;
	return error_set(error, "--memfree '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}

int set_load(struct options *options, const char *value, struct error *error)
{
	nsec parsed;

	/* A load has the form of seconds; it is kept in hundredths. */
	if (strspn(value, "0123456789.") != strlen(value) || number_parse_time(value, &parsed) ||
	    parsed < NSEC_PER_SEC / 100)
		return error_set(error, "--load '%s': not a load above 0 (a load average, such as 4 or 1.5)", value);
	options->run.machine.throttle.load = (uint64_t)(parsed / (NSEC_PER_SEC / 100));
	return 0;
}

int set_help(struct options *options, const char *value, struct error *error UNUSED)
{
	options->topic_name = value;
	options->mode = MODE_HELP;
	return 0;
}

int set_interactive(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	if (options->mode == MODE_RUN)
		options->mode = MODE_INTERACTIVE;
	return 0;
}

int set_version(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	if (options->mode != MODE_HELP)
		options->mode = MODE_VERSION;
	return 0;
}
