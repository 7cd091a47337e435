/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a task's pipes straight into shared memory.
 *
 * Most tasks write little and end soon. Then one poll is enough: a pipe that is hung up has no more than what is in it,
 * so an empty one is not read at all, and reading the others does not wait. (A short read does not mean the end: in a
 * pipe with O_DIRECT set by the task every read is short.) Only where a process still writes are the pipes unblocked.
 */
#include "worker/capture.h"

#include <errno.h>

enum {
	/* The least room in the ring that is worth a read. */
	READ_MIN = 4096,
	/* A pipe's usual capacity. */
	READ_MAX = 65536,
	/* Pieces of a stream that are read at a time. */
	PIECES_MAX = 16,
};

int capture_open(struct capture *capture, const struct task *task, unsigned pipes, int writers[CAPTURE_STREAMS])
{
	int i;

	*capture = (struct capture){.index = task->index, .attempt = task->attempt, .readers = {-1, -1}};
	for (i = 0; i < CAPTURE_STREAMS; i++)
		writers[i] = -1;
	for (i = 0; i < CAPTURE_STREAMS; i++) {
		int ends[2];

		if (!(pipes >> i & 1))
			continue;
		if (fd_pipe_blocking(ends) < 0) {
			fd_close(&writers[0]);
			capture_close(capture);
			return -1;
		}
		capture->readers[i] = ends[0];
		writers[i] = ends[1];
	}
	return 0;
}

/* Reads one piece of a stream. False if nothing can be read now: end of file, nothing written, or no room. */
static bool read_piece(struct capture *capture, struct workplace *place, int stream)
{
	struct output_header header = {
		.index = capture->index,
		.stream = (uint32_t)stream + STREAM_OUTPUT,
		.attempt = capture->attempt,
	};
	size_t room;
	char *to = ring_reserve(&place->ring, sizeof header + READ_MIN, &room);
	ssize_t got;

	if (!to) {
		capture->blocked = workplace_want_room(place, sizeof header + READ_MIN);
		return !capture->blocked;
	}
	room -= sizeof header;
	room = room < READ_MAX ? room : READ_MAX;
	got = fd_read(capture->readers[stream], to + sizeof header, room);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		fd_close(&capture->readers[stream]);
		return false;
	}
	memcpy(to, &header, sizeof header);
	ring_commit(&place->ring, PACKET_OUTPUT, sizeof header + (size_t)got);
	capture->total += (uint64_t)got;
	capture->output += stream ? 0 : (uint64_t)got;
	doorbell_committed(&place->doorbell);
	return true;
}

void capture_take_rest(struct capture *capture, struct workplace *place)
{
	struct fd_wait waits[CAPTURE_STREAMS];
	int stream;

	if (capture_is_at_end(capture))
		return;
	for (stream = 0; stream < CAPTURE_STREAMS; stream++)
		waits[stream] = (struct fd_wait){.fd = capture->readers[stream], .want_input = true};
	fd_wait(waits, CAPTURE_STREAMS, 0);
	for (stream = 0; stream < CAPTURE_STREAMS && !capture->blocked; stream++) {
		int pieces = 0;

		if (waits[stream].end)
			fd_close(&capture->readers[stream]);
		else if (waits[stream].hangup)
			/* The result follows at once: one announcement is enough for both. */
			while (pieces < PIECES_MAX && read_piece(capture, place, stream))
				pieces++;
	}
}

static void unblock_readers(struct capture *capture)
{
	int stream;

	for (stream = 0; stream < CAPTURE_STREAMS; stream++) {
		if (capture->readers[stream] >= 0)
			fd_unblock(capture->readers[stream]);
	}
	capture->unblocked = true;
}

void capture_drain(struct capture *capture, struct workplace *place)
{
	int stream;

	if (capture->blocked && !place->woken)
		return;
	capture->blocked = false;
	if (!capture->unblocked)
		unblock_readers(capture);
	for (stream = 0; stream < CAPTURE_STREAMS; stream++) {
		int pieces;

		/* Limited, since a task may write without end. */
		for (pieces = 0; pieces < PIECES_MAX && capture->readers[stream] >= 0; pieces++) {
			if (!read_piece(capture, place, stream))
				break;
			workplace_announce_if_due(place);
		}
		if (capture->blocked)
			return;
	}
}

void capture_close_unread(struct capture *capture, struct workplace *place)
{
	unsigned unread = atomic_load(&place->notice->unread) >> STREAM_OUTPUT;
	int stream;

	if (!unread || capture_is_at_end(capture))
		return;
	/* Recorders are to have what was written by now. */
	capture_drain(capture, place);
	for (stream = 0; stream < CAPTURE_STREAMS; stream++) {
		if (unread >> stream & 1)
			fd_close(&capture->readers[stream]);
	}
}

void capture_heed(struct capture *capture, struct workplace *place, const struct fd_wait waits[CAPTURE_STREAMS])
{
	bool readable = capture->blocked;
	int stream;

	capture->is_ending = false;
	for (stream = 0; stream < CAPTURE_STREAMS; stream++) {
		capture->is_ending |= waits[stream].end;
		if (waits[stream].end)
			fd_close(&capture->readers[stream]);
		else
			readable |= waits[stream].input;
	}
	if (readable)
		capture_drain(capture, place);
}

bool capture_is_at_end(const struct capture *capture)
{
	return capture->readers[0] < 0 && capture->readers[1] < 0;
}

void capture_close(struct capture *capture)
{
	int stream;

	for (stream = 0; stream < CAPTURE_STREAMS; stream++)
		fd_close(&capture->readers[stream]);
}

void capture_drop(struct capture *capture, int writers[CAPTURE_STREAMS])
{
	fd_close(&writers[0]);
	fd_close(&writers[1]);
	capture_close(capture);
}
