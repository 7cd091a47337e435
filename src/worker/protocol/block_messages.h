/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker knows of its adapter, and the messages that come from it. */
#ifndef WORKER_PROTOCOL_BLOCK_MESSAGES_H
#define WORKER_PROTOCOL_BLOCK_MESSAGES_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "task/values.h"
#include "worker/persistent/serving.h"

/* The most blocks in work. */
enum { BLOCKS_MAX = 2 };

struct block {
	/* Messages to the adapter, of which the first written bytes have been written. */
	struct bytes requests;
	size_t written;
	/* Messages of the adapter, of which the first taken bytes have been taken. */
	struct bytes answers;
	size_t taken;
	/* The size of the first message that is not taken, as far as known. */
	size_t wanted;
	/* The unanswered records of each block in work, the oldest first. */
	uint64_t in_work[BLOCKS_MAX];
	size_t blocks;
	/* When the oldest block was that, monotonic, and whether the last one took long. */
	nsec since;
	bool is_slow;
	/* The values of a record, and the records of a block. */
	struct values values;
	struct bytes records;
};

static inline struct block *block_of(const struct serving *serving)
{
	return serving->own;
}

/* True once the adapter has said hello. */
static inline bool block_is_ready(const struct serving *serving)
{
	return serving->command.offers & STANDING_IS_READY;
}

/* Takes the messages that have come: commits answers, or sets serving->flaw. */
void block_take_messages(struct serving *serving);

#endif
