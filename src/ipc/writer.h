/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Buffered output to a descriptor that somebody else gave us (standard output, standard error): never blocks the loop
 * where that can be helped, and never changes the flags of the open file, which others share.
 *
 * Small pieces are gathered and leave at writer_flush or when enough are together; large ones go out from where they
 * lie. What cannot be written now waits in the buffer, and the loop goes on writing.
 */
#ifndef IPC_WRITER_H
#define IPC_WRITER_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "ipc/loop.h"

struct writer {
	struct loop *loop;
	/* Told when a full writer has room again, and when it fails. May be NULL. */
	void (*changed)(struct writer *writer);
	struct bytes buffer;
	/* Contents of the buffer before this offset are written. */
	size_t written;
	/* The first error (errno): from then on everything put in is dropped. */
	int error;
	/* Bytes written in all. */
	uint64_t total;
	/* What is written to, and watched; our own when it could be opened anew, else the one given. */
	struct watch watch;
	int own;
	/* The failure point stdout_write is about this one. */
	bool fails_by_fault;
	/* How a single write is kept from blocking. */
	enum {
		WRITER_PLAIN,
		WRITER_NONBLOCKING,
		WRITER_SOCKET,
		WRITER_POLLED,
	} kind;
	bool waiting;
};

/* A writer to fd, which stays the caller's. The reader's end going away is noticed through loop even while idle. */
void writer_init(struct writer *writer, struct loop *loop, int fd);

/* Takes all the bytes: written, or copied until they are. */
void writer_put(struct writer *writer, struct slice bytes);

/* Writes what is buffered, as far as it goes without waiting. */
void writer_flush(struct writer *writer);

/* Whether so much is waiting that no more should be put in. */
bool writer_is_full(const struct writer *writer);

/* Whether everything put in has been written (or has failed). */
bool writer_is_idle(const struct writer *writer);

void writer_release(struct writer *writer);

#endif
