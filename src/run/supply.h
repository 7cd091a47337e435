/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as its feeder sees it: the next index, the arena, the size of chunks, and a failure of the input. */
#ifndef RUN_SUPPLY_H
#define RUN_SUPPLY_H

#include "base/diag.h"
#include "base/dialect.h"
#include "board/arena.h"
#include "ipc/loop.h"
#include "task/template.h"

struct session;

/* Returns the index of the next task or refused record: the number of those before it. */
uint64_t supply_index(const struct session *session);

/* True while the session begins tasks. False for good once it drains or aborts. */
bool supply_is_open(const struct session *session);

/* Returns how many tasks the next chunk should have; remaining is a guess how many follow, UINT64_MAX if unknown. */
uint32_t supply_chunk_size(const struct session *session, uint64_t remaining);

/*
 * Returns how many bytes of whole records the next chunk should have, where submitted bytes have been submitted so far.
 * left is how many bytes are to be divided among the workers, SIZE_MAX if more is to come.
 */
size_t supply_chunk_bytes(const struct session *session, uint64_t submitted, size_t left);

/* Returns the blocks that chunks lie in. The session's. */
struct arena *supply_arena(struct session *session);

/* True if enough of the input is in memory, so that none is read before a block is free. */
bool supply_is_ahead(const struct session *session);

/* Returns the template of the task's command: what its arguments cost. The session's. */
const struct template *supply_template(const struct session *session);

/* Returns the loop that the session waits on. Outlives the session. */
struct loop *supply_loop(const struct session *session);

/* Returns the context of the session's messages; NULL if none. Outlives the session. */
const struct diag_context *supply_context(const struct session *session);

/* How many tasks can be prefetched. */
enum { SUPPLY_AHEAD = 16 };

/* True if it saves time to prefetch tasks before they are asked for. */
bool supply_may_prefetch(const struct session *session);
/* Notes that a task is to be asked for, less than SUPPLY_AHEAD others before it. */
void supply_prefetch(struct session *session, const struct task *task);

/* True if a task need not run: then supply_take follows. */
bool supply_knows(struct session *session, const struct task *task);

/* Gives the next index to a task that need not run, with its result. task is as then. */
void supply_take(struct session *session, const struct task *task);

/* Returns how many tasks that need not run may be taken before it is asked again whether there is room. */
size_t supply_known_at_once(const struct session *session);

/* True if tasks are to be asked for at all. */
bool supply_may_know(const struct session *session);

/* True if the user is shown how far the run is, so that it is of use to foresee how many tasks there will be. */
bool supply_foresees(const struct session *session);

/* Notes how many tasks there will be before the end of the input is read: counted, or guessed. */
void supply_foresee(struct session *session, uint64_t total, bool is_counted);

/* Writes pending messages and output as far as the receiver takes them. */
void supply_flush(struct session *session);

/* Makes the run end with EXIT_TROUBLE; tasks submitted before run nevertheless. The caller has printed why. */
void supply_fail(struct session *session);

/* Gives the next index to a record that cannot be a task, for this reason. */
void supply_refuse(struct session *session, const char *reason);

#endif
