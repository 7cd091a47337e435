/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of help. */
#include "interactive/views/guide.h"

#include "front/help.h"
#include "front/options.h"

static const char tutorial[] =
	"map runs a command once for each item, many at a time, on workers that stay\n"
	"ready. It begins at once, in the background; results appear above the prompt.\n"
	"\n"
	"  map gzip -9 ::: *.log                 a task for each file\n"
	"  map -j4 curl -sO {} < urls            for each line of a file; {} is the line\n"
	"  map --shell 'wc -l <\"$1\"' ::: *.c     a script for sh, the item is its \"$1\"\n"
	"\n"
	"A line that begins with [3.17] comes from task 17 of run 3. To look closer:\n"
	"\n"
	"  jobs               all runs, how far they are, what failed\n"
	"  show 3, show 3.17  all about a run, about a task\n"
	"  out 3, errors 3    what its tasks wrote to standard output, to standard error\n"
	"  stats              what the workers do, how long tasks took\n"
	"\n"
	"  errors failed      why tasks of the last run failed, in their own words\n"
	"  retry failed       run them again, as a new run\n"
	"  wait, cancel 3     wait until all is done (^C stops waiting), end a run early\n"
	"  set retries 2      an option for all maps from now on\n"
	"\n"
	"Also: apply, workers, pause, resume, cd, history, source, ! (a shell's\n"
	"command), out 3 > FILE. TAB completes what you type. help COMMAND tells more.\n"
	"quit, or ^D, leaves; tasks that still run are ended then, after a question.\n";

/* Explains ids. */
#define IDS \
	"\n" \
	"ID is 3 (a run), 3.17 (its task 17), last (the run begun last; the same without\n" \
	"ID), failed (what failed of the last run of which anything did) or all.\n"

