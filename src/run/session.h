/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session: one run of a command over records. It introduces the parts to each other (loop, pool, order, output),
 * keeps the tallies, and decides how the run ends.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/dialect.h"
#include "ipc/loop.h"
#include "task/template.h"
#include "machine/throttle.h"
#include "process/start.h"
#include "order/order.h"
#include "board/arena.h"
#include "journal/joblog.h"
#include "journal/results_folder.h"
#include "pool/pool.h"
#include "pool/reserve.h"
#include "run/policy/halt.h"
#include "run/policy/limit.h"
#include "run/policy/pace.h"
#include "run/outlet.h"
#include "run/progress.h"

/* The exit statuses of this program; those of ends by signal are the signals' own. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_TROUBLE = 1,
	EXIT_USAGE = 2,
	EXIT_TASK_FAILED = 123,
	EXIT_HALTED = 124,
	EXIT_TASK_KILLED = 125,
	EXIT_CANNOT_EXECUTE = 126,
	EXIT_NOT_FOUND = 127,
};

/* What a run is to be like. Strings are the caller's and outlive the session. */
struct session_options {
	/* COMMAND and its arguments; with shell: SCRIPT or nothing. */
	char **words;
	size_t word_count;
	bool shell;
	/* What is put in their place: as in struct template_options. */
	const char *replace;
	const char *separator;
	char **names;
	size_t name_count;
	uint32_t *widths;
	size_t width_count;
	bool is_grouped;
	size_t value_count;
	/* Bytes that a command's arguments may take, with their pointers: what the system allows, less the environment.
	 */
	size_t argument_space;
	/* Records go to the tasks' standard input, each with its delimiter. */
	bool to_stdin;
	char delimiter;
	/* Records have names for their values, each its own; or they are tasks that bring their own command, and
	 * settings. */
	bool names_vary;
	bool brings_commands;
	/* How many workers at most. */
	size_t jobs;
	const struct start_method *method;
	/* Tasks per chunk; 0: to be found out. */
	uint64_t chunk_size;
	uint64_t max_tasks;
	const char *directory;
	/* The value of PATH that commands are looked up in; NULL: the system's. */
	const char *path;
	/* Where what waits on disk goes. */
	const char *temporary;
	int nice;
	enum order_kind order;
	bool ungrouped;
	/* How output is written; NULL: as text. */
	const struct output_format *format;
	/* What is put before each line, with replacement strings; NULL: nothing. An own template, or the record. */
	const char *tag;
	bool tag_is_template;
	/* A file, and a folder, for records of the run; NULL. */
	const char *joblog;
	const char *results;
	/* An earlier run's results may be replaced. */
	bool force;
	uint64_t buffer;
	uint64_t spill;
	bool verbose;
	bool quiet;
	bool dry_run;
	bool stats;
	/* How often a failed task is run again, and after how long the first time. */
	uint64_t retries;
	nsec retry_delay;
	struct limit_options limit;
	/* How long tasks that were told to end may take. */
	nsec grace;
	struct halt halt;
	/* Run by sh in each new worker; NULL. */
	const char *initializer;
	/* Between starts of tasks. */
	nsec delay;
	/* One task at a time, with the terminal. */
	bool terminal;
	/* COMMAND is started once in each worker, and tasks are forked from it. */
	bool zygote;
	struct throttle_options throttle;
	/* The most workers there may be, should the number of jobs change; 0: jobs. */
	size_t jobs_max;
	struct progress_options progress;
};

struct session;

/* Who sees what comes of each task as it comes, in whatever order; embedded in its owner. */
struct session_observer {
	/* A piece of what a task's attempt wrote. */
	void (*wrote)(struct session_observer *observer, const struct output_header *header, struct slice bytes);
	/* A result that counts. */
	void (*ended)(struct session_observer *observer, const struct result *result, const struct task *task);
};

/* Where a session takes place: what it does not have for itself. All of it outlives the session. */
struct session_place {
	struct loop *loop;
	/* Where its workers come from and go to; NULL: they are its own. */
	struct reserve *reserve;
	/* The standard descriptors that were closed at the start (a mask). */
	unsigned closed;
	/* Signals are about this run: it is the only one, and they end it. */
	bool is_alone;
	/* The context of the session's messages; NULL if none. */
	const struct diag_context *context;
	/* NULL: nobody. */
	struct session_observer *observer;
	/* What it writes is shown there; NULL: it goes to standard output and error. */
	struct outlet_screen *screen;
};

enum session_phase {
	SESSION_RUNNING,
	/* No task is begun any more; those that run are waited for. */
	SESSION_DRAINING,
	/* What runs has been told to end or is about to be: nothing is waited for. */
	SESSION_ABORTING,
};

