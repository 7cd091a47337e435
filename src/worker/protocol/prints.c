/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The output of a command that answers on other descriptors. */
#include "worker/protocol/prints.h"

#include "ipc/fd.h"
#include "worker/persistent/serving.h"

#include <errno.h>

enum {
	/* Reads in a row, so that other descriptors get their turn. */
	ROUNDS_MAX = 16,
	/* Bytes that are read at a time. */
	PIECE_SIZE = 65536,
	/* Bytes that are kept of what a command has printed to one of them. */
	KEPT_MAX = 65536,
};

/* Handles bytes that the command has printed. */
typedef void handle_bytes(struct serving *serving, enum stream stream, struct slice bytes);

static void commit_bytes(struct serving *serving, enum stream stream, struct slice bytes)
{
	if (serving->hand.is_begun)
		serving_commit_output(serving, stream, bytes);
	else
		bytes_append(&serving->errors, bytes.data, bytes.size);
}

static void keep_bytes(struct serving *serving, enum stream stream, struct slice bytes)
{
	bool is_output = stream == STREAM_OUTPUT && serving->hand.is_begun;
	struct bytes *kept = is_output ? &serving->printed : &serving->errors;

	bytes_append(kept, bytes.data, bytes.size);
	if (!serving->hand.is_begun) {
		serving_pass_errors(serving, false);
	} else if (kept->size > KEPT_MAX) {
		serving_commit_output(serving, stream, bytes_slice(kept));
		bytes_clear(kept);
	}
}

/* Reads one of the descriptors that the command prints on: all that is there. */
static void read_printed(struct serving *serving, int *fd, enum stream stream, handle_bytes *handle)
{
	static char piece[PIECE_SIZE];
	ssize_t got = PIECE_SIZE;
	int rounds;

	for (rounds = 0; *fd >= 0 && got == PIECE_SIZE && rounds < ROUNDS_MAX; rounds++) {
		got = fd_read(*fd, piece, PIECE_SIZE);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			fd_close(fd);
		else if (got > 0)
			handle(serving, stream, (struct slice){.data = piece, .size = (size_t)got});
	}
}

void prints_take(struct serving *serving)
{
	read_printed(serving, &serving->command.prints, STREAM_OUTPUT, commit_bytes);
	read_printed(serving, &serving->command.errors, STREAM_ERRORS, commit_bytes);
}

void prints_hold(struct serving *serving)
{
	read_printed(serving, &serving->command.prints, STREAM_OUTPUT, keep_bytes);
	read_printed(serving, &serving->command.errors, STREAM_ERRORS, keep_bytes);
}
