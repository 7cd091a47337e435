/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state that tasks share: requests in, answers out, now or when something else has happened.
 *
 * The store has no descriptor and no clock. Its caller makes owners, gives it requests with the time, and reports when
 * an owner has ended: what that held is then free, and given to the next in line.
 */
#ifndef STATE_STORE_STORE_H
#define STATE_STORE_STORE_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "state/store/call.h"
#include "state/store/objects.h"
#include "state/store/owners.h"

/* The default limit of memory, bytes. */
#define STORE_MEMORY (UINT64_C(256) << 20)

/* All verbs, ended by a NULL name. */
extern const struct verb state_verbs[];

/* Returns the verb of that name, or NULL. */
const struct verb *verb_find(struct slice name);

/* Returns a new store without anything in it. */
struct store *store_new(uint64_t memory_limit);

/* Frees a store in which no call waits. Its owners go with it. */
void store_free(struct store *store);

/*
 * Carries out the request of a call, whose verb is of the table and has as many operands as that says. Returns true
 * with its answer, or false if it waits: then the call's answered is called once it has one. Others that waited may
 * have their answers by then, too.
 */
bool store_request(struct store *store, struct call *call, nsec now);

/* Forgets a call that waits: nobody reads its answer any more. */
void store_cancel(struct store *store, struct call *call);

/* Ends the waits whose time is up. Returns the time of the next one, or NSEC_FOREVER. */
nsec store_expire(struct store *store, nsec now);

/* An attempt of a task began. Returns its owner, whose label names it in messages. */
struct owner *store_attempt_began(struct store *store, const char *label);

/*
 * An owner has ended, in whatever way: its calls are answered, its holds end, its items go back, and it is freed. The
 * calls that refer to it are the caller's to forget.
 */
void store_owner_ended(struct store *store, struct owner *owner);

/*
 * An attempt does nothing more, but its verdict has not come: its calls are answered, its holds end, its items go back.
 * What it has added waits for store_attempt_ended.
 */
void store_attempt_over(struct store *store, struct owner *owner);

/*
 * An attempt has ended, well or not: what is kept with it, because it is atomic, counts or is dropped, and then it ends
 * as by store_owner_ended.
 */
void store_attempt_ended(struct store *store, struct owner *owner, bool well);

/* Says what is known of the tasks to come. */
void store_foresee(struct store *store, struct store_outlook outlook);

#endif
