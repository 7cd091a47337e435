/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface between the parts of tool share: what is known of the task, and its requests. */
#ifndef TOOL_SHARE_H
#define TOOL_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum phase { IDLE, HOLDER, WAITER, POPPER, PUSHER, MEETER };

/* What the driver reads: its SEAT. */
struct seat {
	int32_t pid;
	int32_t phase;
	int32_t client;
	int32_t unused;
};

struct share {
	struct seat *seat;
	int log;
	int places;
	int socket;
	bool is_atomic;
	/* True if the connection owns what is its own: not the task, but until that ends at most. */
	bool is_alone;
	/* True if what is locked must be the task's, until it is known how it has ended. */
	bool must_own;
	uint64_t record;
	uint64_t records;
	uint64_t attempt;
	uint64_t seq;
	uint64_t random;
	/* The answer to the last request: its status, and its value or reason. */
	int status;
	char value[512];
	char in[65536];
	size_t filled;
};

extern struct share share;

/* Returns a random number below the limit. */
uint64_t draw(uint64_t limit);

/* Takes some time, up to that many microseconds. */
void linger(uint64_t longest);

/* Opens the file that a variable names. */
int open_named(const char *name, int flags);

/* Connects to the state server, or uses the inherited connection. */
void share_connect(void);

/* Writes a step to the log: what is a word or two. */
void note(const char *step, const char *what);

/* Ends the task after the end of the server, and notes the status that a client gets then. */
__attribute__((noreturn)) void lose(void);

/* Sends a request, and returns the status of its answer. */
__attribute__((format(printf, 1, 2))) int ask(const char *format, ...);

/* Ends the task unless the last answer had one of these statuses: a bit for each. */
void must(const char *what, unsigned statuses);

/* Takes one of count places from first on, one of which must be free: its holder is dead, or has left it. */
int take_place(const char *what, int first, int count);
void leave_place(int place);

/* Has a process of its own make the request. Ends the task if that is killed. */
void run_client(const char *verb, const char *name);

#endif
