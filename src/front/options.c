/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing the command line by the option table. */
#include "front/options.h"

#include "machine/capacity.h"
#include "worker/executor.h"
#include "front/conflicts.h"
#include "front/hint/foreign.h"
#include "front/hint/nearest.h"
#include "front/operands.h"
#include "front/batch.h"

#include <getopt.h>
#include <unistd.h>

enum {
	/* getopt's code for the first row; a letter is its own code. */
	CODE_BASE = 256,
	/* The largest number of rows, plus one. */
	ROWS_MAX = 128,
	/* Seats for workers where their number may change (--jobs=@FILE). */
	JOBS_FILE_MAX = 1024,
	/* Bytes of the space for arguments that POSIX guarantees. */
	ARGUMENTS_LEAST = 4096,
	/* Bytes of that space reserved for variables that mpmap adds. */
	ARGUMENTS_SPARE = 4096,
};

static size_t row_count(void)
{
	size_t count = 0;

	while (option_table[count].name)
		count++;
	return count;
}

/* Makes getopt's two tables from the option table. letters has room for two bytes per row and three more. */
static void make_tables(struct option *longs, char *letters)
{
	size_t i;

	*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < row_count(); i++) {
		const struct option_row *row = &option_table[i];

		longs[i] = (struct option){
			.name = row->name,
			.has_arg = row->is_optional ? optional_argument
				   : row->argument  ? required_argument
						    : no_argument,
			.val = row->letter ? row->letter : CODE_BASE + (int)i,
		};
		if (row->letter)
			*letters++ = row->letter;
		if (row->letter && row->argument && !row->is_optional)
			*letters++ = ':';
	}
	longs[i] = (struct option){.name = NULL};
	*letters = '\0';
}

/* Returns the row of a getopt code, or NULL. */
static const struct option_row *row_of(int code)
{
	size_t i;

	if (code >= CODE_BASE)
		return &option_table[code - CODE_BASE];
	for (i = 0; i < row_count(); i++) {
		if (option_table[i].letter == code)
			return &option_table[i];
	}
	return NULL;
}

const struct option_row *option_find(struct slice name)
{
	const struct option_row *row;

	for (row = option_table; row->name; row++) {
		if (slice_equals(slice_of(row->name), name))
			return row;
	}
	return NULL;
}

/* Returns the option that a mistyped name probably means, or NULL. */
static const char *nearest_option(const char *name)
{
	const char *names[ROWS_MAX];
	size_t i;

	for (i = 0; i < row_count(); i++)
		names[i] = option_table[i].name;
	names[i] = NULL;
	return nearest(name, names);
}

/* Checks that a word "--NAME" or "--NAME=VALUE" has a whole name, which getopt would not. -1 with the error. */
static int check_long(const char *word, struct error *error)
{
	const char *meant, *hint;
	size_t length;
	char name[64];

	if (strncmp(word, "--", 2) != 0 || !word[2])
		return 0;
	length = strcspn(word + 2, "=");
	if (option_find((struct slice){.data = word + 2, .size = length}))
		return 0;
	snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), word + 2);
	hint = foreign_hint(name);
	if (hint)
		return error_set(error, "mpmap has no option --%s: %s", name, hint);
	meant = nearest_option(name);
	if (meant)
		return error_set(error, "unknown option --%s; did you mean --%s? (mpmap --help lists all)", name,
				 meant);
	return error_set(error, "unknown option --%s (mpmap --help lists all)", name);
}

/* Sets the error for an unknown letter. Returns -1. */
static int refuse_letter(int letter, struct error *error)
{
	const char name[] = {(char)letter, '\0'}, *hint = foreign_hint(name);

	if (hint)
		return error_set(error, "mpmap has no option -%c: %s", letter, hint);
	return error_set(error, "unknown option -%c (mpmap --help lists all)", letter);
}

/* Finds the option that --help=OPTION explains, by its name with dashes or without. -1 with the error if unknown. */
static int find_topic(struct options *options, struct error *error)
{
	const char *word = options->topic_name, *name, *meant;

	if (!word)
		return 0;
	name = word + strspn(word, "-");
	options->topic = *name && !name[1] ? row_of(*name) : option_find(slice_of(name));
	if (options->topic)
		return 0;
	meant = nearest_option(name);
	if (meant)
		return error_set(error, "--help=%s: unknown option; did you mean --help=%s?", word, meant);
	return error_set(error, "--help=%s: unknown option (mpmap --help lists all)", word);
}

/* Takes one step of getopt. Returns its code, -1 after the options, or '?' with the error set (the first is kept). */
static int next_option(int argc, char **argv, const char *letters, const struct option *longs, struct error *error)
{
	struct error unknown = {.number = 0};
	int code;

	if (optind < argc && check_long(argv[optind], &unknown) < 0) {
		optind++;
		if (!error->text)
			*error = unknown;
		else
			error_release(&unknown);
		return '?';
	}
	code = getopt_long(argc, argv, letters, longs, NULL);
	if (code == ':' && !error->text)
		error_set(error, "option %s needs an argument (mpmap --help tells which)", argv[optind - 1]);
	else if (code == '?' && !error->text && optopt && !row_of(optopt))
		refuse_letter(optopt, error);
	else if (code == '?' && !error->text)
		error_set(error, "option %s takes no argument", argv[optind - 1]);
	return code == ':' ? '?' : code;
}

