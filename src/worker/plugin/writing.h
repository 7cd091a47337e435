/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a plugin's function writes, and the results of its records.
 *
 * A record's output is kept until its function returns: where it belongs in the ring, behind the answers that are
 * prepared there (board/prepared.h), or apart, where each record has a result of its own or the room is short. If all
 * went well it is one more answer; these are committed together. What is not so simple is sent at once, after them:
 * standard error, more output than is kept, a status other than 0.
 */
#ifndef WORKER_PLUGIN_WRITING_H
#define WORKER_PLUGIN_WRITING_H

#include "base/clock.h"
#include "base/dialect.h"
#include "board/prepared.h"
#include "worker/workplace.h"

#include <mpmap-plugin.h>

struct writing {
	/* As the plugin sees it. Its room is that of the record in work. */
	struct mpmap_writer writer;
	struct workplace *place;
	struct prepared prepared;
	/* Bytes that are prepared at most, and records: more of them the quicker they are. */
	size_t room;
	uint32_t most;
	/* When these were begun, monotonic. */
	nsec opened;
	pid_t pid;
	/* Each record has a result of its own. */
	bool is_single;
	/* The record in work. */
	uint64_t index;
	uint32_t attempt;
	/* When it began, monotonic: exact only where its result stands alone. */
	nsec started;
	/* Where its output begins: in the ring, or in the memory apart. */
	char *from;
	char *apart;
	/* Bytes of its standard output that were sent. */
	uint64_t output_sent;
	/* True if anything of it was sent. */
	bool has_sent;
	/* True if it has given a value. */
	bool has_value;
	/* When a result was last announced, monotonic. */
	nsec announced;
	bool parent_gone;
};

void writing_open(struct writing *writing, struct workplace *place);

/* Begins with the output of a record, which has begun at that time. False when the parent is gone. */
bool writing_begin(struct writing *writing, uint64_t index, uint32_t attempt, nsec started) MUST_CHECK;

/* Gives the record in work its result, by the status that its function returned. */
void writing_end(struct writing *writing, int status);

/* Commits the answers that are prepared. To be called between records. */
void writing_commit(struct writing *writing);

void writing_release(struct writing *writing);

#endif
