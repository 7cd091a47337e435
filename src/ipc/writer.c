/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buffered, non-blocking output to descriptors that are shared with others. */
#include "ipc/writer.h"

#include "base/fault.h"
#include "ipc/fd.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	/* Buffered bytes that are written at once. */
	GATHER = 65536,
	/* Buffered bytes from which on the writer is full. */
	FULL = 262144,
};

static void writer_fail(struct writer *writer, int number)
{
	if (writer->error)
		return;
	writer->error = number;
	bytes_release(&writer->buffer);
	writer->written = 0;
	writer->waiting = false;
	loop_forget(writer->loop, &writer->watch);
	if (writer->changed)
		writer->changed(writer);
}

/* Starts or stops waiting for room. */
static void await_room(struct writer *writer, bool wanted)
{
	writer->waiting = wanted;
	if (writer->kind != WRITER_PLAIN && loop_watch(writer->loop, &writer->watch, wanted ? LOOP_OUTPUT : 0) < 0)
		writer_fail(writer, errno);
}

/* Writes without blocking. Returns the bytes written, 0 if there is no room, or -1 with errno. */
static ssize_t write_some(struct writer *writer, const char *data, size_t size)
{
	struct fd_wait wait = {.fd = writer->watch.fd, .want_output = true};
	ssize_t done;

	if (writer->fails_by_fault && fault_at("stdout_write"))
		return -1;
	switch (writer->kind) {
	case WRITER_SOCKET:
		done = send(writer->watch.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case WRITER_POLLED:
		/* A pipe that is ready for output has room for this much (POSIX, PIPE_BUF). */
		if (fd_wait(&wait, 1, 0) <= 0)
			return 0;
		size = size > PIPE_BUF ? PIPE_BUF : size;
		done = fd_write(writer->watch.fd, data, size);
		break;
	case WRITER_PLAIN:
		/* Another process may have made it non-blocking; it is not watched, so wait here. */
		while ((done = fd_write(writer->watch.fd, data, size)) < 0 && errno == EAGAIN)
			fd_wait(&wait, 1, NSEC_FOREVER);
		break;
	case WRITER_NONBLOCKING:
	default:
		done = fd_write(writer->watch.fd, data, size);
	}
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return done;
}

/* Writes as much as possible. Returns the bytes written; if that is not all, the writer has failed or waits. */
static size_t writer_write_all(struct writer *writer, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t now = write_some(writer, data + done, size - done);

		if (now < 0) {
			writer_fail(writer, errno);
			break;
		}
		if (now == 0) {
			await_room(writer, true);
			break;
		}
		done += (size_t)now;
		writer->total += (uint64_t)now;
	}
	return done;
}

void writer_flush(struct writer *writer)
{
	bool was_full;
	size_t done;

	if (writer->error || writer->waiting || writer->buffer.size == writer->written)
		return;
	was_full = writer_is_full(writer);
	done = writer_write_all(writer, writer->buffer.data + writer->written, writer->buffer.size - writer->written);
	/* An error, even after a part was written, has freed the buffer. */
	if (writer->error)
		return;
	writer->written += done;
	if (writer->written == writer->buffer.size) {
		bytes_clear(&writer->buffer);
		writer->written = 0;
		if (writer->buffer.capacity > 2 * FULL)
			bytes_release(&writer->buffer);
	} else if (writer->written > writer->buffer.size / 2) {
		bytes_consume(&writer->buffer, writer->written);
		writer->written = 0;
	}
	if (was_full && !writer_is_full(writer) && writer->changed)
		writer->changed(writer);
}

static void writer_ready(struct watch *watch, unsigned events)
{
	struct writer *writer = container_of(watch, struct writer, watch);

	if (events & LOOP_HANGUP && (!(events & LOOP_OUTPUT) || writer_is_idle(writer))) {
		writer_fail(writer, EPIPE);
		return;
	}
	if (writer->waiting)
		await_room(writer, false);
	writer_flush(writer);
}

void writer_init(struct writer *writer, struct loop *loop, int fd)
{
	struct stat status;
	bool known = fstat(fd, &status) == 0;

	*writer = (struct writer){.loop = loop, .own = -1, .kind = WRITER_PLAIN};
	writer->watch = (struct watch){.fd = fd, .ready = writer_ready};
	if (!known)
		return;
	writer->own = fd_reopen_for_writing(fd);
	if (writer->own >= 0) {
		writer->watch.fd = writer->own;
		writer->kind = WRITER_NONBLOCKING;
	} else if (S_ISSOCK(status.st_mode)) {
		writer->kind = WRITER_SOCKET;
	} else if (S_ISFIFO(status.st_mode)) {
		writer->kind = WRITER_POLLED;
	}
	/* With nothing to write, only the end of the reader is reported. */
	if (writer->kind != WRITER_PLAIN && loop_watch(loop, &writer->watch, 0) < 0)
		writer->kind = WRITER_PLAIN;
}

void writer_put(struct writer *writer, struct slice bytes)
{
	size_t done = 0;

	if (writer->error || !bytes.size)
		return;
	if (bytes.size >= GATHER / 2) {
		writer_flush(writer);
		if (writer_is_idle(writer))
			done = writer_write_all(writer, bytes.data, bytes.size);
	}
	if (writer->error)
		return;
	bytes_append(&writer->buffer, bytes.data + done, bytes.size - done);
	if (writer->buffer.size - writer->written >= GATHER)
		writer_flush(writer);
}

bool writer_is_full(const struct writer *writer)
{
	return writer_kept(writer) >= FULL;
}

bool writer_is_idle(const struct writer *writer)
{
	return writer->buffer.size == writer->written;
}

void writer_release(struct writer *writer)
{
	loop_forget(writer->loop, &writer->watch);
	bytes_release(&writer->buffer);
	fd_close(&writer->own);
}
