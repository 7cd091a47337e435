/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conflicts of a command line: first all facts about it, then a table of those that exclude each other. Where a
 * command line has several conflicts, the row nearest to the top is reported.
 */
#include "front/conflicts.h"

#include "base/bytes.h"
#include "worker/executor.h"
#include "front/facts.h"
#include "front/operands.h"

#include <sys/stat.h>
#include <unistd.h>

/* Two facts that exclude each other. In the message %a and %b are replaced by the names of the facts. */
struct conflict {
	enum fact a;
	enum fact b;
	const char *message;
};

static const char stdin_has_no_columns[] = "--stdin: records that go to standard input have no columns, and one source";
static const char shell_takes_lines[] =
	"--shell without a SCRIPT: each record is a command line of its own, from one source";
static const char json_is_not_lines[] =
	"%a: its values are the records; --null, --delimiter, --record-start, --csv, --colsep, --header, "
	"--max-args, --block and --link are for lines";

static const char filter_takes_records[] =
	"--filter and %b: COMMAND gets records as they are, and takes them apart itself (--coproc gets their values)";

static const char merges_nothing[] =
	"%a and %b: mpmap does not pass on what tasks write then (2>&1 is for all of them)";

static const struct conflict conflicts[] = {
	{FACT_INTERACTIVE, FACT_RUN, "--interactive and what to run: that is said there (map COMMAND... ::: ITEM...)"},
	{FACT_TTY, FACT_INTERACTIVE, "--tty and --interactive: the terminal is the prompt's"},
	{FACT_PERSISTENT, FACT_SHELL_RECORDS, "%a and --shell without a SCRIPT: each record would be another COMMAND"},
	{FACT_PERSISTENT, FACT_NO_WORDS, "%a: no COMMAND, which is started once per worker and gets all its records"},
	{FACT_FILTER, FACT_CONDITION,
	 "--filter '%b': --filter COMMAND starts COMMAND once per worker, which answers each record with one; records "
	 "are left out before mpmap (as by awk or grep)"},
	{FACT_PERSISTENT, FACT_TTY, "%a and --tty: what COMMAND reads and writes are records, not the terminal"},
	{FACT_PERSISTENT, FACT_ZYGOTE, "%a and --zygote: COMMAND stays as it is, and is not forked for each record"},
	{FACT_PERSISTENT, FACT_STDIN, "%a and --stdin: COMMAND reads all records of its worker (leave out --stdin)"},
	{FACT_PERSISTENT, FACT_GROUP,
	 "%a and --max-args: COMMAND answers each record by itself (--stdin takes groups)"},
	{FACT_PERSISTENT, FACT_UNGROUP, "%a and --ungroup: what COMMAND writes are the answers, which mpmap reads"},
	{FACT_PERSISTENT, FACT_LINE_BUFFER, "%a and --line-buffer: an answer is whole anyway (--unordered: at once)"},
	{FACT_PERSISTENT, FACT_DELAY, "%a and --delay: COMMAND is not started for each record"},
	{FACT_PERSISTENT, FACT_RATE, "%a and --rate: COMMAND is not started for each record"},
	{FACT_PERSISTENT, FACT_STDIN_FILE, "%a and --stdin-file: what COMMAND reads are the records"},
	{FACT_PERSISTENT, FACT_EACH_OUT, "%a and --each-out: what COMMAND writes are the answers, which mpmap reads"},
	{FACT_PERSISTENT, FACT_MERGED, "%a and --merge-stderr: what COMMAND writes to standard output are the answers"},
	{FACT_PERSISTENT, FACT_DRY_RUN, "%a and --dry-run: COMMAND is run as it stands, and not for each record"},
	{FACT_PERSISTENT, FACT_VERBOSE, "%a and --verbose: COMMAND is run as it stands, and not for each record"},
	{FACT_PERSISTENT, FACT_REPLACE, "%a and --replace: COMMAND is run as it stands; records go to what it reads"},
	{FACT_PERSISTENT, FACT_STRING,
	 "%a and --delimiter=%b: records that stay whole end with one byte (--stdin takes all)"},
	{FACT_PERSISTENT, FACT_RECORD_START,
	 "%a and --record-start: records that stay whole end with one byte (--stdin takes all)"},
	{FACT_MAX_RSS, FACT_TRANSIENT,
	 "--max-rss: no COMMAND that stays and could grow (--filter, --coproc, --python ...); a task's memory is "
	 "limited by ulimit (--shell)"},
	{FACT_STREAM, FACT_STATE,
	 "%a and --state: COMMAND has many records in work, and which of them owned a lock is not known"},
	{FACT_STATE_MEMORY, FACT_STATELESS, "--state-memory without --state: there is nothing that it would limit"},
	{FACT_FILTER, FACT_RESULTS,
	 "--filter and --results: a folder for each record would be too many (-o jsonl writes a result for each)"},
	{FACT_FILTER, FACT_MEMO,
	 "--filter and --memo: an answer may depend on the records before (--coproc answers each by itself)"},
	{FACT_FILTER, FACT_JSON,
	 "--filter and %b: COMMAND gets records as they are (without %b each line is one; --coproc gets the values)"},
	{FACT_FILTER, FACT_CSV, filter_takes_records},
	{FACT_FILTER, FACT_SEPARATOR, filter_takes_records},
	{FACT_FILTER, FACT_HEADER, filter_takes_records},
	{FACT_FILTER, FACT_SOURCES,
	 "--filter and several sources: COMMAND gets the records of one (--coproc gets their combinations)"},
	{FACT_BATCH, FACT_NOTHING_TO_RUN, "no COMMAND to run for each record (mpmap --help shows how)"},
	{FACT_EMPTY_COMMAND, FACT_ANY, "COMMAND is empty"},
	{FACT_SEPARATOR_OPERAND, FACT_CSV, "--csv '%a': the byte between fields follows an equals sign: --csv='%a'"},
	{FACT_TTY, FACT_SIMULTANEOUS, "--tty and %b: tasks have the terminal, and run one by one"},
	{FACT_TTY, FACT_ZYGOTE, "--tty and --zygote: what has the terminal is executed"},
	{FACT_FORMAT, FACT_TTY, "--output and --tty: what tasks write then is not seen"},
	{FACT_FORMAT, FACT_UNGROUP, "--output and --ungroup: what tasks write then is not seen"},
	{FACT_TAG, FACT_TTY, "%a and --tty: what tasks write then is not seen"},
	{FACT_TAG, FACT_UNGROUP, "%a and --ungroup: what tasks write then is not seen"},
	{FACT_RESULTS, FACT_TTY, "--results and --tty: what tasks write then is not seen"},
	{FACT_RESULTS, FACT_UNGROUP, "--results and --ungroup: what tasks write then is not seen"},
	{FACT_MEMO, FACT_TTY, "--memo and --tty: what tasks write then is not seen"},
	{FACT_MEMO, FACT_UNGROUP, "--memo and --ungroup: what tasks write then is not seen"},
	{FACT_LINE_BUFFER, FACT_UNGROUP, "--line-buffer and --ungroup: what tasks write then is not seen"},
	{FACT_FORMAT, FACT_TAG, "--output=%a and %b: there are no lines"},
	{FACT_FORMAT, FACT_LINE_BUFFER, "--output=%a and --line-buffer: there are no lines"},
	{FACT_OUT, FACT_TTY, "--out and --tty: what tasks write then is not seen"},
	{FACT_OUT, FACT_UNGROUP, "--out and --ungroup: what tasks write then is not seen"},
	{FACT_OUT, FACT_SILENT, "--out and --output=%b: there is nothing to write"},
	{FACT_ONE_FILE, FACT_ITS_WRITERS, "%b: both name %a"},
	{FACT_OUT_IS_INPUT, FACT_ANY, "--out: %a is read as input"},
	{FACT_JOURNAL_IS_INPUT, FACT_ANY, "--journal: %a is read as input"},
	{FACT_LOG_IS_INPUT, FACT_ITS_LOGGER, "%b: %a is read as input"},
	{FACT_RETRY_ON_ALONE, FACT_ANY, "--retry-on without --retries=N: no failed task is run again"},
	{FACT_SECOND_SCRIPT, FACT_ANY, "--shell takes one SCRIPT; '%a' is one operand too many (quote the script)"},
	{FACT_SECOND_READER, FACT_ANY, "standard input can be one source only"},
	{FACT_STDIN, FACT_SOURCES, stdin_has_no_columns},
	{FACT_STDIN, FACT_SEPARATOR, stdin_has_no_columns},
	{FACT_STDIN, FACT_CSV, stdin_has_no_columns},
	{FACT_STDIN, FACT_HEADER, stdin_has_no_columns},
	{FACT_STDIN, FACT_GROUP_MAX, "--stdin and %b: that is for command lines (use --block=SIZE)"},
	{FACT_BLOCK, FACT_GROUP, "--block and --max-args: a task gets as many records as fit, or a number of them"},
	{FACT_GROUP, FACT_SOURCES, "--max-args and several sources: groups are made of the records of one"},
	{FACT_SHELL_RECORDS, FACT_GROUP, shell_takes_lines},
	{FACT_SHELL_RECORDS, FACT_SOURCES, shell_takes_lines},
	{FACT_SHELL_RECORDS, FACT_SEPARATOR, shell_takes_lines},
	{FACT_SHELL_RECORDS, FACT_CSV, shell_takes_lines},
	{FACT_SHELL_RECORDS, FACT_STDIN, shell_takes_lines},
	{FACT_JSON, FACT_NO_JSON_SOURCE, "%a reads standard input, or one --arg-file"},
	{FACT_JSON, FACT_LINES, json_is_not_lines},
	{FACT_JSON, FACT_SHELL_RECORDS,
	 "%a and --shell without a SCRIPT: tasks in JSON say {\"shell\": SCRIPT} (which --shell=PROGRAM runs)"},
	{FACT_NULL, FACT_DELIMITER, "--null and --delimiter: records end with the one or the other"},
	{FACT_CSV, FACT_SEPARATOR, "--csv and --colsep: another byte than the comma between fields is --csv=C"},
	{FACT_CSV, FACT_RECORD_END, "--csv: its records end with newlines; --null and --delimiter are for others"},
	{FACT_BLOCK, FACT_NO_STDIN, "--block without --stdin: blocks of records go to the tasks' standard input"},
	{FACT_CSV, FACT_RECORD_START, "--csv and --record-start: a record of CSV is a line"},
	{FACT_STDIN, FACT_STDIN_FILE, "--stdin and --stdin-file: standard input is the record, or the file"},
	{FACT_TTY, FACT_STDIN_FILE, "--tty and --stdin-file: tasks read the terminal, or the file"},
	{FACT_EACH_OUT, FACT_TTY, "--each-out and --tty: tasks write to the terminal, or to files"},
	{FACT_EACH_OUT, FACT_MEMO,
	 "--each-out and --memo: what is in files need not be kept (--newer skips tasks that have one)"},
	{FACT_NEWER, FACT_NO_EACH_OUT, "--newer without --each-out: tasks have no files that could be newer"},
	{FACT_NEWER, FACT_STDIN, "--newer and --stdin: records are data, and not the names of files"},
	{FACT_NEWER, FACT_SHELL_RECORDS, "--newer and --shell without a SCRIPT: records are no names of files"},
	{FACT_NEWER, FACT_JSON_TASKS, "--newer and %b without COMMAND: records are no names of files"},
	{FACT_NEWER, FACT_JOURNAL, "--newer and --journal: the journal says which tasks are done (--resume)"},
	{FACT_MERGED, FACT_UNGROUP, merges_nothing},
	{FACT_MERGED, FACT_TTY, merges_nothing},
	{FACT_DELAY, FACT_RATE, "--delay and --rate: tasks start that far apart, or so many of them in a time"},
	{FACT_JSON_TASKS, FACT_STDIN, "%a and --stdin: there is no COMMAND to read the values"},
};

