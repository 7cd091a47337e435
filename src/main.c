/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpmap: the main function, and the index of the source. Folders are listed from the lowest level to the highest.
 *
 * base/     memory, bytes, errors, messages; uses libc only
 *   dialect  the C this is written in       mem      allocate or die       bytes    growable buffers, encoding
 *   slice    views of bytes                 error    errors as words       number   parsing numbers
 *   quote    for shells and terminals       diag     messages              trace    events for tests
 *   fault    failure points for tests       list     linked lists          clock    nanoseconds
 *   utf8     checking for UTF-8             file     nameless, whole I/O   fatal    the last line of a process
 *   base64   bytes as text                 count    how often a byte occurs
 * ipc/      bytes between processes, for any program
 *   fd       descriptors                    loop     the event loop        channel  messages with descriptors
 *   shm      shared memory                  writer   output that never blocks the loop
 *   local    Unix sockets with a name
 * task/     a task, and how it becomes a command line
 *   task     tasks and results              chunk    tasks handed over together
 *   frame    tasks with settings            template  compiling command lines
 *   template_expand  expanding them         template_word  a compiled word
 *   values   the values of a task           replacement  their syntax      columns  dividing records
 *   csv      the fields of CSV          delimiter  what ends a record
 *   frame_environment  changes of it       shell    words of --shell
 * machine/  the capacity of the machine
 *   capacity  CPUs, processes, descriptors  cgroup   control groups        pressure  memory and load
 *   throttle  holding tasks back
 *   affinity  the processors it may use
 * process/  how processes begin and end
 *   signals  receiving, dispositions        process  start to close        role     the roles of processes
 *   start    start methods                  start_fork  start_spawn  start_forkserver
 *   command  executing programs             command_group  signals to what they started
 *   title    names for ps and top           survey   the processes of groups
 * codec/json/  JSON values and their text
 *   element  JSON with its text             json     elements as records   json_command  elements as commands
 *   json_syntax  blanks, errors             json_text  writing strings     element_memory  of jansson's values
 *   json_value   checking without parsing     json_words  arrays as words     result_object  reading results
 * codec/    bytes to tasks, results to bytes
 *   input    records                        output   results               input_csv  records of CSV
 *   input_json  finding elements            output_json  result objects    output_text  bytes as they are
 *   output_csv  tables
 *   outcome  outcomes in words              coproc   requests and answers  coproc_lines  lines of a stream
 *   block    messages of adapters
 * order/    the reorder window
 *   order    which output is next           order_mode  the kinds of order   order_state  current task, fullness
 *   order_pump  passing output on           window   the table of entries  entry    one task and its phase
 *   held     output before its turn         spill    output on disk
 * board/    the memory and the messages that the parent and its workers share
 *   board    seats of workers               queue    chunks to be claimed  ring     packets without locks
 *   arena    blocks of input                marks    a bit for each of many  message  layouts, to the byte
 *   prepared  answers before they are committed  product  names of tasks' files
 *   doorbell  when the parent scans rings   leftovers  groups that tasks left
 *   clearance  naming or ending these groups  slot_values  --slot-env
 * journal/  logs of a run, and an archive of its output
 *   joblog   a line for each task           joblog_past  reading them         results_folder  files for each task
 *   archive  output and results of runs
 *   result_log  result objects              log_file  whole lines in a file
 *   recorder  the interface of job log, results folder and archive  key  the hash of a task
 *   range    many tasks in one note        ordinals  equal tasks
 *   tape     the newest bytes               chain    a task's pieces on it  census  tasks, in a few bytes each
 * journal/durable/  the journal of a run that can be resumed
 *   note     a frame                        scroll   the file of them      crc      its checksums
 *   past     what earlier sessions did      kept     output before its turn
 *   roll     the tasks that it names        reread   notes read again      successor  a file in its place
 *   scroll_lock  whose it is                past_recall  what it says of a task  seals  checksums of kept output
 *   retell   what the past was, in short
 * journal/memo/  what tasks have written, for later runs
 *   memo_folder  whose it is, its format    shards   many of them, locked   shard    pages in a file, and where
 *   page     what a task has written
 * state/    what tasks have in common
 *   pyauth   the handshake of Python's connections  pyauth_frame  their frames  pyauth_mac  codes of messages
 *   shared   memory that tasks map          options  what a run wants of it
 * state/value/  what the shared state stores
 *   value    bytes that may be numbers      table    names and what they mean  change  of a number, for later
 * state/store/  the state that tasks share: requests in, answers out
 *   store    the verbs                      call     a request and its answer  objects  kinds, holds, lines
 *   owners   attempts, processes            values   numbers and texts      collections  dictionaries, lists
 *   queues   items and their acknowledgement  locks  locks and conditions   meetings  semaphores, barriers
 *   events   and what is done once          circles  waits that cannot end  pending  what counts if all ends well
 * state/wire/  how requests are written
 *   request  lines                          request_json  arrays of JSON    words    verbs, options, operands
 * state/server/  the state server
 *   server   its steps                      connection  a client's          clients  processes as owners
 *   control  what a run reports             runs     what follows from it     python   clients by Python's connections
 *   attempts  runs, and their attempts      whose    a process is             origin   of a process, in /proc
 *   acting   whom a connection acts for     taker    a run that pops items      role     of a run
 * state/client/  mpmap-state, a program of its own
 *   client   its main function              arguments  its command line     printing  its output
 *   talk     to the server                  running  a COMMAND              serve    a server without a run
 * worker/   inside a worker process
 *   worker   the role                       workplace  its end of the board  hooks    its own commands
 *   claim    the seat's protocol            follow   watching a task
 *   executor  ways to run a task            executor_command  executor_print
 *   launcher  starting a task               capture  reading its output    group    ending it
 *   terminal  lending it to tasks
 * worker/zygote/  a program stopped before its main, from which tasks are forked
 *   zygote   tasks that are forked          preloading  starting one       fitness  suitable programs
 *   object   the preloaded object           preload  its source            request  the messages to it
 *   preload_ready  what its children need not do
 * worker/persistent/  a command that stays for many records
 *   serving  what is known of it            service  feeding, collecting    hand     chunks that are claimed
 *   standing  the command's process         keeping  it between two runs    lateness  its time limit
 *   growth   its memory                     forking  asking the prototype for one
 *   starting  that it could not be
 *   reckoning  what its end means           halving  the search for the record  diagnosis  counting its answers
 * worker/plugin/  functions of shared libraries that are called in a worker
 *   plugin   calling them                   library  loading one            call     a record for it
 *   writing  its output and results         variables  its environment
 * worker/product/  the file that a task's output goes to
 *   draft    until the task has ended
 * worker/protocol/  how such commands get records and answer them
 *   filter   one answer for each record     answers  splitting them         coproc   answers with a status
 *   block    many records in a message      block_messages  its answers     prints   what is printed besides
 * pool/     the parent's side of its workers
 *   pool     chunks in, results out         lives    each worker's life     roster   starting, waking, killing
 *   staffing  how many workers              shortage  too few processes    recruiting  processes of workers
 *   intake   packets from workers           outcomes  results, retries     supervision  signals, time limits
 *   ledger   every outstanding chunk        retries  tasks to be run again  reserve  workers between runs
 *   pool_private  their common fields
 * run/      one run
 *   session  the parts wired together       verdict  what follows from a result  interruption  signals
 *   outlet   where output goes              report   labels, statistics
 *   logbook  opens and calls the recorders  instructions  the workers' briefing
 *   instructions_output  where output goes
 *   out_file  the file of --out             outlet_screen  what shows output instead
 *   ending   phases of a run's end          supply   the interface for feeders  session_private  its fields
 *   closing  the end of a session
 * run/durable/  a run that can be resumed
 *   durable  commits                        durable_open  checks           durable_report  the line to type
 *   durable_status  how far it is           durable_files  no file is another  ranges  many tasks as one
 *   stage    output in its turn             turns    tasks that wait       recall   tasks done before
 *   aspects  what has to be the same        rewrite  a journal without its history
 * run/recalled/  what earlier sessions have done
 *   recalled  results for the order        logged   by a job log
 * run/companion/  processes beside the workers
 *   companions  the table of them           prototype  what adapters are forked from
 *   state_server  the state that tasks share  sharing  a run's use of it
 *   finding  the items of a queue           ends     reports that wait
 * run/page/  the report of a run
 *   page     the page                       charts   its drawings               markup  text in it
 *   picks    tasks that it shows            lanes    how busy slots were        trace_file  trace events
 *   page_task  a task of it                 page_facts  the rest                page_recorder
 *   page_from  a report of a log
 * run/memo/  the memo of a run
 *   memo     keeping                        memo_tasks  taking              gathering  output until it is kept
 * run/policy/  the decisions of a run
 *   halt     stopping early                 limit    how long tasks may take  pace  how large chunks are
 *   failure  what follows from a failed task  until  the time that ends the run
 *   rate     starts in a time               again    which failures are tried again
 * run/display/  what the user is shown of a run
 *   progress  the bar, and plain lines     frame    the line of the bar    gauge    rate, time left
 *   summary  the tasks that failed         advice   what to write instead of a COMMAND
 * run/tags/  what lines begin with
 *   tags     tags of tasks and lines
 * run/origin/  what results are of
 *   origin   values, fields, the record in JSON
 * run/times/  how long tasks took
 *   times    the histogram, percentiles
 * run/product/  files of the tasks' output
 *   products  which are to be made          products_tasks  results of the others  makers  whose they are
 * run/tries/  attempts that others followed
 *   tries    what result objects say of them
 * feed/     the sources of tasks
 *   feeder   common to all kinds            source   bytes of records      packer   tasks into chunks
 *   reader   one source, in place           combination  several sources   elements  JSON
 *   inlet    reading by the loop            opening  sources, headers, the kind of feeder
 *   lines    one source, whole records      found    what tasks push to a queue
 *   lines    one source, whole records
 * front/hint/  what a user may have meant
 *   nearest  mistyped words                 foreign  options of other programs
 * front/    options, and batch mode
 *   options  parsing                        option_table  every option     setters  what each sets
 *   setters_output  setters_persistent  setters_shared
 *   operands  command and sources           help     --help, --version     batch    one run
 *   conflicts  options that exclude each other  function  adapters
 *   facts    what conflicts is about
 * interactive/runs/  several runs on one pool of workers
 *   run      a single run                   runs     sharing workers out   selection  ids
 *   again    retries of failed tasks        shares   dividing workers
 * interactive/prompt/word/  what a word stands for
 *   range    numbers in braces
 * interactive/prompt/  lines from a terminal
 *   words    a line into words              line     editing               line_plain  without readline
 *   history  its file                       modes    of the terminal       completion  candidates for TAB
 *   entered  unreported lines               line_state  its states            words_typed  for completion
 *   keys     whole ones                     line_input  keys for readline     line_offers  candidates for it
 *   line_output  without waiting
 * interactive/views/  displays of runs, tasks and workers
 *   views    runs                           views_tasks  tasks, statistics  views_parts  common parts
 *   canvas   tables and figures             guide    texts for help
 * interactive/console/  the interactive mode
 *   console  its parts                      interactive  at a prompt       script   from a pipe or file
 *   screen   lines above the prompt         display  output of runs        agenda   lines that wait
 *   answer   output of commands             foreground  programs with the terminal
 *   reel     long answers without a pager
 * interactive/commands/  the commands of its lines
 *   commands  the table                     commands_run  beginning runs    commands_look  showing them
 *   commands_self  the prompt itself
 * interactive/  the interactive mode as a whole
 *   entry    prompt or script
 */
