/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what to write instead of options of other programs. */
#include "front/hint/foreign.h"

#include "base/dialect.h"

/* clang-format off */
static const struct {
	/* The long name without dashes, or the letter. */
	const char *name;
	const char *hint;
} foreign[] = {
	{.name = "i", .hint = "write {} where the record goes, or name it with -I STR"},
	{.name = "replace-str", .hint = "write {} where the record goes, or name it with -I STR"},
	{.name = "p", .hint = "--dry-run prints the commands, and runs nothing"},
	{.name = "ask", .hint = "--dry-run prints the commands, and runs nothing"},
	{.name = "X", .hint = "-n auto shares records among the jobs, -n max fills command lines"},
	{.name = "m", .hint = "-n auto shares records among the jobs, -n max fills command lines"},
	{.name = "xargs", .hint = "-n auto shares records among the jobs, -n max fills command lines"},
	{.name = "context-replace", .hint = "-n auto shares records among the jobs, -n max fills command lines"},
	{.name = "L", .hint = "each line is a record; -n N gives a command N of them"},
	{.name = "l", .hint = "each line is a record; -n N gives a command N of them"},
	{.name = "max-lines", .hint = "each line is a record; -n N gives a command N of them"},
	{.name = "s", .hint = "the limit is the system's; -n N gives a command N records"},
	{.name = "max-chars", .hint = "the limit is the system's; -n N gives a command N records"},
	{.name = "x", .hint = "a record that is too long is reported, and the others run"},
	{.name = "exit", .hint = "a record that is too long is reported, and the others run"},
	{.name = "E", .hint = "the end of the input is the only one; head or sed cuts it"},
	{.name = "e", .hint = "the end of the input is the only one; head or sed cuts it"},
	{.name = "eof", .hint = "the end of the input is the only one; head or sed cuts it"},
	{.name = "pipe", .hint = "--stdin --block=SIZE gives a task as many records as fit"},
	{.name = "spreadstdin", .hint = "--stdin --block=SIZE gives a task as many records as fit"},
	{.name = "pipe-part", .hint = "--stdin --block=SIZE -a FILE gives each task a part of FILE"},
	{.name = "pipepart", .hint = "--stdin --block=SIZE -a FILE gives each task a part of FILE"},
	{.name = "block-size", .hint = "it is --block=SIZE, with --stdin"},
	{.name = "recstart", .hint = "--record-start=STR names what records begin with"},
	{.name = "recend", .hint = "records end with what -d STR says"},
	{.name = "D", .hint = "it is -d STR"},
	{.name = "record-delimiter", .hint = "it is -d STR"},
	{.name = "round-robin", .hint = "--filter starts COMMAND once per worker and feeds it records"},
	{.name = "roundrobin", .hint = "--filter starts COMMAND once per worker and feeds it records"},
	{.name = "cat", .hint = "--stdin gives records to the standard input of a task"},
	{.name = "fifo", .hint = "--stdin gives records to the standard input of a task"},
	{.name = "tee", .hint = "--stdin gives records to the standard input of a task"},
	{.name = "shuf", .hint = "shuffle the input: shuf FILE | mpmap ..."},
	{.name = "tmpdir", .hint = "temporary files are made where TMPDIR says: TMPDIR=DIR mpmap ..."},
	{.name = "compress", .hint = "outputs wait in memory, then in a file (--buffer, --spill)"},
	{.name = "compress-program", .hint = "outputs wait in memory, then in a file (--buffer, --spill)"},
	{.name = "files", .hint = "--results=DIR writes a file for each output"},
	{.name = "resume-failed", .hint = "it is --resume --retry-failed, with --joblog=FILE or --journal=FILE"},
	{.name = "S", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "sshlogin", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "sshloginfile", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "slf", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "sshlogin-file", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "hostgroups", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "M", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "controlmaster", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "filter-hosts", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "transfer", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "transferfile", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "return", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "cleanup", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "trc", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "basefile", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "bf", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "onall", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "nonall", .hint = "tasks run on this machine; COMMAND can be ssh HOST ..."},
	{.name = "will-cite", .hint = "it is not needed: leave it out"},
	{.name = "citation", .hint = "it is not needed: leave it out"},
	{.name = "bibtex", .hint = "it is not needed: leave it out"},
	{.name = "no-notice", .hint = "it is not needed: leave it out"},
	{.name = "nn", .hint = "it is not needed: leave it out"},
	{.name = "gnu", .hint = "it is not needed: leave it out"},
	{.name = "minversion", .hint = "it is not needed: leave it out"},
	{.name = "quote", .hint = "arguments never need quoting: leave it out"},
	{.name = "shellquote", .hint = "arguments never need quoting: leave it out"},
	{.name = "ordered", .hint = "outputs are in the order of the input anyway"},
	{.name = "no-keep-order", .hint = "it is --unordered"},
	{.name = "group", .hint = "outputs are whole anyway (--ungroup: they are not)"},
	{.name = "line-buffered", .hint = "it is --line-buffer"},
	{.name = "linebuffer", .hint = "it is --line-buffer"},
	{.name = "halt-on-error", .hint = "it is --halt now,fail=1"},
	{.name = "stop-on-error", .hint = "it is --halt now,fail=1"},
	{.name = "keep-going", .hint = "a task that fails does not stop the others (--halt does)"},
	{.name = "ignore-errors", .hint = "a task that fails does not stop the others (--halt does)"},
	{.name = "process-slot-var", .hint = "the slot is in MPMAP_SLOT, and {%} stands for it"},
	{.name = "open-tty", .hint = "it is --tty, for one task at a time"},
	{.name = "show-limits", .hint = "-n max fills a command line up to the limit"},
	{.name = "plus", .hint = "{..} and {/..} are there without it"},
	{.name = "rpl", .hint = "replacement strings cannot be defined; --shell has those of sh: ${1%.c}"},
	{.name = "env", .hint = "tasks have the whole environment (functions of bash: export -f, --bash)"},
	{.name = "swap", .hint = "--memfree=SIZE starts no task with less memory free"},
	{.name = "noswap", .hint = "--memfree=SIZE starts no task with less memory free"},
	{.name = "no-swap", .hint = "--memfree=SIZE starts no task with less memory free"},
	{.name = "memsuspend", .hint = "--memfree=SIZE starts no task with less memory free"},
	{.name = "limit", .hint = "--memfree=SIZE starts no task with less memory free"},
	{.name = "max-load", .hint = "it is --load=N"},
	{.name = "load-average", .hint = "it is --load=N"},
	{.name = "number-of-cpus", .hint = "nproc prints it; -j 50% is half of it"},
	{.name = "number-of-cores", .hint = "nproc prints it; -j 50% is half of it"},
	{.name = "number-of-threads", .hint = "nproc prints it; -j 50% is half of it"},
	{.name = "trim", .hint = "--colsep=' *, *' splits at blanks, too; sed trims records"},
	{.name = "colour", .hint = "it is --color"},
	{.name = "semaphore", .hint = "mpmap-state has locks and semaphores, and flock has locks"},
	{.name = "sem", .hint = "mpmap-state has locks and semaphores, and flock has locks"},
	{.name = "id", .hint = "mpmap-state has locks and semaphores, and flock has locks"},
	{.name = "sql", .hint = "-o jsonl writes results that a database can load"},
	{.name = "sqlmaster", .hint = "-o jsonl writes results that a database can load"},
	{.name = "sqlworker", .hint = "-o jsonl writes results that a database can load"},
	{.name = "sqlandworker", .hint = "-o jsonl writes results that a database can load"},
	{.name = "tmux", .hint = "each task can have the terminal with --tty"},
	{.name = "tmuxpane", .hint = "each task can have the terminal with --tty"},
	{.name = "skip-first-line", .hint = "--header : takes names of columns from it; tail -n +2 drops it"},
	{.name = "arg-sep", .hint = "the words are ::: and ::::"},
	{.name = "arg-file-sep", .hint = "the words are ::: and ::::"},
};
/* clang-format on */

const char *foreign_hint(const char *name)
{
	size_t i;

	for (i = 0; i < countof(foreign); i++) {
		if (strcmp(foreign[i].name, name) == 0)
			return foreign[i].hint;
	}
	return NULL;
}