/* Returns the first word of the command if it is a byte that stands between fields, else NULL. */
static const char *separator_operand(const struct template_options *command)
{
	static const char *const bytes[] = {",", ";", ":", "|", "\\t"};
	size_t i;

	for (i = 0; command->word_count && i < countof(bytes); i++) {
		if (strcmp(command->words[0], bytes[i]) == 0)
			return bytes[i];
	}
	return NULL;
}

/* Returns the first word of the command if it is a condition with replacement strings, which no command is, or NULL. */
static const char *condition_operand(const struct template_options *command)
{
	const char *word = command->word_count ? command->words[0] : "", *string = strchr(word, '{');

	return string && strchr(string, '}') && strpbrk(word, "<>=!~ ") ? word : NULL;
}

/* Sets the facts about a command that persists. */
static void gather_persistence(const struct options *options, const char *names[FACTS])
{
	const struct session_options *run = &options->run;

	names[FACT_MAX_RSS] = run->command.max_rss ? "--max-rss" : NULL;
	names[FACT_TRANSIENT] = !options->persistent && options->mode == MODE_RUN ? "" : NULL;
	if (!options->persistent || options->mode != MODE_RUN)
		return;
	names[FACT_FILTER] = strcmp(options->persistent, "filter") == 0 ? "--filter" : NULL;
	names[FACT_PERSISTENT] = names[FACT_FILTER] ? "--filter" : "--coproc";
	names[FACT_STREAM] = function_option(options) ? NULL : names[FACT_PERSISTENT];
	if (function_option(options))
		names[FACT_PERSISTENT] = function_option(options);
	names[FACT_NO_WORDS] = run->command.template.word_count ? NULL : "";
	names[FACT_CONDITION] = condition_operand(&run->command.template);
	names[FACT_STRING] = options->delimiter.size > 1 ? "STR" : NULL;
	names[FACT_DRY_RUN] = run->command.executor->runs_tasks ? NULL : "--dry-run";
	names[FACT_VERBOSE] = run->output.verbose ? "--verbose" : NULL;
	names[FACT_REPLACE] = run->command.template.replace ? "--replace" : NULL;
}

