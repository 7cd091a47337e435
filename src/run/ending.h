/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a run ends.
 *
 *              submits  begins  skips those  waits for  writes tasks
 *   phase      tasks    tasks   that wait    tasks      that have ended
 *   RUNNING    yes      yes     no           yes        yes
 *   DRAINING   no       no      yes          yes        yes
 *   ABORTING   no       no      yes          no         yes, those already whole
 *   FAILED     no       no      no           no         no: output ends where it is whole
 *
 * RUNNING -> DRAINING by ending_drain, _cancel or _fail, or the first signal; either -> ABORTING by ending_abort, and
 * -> FAILED when the run has a failure of its own. No phase is ever left upwards.
 */
#ifndef RUN_ENDING_H
#define RUN_ENDING_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"

struct result;
struct session;

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

enum ending_phase {
	ENDING_RUNNING,
	ENDING_DRAINING,
	ENDING_ABORTING,
	ENDING_FAILED,
	ENDING_PHASES,
};

/* The actions that a phase permits. */
struct ending_permits {
	/* Tasks are submitted. */
	bool submits;
	/* Tasks are begun, as far as the gate allows. */
	bool begins;
	/* Tasks that no worker has are skipped. */
	bool skips;
	/* Running tasks, and the writing of their output, are waited for. */
	bool waits;
};

/* How far the end of a run is. */
struct ending {
	enum ending_phase phase;
	/* The failure of the run itself or of COMMAND, 0 if none. */
	enum exit_status failure;
	/* The signal that ends the run, 0 if none. */
	int signal;
	/* The condition of --halt was met. */
	bool halted;
	/* No task would end by the time that --until says. */
	bool out_of_time;
	/* Standard output cannot be written any more: what tasks write there is dropped, and no failures are reported.
	 */
	bool lost_output;
	/* It was lost because its reader has gone: the program ends by SIGPIPE. */
	bool reader_gone;
	/* A signal came after the abort: not even half-written output is waited for. */
	bool is_impatient;
	/* When tasks that were sent a signal are killed; 0 if never. */
	nsec kill_at;
	/* True if those tasks were killed. */
	bool killed;
	/* Tasks that ran when the run was aborted, without those whose results came after that. */
	uint64_t cut;
	/* True if running tasks are ended, and so is what ended tasks have left. */
	bool clears;
};

/* The permits of each phase. ending_permits returns those of a session's phase. */
extern const struct ending_permits ending_phases[ENDING_PHASES];

/* True if the run has been aborted. */
bool ending_is_aborted(const struct session *session);

/* Counts a task that failed after a signal to the run as stopped. */
void ending_count(struct session *session, const struct result *result);

/* Begins no further task; running tasks are waited for. */
void ending_drain(struct session *session);

/* Drains; running tasks get SIGTERM, and are killed after the grace time. */
void ending_cancel(struct session *session);

/* Kills all tasks; nothing is waited for. */
void ending_abort(struct session *session);

/* Ends the run for a signal: the first drains, or kills later or at once as its number says; the second aborts. */
void ending_interrupt(struct session *session, int number);

/* True if a run that ends has read its whole input, and nothing has kept its tasks from running. */
bool ending_is_complete(const struct session *session);

/* Reports a failure of the run itself and drains. The exit status will be status, or EXIT_TROUBLE if that was before.
 */
void ending_fail(struct session *session, enum exit_status status, const struct error *error);

/* Makes the exit status EXIT_TROUBLE; the run continues. The caller has reported why. */
void ending_note_trouble(struct session *session);

/*
 * Drains because standard output cannot be written (errno), and has the output of running tasks closed, so that a task
 * that writes gets SIGPIPE. Does nothing after an abort.
 */
void ending_lose_output(struct session *session, int number);

/* Returns the signal that the program is to die of, 0 if none. */
int ending_signal(const struct session *session);

/* Counts the duration of a task: drains if another as long would end too late. */
void ending_learn(struct session *session, const struct result *result);

/* True if --until has kept tasks from being begun, or records from being read. */
bool ending_is_out_of_time(const struct session *session);

/* Reports in one line how many tasks were not begun because of --until, if it has ended the run. */
void ending_report_until(const struct session *session);

/* Kills the tasks whose grace time has passed; drains if it is too late for any task to begin. */
void ending_tick(struct session *session);

/* Returns when ending_tick has something to do next. */
nsec ending_deadline(const struct session *session);

/*
 * True if dismissed workers are waited for: until a signal ends the run, or where they have finalizers, until the run
 * is aborted. At the prompt signals do not come to runs.
 */
bool ending_awaits_workers(const struct session *session);

/* True if every submitted task has its result, or none is waited for. */
bool ending_is_settled(const struct session *session);

/* True if all output has been written, too, or is not waited for. Meaningful after the last task was submitted. */
bool ending_is_over(const struct session *session);

/*
 * Writes the rest of the task that is half written, and the tasks already whole, at the reader's pace. False if the
 * reader does not take it.
 */
bool ending_write_out(struct session *session);

/* Writes the last messages at the reader's pace. A signal cuts them short, but not where the output has a form. */
void ending_finish_words(struct session *session);

#endif
