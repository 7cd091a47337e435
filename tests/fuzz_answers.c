/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes worker/persistent/answers: what a filter writes, in pieces, must be taken whole, in order, and as as many
 * answers as it has delimiters.
 *
 * The input is that of fuzz_pieces: its own byte is the delimiter; its limit is the most answers that are taken at a
 * time (0: 64); with a lower-case letter the text is repeated until the buffer is full.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "worker/protocol/answers.h"

enum { REPEATED = ANSWERS_SIZE * 2, TOGETHER = 64, SMALL = 16 };

/* What has been taken. */
struct account {
	size_t size;
	uint64_t answers;
};

/* Takes all that can be taken: whole answers in many bytes, or pieces in few. */
static void take_everything(struct answers *answers, const struct bytes *stream, uint64_t most, struct account *account)
{
	struct slice bytes;

	for (;;) {
		size_t size = account->answers % 2 ? ANSWERS_SIZE : SMALL;
		uint64_t got = answers_take(answers, most, size, &bytes);

		if (!got && !answers_take_piece(answers, size, &bytes))
			return;
		hold(got <= most && bytes.size && bytes.size <= size);
		hold(account->size + bytes.size <= stream->size);
		hold(memcmp(stream->data + account->size, bytes.data, bytes.size) == 0);
		hold(!got || bytes.data[bytes.size - 1] == answers->delimiter);
		account->size += bytes.size;
		account->answers += got;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes stream = {.data = NULL};
	struct answers answers = {.data = NULL};
	struct account account = {.size = 0};
	struct fuzz_pieces pieces;
	uint64_t most, delimiters = 0;
	size_t given = 0, i;

	if (!fuzz_pieces_begin(&pieces, data, size) || !pieces.text.size)
		return 0;
	do
		bytes_append(&stream, pieces.text.data, pieces.text.size);
	while (pieces.is_lower && stream.size < REPEATED);
	for (i = 0; i < stream.size; i++)
		delimiters += stream.data[i] == pieces.own;
	most = pieces.limit ? pieces.limit : TOGETHER;
	answers_begin(&answers, pieces.own);
	while (given < stream.size) {
		size_t room, now = fuzz_pieces_next(&pieces, stream.size - given);
		char *to = answers_room(&answers, &room);

		hold(room > 0);
		now = now < room ? now : room;
		memcpy(to, stream.data + given, now);
		answers_add(&answers, now);
		given += now;
		take_everything(&answers, &stream, most, &account);
	}
	hold(account.answers == delimiters);
	/* The end of the last answer, if it had none. */
	bytes_append(&stream, &pieces.own, 1);
	answers_end(&answers);
	take_everything(&answers, &stream, most, &account);
	hold(account.answers == delimiters + (account.size == stream.size));
	hold(account.size >= stream.size - 1 && !answers_unfinished(&answers));
	answers_release(&answers);
	bytes_release(&stream);
	return 0;
}