/* Sets the facts about the mode, and about what is run. */
static void gather_command(const struct options *options, const char *names[FACTS])
{
	const struct session_options *run = &options->run;
	bool nothing = operands_run_nothing(options);

	names[FACT_INTERACTIVE] = options->mode == MODE_INTERACTIVE ? "--interactive" : NULL;
	names[FACT_BATCH] = options->mode == MODE_RUN ? "" : NULL;
	names[FACT_RUN] = !nothing || options->feed.source_count ? "" : NULL;
	names[FACT_NOTHING_TO_RUN] = nothing ? "" : NULL;
	names[FACT_EMPTY_COMMAND] = run->command.template.word_count && !*run->command.template.words[0] ? "" : NULL;
	names[FACT_SEPARATOR_OPERAND] = separator_operand(&run->command.template);
	names[FACT_SECOND_SCRIPT] =
		run->command.shell && run->command.template.word_count > 1 ? run->command.template.words[1] : NULL;
	/* Tasks in JSON bring their scripts, for the PROGRAM that is named. */
	names[FACT_SHELL_RECORDS] = run->command.shell && !run->command.template.word_count &&
						    (options->feed.framing == FEED_TEXT || !run->command.program)
					    ? "--shell"
					    : NULL;
	names[FACT_RETRY_ON_ALONE] = run->policy.again.text && !run->policy.retries && !names[FACT_INTERACTIVE] &&
						     options->feed.framing == FEED_TEXT
					     ? ""
					     : NULL;
	names[FACT_DELAY] = run->policy.delay ? "--delay" : NULL;
	names[FACT_STDIN_FILE] = run->input.file ? "--stdin-file" : NULL;
	names[FACT_MERGED] = run->output.merged ? "--merge-stderr" : NULL;
	names[FACT_EACH_OUT] = run->output.each ? "--each-out" : NULL;
	names[FACT_NO_EACH_OUT] = run->output.each ? NULL : "";
	names[FACT_NEWER] = run->output.newer ? "--newer" : NULL;
	names[FACT_JOURNAL] = run->durable.journal ? "--journal" : NULL;
	names[FACT_RATE] = run->policy.rate.interval ? "--rate" : NULL;
	names[FACT_ZYGOTE] = run->command.zygote ? "--zygote" : NULL;
	names[FACT_STATE] = run->state.is_wanted ? "--state" : NULL;
	names[FACT_STATELESS] = run->state.is_wanted ? NULL : "";
	names[FACT_STATE_MEMORY] = run->state.memory ? "--state-memory" : NULL;
}

