/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Buffered output to an inherited descriptor (standard output, standard error). It does not block the loop where that
 * is possible, and does not change the flags of the open file, which other processes share.
 *
 * Small pieces are collected until writer_flush or until there are enough; large ones are written without a copy. What
 * cannot be written now remains in the buffer until the loop reports room.
 */
#ifndef IPC_WRITER_H
#define IPC_WRITER_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "ipc/loop.h"

struct writer {
	struct loop *loop;
	/* Called when a full writer has room again, and when it fails; NULL if not needed. */
	void (*changed)(struct writer *writer);
	struct bytes buffer;
	/* Bytes of the buffer that have been written. */
	size_t written;
	/* The first error (errno), 0 if none. After an error all bytes are dropped. */
	int error;
	/* Bytes written since the beginning. */
	uint64_t total;
	/* The descriptor that is written to. */
	struct watch watch;
	/* The descriptor that was opened anew and is to be closed, else -1. */
	int own;
	/* True if the failure point stdout_write applies to this writer. */
	bool fails_by_fault;
	/* How a write is kept from blocking. */
	enum {
		/* Not at all: a file, or what cannot be watched. */
		WRITER_PLAIN,
		/* Opened anew, non-blocking. */
		WRITER_NONBLOCKING,
		/* By a flag of send(2). */
		WRITER_SOCKET,
		/* By polling before each write of at most PIPE_BUF bytes. */
		WRITER_POLLED,
	} kind;
	/* True if the loop is to report room. */
	bool waiting;
};

/* Initializes a writer to fd, which remains the caller's. The loop reports the end of the reader even while idle. */
void writer_init(struct writer *writer, struct loop *loop, int fd);

/* Writes the bytes, or copies those that cannot be written now. */
void writer_put(struct writer *writer, struct slice bytes);

/* Writes what is buffered, as far as that is possible without waiting. */
void writer_flush(struct writer *writer);

/* Returns how many bytes the reader has not taken yet. */
static inline size_t writer_kept(const struct writer *writer)
{
	return writer->buffer.size - writer->written;
}

/* True if the buffer is full: no more should be put in. */
bool writer_is_full(const struct writer *writer);

/* True if nothing is buffered: everything has been written, or dropped after an error. */
bool writer_is_idle(const struct writer *writer);

/* Returns what total will be once everything that has been put is written. Not meaningful after an error. */
static inline uint64_t writer_end(const struct writer *writer)
{
	return writer->total + (writer->buffer.size - writer->written);
}

void writer_release(struct writer *writer);

#endif
