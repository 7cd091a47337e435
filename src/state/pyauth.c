/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handshake of Python's multiprocessing.connection. */
#include "state/pyauth.h"

#include "state/pyauth_frame.h"
#include "state/pyauth_mac.h"

#include <sys/random.h>

#define CHALLENGE "#CHALLENGE#"
#define WELCOME "#WELCOME#"
#define FAILURE "#FAILURE#"

enum {
	/* Bytes of the longest name of a digest. */
	NAME_MAX_SIZE = 8,
	MD5_SIZE = 16,
};

static const struct pymac *find_mac(const char *name)
{
	return pymac_find(slice_of(name));
}

static enum pyauth_verdict fail_handshake(struct pyauth *auth, const char *reason)
{
	auth->step = PYAUTH_NO_MORE;
	auth->reason = reason;
	return auth->verdict = PYAUTH_FAILED;
}

/* Returns the digest whose name a message begins with, in braces, or NULL; stores what is after it. */
static const struct pymac *take_name(struct slice message, struct slice *rest)
{
	size_t most = message.size < NAME_MAX_SIZE + 2 ? message.size : NAME_MAX_SIZE + 2;
	const char *end = most ? memchr(message.data, '}', most) : NULL;

	if (!end || message.data[0] != '{')
		return NULL;
	*rest = (struct slice){.data = end + 1, .size = message.size - (size_t)(end + 1 - message.data)};
	return pymac_find((struct slice){.data = message.data + 1, .size = (size_t)(end - message.data - 1)});
}

static void put_challenge(const struct pyauth *auth, struct bytes *out)
{
	char frame[sizeof CHALLENGE - 1 + PYAUTH_MESSAGE_MAX];

	memcpy(frame, CHALLENGE, sizeof CHALLENGE - 1);
	memcpy(frame + sizeof CHALLENGE - 1, auth->message, auth->message_size);
	pyframe_put(out, (struct slice){.data = frame, .size = sizeof CHALLENGE - 1 + auth->message_size});
}

/* Appends the code of a challenge's message; a code that has no name is a legacy one. */
static void put_code(const struct pyauth *auth, const struct pymac *named, struct slice message, struct bytes *out)
{
	const struct pymac *mac = named ? named : find_mac("md5");
	char code[PYMAC_SIZE_MAX];
	size_t size = pymac_compute(mac, auth->key, message, code);
	struct bytes frame = {.data = NULL};

	if (named)
		bytes_append_format(&frame, "{%s}", named->name);
	bytes_append(&frame, code, size);
	pyframe_put(out, bytes_slice(&frame));
	bytes_release(&frame);
}

static enum pyauth_verdict take_challenge(struct pyauth *auth, struct slice frame, struct bytes *out)
{
	const size_t prefix = sizeof CHALLENGE - 1;
	const struct pymac *mac = NULL;
	struct slice message, rest;

	if (frame.size < prefix || memcmp(frame.data, CHALLENGE, prefix) != 0)
		return fail_handshake(auth, "protocol error, a challenge was expected");
	message = (struct slice){.data = frame.data + prefix, .size = frame.size - prefix};
	if (message.size < PYAUTH_LEGACY_SIZE)
		return fail_handshake(auth, "the challenge is too short");
	if (message.size > PYAUTH_LEGACY_SIZE) {
		mac = take_name(message, &rest);
		if (!mac)
			return fail_handshake(auth, "the challenge names no digest that is allowed");
	}
	if (auth->policy == PYAUTH_MODERN && (!mac || mac == find_mac("md5")))
		return fail_handshake(auth, "the peer wants MD5, which is not allowed");
	put_code(auth, mac, message, out);
	auth->step = PYAUTH_TO_WELCOME;
	return PYAUTH_UNDECIDED;
}

/* Returns the digest that an answer was made with, or NULL with the reason; stores the code. */
static const struct pymac *judge_answer(const struct pyauth *auth, struct slice frame, struct slice *code,
					const char **reason)
{
	const struct pymac *mac;

	*code = frame;
	if (frame.size == MD5_SIZE)
		mac = find_mac("md5");
	/* Where MD5 is forbidden, a legacy peer has another code. */
	else if (auth->policy == PYAUTH_LEGACY && frame.size == pymac_size(find_mac("sha256")))
		mac = find_mac("sha256");
	else
		mac = take_name(frame, code);
	*reason = NULL;
	if (!mac)
		*reason = "the answer names no digest that is allowed";
	else if (auth->policy == PYAUTH_MODERN && mac == find_mac("md5"))
		*reason = "the peer has MD5 only, which is not allowed";
	else if (code->size != pymac_size(mac))
		*reason = "the digest received has a wrong length";
	return *reason ? NULL : mac;
}

