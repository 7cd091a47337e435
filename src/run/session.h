/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session: one run of a command over records. It connects the parts (loop, pool, order, output) and keeps the
 * tallies. How it ends: run/ending.h.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "base/diag.h"
#include "base/dialect.h"
#include "base/error.h"
#include "ipc/loop.h"
#include "task/chunk.h"
#include "task/delimiter.h"
#include "task/template.h"
#include "machine/throttle.h"
#include "state/options.h"
#include "state/shared.h"
#include "process/start.h"
#include "order/order.h"
#include "journal/recorder.h"
#include "pool/pool.h"
#include "pool/reserve.h"
#include "run/policy/again.h"
#include "run/policy/halt.h"
#include "run/policy/limit.h"
#include "run/policy/rate.h"
#include "run/policy/until.h"
#include "run/durable/durable.h"
#include "run/ending.h"
#include "run/outlet.h"
#include "run/display/progress.h"
#include "board/slot_values.h"

/* COMMAND, and how its tasks run. */
struct command_options {
	/*
	 * COMMAND and its arguments (with shell: SCRIPT or nothing), and the values of replacement strings. The
	 * other fields are set from the rest of the options.
	 */
	struct template_options template;
	/* The option without dashes that the first word may be meant as the value of; NULL if none. */
	const char *misread;
	/* The words are a script, or each record is. */
	bool shell;
	/* The program that runs scripts, with arguments between blanks; NULL: /bin/sh. */
	const char *program;
	/* Where tasks run; NULL: where the program was started. */
	const char *directory;
	/* The value of PATH that commands are searched in; NULL: the system's. */
	const char *path;
	/* Added to the niceness of tasks. */
	int nice;
	/* Run by sh in each new worker, and in each that leaves in order; NULL if none. */
	const char *initializer;
	const char *finalizer;
	/* Resident memory above which a command that stays is replaced, bytes; 0 if there is no limit. */
	uint64_t max_rss;
	/* True if tasks run one at a time, with the terminal. */
	bool terminal;
	/* COMMAND is started once in each worker, and tasks are forked from it. */
	bool zygote;
	/* How workers run tasks. */
	const struct executor *executor;
	/* How a function is shown in place of COMMAND, its adapter: the option and the code. Without it NULL. */
	const char *function[2];
	/* COMMAND is an adapter that other adapters can be forked from. */
	bool is_forkable;
};

/* The form of records. */
struct input_options {
	/* Records are written to the tasks' standard input, each with its delimiter. */
	bool to_stdin;
	/* The file that each task has as its standard input; NULL: it is empty. */
	const char *file;
	/* Records are elements of JSON. */
	bool is_json;
	struct delimiter delimiter;
	/* Records are tasks that bring their own command and settings. */
	bool brings_commands;
};

/* The output of a run, and its logs. */
struct output_options {
	enum order_kind order;
	/* Tasks write to our own standard output and error. */
	bool ungrouped;
	/* Standard error of tasks goes to the same pipe as their standard output. */
	bool merged;
	/* The name of the file that a task's output goes to, with replacement strings. NULL if there is none. */
	const char *each;
	/* A task whose file is newer than its record's is not run. */
	bool newer;
	/* How output is written; NULL: as text. */
	const struct output_format *format;
	/* The tag before each line, with replacement strings. NULL without a tag. */
	const char *tag;
	/* The tag is a template of the user's, not the record. */
	bool tag_is_template;
	/* The name of the job log, after a plus sign if it is appended to. NULL without a job log. */
	const char *joblog;
	/* The name of the log of results, likewise. */
	const char *log;
	/* The name of the file that gets a report of the run (.html or .json). NULL without one. */
	const char *report;
	/* The command line of the program, quoted for a shell. NULL if it is not known. */
	const char *line;
	/* The name of the results folder. NULL without one. */
	const char *results;
	/* The name of the folder that keeps what tasks write for later runs. NULL without one. */
	const char *memo;
	/* The name of the file that is written to instead of standard output. NULL for standard output. */
	const char *file;
	/* The results of an earlier run, and that file, may be replaced. */
	bool force;
	/* Bytes of output that may wait in memory. */
	uint64_t buffer;
	/* Bytes of output that may wait on disk. */
	uint64_t spill;
	/* Each command is printed before it runs. */
	bool verbose;
	/* Only errors are reported. */
	bool quiet;
	/* Statistics are printed at the end. */
	bool stats;
	struct progress_options progress;
};

/* --leftovers; worker/follow.h has the table. */
enum leftovers_policy {
	LEFTOVERS_LEAVE,
	LEFTOVERS_WAIT,
	LEFTOVERS_KILL,
};

/* When tasks are repeated or ended, and the run with them. */
struct policy_options {
	/* How often a failed task is run again, and after which failures. */
	uint64_t retries;
	struct again_options again;
	/* Time until a failed task is run again the first time. */
	nsec retry_delay;
	struct limit_options limit;
	/* Time that tasks have to end after a signal, before they are killed. */
	nsec grace;
	struct halt halt;
	/* When the run is to be over. */
	struct until_options until;
	/* Time between starts of tasks. */
	nsec delay;
	/* How many tasks may start in a time. */
	struct rate_options rate;
	/* What becomes of processes that tasks leave in their groups. */
	enum leftovers_policy leftovers;
};

