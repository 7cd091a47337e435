/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface of the unit tests: tables of tests, checks, and puppet processes. */
#ifndef UNIT_H
#define UNIT_H

#include "base/dialect.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/slice.h"
#include "process/process.h"
#include "process/signals.h"
#include "process/start.h"

/* A row has one of the two functions. Each test runs in a process and a process group of its own. */
struct unit_test {
	const char *name;
	void (*run)(void);
	/* Runs once for every start method. */
	void (*run_with)(const struct start_method *method);
	/* Runs only with MPMAP_TEST_SLOW in the environment. */
	bool slow;
};

/* The tables, one per file; each ends with a NULL name. Listed in unit.c. */
extern const struct unit_test unit_bytes[];
extern const struct unit_test unit_ground[];
extern const struct unit_test unit_quote[];
extern const struct unit_test unit_times[];
extern const struct unit_test unit_trace[];
extern const struct unit_test unit_fd[];
extern const struct unit_test unit_loop[];
extern const struct unit_test unit_channel[];
extern const struct unit_test unit_shm[];
extern const struct unit_test unit_queue[];
extern const struct unit_test unit_ring[];
extern const struct unit_test unit_prepared[];
extern const struct unit_test unit_pyauth[];
extern const struct unit_test unit_pyauth_frame[];
extern const struct unit_test unit_writer[];
extern const struct unit_test unit_process[];
extern const struct unit_test unit_start[];
extern const struct unit_test unit_forkserver[];
extern const struct unit_test unit_command[];
extern const struct unit_test unit_coproc[];
extern const struct unit_test unit_block[];
extern const struct unit_test unit_hand[];
extern const struct unit_test unit_find[];
extern const struct unit_test unit_work[];
extern const struct unit_test unit_spill[];
extern const struct unit_test unit_order[];
extern const struct unit_test unit_ranges[];
extern const struct unit_test unit_refeeds[];
extern const struct unit_test unit_window[];
extern const struct unit_test unit_input[];
extern const struct unit_test unit_delimiter[];
extern const struct unit_test unit_message[];
extern const struct unit_test unit_packer[];
extern const struct unit_test unit_chunk[];
extern const struct unit_test unit_page[];
extern const struct unit_test unit_persistent[];
extern const struct unit_test unit_options[];
extern const struct unit_test unit_ledger[];
extern const struct unit_test unit_doorbell[];
extern const struct unit_test unit_claim[];
extern const struct unit_test unit_leftovers[];
extern const struct unit_test unit_reserve[];
extern const struct unit_test unit_pool[];
extern const struct unit_test unit_attempts[];
extern const struct unit_test unit_output[];
extern const struct unit_test unit_memo[];
extern const struct unit_test unit_policy[];
extern const struct unit_test unit_until[];
extern const struct unit_test unit_pressure[];
extern const struct unit_test unit_archive[];
extern const struct unit_test unit_journal[];
extern const struct unit_test unit_archive_model[];
extern const struct unit_test unit_agenda[];
extern const struct unit_test unit_completion[];
extern const struct unit_test unit_history[];
extern const struct unit_test unit_key[];
extern const struct unit_test unit_keys[];
extern const struct unit_test unit_line_output[];
extern const struct unit_test unit_shares[];
extern const struct unit_test unit_state[];
extern const struct unit_test unit_state_atomic[];
extern const struct unit_test unit_state_model[];
extern const struct unit_test unit_state_server[];
extern const struct unit_test unit_state_role[];
extern const struct unit_test unit_views[];
extern const struct unit_test unit_words[];

/*
 * Checks: a failure is printed with its place and counted, and the test continues. Each returns true if it held. A
 * process that a test forked must return unit_failures as its exit status.
 */