static enum pyauth_verdict take_answer(struct pyauth *auth, struct slice frame, struct bytes *out)
{
	const struct slice message = {.data = auth->message, .size = auth->message_size};
	const char *reason;
	struct slice code;
	const struct pymac *mac = judge_answer(auth, frame, &code, &reason);

	if (mac && !pymac_verify(mac, auth->key, message, code))
		reason = "the digest received was wrong";
	pyframe_put(out, slice_of(reason ? FAILURE : WELCOME));
	if (reason)
		return fail_handshake(auth, reason);
	auth->step = auth->role == PYAUTH_LISTENER ? PYAUTH_TO_CHALLENGE : PYAUTH_NO_MORE;
	return auth->role == PYAUTH_LISTENER ? PYAUTH_UNDECIDED : PYAUTH_PASSED;
}

static enum pyauth_verdict take_welcome(struct pyauth *auth, struct slice frame, struct bytes *out)
{
	if (!slice_equals(frame, slice_of(WELCOME)))
		return fail_handshake(auth, "the digest sent was rejected");
	if (auth->role == PYAUTH_LISTENER) {
		auth->step = PYAUTH_NO_MORE;
		return PYAUTH_PASSED;
	}
	put_challenge(auth, out);
	auth->step = PYAUTH_TO_ANSWER;
	return PYAUTH_UNDECIDED;
}

static enum pyauth_verdict take_frame(struct pyauth *auth, struct slice frame, struct bytes *out)
{
	switch (auth->step) {
	case PYAUTH_TO_CHALLENGE:
		return take_challenge(auth, frame, out);
	case PYAUTH_TO_ANSWER:
		return take_answer(auth, frame, out);
	case PYAUTH_TO_WELCOME:
		return take_welcome(auth, frame, out);
	case PYAUTH_NO_MORE:
		break;
	}
	BUG("a frame after the handshake");
}

int pyauth_draw(char nonce[PYAUTH_NONCE_SIZE])
{
	/* So few bytes come whole, and no signal interrupts them. */
	return getrandom(nonce, PYAUTH_NONCE_SIZE, 0) == PYAUTH_NONCE_SIZE ? 0 : -1;
}

void pyauth_begin(struct pyauth *auth, const char nonce[PYAUTH_NONCE_SIZE], nsec now, struct bytes *out)
{
	const char *name = auth->policy == PYAUTH_LEGACY ? "" : "{sha256}";
	size_t prefix = strlen(name), random = *name ? PYAUTH_NONCE_SIZE : PYAUTH_LEGACY_SIZE;

	memcpy(auth->message, name, prefix);
	memcpy(auth->message + prefix, nonce, random);
	auth->message_size = prefix + random;
	auth->deadline = now + PYAUTH_TIME;
	auth->verdict = PYAUTH_UNDECIDED;
	auth->reason = NULL;
	auth->step = auth->role == PYAUTH_LISTENER ? PYAUTH_TO_ANSWER : PYAUTH_TO_CHALLENGE;
	if (auth->role == PYAUTH_LISTENER)
		put_challenge(auth, out);
}

enum pyauth_verdict pyauth_feed(struct pyauth *auth, struct bytes *in, struct bytes *out, nsec now)
{
	while (auth->verdict == PYAUTH_UNDECIDED) {
		struct slice frame;
		enum pyframe found;

		if (now >= auth->deadline)
			return fail_handshake(auth, "the handshake took too long");
		found = pyframe_find(bytes_slice(in), PYAUTH_FRAME_MAX, &frame);
		if (pyframe_is_error(found))
			return fail_handshake(auth, pyframe_words(found));
		if (found != PYFRAME_WHOLE)
			break;
		auth->verdict = take_frame(auth, frame, out);
		bytes_consume(in, (size_t)(frame.data + frame.size - in->data));
	}
	return auth->verdict;
}

enum pyauth_verdict pyauth_end(struct pyauth *auth, struct slice rest)
{
	struct slice frame;
	enum pyframe found = pyframe_find(rest, PYAUTH_FRAME_MAX, &frame);

	if (auth->verdict != PYAUTH_UNDECIDED)
		return auth->verdict;
	return fail_handshake(auth, found == PYFRAME_PART_OF_HEADER || found == PYFRAME_PART_OF_BYTES
					    ? pyframe_words(found)
					    : "the peer went away during the handshake");
}
