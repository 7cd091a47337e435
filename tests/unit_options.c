/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front/options: command lines with conflicts, and which of several is reported. */
#include "unit.h"

#include "base/mem.h"
#include "front/options.h"

#include <fcntl.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

/* Words with blanks between them, '' for an empty one, and the error that they get; "" for none. */
struct command_line {
	const char *words;
	const char *error;
};

static void check_lines(const struct command_line *lines, size_t count)
{
	int terminal = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t i;

	/* On a terminal a line without operands would be one for the prompt. */
	check(dup2(terminal, STDIN_FILENO) == STDIN_FILENO);
	close(terminal);
	for (i = 0; i < count; i++) {
		char *words = mem_string(lines[i].words), *word, *rest = words;
		char *argv[WORDS_MAX + 2] = {(char[]){"mpmap"}};
		struct error error = {.number = 0};
		struct options options;
		int argc = 1;

		while ((word = strsep(&rest, " ")) && argc <= WORDS_MAX) {
			if (*word)
				argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
		}
		check_int(options_parse(&options, argc, argv, &error), *lines[i].error ? -1 : 0);
		check_slice(slice_of(error.text ? error.text : ""), slice_of(lines[i].error));
		error_release(&error);
		free(options.feed.sources);
		free(words);
	}
}

#define NOT_LINES \
	": its values are the records; --null, --delimiter, --record-start, --csv, --colsep, --header, --max-args, " \
	"--block and --link are for lines"