/* Returns the name of the file that an option names, a log perhaps with a plus sign before it; NULL without one. */
static const char *written_name(const struct output_options *output, const char *value)
{
	return value && (value == output->joblog || value == output->log) ? value + (*value == '+') : value;
}

/* Sets the facts about a file that two options write to. Each may have a plus sign before its name. */
static void add_one_file(const struct session_options *run, const char **names)
{
	const struct output_options *output = &run->output;
	const struct {
		const char *writers;
		const char *a;
		const char *b;
	} pairs[] = {
		{"--out and --joblog", output->file, output->joblog},
		{"--out and --log", output->file, output->log},
		{"--joblog and --log", output->joblog, output->log},
		{"--out and --report", output->file, output->report},
		{"--joblog and --report", output->joblog, output->report},
		{"--log and --report", output->log, output->report},
		{"--journal and --report", run->durable.journal, output->report},
	};
	size_t i;

	for (i = 0; i < countof(pairs); i++) {
		const char *a = written_name(output, pairs[i].a), *b = written_name(output, pairs[i].b);

		if (!a || !b || strcmp(a, b) != 0)
			continue;
		names[FACT_ONE_FILE] = b;
		names[FACT_ITS_WRITERS] = pairs[i].writers;
	}
}

/* Sets the facts about output. */
static void gather_output(const struct options *options, const char *names[FACTS])
{
	const struct session_options *run = &options->run;

	names[FACT_TTY] = run->command.terminal ? "--tty" : NULL;
	names[FACT_UNGROUP] = run->output.ungrouped ? "--ungroup" : NULL;
	names[FACT_LINE_BUFFER] = run->output.order == ORDER_LINES ? "--line-buffer" : NULL;
	names[FACT_SIMULTANEOUS] = run->output.ungrouped                   ? "--ungroup"
				   : run->output.order == ORDER_LINES      ? "--line-buffer"
				   : run->output.order == ORDER_COMPLETION ? "--unordered"
									   : NULL;
	names[FACT_FORMAT] = run->output.format && run->output.format != &output_text ? run->output.format->name : NULL;
	names[FACT_TAG] = !run->output.tag ? NULL : run->output.tag_is_template ? "--tagstring" : "--tag";
	names[FACT_RESULTS] = run->output.results ? "--results" : NULL;
	names[FACT_MEMO] = run->output.memo ? "--memo" : NULL;
	names[FACT_SILENT] = run->output.format && run->output.format->is_silent ? run->output.format->name : NULL;
	names[FACT_OUT] = run->output.file ? "--out" : NULL;
	add_one_file(run, names);
}