/* The workers of a run. */
struct worker_options {
	/* How many workers. */
	size_t jobs;
	/* The most workers there may be, should jobs change; 0: jobs. */
	size_t jobs_max;
	const struct start_method *method;
	/* Tasks per chunk; 0: by their duration. */
	uint64_t chunk_size;
	/* A worker is replaced after this many tasks; 0: never. */
	uint64_t max_tasks;
};

/* The limits and resources of the machine. */
struct machine_options {
	struct throttle_options throttle;
	/* The folder for temporary files. */
	const char *temporary;
	/* Bytes that a command's arguments may take, with their pointers: the system's limit less the environment. */
	size_t argument_space;
};

/* The configuration of a run. Strings are the caller's and outlive the session. */
struct session_options {
	struct command_options command;
	struct input_options input;
	struct output_options output;
	struct policy_options policy;
	struct worker_options workers;
	struct machine_options machine;
	struct shared_options shared;
	struct state_options state;
	struct slot_options slots;
	struct durable_options durable;
};

struct session;
struct executor;

/* Base of every owner of a session: embedded in the owner's own struct (container_of). */
struct session_owner {
	/* There may be room for more tasks. NULL until the owner feeds the session. */
	void (*on_room)(struct session_owner *owner);
};

/* The surroundings of a session, which its owner provides. All of it outlives the session. */
struct session_place {
	struct loop *loop;
	struct session_owner *owner;
	/* Where its workers come from and return to; NULL if they are its own. */
	struct reserve *reserve;
	/* The standard descriptors that were closed at the start (a mask). */
	unsigned closed;
	/* True if this is the only run: signals end it. */
	bool is_alone;
	/* The context of the session's messages, NULL if none. */
	const struct diag_context *context;
	/* Records tasks for the owner; NULL if none. Its kind has no close. */
	struct recorder *recorder;
	/* Shows the run's output; NULL: it is written to standard output and error. */
	struct outlet_screen *screen;
};

/* The tasks of a run, counted. */
struct session_tally {
	/* Tasks submitted or refused. */
	uint64_t submitted;
	/* Tasks there are in all; 0 if not known yet. */
	uint64_t total;
	/* Tasks with a result. */
	uint64_t finished;
	/* Results by outcome. */
	uint64_t outcomes[OUTCOMES];
	/* Results by outcome that an earlier session of the run had. */
	uint64_t recalled[OUTCOMES];
	/* Tasks that were run more than once. */
	uint64_t retried;
	/* Results of tasks that failed after a signal to mpmap, which they were sent as well. */
	uint64_t stopped;
};

/* Returns how many tasks have failed in this session. */
static inline uint64_t session_failures(const struct session_tally *tally)
{
	uint64_t failures = 0;
	int outcome;

	for (outcome = OUTCOME_FAILED; outcome < OUTCOME_SKIPPED; outcome++)
		failures += tally->outcomes[outcome] - tally->recalled[outcome];
	return failures;
}

/* Returns a new session; no worker runs yet. place is copied. NULL with the error. */
struct session *session_open(const struct session_options *options, const struct session_place *place,
			     struct error *error) MUST_CHECK;

/*
 * Submitting tasks.
 */

/* True if another chunk can be submitted. */
bool session_has_room(const struct session *session);

/* True if even a small chunk would be of use. */
bool session_is_hungry(const struct session *session);

/* Submits a chunk and passes on its use of its block. Its indexes follow those of the chunk before. */
void session_submit(struct session *session, const struct chunk *chunk);

/* Notes that nothing more will be submitted. */
void session_end_input(struct session *session);

/* Announces that nothing more will be submitted: idle workers need not stay. */
void session_last_call(struct session *session);

/* Sets how many tasks there will be in all. */
void session_expect(struct session *session, uint64_t total);

/* Makes room for tasks that take this many blocks of input each. */
void session_expect_size(struct session *session, size_t blocks);

/* Sets how often the task of this index, which is still to be submitted, may be run again. */
void session_expect_retries(struct session *session, uint64_t index, uint64_t retries);

/* True while tasks may be submitted: the run is not ending. */
bool session_is_running(const struct session *session);

/*
 * Stepping.
 */

/* Waits for an event and handles it. */
void session_step(struct session *session);

/* The two halves of session_step, for several sessions on one loop: the time limit of the wait, and the handling. */
nsec session_deadline(const struct session *session);
void session_advance(struct session *session);

/* Begins no further task from the next step on, until session_resume. */
void session_hold(struct session *session);
void session_resume(struct session *session);

/* Sets the number of workers. */
void session_set_jobs(struct session *session, size_t jobs);

/*
 * Dismisses the workers of a run that is over. Returns true once no worker is left, nor what tasks left if the run was
 * ended; until then the caller calls session_advance.
 */
bool session_dismiss(struct session *session);

/*
 * Ends the workers (or waits until they are in the reserve), writes the rest of the output and the last messages, and
 * frees the session. Returns the exit status, and in *signal the signal that ends the program, 0 if
 * none.
 */
int session_close(struct session *session, int *signal);

/*
 * Querying.
 */

/* Returns its pool, for the owner of several sessions. */
struct pool *session_pool(struct session *session);

/* Returns the tasks counted so far; valid as long as the session. */
const struct session_tally *session_tally(const struct session *session);

/* Returns the monotonic time of its start. */
nsec session_started(const struct session *session);

/* True if it takes its number of jobs from a file. */
bool session_follows_jobs_file(const struct session *session);

/* True if no task is begun for now: session_hold, or the throttle. */
bool session_is_held(const struct session *session);

#endif