/* clang-format off */
static const struct command_line singles[] = {
	{"--interactive echo", "--interactive and what to run: that is said there (map COMMAND... ::: ITEM...)"},
	{"--interactive ::: a", "--interactive and what to run: that is said there (map COMMAND... ::: ITEM...)"},
	{"--interactive --json", "--interactive and what to run: that is said there (map COMMAND... ::: ITEM...)"},
	{"--interactive --shell", "--interactive and what to run: that is said there (map COMMAND... ::: ITEM...)"},
	{"--tty --interactive", "--tty and --interactive: the terminal is the prompt's"},
	{"", "no COMMAND to run for each record (mpmap --help shows how)"},
	{"--tty", "no COMMAND to run for each record (mpmap --help shows how)"},
	{"''", "COMMAND is empty"},
	{"--csv ; echo", "--csv ';': the byte between fields follows an equals sign: --csv=';'"},
	{"--csv \\t echo", "--csv '\\t': the byte between fields follows an equals sign: --csv='\\t'"},
	{"--tty -u true", "--tty and --ungroup: tasks have the terminal, and run one by one"},
	{"--tty --line-buffer true", "--tty and --line-buffer: tasks have the terminal, and run one by one"},
	{"--tty --unordered true", "--tty and --unordered: tasks have the terminal, and run one by one"},
	{"--tty --zygote true", "--tty and --zygote: what has the terminal is executed"},
	{"-o json --tty true", "--output and --tty: what tasks write then is not seen"},
	{"-o jsonl -u true", "--output and --ungroup: what tasks write then is not seen"},
	{"--tag --tty true", "--tag and --tty: what tasks write then is not seen"},
	{"--tagstring x --tty true", "--tagstring and --tty: what tasks write then is not seen"},
	{"--tag -u true", "--tag and --ungroup: what tasks write then is not seen"},
	{"--results r --tty true", "--results and --tty: what tasks write then is not seen"},
	{"--results r -u true", "--results and --ungroup: what tasks write then is not seen"},
	{"--line-buffer -u true", "--line-buffer and --ungroup: what tasks write then is not seen"},
	{"-o json --tag true", "--output=json and --tag: there are no lines"},
	{"-o none --tagstring x true", "--output=none and --tagstring: there are no lines"},
	{"-o jsonl --line-buffer true", "--output=jsonl and --line-buffer: there are no lines"},
	{"--out f --tty true", "--out and --tty: what tasks write then is not seen"},
	{"--out f -u true", "--out and --ungroup: what tasks write then is not seen"},
	{"--out f -o none true", "--out and --output=none: there is nothing to write"},
	{"--out f --joblog +f true", "--out and --joblog: both name f"},
	{"--force true", "--force is for --results, --out and --journal"},
	{"--resume true",
	 "--resume: which run is said by its journal, --journal=FILE, or by its job log, --joblog=FILE"},
	{"--status", "--status: which run is said by its journal, --journal=FILE"},
	{"--sync 1 true", "--sync is for --journal"},
	{"--journal j --sync x true", "--sync 'x': not a time in seconds, nor each or none"},
	{"--journal j --sync 0 true", "--sync '0': not a time in seconds, nor each or none"},
	{"--at-most-once true", "--at-most-once: what has begun is recorded by --journal=FILE"},
	{"--at-most-once --journal j --retries 1 true",
	 "--at-most-once and --retries: a task that is run again is run twice"},
	{"--at-most-once --journal j --filter cat",
	 "--at-most-once: a command or function that gets many records may get one again"},
	{"--journal j --retry-interrupted true", "--retry-interrupted is for a run that is resumed (--resume)"},
	{"--journal j --retry-failed true", "--retry-failed is for a run that is resumed (--resume)"},
	{"--journal j --interactive", "--journal: a run at the prompt has its own (map --journal=j COMMAND)"},
	{"--journal j --out j true", "--journal: j is the file of --out, too; name another file"},
	{"--out f --log +f true", "--out and --log: both name f"},
	{"--joblog +f --log f true", "--joblog and --log: both name f"},
	{"--journal j --state true", "--journal and --state: what tasks share is not kept for a run that is resumed"},
	{"--journal j --queue q true", "--journal and --queue: what tasks push is not kept for a run that is resumed"},
	{"--journal j --tty true", "--journal and --tty: what tasks write then is not seen"},
	{"--journal j -u true", "--journal and --ungroup: what tasks write then is not seen"},
	{"--journal j --line-buffer true",
	 "--journal and --line-buffer: lines of tasks that had not ended could not be taken back"},
	{"--shell a c", "--shell takes one SCRIPT; 'c' is one operand too many (quote the script)"},
	{"-a - -a - true", "standard input can be one source only"},
	{"--stdin -a x -a y true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--stdin -C , true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--stdin --csv true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--stdin --header : true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--stdin -n max true",
	 "--stdin and --max-args=max: that is for command lines (use --block=SIZE)"},
	{"--stdin -n auto true",
	 "--stdin and --max-args=auto: that is for command lines (use --block=SIZE)"},
	{"--stdin --block 1M -n 2 true",
	 "--block and --max-args: a task gets as many records as fit, or a number of them"},
	{"--block 1M true", "--block without --stdin: blocks of records go to the tasks' standard input"},
	{"--interactive --block 1M", ""},
	{"--stdin --block 0 true", "--block '0': not a size of 1 byte to 1G, such as 65536 or 1M"},
	{"--stdin --block 1073741825 true", "--block '1073741825': not a size of 1 byte to 1G, such as 65536 or 1M"},
	{"--stdin --block 1G true", ""},
	{"-0 -d , true", "--null and --delimiter: records end with the one or the other"},
	{"-n 2 true ::: a ::: b", "--max-args and several sources: groups are made of the records of one"},
	{"--shell -n 2", "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--shell -a x -a y", "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--shell -C ,", "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--shell --csv", "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--shell --stdin", "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--json true ::: a", "--json reads standard input, or one --arg-file"},
	{"--jsonl -a x -a y true", "--jsonl reads standard input, or one --arg-file"},
	{"--json -0 true", "--json" NOT_LINES},
	{"--jsonl -d , true", "--jsonl" NOT_LINES},
	{"--json -C , true", "--json" NOT_LINES},
	{"--json --csv true", "--json" NOT_LINES},
	{"--json --header : true", "--json" NOT_LINES},
	{"--jsonl -n 2 true", "--jsonl" NOT_LINES},
	{"--json --record-start > true", "--json" NOT_LINES},
	{"--csv --record-start > true", "--csv and --record-start: a record of CSV is a line"},
	{"--jsonl --stdin --block 1M true", "--jsonl" NOT_LINES},
	{"--json --link true", "--json" NOT_LINES},
	{"--json --shell",
	 "--json and --shell without a SCRIPT: tasks in JSON say {\"shell\": SCRIPT} (which --shell=PROGRAM runs)"},
	{"--merge-stderr -u true",
	 "--merge-stderr and --ungroup: mpmap does not pass on what tasks write then (2>&1 is for all of them)"},
	{"--delay 1 --rate 1/s true",
	 "--delay and --rate: tasks start that far apart, or so many of them in a time"},
	{"--csv -C ; true", "--csv and --colsep: another byte than the comma between fields is --csv=C"},
	{"--csv -0 true", "--csv: its records end with newlines; --null and --delimiter are for others"},
	{"-d , --csv=; true", "--csv: its records end with newlines; --null and --delimiter are for others"},
	{"--jsonl --stdin", "--jsonl and --stdin: there is no COMMAND to read the values"},
};

