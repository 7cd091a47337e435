/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options: their names, their words, and what each sets. */
#include "front/options.h"

#include "base/number.h"
#include "process/capacity.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_null(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->source.delimiter = '\0';
	return 0;
}

/* One byte, or an escape for one: \n \t \r \0 \\ \xHH. */
static int parse_delimiter(const char *value, char *delimiter)
{
	static const char names[] = "ntr0\\", bytes[] = "\n\t\r\0\\";
	const char *name;
	char *end;
	long code;

	if (value[0] != '\\' || !value[1]) {
		*delimiter = value[0];
		return value[0] && !value[1] ? 0 : -1;
	}
	if (value[1] == 'x' && value[2] && strspn(value + 2, "0123456789abcdefABCDEF") == strlen(value + 2)) {
		code = strtol(value + 2, &end, 16);
		*delimiter = (char)code;
		return !*end && strlen(value + 2) <= 2 ? 0 : -1;
	}
	name = strchr(names, value[1]);
	if (!name || value[2])
		return -1;
	*delimiter = bytes[name - names];
	return 0;
}

static int set_delimiter(struct options *options, const char *value, struct error *error)
{
	if (parse_delimiter(value, &options->source.delimiter) == 0)
		return 0;
	return error_set(error, "--delimiter '%s': not one byte, nor \\n, \\t, \\0 or \\xHH", value);
}

static int set_file(struct options *options, const char *value, struct error *error)
{
	if (options->source.file)
		return error_set(error, "--arg-file may be given once");
	options->source.file = value;
	return 0;
}

static int set_nothing(struct options *options UNUSED, const char *value UNUSED, struct error *error UNUSED)
{
	return 0;
}

static int set_shell(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.shell = true;
	return 0;
}

/* N, N%, +N, -N (of the usable CPUs; at least 1), or 0 (as many as can be). */
static int parse_jobs(const char *text, size_t *jobs)
{
	size_t length = strlen(text), cpus = capacity_cpus();
	uint64_t number;
	char digits[32];

	if (*text == '+' || *text == '-') {
		if (number_parse(text + 1, CAPACITY_JOBS_MAX, &number))
			return -1;
		if (*text == '+')
			*jobs = cpus + number;
		else
			*jobs = cpus > number ? cpus - (size_t)number : 1;
		return 0;
	}
	if (length && length < sizeof digits && text[length - 1] == '%') {
		memcpy(digits, text, length - 1);
		digits[length - 1] = '\0';
		if (number_parse(digits, UINT64_C(1000000), &number))
			return -1;
		*jobs = (size_t)((cpus * number + 99) / 100);
		*jobs = *jobs ? *jobs : 1;
		return 0;
	}
	if (number_parse(text, CAPACITY_JOBS_MAX, &number))
		return -1;
	*jobs = number ? (size_t)number : capacity_jobs();
	return 0;
}

static int set_jobs(struct options *options, const char *value, struct error *error)
{
	if (parse_jobs(value, &options->run.jobs) == 0)
		return 0;
	return error_set(error, "--jobs '%s': not a number of jobs (N, N%%, +N, -N, or 0 for as many as possible)", value);
}

static int set_method(struct options *options, const char *value, struct error *error)
{
	const struct start_method *method = start_method_find(value);

	if (!method)
		return error_set(error, "--start-method '%s': not one of fork, spawn, forkserver", value);
	options->run.method = method;
	return 0;
}

static int set_chunk_size(struct options *options, const char *value, struct error *error)
{
	if (strcmp(value, "auto") == 0) {
		options->run.chunk_size = 0;
		return 0;
	}
	if (number_parse(value, UINT32_MAX, &options->run.chunk_size) || !options->run.chunk_size)
		return error_set(error, "--chunksize '%s': not a number of tasks (1 or more), nor auto", value);
	return 0;
}

static int set_max_tasks(struct options *options, const char *value, struct error *error)
{
	if (number_parse(value, INT64_MAX, &options->run.max_tasks) || !options->run.max_tasks)
		return error_set(error, "--max-tasks-per-worker '%s': not a number of tasks (1 or more)", value);
	return 0;
}

static int set_directory(struct options *options, const char *value, struct error *error)
{
	struct stat status;

	if (stat(value, &status) < 0)
		return error_set_errno(error, errno, "--workdir '%s'", value);
	if (!S_ISDIR(status.st_mode))
		return error_set_errno(error, ENOTDIR, "--workdir '%s'", value);
	if (access(value, X_OK) < 0)
		return error_set_errno(error, errno, "--workdir '%s'", value);
	options->run.directory = value;
	return 0;
}

/* Whether the niceness may be changed by so much (setpriority(2): RLIMIT_NICE is 20 minus the lowest). */
static bool may_be_nice(int change)
{
	int wanted = getpriority(PRIO_PROCESS, 0) + change;
	struct rlimit limit;

	if (change >= 0 || geteuid() == 0 || getrlimit(RLIMIT_NICE, &limit) < 0)
		return true;
	return limit.rlim_cur == RLIM_INFINITY || wanted >= 20 - (int64_t)limit.rlim_cur;
}