/* True if a source reads a regular file that has this name, too. */
static bool is_read_from(const struct source_options *source, const char *name)
{
	bool is_standard = !source->file || strcmp(source->file, "-") == 0;
	struct stat read, written;

	if (source->items || stat(name, &written) < 0 || !S_ISREG(written.st_mode) ||
	    (is_standard ? fstat(STDIN_FILENO, &read) : stat(source->file, &read)) < 0)
		return false;
	return read.st_dev == written.st_dev && read.st_ino == written.st_ino;
}

/* Sets the facts about a source that a log or the report would empty. */
static void add_log_input(const struct source_options *source, const struct output_options *output, const char **names)
{
	const struct {
		const char *option;
		const char *value;
	} logs[] = {{"--joblog", output->joblog}, {"--log", output->log}, {"--report", output->report}};
	size_t i;

	for (i = 0; i < countof(logs); i++) {
		const char *name = written_name(output, logs[i].value);

		if (!name || !is_read_from(source, name))
			continue;
		names[FACT_LOG_IS_INPUT] = name;
		names[FACT_ITS_LOGGER] = logs[i].option;
	}
}

/* Sets the facts about input. */
static void gather_input(const struct options *options, const char *names[FACTS])
{
	const struct session_options *run = &options->run;
	const struct feed_options *feed = &options->feed;
	size_t readers = 0, i;

	for (i = 0; i < feed->source_count; i++) {
		const struct source_options *source = &feed->sources[i];

		readers += !source->items && (!source->file || strcmp(source->file, "-") == 0);
		if (run->output.file && is_read_from(source, run->output.file))
			names[FACT_OUT_IS_INPUT] = run->output.file;
		if (run->durable.journal && is_read_from(source, run->durable.journal))
			names[FACT_JOURNAL_IS_INPUT] = run->durable.journal;
		add_log_input(source, &run->output, names);
	}
	names[FACT_SECOND_READER] = readers > 1 ? "" : NULL;
	names[FACT_SOURCES] = feed->source_count > 1 ? "" : NULL;
	names[FACT_STDIN] = run->input.to_stdin && options->mode == MODE_RUN ? "--stdin" : NULL;
	names[FACT_NO_STDIN] = !run->input.to_stdin && options->mode == MODE_RUN ? "" : NULL;
	names[FACT_BLOCK] = feed->block ? "--block" : NULL;
	names[FACT_SEPARATOR] = run->command.template.separator ? "--colsep" : NULL;
	names[FACT_CSV] = run->command.template.csv ? "--csv" : NULL;
	names[FACT_NULL] = options->has_null ? "" : NULL;
	names[FACT_DELIMITER] = options->has_delimiter ? "" : NULL;
	names[FACT_RECORD_END] = names[FACT_NULL] ? names[FACT_NULL] : names[FACT_DELIMITER];
	names[FACT_HEADER] = feed->has_header ? "--header" : NULL;
	names[FACT_GROUP] = feed->group != 1 ? "--max-args" : NULL;
	names[FACT_GROUP_MAX] = feed->group == FEED_MAX    ? "--max-args=max"
				: feed->group == FEED_AUTO ? "--max-args=auto"
							   : NULL;
	if (feed->framing != FEED_TEXT)
		names[FACT_JSON] = feed->framing == FEED_JSON ? "--json" : "--jsonl";
	names[FACT_JSON_TASKS] = run->command.template.word_count ? NULL : names[FACT_JSON];
	names[FACT_NO_JSON_SOURCE] = feed->source_count != 1 || feed->sources[0].items ? "" : NULL;
	names[FACT_RECORD_START] = options->record_start.size ? "" : NULL;
	names[FACT_LINES] = names[FACT_RECORD_END] || names[FACT_RECORD_START] || run->command.template.csv ||
					    run->command.template.separator || feed->has_header || feed->group != 1 ||
					    feed->block || feed->link_all
				    ? ""
				    : NULL;
}

/* Sets the words of a conflict, with the names of its facts in their places. Returns -1. */
static int report(const struct conflict *conflict, const char *const names[FACTS], struct error *error)
{
	struct bytes text = {.data = NULL};
	const char *at, *mark;

	for (at = conflict->message; (mark = strchr(at, '%')); at = mark + 2) {
		bytes_append(&text, at, (size_t)(mark - at));
		bytes_append_text(&text, names[mark[1] == 'a' ? conflict->a : conflict->b]);
	}
	bytes_append_text(&text, at);
	error_set(error, "%s", bytes_text(&text));
	bytes_release(&text);
	return -1;
}

int conflicts_check(const struct options *options, struct error *error)
{
	/* The name of each fact that holds, NULL for the others. */
	const char *names[FACTS] = {[FACT_ANY] = ""};
	size_t i;

	gather_command(options, names);
	gather_persistence(options, names);
	gather_output(options, names);
	gather_input(options, names);
	for (i = 0; i < countof(conflicts); i++) {
		if (names[conflicts[i].a] && names[conflicts[i].b])
			return report(&conflicts[i], names, error);
	}
	return 0;
}