static const struct guide_row rows[] = {
	{"map",
	 "map [OPTION]... COMMAND [ARG]... ::: ITEM...\n"
	 "map [OPTION]... COMMAND [ARG]... < FILE\n"
	 "map [OPTION]... --shell 'SCRIPT' ::: ITEM...",
	 "Runs COMMAND once for each ITEM, or each line of FILE, as a new run in the\n"
	 "background. {} in an ARG is the item (without any it becomes the last ARG),\n"
	 "{#} its number, {.} {/} {//} {/.} parts of a file's name. Output appears in\n"
	 "the order of the items, each line with the task's id: [3.17].\n"
	 "\n"
	 "Words are divided as in a shell, with quotes; ~, *, ? and [ ] stand for files.\n"
	 "Behind ::: also {1..5}. Nothing else is a shell's: no variables, no pipes. With\n"
	 "--shell it is sh that runs SCRIPT for each item, which is its \"$1\"; there all\n"
	 "of that works.\n"
	 "\n"
	 "With --journal=FILE it can go on after cancel, quit and any other end: map\n"
	 "--resume and the rest of the line; map --journal=FILE --status tells how far.\n"
	 "\n"
	 "  map -j4 --retries=2 curl -sSfO < urls\n"
	 "  map --shell 'zcat \"$1\" | wc -l' ::: logs/*.gz\n"},
	{"apply", "apply COMMAND [ARG]...",
	 "Runs COMMAND once, just as it stands there, as a run of one task in the\n"
	 "background, with the options that are set.\n"
	 "\n"
	 "  apply make -C ~/src/tool\n"},
	{"jobs", "jobs",
	 "Lists all runs, the newest last: state, tasks that have ended and how many\n"
	 "there are (? while that is not known), how many failed, how many run now, and\n"
	 "for how long the run has gone on or did. show ID tells more of one.\n"},
	{"workers", "workers [N]",
	 "Shows how many workers there may be at a time, for all runs together, or makes\n"
	 "that N. With fewer those that are too many go after the task in hand. A map's\n"
	 "own --jobs is a limit for that run alone. stats shows what each is doing.\n"},
	{"out", "out [ID]\nout [ID] > FILE\nout [ID] | COMMAND",
	 "Shows once more what tasks wrote to standard output, in the order of the\n"
	 "items; in $PAGER when it is long. Of a task that runs: what there is of it.\n"
	 "What is kept is bounded, and the oldest goes first; show ID says what is still\n"
	 "there. All that commands show may go to a file or through a shell's command.\n" IDS},
	{"errors", "errors [ID]",
	 "Shows once more what tasks wrote to standard error, each line with its task's\n"
	 "id; in $PAGER when it is long. show failed tells how they ended.\n" IDS "\n"
	 "  errors failed\n"},
	{"show", "show [ID]",
	 "Tells all about a run (3): what was asked for, its state, what came of its\n"
	 "tasks, what runs now; or about a task (3.17): its command, outcome, times,\n"
	 "worker, attempts, memory, and how much it wrote.\n" IDS},
	{"wait", "wait [ID] [TIME]",
	 "Waits until a run, or everything, is done, but no longer than TIME. ^C stops\n"
	 "waiting; the run goes on.\n"
	 "\n"
	 "  wait 3 60\n"
	 "  wait 5m\n"},
	{"cancel", "cancel [ID]",
	 "Ends a run early: no task of it begins any more, those that run get SIGTERM,\n"
	 "and SIGKILL when they have not ended after --grace (2 s). What has ended by\n"
	 "then stays as it is. Without ID: the last run; cancel all: all runs. The\n"
	 "workers stay.\n"},
	{"retry", "retry [ID]",
	 "Runs tasks that failed once more, as a new run with the options of the first:\n"
	 "those of run ID, of the last run (failed), or one (3.17). Their items are\n"
	 "those of the first time, even when the files that they came from have changed.\n"
	 "\n"
	 "  retry failed\n"},
	{"pause", "pause [ID]",
	 "No task of the run, or of any, begins until resume; those that run go on.\n"
	 "Other runs get the workers meanwhile.\n"},
	{"resume", "resume [ID]", "Lets a run that was paused go on, or all of them.\n"},
	{"state", "state VERB [OPERAND]...",
	 "Looks at what runs with --state share, and changes it: as mpmap-state does. It\n"
	 "stays from run to run, until the prompt ends.\n"
	 "\n"
	 "  state list\n"
	 "  state get done\n"},
	{"set", "set\nset OPTION [VALUE]\nset OPTION off",
	 "Sets an option of map, without its dashes, for all maps from now on; what a\n"
	 "map's own line says comes before it. off takes it back; on is for options\n"
	 "without a value, and may be left out. Alone: shows what is set.\n"
	 "\n"
	 "  set retries 2\n"
	 "  set timeout 5m\n"
	 "  set unordered\n"},
	{"stats", "stats [ID]",
	 "Shows how many workers there are, what each is doing, how much of their time\n"
	 "they were busy, and how long tasks took: p50, p90 and p99 (half, nine tenths,\n"
	 "99 of 100 took no longer, to 1 %), and in how many under what time. Of one run,\n"
	 "or of all there were.\n"},
	{"history", "history",
	 "Lists the lines that were entered, also in sessions before. Up and down go\n"
	 "through them, ^R searches.\n"},
	{"source", "source FILE",
	 "Runs the lines of FILE as if they were typed. It stops at the first that is an\n"
	 "error and says which one that was. # begins a comment.\n"},
	{"!", "! COMMAND",
	 "Runs a shell's command line in the foreground; it has the terminal until it\n"
	 "ends. Runs go on meanwhile, and show what they have written afterwards.\n"
	 "\n"
	 "  ! ls -l | less\n"},
	{"help", "help [COMMAND]", "Alone: how to begin. With a command: what it does; help map shows all options.\n"},
	{"cd", "cd [FOLDER]",
	 "Lets later maps run in another folder, or in the home folder; names of files\n"
	 "are relative to it. Not while tasks run, which belong to the folder before.\n"},
	{"clear", "clear", "Clears the screen.\n"},
	{"quit", "quit",
	 "Leaves, as exit and q do. When tasks still run it asks once: said again, it\n"
	 "ends them, and nothing of them is left behind. ^D on an empty line does the\n"
	 "same, ^C only clears the line.\n"},
};

/* Options without a use at the prompt, and synonyms. */
static const char *const hidden[] = {
	"bar",
	"color",
	"eta",
	"help",
	"interactive",
	"lb",
	"max-procs",
	"max-replace-args",
	"no-run-if-empty",
	"progress",
	"tty",
	"ungroup",
	"version",
	"wd",
};

const struct guide_row *guide_find(const char *name)
{
	size_t i;

	if (strcmp(name, "exit") == 0 || strcmp(name, "q") == 0)
		name = "quit";
	if (strcmp(name, "?") == 0)
		name = "help";

	for (i = 0; i < countof(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

void guide_tutorial(struct bytes *out)
{
	bytes_append_text(out, tutorial);
}

static bool is_hidden(const char *name)
{
	size_t i;

	for (i = 0; i < countof(hidden); i++) {
		if (strcmp(hidden[i], name) == 0)
			return true;
	}
	return false;
}

void guide_command(const char *name, struct bytes *out)
{
	const struct guide_row *row = guide_find(name);
	const struct option_row *option;

	if (!row)
		return;
	bytes_append_text(out, row->synopsis);
	bytes_append_text(out, "\n\n");
	bytes_append_text(out, row->text);
	if (strcmp(name, "map") != 0)
		return;
	bytes_append_text(out, "\nOptions:\n");
	for (option = option_table; option->name; option++) {
		if (!is_hidden(option->name))
			help_option(out, option);
	}
}
