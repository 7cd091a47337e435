/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A standing command: the process that a worker starts once for many records, with its pipes. None of them blocks this
 * process; a read or write that cannot be done now returns -1 with EAGAIN.
 */
#ifndef WORKER_PERSISTENT_STANDING_H
#define WORKER_PERSISTENT_STANDING_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "ipc/shm.h"
#include "process/command.h"
#include "worker/group.h"
#include "worker/launcher.h"
#include "worker/workplace.h"

/* What a command reads from and answers on. */
enum standing_wiring {
	/* Its standard input and output. */
	STANDING_PIPES,
	/* A socket, its descriptor 3: MPMAP_COPROC_FD in its environment. */
	STANDING_SOCKET,
	/* Pipes, its descriptors 3 and 4; 5 is the mark. MPMAP_BLOCK in its environment. */
	STANDING_BLOCKS,
};

/* What an adapter offers. */
enum standing_offers {
	STANDING_IS_READY = 1,
	/* It marks the record in work. */
	STANDING_MARKS = 2,
	/* It answers each record before it begins the next. */
	STANDING_ANSWERS_EACH = 4,
	/* It is to have one record at a time. */
	STANDING_TAKES_ONE = 8,
};

/* The most bytes of the lines of a watcher. */
enum { STANDING_LINES = 64 };

struct standing {
	/* Our ends of what it reads, of what it answers on, and of its standard error; -1 once closed. */
	int input;
	int output;
	int errors;
	/* Our end of its standard output, if it answers on another descriptor; else -1. */
	int prints;
	/* What it reads from and answers on. */
	enum standing_wiring wiring;
	/* With STANDING_BLOCKS: the number of the record in work, which it writes. */
	struct shm mark;
	/*
	 * Of an adapter that was forked from the prototype: its watcher writes here how it ends; else -1. The kernel
	 * kills the adapter's group once life is closed.
	 */
	int status;
	int life;
	/* That watcher, 0 if it is not known, or the process is a child of this one. */
	pid_t forked_by;
	/* The lines that were read there, as far as they are not taken. */
	char lines[STANDING_LINES];
	size_t lines_size;
	/* What the hello of an adapter offers (STANDING_...), 0 before it. */
	uint32_t offers;
	/* How many requests it has offered to take at a time, 0 if it has not said anything. */
	uint32_t pipeline;
	/* Its process group; valid while pid is not 0. */
	struct group group;
	/* 0 if no command stands. Remains until standing_end. */
	pid_t pid;
	/* True once its process has ended, and been waited for: what it wrote may still be in the pipes. */
	bool has_ended;
	struct command_end end;
	/* When it was started, and when its process ended, monotonic. */
	nsec started;
	nsec ended;
};

/* All descriptors closed, no process. */
#define STANDING_NONE \
	((struct standing){ \
		.input = -1, .output = -1, .errors = -1, .prints = -1, .mark.fd = -1, .status = -1, .life = -1})

/* Starts the briefing's command. Returns 0, or -1 with errno and the stage. */
int standing_start(struct standing *standing, struct launcher *launcher, struct workplace *place,
		   enum standing_wiring wiring, enum command_stage *stage) MUST_CHECK;

/*
 * Makes the streams of a command, their other ends in *command. Returns 0, or -1 with errno; what is open then is
 * closed by standing_close and standing_close_theirs, as the wiring in *standing says.
 */
int standing_open(struct standing *standing, struct command *command) MUST_CHECK;
void standing_close(struct standing *standing);
void standing_close_theirs(const struct standing *standing, struct command *command);

/* Watches a process that has been started, or forked from the prototype. Returns 0, or -1 with errno. */
int standing_watch(struct standing *standing, pid_t pid) MUST_CHECK;

/* Reads what a watcher has written to status. False at its end. */
bool standing_read_status(struct standing *standing);

/* Finds a line of the watcher: a word, a blank and a number. False if it has not come. */
bool standing_find_line(const struct standing *standing, const char *word, uint64_t *number);

static inline bool standing_is_there(const struct standing *standing)
{
	return standing->pid != 0;
}

/* Ends its input: it has got all that it gets. */
void standing_close_input(struct standing *standing);

/* Fills in what is waited for: input if it is wanted, its output if that is wanted, errors, its end, and prints. */
enum { STANDING_WAITS = 5 };
void standing_expect(const struct standing *standing, bool to_write, bool to_read, struct fd_wait *waits);

/* Takes its end if that was reported in waits. */
void standing_note_end(struct standing *standing, const struct fd_wait *waits);

/*
 * Closes its standard input and waits for its end, at most until the deadline; what it still writes is dropped. Waits
 * for nothing else. True if it has ended.
 */
bool standing_await_end(struct standing *standing, nsec deadline);

/* Says in the seat where the command's mark is, if it has one; NULL: there is none any more. */
void standing_show_mark(const struct standing *standing, struct workplace *place);

/* Returns the number of the record that the command marks as in work, from 1; 0 if none, or it has no mark. */
uint64_t standing_marked(const struct standing *standing);

/* Sends a signal to its group, unless its process has ended. */
void standing_signal(const struct standing *standing, int signal);

/* Kills its group at once. */
void standing_kill(struct standing *standing);

/* Releases what is left of a command that has ended: pipes, and what is left of its group is killed. */
void standing_release(struct standing *standing);

/* Kills a command, if there is one, waits for its end and releases it. */
void standing_drop(struct standing *standing, struct workplace *place);

/* Releases a command that has ended, and removes its process from the seat. */
void standing_end(struct standing *standing, struct workplace *place);

#endif