#define check(condition) unit_check(__FILE__, __LINE__, (condition), #condition)
#define check_int(actual, expected) \
	unit_check_int(__FILE__, __LINE__, (long long)(actual), (long long)(expected), #actual)
#define check_str(actual, expected) unit_check_slice(__FILE__, __LINE__, slice_of(actual), slice_of(expected), #actual)
#define check_slice(actual, expected) unit_check_slice(__FILE__, __LINE__, actual, expected, #actual)
/* Checks that a call fails with -1 and this errno. */
#define check_fails(call, number) unit_check_fails(__FILE__, __LINE__, (errno = 0, (long long)(call)), number, #call)

bool unit_check(const char *file, int line, bool holds, const char *text);
bool unit_check_int(const char *file, int line, long long actual, long long expected, const char *text);
bool unit_check_slice(const char *file, int line, struct slice actual, struct slice expected, const char *text);
bool unit_check_fails(const char *file, int line, long long actual, int number, const char *text);

/* The number of checks of this process that have failed. */
extern int unit_failures;

/* Ends this test as skipped, for this reason. */
void unit_skip(const char *reason) NORETURN;

/* Skips what valgrind (3.19) cannot do: pidfds, executing /proc/self/exe, sharing memory as vfork does, some limits. */
void unit_skip_under_valgrind(void);

/* Returns the path of a folder for this test, which is removed after it. */
const char *unit_directory(void);

/* Writes a new file with these contents into that folder; returns its path, which the caller frees. */
char *unit_file(const char *name, const char *contents, mode_t mode);

/* Returns the number of descriptors that this process has open. */
size_t unit_count_fds(void);

/* Waits for a child's end; returns its exit status, or 1000 plus the signal that killed it. */
int unit_wait(pid_t pid);

/* Waits until the other side of a descriptor has been closed. */
void unit_wait_for_hangup(int fd);

/* Returns zeroed memory that forked processes share; it is never freed. */
void *unit_share(size_t size);

/* A sequence of random numbers; each begins with the run's seed, which MPMAP_TEST_SEED repeats. */
struct unit_random {
	uint64_t state;
};

struct unit_random unit_random(void);
/* Returns the next number, below limit. */
uint64_t unit_below(struct unit_random *random, uint64_t limit);
/* Fills data with bytes that depend on seed alone. */
void unit_fill(char *data, size_t size, uint64_t seed);

/* The facts that a process inherits. */
enum { UNIT_FDS_MAX = 64 };
struct unit_facts {
	pid_t pid;
	pid_t parent;
	pid_t group;
	signal_mask blocked;
	signal_mask ignored;
	signal_mask caught;
	int death_signal;
	int nice;
	size_t fd_count;
	int fds[UNIT_FDS_MAX];
	/* The descriptor that is not counted. */
	int except;
};

/* Stores the facts of this process; except is a descriptor that is not counted, or -1. */
void unit_gather(struct unit_facts *facts, int except);

/* This program writes its struct unit_facts to standard output when it is executed with this as its one argument. */
#define UNIT_FACTS_ARGUMENT "--facts"

/*
 * With this as its first argument the program is a peer of Python's multiprocessing.connection, for tests/pyauth.bats
 * (unit_pyauth_peer.c).
 */
#define UNIT_PYAUTH_ARGUMENT "--pyauth"
int pyauth_peer(int argc, char **argv);

/* A role that carries out the orders from its channel and ends with exit status 0 when that is closed. */
#define PUPPET_ROLE "puppet"
int puppet_main(int channel);

enum puppet_order {
	/* Returns value from its main. */
	PUPPET_EXIT = 1,
	/* Raises the signal value. */
	PUPPET_RAISE,
	/* Ignores the signal value. This order and those below are answered with the same message. */
	PUPPET_IGNORE,
	/* Forks a grandchild that stays as long as the channel is open. */
	PUPPET_LINGER,
	/* The answer holds its facts, without the channel's descriptor. */
	PUPPET_GATHER,
	/* Opens a descriptor that no other process has. */
	PUPPET_OPEN,
};

struct puppet {
	struct process process;
	int channel;
};

/* Starts a puppet; returns false, with failed checks, if that fails. */
bool puppet_start(struct puppet *puppet, const struct start_method *method);

/* Sends an order without waiting for an answer. */
void puppet_order(struct puppet *puppet, enum puppet_order order, int value);

/* Sends an order and waits for its answer, whose payload must have the given size and is copied to answer. */
bool puppet_ask(struct puppet *puppet, enum puppet_order order, int value, void *answer, size_t size);

/* Closes the puppet's channel, waits for its end and closes its process. */
void puppet_release(struct puppet *puppet);

#endif
