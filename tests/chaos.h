/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface between the parts of tests/chaos: the plan, the current run, and the functions of each part. */
#ifndef CHAOS_H
#define CHAOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MSEC INT64_C(1000000)
#define SECOND (1000 * MSEC)
/* Limits against hangs: of a run without any progress, and of processes left behind. */
#define STALL (60 * SECOND)
#define GOODBYE (20 * SECOND)

enum { MOST_PROCESSES = 4096, MOST_STOPPED = 64, BLOCK = 65536 };

enum target { WORKERS = 1, FORKSERVER = 2, TASKS = 4, PARENT = 8 };
enum action { KILL = 1, SEGV = 2, STOP = 4 };

struct mode {
	const char *name;
	unsigned targets;
	unsigned actions;
	int64_t pause;        /* between two signals, on average */
	bool harmless;        /* no task can fail of it */
	bool fatal;           /* it ends mpmap */
	void (*strike)(void); /* where it is not one signal to one process of the targets */
};

/* The command line of chaos. */
struct plan {
	char *program;
	char self[4096];
	const char *method;
	const char *mode_text;
	const struct mode *mode;
	/* filter: a command that stays; with function an adapter. */
	bool slow, large, quick, shell, filter, function;
	uint64_t records;
	char **options;
	int option_count;
	uint64_t retries;
	bool unordered;
};

extern struct plan plan;

struct process {
	pid_t pid;
	pid_t parent;
	char state;
	bool is_mpmap;
	bool is_new; /* mpmap's own, and may not have armed what it needs against the death of its parent */
};

struct stopped {
	int pidfd;
	int64_t until;
};

/* The state of a run. */
struct run {
	uint64_t seed;
	uint64_t random;
	char folder[4096];
	pid_t pid;
	int pidfd;
	int reader; /* of mpmap's output, if slow */
	int copy;   /* where what is read goes */
	int64_t begun;
	int64_t grown; /* when a task began last */
	int64_t pause; /* the longest time in which none began */
	int64_t goodbye;
	off_t log_size;
	uint64_t kills; /* signals sent that can make a task fail */
	uint64_t stops;
	struct stopped stopped[MOST_STOPPED];
	size_t stopped_count;
	int status;
	uint64_t failed;
	uint64_t exhausted;  /* of these, what is named as failed at the last of its attempts */
	uint64_t streamed;   /* and before it, since its output was too large to be held back */
	uint64_t unfinished; /* lines on teardowns that failed */
	bool bad;
};

extern struct run run;

/* Prints a message and ends with status 99. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

/* Prints a promise that does not hold, and marks the run as bad. */
__attribute__((format(printf, 1, 2))) void bad(const char *format, ...);

/* Returns the number that the text is; fails if it is not one. */
uint64_t number(const char *text);

/* Returns the monotonic time in nanoseconds. */
int64_t now(void);

/* Sleeps for that many nanoseconds. */
void nap(int64_t length);

/* Returns a hash of the number. */
uint64_t mixed(uint64_t x);

/* Returns the run's next random number, from 0 to below the limit. */
int64_t chance(int64_t limit);

/* Writes all of the data; fails if that cannot be done. */
void write_all(int fd, const char *at, size_t size);

/* chaos_task.c: the task, whose output for a record is known to the checks. */

/* Returns what the task writes for a record (free), "<N:xxx>" and a newline, and its size. */
char *text_of(uint64_t record, bool shell, bool large, size_t *size);

/* Runs the task: chaos --task STYLE RECORD. */
int run_task(const char *style, const char *argument);

/* Lets the time pass that a record takes. */
void take_time(uint64_t record);

/* Opens the log, in which each task writes its record. */
int open_log(void);

/* Runs the filter, which does for each line what the task does: chaos --filter STYLE. */
int run_filter(const char *style);

/* chaos_function.c: an adapter, whose function does what the task does: chaos --function STYLE. */
int run_function(const char *style);

/* chaos_signals.c: the processes of the run, which are those of mpmap's session, and the signals for them. */

/* The processes that the last scan found. */
extern struct process processes[MOST_PROCESSES];
extern size_t process_count;

/* Stores the processes of the run in processes[]. */
void scan(void);

/* Prints the processes that the last scan found. */
void show_processes(void);

/* Kills all processes of the run. */
void kill_all(void);

/* Continues what has been stopped until this moment. */
void continue_stopped(int64_t moment);

/* Sends signals as the mode requires. */
void strike(void);
void strike_parent(void);
void strike_together(void);

/* chaos_run.c: one run of mpmap. */

/* Opens a file in the run's folder. */
int open_in_folder(const char *name, int flags);

void make_folder(void);
void remove_folder(void);

/* Starts mpmap. */
void begin(void);

/* Reads a little of mpmap's output, or all that there is. */
void read_output(bool all);

/* Sends signals as the mode requires, until mpmap has ended. False if it seems to hang. */
bool play(void);

/* Checks that nothing is left of the run; stores how long that took. */
void say_goodbye(void);

/* chaos_check.c: checks all that is promised about the run that has ended. */
void check_all(void);

#endif