struct session {
	const struct session_options *options;
	struct session_place place;
	struct arena arena;
	struct pool pool;
	struct pool_owner pool_owner;
	struct order order;
	struct outlet outlet;
	struct watch signals;
	/* What people are shown of a task's command; what is executed, as its worker has it; the tag of its lines. */
	struct template template;
	struct template command;
	struct template tag;
	/* Words that they are compiled of. */
	char *prefix[4];
	char *tag_word;
	struct joblog joblog;
	struct results results;
	enum session_phase phase;
	/* Whoever feeds the session is told that there may be room. */
	void (*on_room)(struct session *session);
	/* Tasks that were submitted or refused, and those of them with a result. */
	uint64_t submitted;
	uint64_t finished;
	uint64_t outcomes[OUTCOMES];
	/* The lines about the first failed tasks. */
	struct bytes failures;
	unsigned failure_lines;
	/* How large chunks should be. */
	struct pace pace;
	struct limit limit;
	struct throttle throttle;
	struct progress progress;
	/* How many tasks there are in all; 0 while that is not known. */
	uint64_t total;
	/* The most blocks of input that a task was seen to take; 0 is as good as 1. */
	size_t task_blocks;
	/* Tasks that were run more than once. */
	uint64_t retried;
	/* A task has ended since the number of jobs was last looked up. */
	bool jobs_stale;
	/* The condition of --halt was met. */
	bool halted;
	bool halt_told;
	/* It was said that COMMAND cannot be run. */
	bool command_told;
	/* It was said that COMMAND cannot be a zygote. */
	bool unfit_told;
	/* Processes that were killed for want of memory before. */
	/* UINT64_MAX: not looked up yet. */
	uint64_t oom_kills;
	/* What the run ends with besides its tasks: a failure of our own, or the command's; a signal. */
	enum exit_status failure;
	int signal;
	/* No task is begun for now. */
	bool held;
	/* Whoever ends the run does not even want to wait for what is half written. */
	bool impatient;
	/* When tasks that were told to end are killed; and that they were. */
	nsec kill_at;
	bool killed;
	nsec started;
};

/* Sets everything up; no worker runs yet. place is copied. -1 with the error, and nothing open. */
int session_open(struct session *session, const struct session_options *options, const struct session_place *place,
		 struct error *error) MUST_CHECK;

/* No task is begun from its next step on, until it is let go on. */
static inline void session_hold(struct session *session)
{
	session->held = true;
}

static inline void session_let_go(struct session *session)
{
	session->held = false;
}

/* So many workers, from now on. */
void session_set_jobs(struct session *session, size_t jobs);

/* No further task is begun; those that run are told to end, and killed after the grace time. */
void session_cancel(struct session *session);

/* No further task is begun; those that run are waited for. */
void session_drain(struct session *session);

/* Everything that runs is killed, and nothing is waited for. */
void session_abort(struct session *session);

/* How many tasks there will be in all, once that is known. */
static inline void session_expect(struct session *session, uint64_t total)
{
	session->total = total;
}

/* Tasks may take so many blocks of input each: room for as many of them is made as of small ones. */
static inline void session_expect_size(struct session *session, size_t blocks)
{
	if (blocks > session->task_blocks)
		session->task_blocks = blocks;
}

/* The task of this index, which is still to be submitted, may be run again so often. */
void session_expect_retries(struct session *session, uint64_t index, uint64_t retries);

/* Whether another chunk can be submitted. */
bool session_has_room(const struct session *session);

/* Whether even a small chunk would be of use. */
static inline bool session_is_hungry(const struct session *session)
{
	return pool_is_hungry(&session->pool);
}

/* Hands over a chunk, with its use of its block. Its indexes follow those before. */
void session_submit(struct session *session, const struct chunk *chunk);

/* Everything has been submitted: workers that have nothing to do need not stay. */
static inline void session_last_call(struct session *session)
{
	pool_last_call(&session->pool);
}

/* A failure of our own: said at once; the tasks that run end in peace, no others begin. */
void session_fail(struct session *session, enum exit_status status, const struct error *error);

/* Waits for something to happen and deals with it. */
void session_step(struct session *session);

/* The two halves of that, where several wait on one loop: until when at most, and what follows from what has happened.
 */
nsec session_deadline(const struct session *session);
void session_advance(struct session *session);

/* Whether every task submitted has its result. */
bool session_is_settled(const struct session *session);

/* Whether everything has been written, too, once all there will be has been submitted. */
bool session_is_over(const struct session *session);

/* When it is over: no worker is needed any more. Whether none is left; session_advance goes on until then. */
bool session_dismiss(struct session *session);

/* Writes out the rest of what goes out as a whole and has begun, and of such that has ended. Whether all of it is. */
bool session_write_out(struct session *session);

/*
 * Ends the workers (or waits until they are in the reserve), writes what there is to write, says what there is to say.
 * The exit status; *signal is the one that the program is to die of, or 0.
 */
int session_close(struct session *session, int *signal);

#endif
