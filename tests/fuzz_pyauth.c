/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes state/pyauth and the frames after it: bytes that no peer with the key has sent never pass, whatever their
 * pieces; a handshake of two peers that have it does, unless a single bit of it is altered.
 *
 * The input is that of fuzz_pieces. The limit's lowest two bits are the policy of the listener, the next two that of
 * the client. The own byte says what the text is:
 *
 *	L, C   what a peer sends to a listener, or a client
 *	A, B   what alters the bytes that a client, or a listener, sends in a handshake, bit by bit
 *	F      what comes after the handshake
 */
#include "fuzz.h"

#include "base/mem.h"
#include "state/pyauth.h"
#include "state/pyauth_frame.h"
#include "state/server/python.h"
#include "state/wire/request.h"

/* The most rounds of a handshake in which each side gets a piece of at least a byte. */
enum { ROUNDS = 2048 };

static const char nonces[2][PYAUTH_NONCE_SIZE] = {"the listener's random bytes", "the client's random bytes"};

/* One side of a handshake. */
struct side {
	struct pyauth auth;
	/* What has come, and what is to be sent. */
	struct bytes in, out;
	/* What alters the bytes that it sends, how many it has sent, and whether one of them was altered. */
	struct slice mask;
	size_t sent;
	bool is_altered;
};

static enum pyauth_policy policy_of(size_t bits)
{
	static const enum pyauth_policy policies[] = {PYAUTH_BOTH, PYAUTH_MODERN, PYAUTH_LEGACY, PYAUTH_BOTH};

	return policies[bits % countof(policies)];
}

static void side_begin(struct side *peer, enum pyauth_role role, enum pyauth_policy policy)
{
	*peer = (struct side){.auth = {.role = role, .policy = policy, .key = slice_of("key")}};
	pyauth_begin(&peer->auth, nonces[role == PYAUTH_CLIENT], 0, &peer->out);
}

static void side_end(struct side *peer)
{
	enum pyauth_verdict verdict = peer->auth.verdict;

	hold(pyauth_end(&peer->auth, bytes_slice(&peer->in)) == (verdict ? verdict : PYAUTH_FAILED));
	hold((peer->auth.verdict == PYAUTH_FAILED) == (peer->auth.reason != NULL));
	bytes_release(&peer->in);
	bytes_release(&peer->out);
}

/* Gives a peer bytes of exactly their size, so that a sanitizer sees reads beyond them. */
static enum pyauth_verdict side_feed(struct side *peer, struct slice bytes)
{
	enum pyauth_verdict before = peer->auth.verdict, verdict;
	size_t sent = peer->out.size;

	bytes_append(&peer->in, bytes.data, bytes.size);
	verdict = pyauth_feed(&peer->auth, &peer->in, &peer->out, 1);
	hold(verdict == peer->auth.verdict && (!before || (verdict == before && peer->out.size == sent)));
	/* No more is kept than a frame that is not whole. */
	hold(verdict || peer->in.size < PYFRAME_SHORT_HEADER + PYAUTH_FRAME_MAX);
	return verdict;
}

/* Checks that what a peer has sent is whole frames, none of which is too long. */
static void check_frames(struct slice bytes)
{
	struct slice frame;

	while (bytes.size) {
		hold(pyframe_find(bytes, PYAUTH_FRAME_MAX, &frame) == PYFRAME_WHOLE);
		bytes.size -= (size_t)(frame.data + frame.size - bytes.data);
		bytes.data = frame.data + frame.size;
	}
}

/* Feeds a peer with bytes of nobody who has the key. */
static void feed_stranger(struct fuzz_pieces *pieces, enum pyauth_role role)
{
	struct slice rest = pieces->text;
	struct side peer;

	side_begin(&peer, role, policy_of(pieces->limit));
	while (rest.size) {
		struct slice piece = {.data = rest.data, .size = fuzz_pieces_next(pieces, rest.size)};

		hold(side_feed(&peer, piece) != PYAUTH_PASSED);
		check_frames(bytes_slice(&peer.out));
		rest.data += piece.size;
		rest.size -= piece.size;
	}
	side_end(&peer);
}

/* Takes a piece of what a peer sends to the other, altered. */
static void side_send(struct side *peer, struct side *other, struct fuzz_pieces *pieces)
{
	size_t size = fuzz_pieces_next(pieces, peer->out.size), i;

	for (i = 0; i < size; i++) {
		char mask = peer->sent < peer->mask.size ? peer->mask.data[peer->sent] : '\0';

		peer->is_altered |= mask != '\0';
		peer->out.data[i] = (char)(peer->out.data[i] ^ mask);
		peer->sent++;
	}
	side_feed(other, (struct slice){.data = peer->out.data, .size = size});
	bytes_consume(&peer->out, size);
}

static bool policies_agree(enum pyauth_policy listener, enum pyauth_policy client)
{
	return !(listener == PYAUTH_MODERN && client == PYAUTH_LEGACY) &&
	       !(listener == PYAUTH_LEGACY && client == PYAUTH_MODERN);
}

/* Lets two peers shake hands, whose bytes are altered. True if both have passed. */
static bool shake_hands(struct side *listener, struct side *client, struct fuzz_pieces *pieces)
{
	bool altered, passed;
	size_t round;

	for (round = 0; round < ROUNDS && (listener->out.size || client->out.size); round++) {
		side_send(listener, client, pieces);
		side_send(client, listener, pieces);
	}
	passed = listener->auth.verdict == PYAUTH_PASSED && client->auth.verdict == PYAUTH_PASSED;
	altered = listener->is_altered || client->is_altered;
	hold(altered ? !passed : passed == policies_agree(listener->auth.policy, client->auth.policy));
	return passed;
}

/* Finds the messages after the handshake. */
static void find_messages(struct bytes *in, struct slice text)
{
	struct slice message;
	ssize_t size;

	bytes_append(in, text.data, text.size);
	while ((size = python_find_message(bytes_slice(in), &message)) > 0) {
		hold((size_t)size <= in->size && message.data + message.size == in->data + size);
		hold(message.size && message.data[0] == '[');
		bytes_consume(in, (size_t)size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pieces pieces;
	struct side listener, client;

	if (!fuzz_pieces_begin(&pieces, data, size))
		return 0;
	if (pieces.own == 'L' || pieces.own == 'C') {
		feed_stranger(&pieces, pieces.own == 'L' ? PYAUTH_LISTENER : PYAUTH_CLIENT);
		return 0;
	}
	side_begin(&listener, PYAUTH_LISTENER, policy_of(pieces.limit));
	side_begin(&client, PYAUTH_CLIENT, policy_of(pieces.limit >> 2));
	if (pieces.own == 'A')
		client.mask = pieces.text;
	else if (pieces.own == 'B')
		listener.mask = pieces.text;
	if (shake_hands(&listener, &client, &pieces) && pieces.own == 'F')
		find_messages(&listener.in, pieces.text);
	side_end(&listener);
	side_end(&client);
	return 0;
}