/* True if a word is one of the values that an option lists, which may have a colon and more after it. */
static bool is_value(const struct option_row *row, const char *word)
{
	size_t size = strcspn(word, ":");
	const char *at = row->words;

	for (; at && *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (length == size && strncmp(at, word, size) == 0)
			return true;
		at += length;
	}
	return false;
}

/* Parses the options before the first operand. Continues after an error, which is kept, for the sake of --help. */
static void parse_options(struct options *options, int argc, char **argv, struct error *error)
{
	struct option longs[ROWS_MAX];
	char letters[2 * ROWS_MAX + 2], *nothing[] = {argv[0], NULL};
	const struct option_row *last = NULL;
	int code;

	if (row_count() >= ROWS_MAX)
		BUG("more options than their tables hold");
	make_tables(longs, letters);
	opterr = 0;
	/* A second parse in one process: optind 0 resets getopt, which it does while it scans words without options. */
	optind = 0;
	if (getopt_long(1, nothing, letters, longs, NULL) != -1)
		BUG("getopt finds options where there are none");
	while ((code = next_option(argc, argv, letters, longs, error)) != -1) {
		struct error wrong = {.number = 0};

		const struct option_row *row = code == '?' ? NULL : row_of(code);

		last = row && row->is_optional && !optarg ? row : NULL;
		if (!row || row->set(options, optarg, &wrong) == 0)
			continue;
		if (error->text)
			error_release(&wrong);
		else
			*error = wrong;
	}
	if (last && optind < argc && is_value(last, argv[optind]))
		options->run.command.misread = last->name;
}

/* Sets the options that variables of the environment give defaults for. -1 with the error. */
static int parse_environment(struct options *options, struct error *error)
{
	static const struct {
		const char *variable;
		const char *option;
	} defaults[] = {
		{.variable = "MPMAP_JOBS", .option = "jobs"},
		{.variable = "MPMAP_START_METHOD", .option = "start-method"},
		{.variable = "MPMAP_PROGRESS", .option = "progress"},
		{.variable = "MPMAP_COLOR", .option = "color"},
	};
	size_t i;

	for (i = 0; i < countof(defaults); i++) {
		const struct option_row *row = option_find(slice_of(defaults[i].option));
		const char *value = getenv(defaults[i].variable);

		if (!row)
			BUG("a default for an option that is not in the table");
		if (value && *value && row->set(options, value, error) < 0)
			return error_wrap(error, "%s in the environment", defaults[i].variable);
	}
	return 0;
}