/* The rows of the table in front/conflicts, from top to bottom, each with one or more further down. */
static const struct command_line several[] = {
	{"--interactive --tty echo", "--interactive and what to run: that is said there (map COMMAND... ::: ITEM...)"},
	{"--interactive --tty --tag -u", "--tty and --interactive: the terminal is the prompt's"},
	{"--interactive --tag -u", "--tag and --ungroup: what tasks write then is not seen"},
	{"--interactive --force", "--force is for --results, --out and --journal"},
	{"--interactive --stdin -C ,", ""},
	{"--tty -u", "no COMMAND to run for each record (mpmap --help shows how)"},
	{"-u --tag", "no COMMAND to run for each record (mpmap --help shows how)"},
	{"--tty -u ''", "COMMAND is empty"},
	{"--csv --tty -u ,", "--csv ',': the byte between fields follows an equals sign: --csv=','"},
	{"--tty -u --zygote true", "--tty and --ungroup: tasks have the terminal, and run one by one"},
	{"--tty -u --tag true", "--tty and --ungroup: tasks have the terminal, and run one by one"},
	{"--tty -u --line-buffer true", "--tty and --ungroup: tasks have the terminal, and run one by one"},
	{"--tty --line-buffer --unordered true", "--tty and --unordered: tasks have the terminal, and run one by one"},
	{"--tty --zygote --tag true", "--tty and --zygote: what has the terminal is executed"},
	{"-o json --tag --tty true", "--output and --tty: what tasks write then is not seen"},
	{"-o json --tag -u true", "--output and --ungroup: what tasks write then is not seen"},
	{"--tag --results r -u true", "--tag and --ungroup: what tasks write then is not seen"},
	{"--results r --line-buffer -u true", "--results and --ungroup: what tasks write then is not seen"},
	{"-o json --tag --line-buffer true", "--output=json and --tag: there are no lines"},
	{"-o json --line-buffer --force true", "--output=json and --line-buffer: there are no lines"},
	{"--tag -u --force true", "--tag and --ungroup: what tasks write then is not seen"},
	{"-o none --line-buffer --out f true", "--output=none and --line-buffer: there are no lines"},
	{"--out f -o none -u true", "--output and --ungroup: what tasks write then is not seen"},
	{"--out f -u --joblog f true", "--out and --ungroup: what tasks write then is not seen"},
	{"--force --shell a b", "--shell takes one SCRIPT; 'b' is one operand too many (quote the script)"},
	{"--shell -a - -a - a b", "--shell takes one SCRIPT; 'b' is one operand too many (quote the script)"},
	{"-a - -a - --stdin true", "standard input can be one source only"},
	{"-a - :::: - true", "no COMMAND to run for each record (mpmap --help shows how)"},
	{"--stdin -C , -n max true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--stdin -n max -a x -a y true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--stdin -n max --shell", "--stdin and --max-args=max: that is for command lines (use --block=SIZE)"},
	{"-n 2 --shell -a x -a y", "--max-args and several sources: groups are made of the records of one"},
	{"-n 2 --json -a x -a y true", "--max-args and several sources: groups are made of the records of one"},
	{"--shell -C , --json", "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--json -0 true ::: a", "--json reads standard input, or one --arg-file"},
	{"--json -0 --shell", "--json" NOT_LINES},
	{"--csv -C ; -0 true", "--csv and --colsep: another byte than the comma between fields is --csv=C"},
	{"--stdin -C ; --csv true", "--stdin: records that go to standard input have no columns, and one source"},
	{"--csv --json -0 true", "--json" NOT_LINES},
	{"--json --stdin --shell",
	 "--shell without a SCRIPT: each record is a command line of its own, from one source"},
	{"--jsonl --stdin -0", "--jsonl" NOT_LINES},
	{"--json --stdin --tag -u", "--tag and --ungroup: what tasks write then is not seen"},
};
/* clang-format on */

static void test_conflicts(void)
{
	check_lines(singles, countof(singles));
}

static void test_several(void)
{
	check_lines(several, countof(several));
}

const struct unit_test unit_options[] = {
	{"every conflict and its words", .run = test_conflicts},
	{"the first of several conflicts is reported", .run = test_several},
	{.name = NULL},
};
