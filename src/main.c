/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpmap: where it begins, and the index of its source.
 *
 * base/     the ground: knows libc only
 *   dialect  the C this is written in       mem     allocate or die        bytes   growable buffers, encoding
 *   slice    views of bytes                 error   what went wrong        number  parsing numbers
 *   quote    for shells and terminals       diag    standard error         trace   events for tests
 *   fault    failure points for tests       list    linked lists           clock   nanoseconds
 *   utf8     telling text from bytes
 * ipc/      how bytes move between processes
 *   fd       descriptors                    loop    the event loop         channel private lines, fd passing
 *   shm      shared memory                  queue   the shared task queue  ring    records without locks
 *   arena    blocks of input                marks   a bit for each of many         writer  output that never blocks the loop
 * machine/  what the machine allows
 *   capacity CPUs, processes, descriptors   cgroup  control groups         pressure memory and load
 *   throttle holding tasks back
 * policy/   what a run decides by
 *   halt     stopping early                 limit   how long tasks may take  pace  how large chunks are
 * process/  how processes begin and end
 *   signals  in, and for children           process its life               start   roles and methods
 *   start_fork  start_spawn  start_forkserver       command  executing programs
 * zygote/   a program stopped before its main
 *   fitness  which programs can be          object  what is preloaded      preload its source, which is part of them
 *   request  what is asked of one
 * work/     what flows
 *   task     tasks and results              chunk   tasks handed over together
 *   order    the reorder window             window  the table behind it    entry   what is kept of a task
 *   held     output that waits              spill   waiting on disk        frame   tasks with settings
 * template/ command lines for tasks
 *   template replacement strings put in     replacement what they are      columns dividing records
 *   values   what they stand for
 * protocol/ what a pool and its workers share
 *   board    memory shared by both          message what is said           workplace the worker's end
 * executor/ how a task is run: inside a worker process
 *   executor ways to run a task             executor_command  executor_print
 *   launcher starting                       capture a task's output        group   ending
 *   terminal handing it over                zygote  tasks that are forked   preloading  making one
 * worker/   what runs the tasks
 *   worker   the role                       initializer what it does first
 * reserve/  workers between runs
 *   reserve  those that wait for a run
 * ledger/   what is out
 *   ledger   every chunk                    retries what is to be run again
 * pool/     who does it: the parent's side
 *   pool     chunks in, results out         roster  each worker's life     recruiting where its process comes from
 *   staffing how many workers               intake  what comes from them   signalling signals to tasks
 *   watchdog workers that let a task's time pass                           sleepers  and waking them
 * codec/    bytes to work and back
 *   input    records                        output  results                base64  bytes as text
 *   input_json  where elements end          element JSON with its text     json    elements as records
 *   json_command  elements as commands      output_json  result objects
 * journal/  what is written of a run besides its output, or kept
 *   joblog   a line for each task           results a folder for each      archive what runs leave behind
 *   tape     the newest bytes               chain   a task's pieces on it  census  tasks, in a few bytes each
 * run/      a run, whoever asks for it
 *   session  the parts wired together       verdict what follows from a result     interruption signals
 *   outlet   where output goes              report  summary, statistics    progress how far it is
 *   record   entries in the journal         instructions  what workers are told
 * feed/     where tasks come from
 *   feeder   choosing who feeds             source  bytes of records       packer  tasks into chunks
 *   reader   one source, in place           combination several sources    elements JSON
 *   inlet    reading by the loop
 * jobs/     several runs on one pool
 *   job      one of them                    jobs    sharing workers out    selection ids
 *   again    what failed, once more
 * front/    what the user touches
 *   options  parsing                        option_table                   setters what each sets
 *   setters_output
 *   operands command and sources            help    --help, --version      batch   one run
 *   nearest  words that were mistyped
 * prompt/   lines from a terminal
 *   words    a line into words              line    editing                line_plain  without readline
 *   history  its file                       modes   the terminal's         completion  what TAB offers
 *   entered  lines to be told
 * views/    what people look at
 *   views    runs, statistics               views_tasks tasks              canvas  tables and figures
 *   guide    texts for help
 * console/  the interactive mode
 *   console  its parts                      interactive at a prompt        script  from a pipe or file
 *   screen   lines above the prompt         display what jobs tell         agenda  lines that wait
 *   answer   what commands say              foreground programs with the terminal
 * commands/ what lines mean
 *   commands the table                      commands_run what begins runs  commands_look what looks at them
 */
#include "base/diag.h"
#include "base/trace.h"
#include "commands/commands.h"
#include "front/batch.h"
#include "front/help.h"
#include "front/options.h"
#include "run/session.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "process/start.h"
#include "worker/worker.h"

#include <locale.h>
#include <unistd.h>

const struct role roles[] = {
	{.name = FORKSERVER_ROLE, .main = forkserver_main},
	{.name = WORKER_ROLE, .main = worker_main},
	{.name = NULL},
};

int main(int argc, char **argv)
{
	unsigned closed = fd_fill_standard();
	struct options options;
	struct error error = {.number = 0};
	int status;

	signals_init();
	setlocale(LC_CTYPE, "");
	role_enter_if_asked(argc, argv);
	fd_remember_inherited(-1);
	trace_open();
	if (options_parse(&options, argc, argv, &error) < 0) {
		diag_error("%s", error_text(&error));
		error_release(&error);
		free(options.feed.sources);
		return EXIT_USAGE;
	}
	if (options.mode == MODE_HELP)
		return help_print(help_usage, closed);
	if (options.mode == MODE_VERSION)
		return help_print(help_version, closed);
	if (options.run.quiet)
		diag_set_level(DIAG_ERRORS);
	options.feed.input_is_closed = closed & 1u << STDIN_FILENO;
	status = options.mode == MODE_INTERACTIVE ? console_run(&options, argv, &commands, closed) : batch_run(&options, closed);
	free(options.feed.sources);
	return status;
}
