/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs and the attempts at their tasks that own something. What is in work is read from the run's board; an attempt
 * gets an owner only when a client of it needs one, so that a task that never speaks costs nothing.
 */
#ifndef STATE_SERVER_ATTEMPTS_H
#define STATE_SERVER_ATTEMPTS_H

#include "base/dialect.h"
#include "base/list.h"
#include "board/board.h"
#include "ipc/shm.h"
#include "state/server/control.h"
#include "state/server/server.h"

/* An adapter's mark in a seat: the memory in which it says which record is in work. */
struct run_mark {
	struct shm memory;
	/* What it belongs to: the adapter, and the number of the descriptor plus one. */
	pid_t task;
	uint32_t number;
};

struct taker;

struct run {
	/* Link in the server's list. A run remains there after its end: what its tasks left may come later. */
	struct list link;
	uint64_t number;
	char *id;
	struct board board;
	bool calls;
	bool is_atomic;
	/* True once it has ended: there is no board any more. */
	bool has_ended;
	/* The marks of its seats. */
	struct run_mark *marks;
	/* The attempts that have an owner. */
	struct list attempts;
	/* What takes items for it (taker.h); NULL if it takes none. */
	struct taker *taker;
	/* How many syncs have not been answered. */
	size_t syncs;
	/* The outlook: how many tasks at a time, and how many in all. */
	uint64_t jobs;
	uint64_t remaining;
};

/* An attempt at a task, without an owner. */
struct attempt_key {
	/* NULL if none. */
	struct run *run;
	uint64_t index;
	/* The attempt, from 1; 0 if that is not known, as of a record that an adapter marks. */
	uint32_t number;
	/* The seat, and the process that it is known by: the task's group, or the worker. */
	size_t seat;
	pid_t process;
	/* True if the process works on record after record: which one is asked again for each request. */
	bool is_record;
};

/* A run begins. The board is taken over. */
void attempts_run_began(struct server *server, const struct control_run *run, const struct board *board);

/* A run has ended, and all its attempts. */
void attempts_run_ended(struct server *server, struct run *run);

/* Returns the run of that number, or NULL if there is none, or it has ended. */
struct run *attempts_run(const struct server *server, uint64_t number);

/* Returns the owner that is an attempt. It is made if there is none. */
struct owner *attempts_owner(struct server *server, const struct attempt_key *key);

/* True if the attempt is one of those that have ended. */
bool attempts_ends(const struct attempt_key *key, const struct run *run, const struct control_end *end);

/* Ends the owners of attempts. */
void attempts_end(struct server *server, struct run *run, const struct control_end *end);

/* Reads what a seat is at. False if it is at no task. */
bool attempts_at(struct run *run, size_t seat, struct attempt_key *key);

/* Frees what records that are not in work any more have, whose verdict has not come. */
void attempts_check_records(struct server *server);

/* True if such a check may free something that is waited for. */
bool attempts_have_records(const struct server *server);

/* Frees the runs, which have no attempts. */
void attempts_release(struct server *server);

#endif