#include "base/diag.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "process/start.h"
#include "state/server/role.h"
#include "worker/worker.h"
#include "run/session.h"
#include "front/batch.h"
#include "front/help.h"
#include "front/options.h"
#include "interactive/entry.h"

#include <locale.h>
#include <unistd.h>

static const struct role roles[] = {
	{.name = FORKSERVER_ROLE, .main = forkserver_main},
	{.name = WORKER_ROLE, .main = worker_main},
	{.name = STATE_ROLE, .main = state_main},
	{.name = NULL},
};

/* Frees what parsing and the lines to type have allocated. */
static void release_options(struct options *options)
{
	free(options->feed.sources);
	free(options->function.words);
	free((void *)(uintptr_t)options->run.output.line);
	free((void *)(uintptr_t)options->run.durable.again);
	free((void *)(uintptr_t)options->run.durable.again_rest);
}

int main(int argc, char **argv)
{
	unsigned closed = fd_fill_standard();
	struct options options;
	struct error error = {.number = 0};
	int status;

	roles_declare(roles);
	signals_init();
	setlocale(LC_CTYPE, "");
	role_enter_if_asked(argc, argv);
	fd_remember_inherited(-1);
	trace_open();
	if (options_parse(&options, argc, argv, &error) < 0) {
		diag_error("%s", error_text(&error));
		error_release(&error);
		release_options(&options);
		return EXIT_USAGE;
	}
	if (options.mode == MODE_HELP)
		return help_print(help_usage, options.topic, closed);
	if (options.mode == MODE_VERSION)
		return help_print(help_version, NULL, closed);
	if (options.mode == MODE_REPORT)
		return batch_report(&options);
	if (options.mode == MODE_STATUS)
		return batch_status(options.run.durable.journal, closed);
	if (options.run.output.quiet)
		diag_set_level(DIAG_ERRORS);
	if (options.run.output.report)
		options.run.output.line = batch_line(argc, argv);
	if (options.run.durable.journal)
		batch_note_again(&options, argc, argv);
	options.feed.input_is_closed = closed & 1u << STDIN_FILENO;
	status = options.mode == MODE_INTERACTIVE ? entry_run(&options, argv, closed) : batch_run(&options, closed);
	release_options(&options);
	return status;
}
