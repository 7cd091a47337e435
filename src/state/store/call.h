/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request to the store and its answer. Neither knows how it is written on a wire. */
#ifndef STATE_STORE_CALL_H
#define STATE_STORE_CALL_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/list.h"
#include "base/slice.h"
#include "state/value/value.h"

struct call;
struct object;
struct owner;
struct store;

/* The outcome of a request, which is the exit status of mpmap-state. */
enum call_status {
	CALL_OK = 0,
	/* No such thing, empty, not acquired, timed out. */
	CALL_NOT = 1,
	/* Misuse. */
	CALL_USAGE = 2,
	/* It would wait in a circle, or for what cannot come. */
	CALL_DEADLOCK = 3,
	/* The barrier is broken, or the owner has ended. */
	CALL_BROKEN = 4,
	/* No server. */
	CALL_SERVERLESS = 7,
};

/* The options that a verb may have. */
enum call_option {
	OPTION_TIMEOUT = 1,
	OPTION_MAX = 2,
	OPTION_OF = 4,
	OPTION_ACK = 8,
	OPTION_SHARED = 16,
	OPTION_DONE = 32,
	OPTION_FAILED = 64,
};

/* A verb: a row of the table in store.c. */
struct verb {
	const char *name;
	/* Carries out a request, or makes it wait. NULL for what the server does itself. */
	void (*run)(struct store *store, struct call *call);
	/* How many operands it has. */
	size_t least;
	size_t most;
	/* The options that it takes (enum call_option). */
	unsigned options;
	/* True if its last operand is the rest of the line. */
	bool ends_with_value;
	/* True if it owns something, or releases it: the client says for whom it acts. */
	bool is_owned;
	/* What follows the name in a synopsis, and what the verb does. */
	const char *operands;
	const char *summary;
};

/* An operand, a view of the input. */
struct operand {
	struct slice text;
	enum value_kind kind;
};

struct request {
	const struct verb *verb;
	/* Owned; the first count are in use. */
	struct operand *operands;
	size_t count;
	size_t capacity;
	/* The options that were given (enum call_option). */
	unsigned options;
	/* How long to wait: NSEC_FOREVER without --timeout. */
	nsec timeout;
	/* The values of --max and --of. */
	int64_t max;
	int64_t of;
};

enum answer_form {
	ANSWER_NOTHING,
	ANSWER_ONE,
	ANSWER_MANY,
	/* Keys, each followed by its value. */
	ANSWER_PAIRS,
};

struct answer {
	enum call_status status;
	enum answer_form form;
	/* The reason if status is not CALL_OK, one line; else values, each its kind and its bytes (answer_next). */
	struct bytes data;
	/* How many values there are. */
	size_t count;
};

/* A place in a line of calls that wait for an object. */
struct place {
	struct list link;
	struct call *call;
	struct object *object;
	/* Which of the object's lines. */
	unsigned line;
};

/* A request on its way, embedded in its owner, which calls call_renew before each request. */
struct call {
	struct request request;
	struct answer answer;
	/* For whom it is made; NULL if nobody has to be known. */
	struct owner *owner;
	/* Called when a call that waited has its answer. It must not call the store. */
	void (*answered)(struct call *call);
	/* Link in the store's list of waiting calls. */
	struct list link;
	bool is_waiting;
	/* True if answered is called for each change, and the call goes on waiting. */
	bool is_watching;
	/* The places in lines. */
	struct place *places;
	size_t place_count;
	/* Monotonic; NSEC_FOREVER if none. */
	nsec deadline;
	/* The order in which calls began to wait. */
	uint64_t sequence;
	/* A number that its verb remembers. */
	uint64_t memo;
	/* True while a search for circles takes it for stuck. */
	bool is_stuck;
};

/* Empties the call for the next request. */
void call_renew(struct call *call);

/* Frees the memory of a call that does not wait. */
void call_discard(struct call *call);

/* Appends an operand. */
void call_add_operand(struct call *call, struct slice text, enum value_kind kind);

static inline struct slice call_operand(const struct call *call, size_t index)
{
	return call->request.operands[index].text;
}

/* Answers with one value. */
void answer_value(struct call *call, enum value_kind kind, struct slice text);
void answer_number(struct call *call, int64_t number);
void answer_text(struct call *call, const char *text);

/* Answers with several values: sets the form, to which answer_add then appends each. */
void answer_begin(struct call *call, enum answer_form form);
void answer_add(struct call *call, enum value_kind kind, struct slice text);

/* Answers that it failed. The reason is made one line: what acts on a terminal is escaped. */
void answer_fail(struct call *call, enum call_status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Returns a position at the first value of an answer, and reads the next value there. False at the end. */
struct cursor answer_values(const struct answer *answer);
bool answer_next(struct cursor *cursor, enum value_kind *kind, struct slice *text);

#endif