/* Chooses the mode, which no option has set, and the source: standard input if none is named. -1 with the error. */
static int options_complete(struct options *options, struct error *error)
{
	if (function_settle(options, error) < 0)
		return -1;
	if (operands_run_nothing(options) && !options->feed.source_count && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		options->mode = MODE_INTERACTIVE;
	if (options->mode == MODE_RUN && !options->feed.source_count)
		*options_add_source(options) = (struct source_options){.file = NULL};
	if (conflicts_check(options, error) < 0 || batch_check(options, error) < 0)
		return -1;
	if (options->mode == MODE_RUN)
		operands_settle(options);
	return 0;
}

/* Returns the bytes that execve(2) leaves for arguments. */
static size_t argument_space(const struct shared_options *shared, const struct slot_options *slots)
{
	long most = sysconf(_SC_ARG_MAX);
	size_t space = most > 0 ? (size_t)most : ARGUMENTS_LEAST, taken = ARGUMENTS_SPARE;
	char **variable;

	for (variable = environ; *variable; variable++)
		taken += strlen(*variable) + 1 + sizeof *variable;
	for (size_t i = 0; i < shared->count; i++)
		taken += 2 * shared->list[i].name_size + SHARED_VARIABLES_SIZE;
	for (size_t i = 0; i < slots->count; i++)
		taken += strlen(slots->list[i]) + 1 + sizeof *variable;
	return space > taken ? space - taken : 1;
}

/* Sets what the environment says of the terminal and of places. */
static void take_surroundings(struct options *options)
{
	const char *terminal = getenv("TERM"), *colorless = getenv("NO_COLOR");
	struct session_options *run = &options->run;

	run->command.path = getenv("PATH");
	run->machine.argument_space = argument_space(&run->shared, &run->slots);
	run->machine.temporary = getenv("TMPDIR");
	if (!run->machine.temporary || !*run->machine.temporary)
		run->machine.temporary = "/var/tmp";
	options->pager = getenv("PAGER");
	options->state = getenv("XDG_STATE_HOME");
	options->home = getenv("HOME");
	run->output.progress.terminal_is_able = terminal && *terminal && strcmp(terminal, "dumb") != 0;
	run->output.progress.colored =
		options->color == COLOR_ALWAYS || (options->color != COLOR_NEVER && !(colorless && *colorless));
}

/* Sets what the command line leaves open: from the environment's defaults, or built-in ones. */
static void take_defaults(struct options *options, const struct options *defaults)
{
	struct session_options *run = &options->run;

	if (!run->workers.jobs) {
		run->workers.jobs = defaults->run.workers.jobs ? defaults->run.workers.jobs : capacity_cpus();
		run->machine.throttle.jobs_file = defaults->run.machine.throttle.jobs_file;
	}
	if (!run->workers.method)
		run->workers.method = defaults->run.workers.method ? defaults->run.workers.method : start_methods[0];
	if (!options->has_progress)
		run->output.progress = defaults->run.output.progress;
	if (!options->color)
		options->color = defaults->color;
	take_surroundings(options);
	if (!run->command.executor && options->persistent)
		run->command.executor = executor_find(options->persistent);
	if (!run->command.executor)
		run->command.executor = &executor_command;
	/* Tasks that do not run wait for nothing. */
	if (!run->command.executor->runs_tasks) {
		run->machine.throttle = (struct throttle_options){.jobs_file = run->machine.throttle.jobs_file};
		run->command.initializer = run->command.finalizer = NULL;
		run->policy.delay = 0;
		run->policy.rate = (struct rate_options){.interval = 0};
		run->policy.until = (struct until_options){.kind = UNTIL_NEVER};
	}
	/* Running tasks count as load before the load average shows them. */
	if (throttle_most(&run->machine.throttle) < run->workers.jobs)
		run->workers.jobs = throttle_most(&run->machine.throttle);
	/* The tasks of a chunk start without a check between them, so that a chunk has one task if each start is
	 * checked. A command that persists is checked when it starts and when it is fed. */
	if (!run->command.executor->persists && (run->policy.delay || run->policy.rate.interval ||
						 run->machine.throttle.memory || run->machine.throttle.load))
		run->workers.chunk_size = 1;
	/* What a chunk has may begin when it is submitted. */
	if (run->durable.at_most_once)
		run->workers.chunk_size = 1;
	if (run->command.terminal)
		run->workers.jobs = 1;
	/* A record that waits for another must not have it behind it. */
	if (!run->workers.chunk_size && run->state.is_wanted &&
	    (run->command.executor->persists || (run->state.queue && run->policy.retries)))
		run->workers.chunk_size = 1;
	if (run->machine.throttle.jobs_file)
		run->workers.jobs_max = capacity_jobs() < JOBS_FILE_MAX ? capacity_jobs() : JOBS_FILE_MAX;
	if (slot_values_most(&run->slots) < run->workers.jobs)
		run->workers.jobs = slot_values_most(&run->slots);
	if (slot_values_most(&run->slots) < run->workers.jobs_max)
		run->workers.jobs_max = slot_values_most(&run->slots);
	if (run->machine.throttle.jobs_file && !run->command.executor->persists && !run->workers.chunk_size)
		run->workers.chunk_size = 1;
}

/* Checks a command line that makes the report of a run that has ended. -1 with the error. */
static int check_report(const struct options *options, int count, char **operands, struct error *error)
{
	if (!options->run.output.report)
		return error_set(error, "--from=%s: what is to be written? (--report=FILE.html or FILE.json)",
				 options->from);
	if (count)
		return error_set(error, "--from=%s: nothing is run, and '%s' is one word too many", options->from,
				 operands[0]);
	return 0;
}

int options_parse(struct options *options, int argc, char **argv, struct error *error)
{
	struct options defaults = {.run.workers.jobs = 0};

	*options = (struct options){
		.delimiter = {.bytes = "\n", .size = 1},
		.feed.group = 1,
		.run.output.buffer = UINT64_C(64) << 20,
		.run.output.spill = UINT64_C(1) << 30,
		.run.policy.grace = 2 * NSEC_PER_SEC,
		.run.durable.sync = NSEC_PER_SEC,
	};
	/* --help and --version win over errors, errors of the command line over those of the environment. */
	parse_options(options, argc, argv, error);
	if (options->mode == MODE_HELP || options->mode == MODE_VERSION) {
		error_release(error);
		return options->mode == MODE_HELP ? find_topic(options, error) : 0;
	}
	if (error->text)
		return -1;
	if (options->mode == MODE_STATUS)
		return batch_check(options, error);
	if (options->mode == MODE_REPORT)
		return check_report(options, argc - optind, argv + optind, error);
	if (parse_environment(&defaults, error) < 0)
		return -1;
	options->first_operand = optind;
	if (operands_parse(options, argc - optind, argv + optind, error) < 0)
		return -1;
	take_defaults(options, &defaults);
	return options_complete(options, error);
}