static int set_nice(struct options *options, const char *value, struct error *error)
{
	int64_t number;

	if (number_parse_signed(value, -40, 40, &number))
		return error_set(error, "--nice '%s': not a number from -40 to 40 to add to the niceness", value);
	if (!may_be_nice((int)number))
		return error_set(error, "--nice '%s': only root may lower the niceness", value);
	options->run.nice = (int)number;
	return 0;
}

static int set_unordered(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.unordered = true;
	return 0;
}

static int set_ordered(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.unordered = false;
	return 0;
}

static int set_ungrouped(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.ungrouped = true;
	return 0;
}

static int set_buffer(struct options *options, const char *value, struct error *error)
{
	if (number_parse_size(value, &options->run.buffer) == 0)
		return 0;
	return error_set(error, "--buffer '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}

static int set_spill(struct options *options, const char *value, struct error *error)
{
	if (number_parse_size(value, &options->run.spill) == 0)
		return 0;
	return error_set(error, "--spill '%s': not a size (a number of bytes, or one with K, M, G or T)", value);
}

static int set_verbose(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.verbose = true;
	return 0;
}

static int set_quiet(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.quiet = true;
	return 0;
}

static int set_dry_run(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.dry_run = true;
	return 0;
}

static int set_stats(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->run.stats = true;
	return 0;
}

static int set_help(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	options->mode = MODE_HELP;
	return 0;
}

static int set_version(struct options *options, const char *value UNUSED, struct error *error UNUSED)
{
	if (options->mode != MODE_HELP)
		options->mode = MODE_VERSION;
	return 0;
}

const struct option_row option_table[] = {
	{.name = "null", .letter = '0', .help = "records end with NUL, not newline", .set = set_null},
	{.name = "delimiter", .letter = 'd', .argument = "C", .values = VALUES_FREE,
	 .help = "records end with byte C (also \\n \\t \\0 \\xHH)", .set = set_delimiter},
	{.name = "arg-file", .letter = 'a', .argument = "FILE", .values = VALUES_FILE,
	 .help = "read records from FILE, not standard input", .set = set_file},
	{.name = "no-run-if-empty", .letter = 'r', .help = "accepted; without records nothing is run anyway", .set = set_nothing},
	{.name = "shell", .help = "the operand is a SCRIPT for sh -c, the record its \"$1\";\n"
	 "without one each record is a command line for sh -c", .set = set_shell},
	{.name = "jobs", .letter = 'j', .argument = "N", .values = VALUES_FREE,
	 .help = "tasks at a time: N, N%, +N, -N of the CPUs; 0: many [CPUs]", .set = set_jobs},
	{.name = "max-procs", .letter = 'P', .argument = "N", .values = VALUES_FREE, .help = "the same as --jobs",
	 .set = set_jobs},
	{.name = "start-method", .argument = "METHOD", .values = VALUES_METHOD,
	 .help = "start workers by fork, spawn or forkserver [fork]", .set = set_method},
	{.name = "chunksize", .argument = "N", .values = VALUES_FREE,
	 .help = "hand over N tasks at a time, or auto [auto]", .set = set_chunk_size},
	{.name = "max-tasks-per-worker", .argument = "N", .values = VALUES_FREE,
	 .help = "replace a worker after N tasks", .set = set_max_tasks},
	{.name = "workdir", .argument = "DIR", .values = VALUES_DIRECTORY, .help = "run the tasks in DIR", .set = set_directory},
	{.name = "nice", .argument = "N", .values = VALUES_FREE, .help = "add N to the niceness of the tasks", .set = set_nice},
	{.name = "keep-order", .letter = 'k', .help = "output in the order of the input (the default)", .set = set_ordered},
	{.name = "unordered", .help = "output in the order of completion", .set = set_unordered},
	{.name = "ungroup", .letter = 'u', .help = "tasks write straight to standard output and error", .set = set_ungrouped},
	{.name = "buffer", .argument = "SIZE", .values = VALUES_FREE,
	 .help = "memory for results that wait for their turn [64M]", .set = set_buffer},
	{.name = "spill", .argument = "SIZE", .values = VALUES_FREE,
	 .help = "temporary disk space for more of them [1G]", .set = set_spill},
	{.name = "verbose", .letter = 't', .help = "print each command before it runs", .set = set_verbose},
	{.name = "quiet", .letter = 'q', .help = "print errors only: no notes, no summary of failures", .set = set_quiet},
	{.name = "dry-run", .help = "print the commands, run nothing", .set = set_dry_run},
	{.name = "stats", .help = "print at the end what the run cost", .set = set_stats},
	{.name = "help", .letter = 'h', .help = "print this help", .set = set_help},
	{.name = "version", .help = "print the version", .set = set_version},
	{.name = NULL},
};
