/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handshake of multiprocessing.connection: state/pyauth and state/pyauth_mac. CPython's hmac computed the codes. */
#include "unit.h"

#include "state/pyauth.h"
#include "state/pyauth_frame.h"
#include "state/pyauth_mac.h"

#define KEY "supadupasecretkey"
#define MESSAGE "is-twenty-bytes-long"

/* A side of a handshake, with what has been sent to it and not been read yet. */
struct side {
	struct pyauth auth;
	struct bytes in;
};

static char nonce[PYAUTH_NONCE_SIZE];

static struct slice span(const char *data, size_t size)
{
	return (struct slice){.data = data, .size = size};
}

static void fill_nonce(void)
{
	for (size_t i = 0; i < sizeof nonce; i++)
		nonce[i] = (char)i;
}

/* Begins the handshake of a side; what it sends is appended to *out. */
static void side_begin(struct side *side, enum pyauth_role role, enum pyauth_policy policy, const char *key,
		       struct bytes *out)
{
	fill_nonce();
	*side = (struct side){.auth = {.role = role, .policy = policy, .key = slice_of(key)}};
	pyauth_begin(&side->auth, nonce, 0, out);
}

static void side_release(struct side *side)
{
	bytes_release(&side->in);
}

/* Appends the bytes that hexadecimal digits denote. */
static void put_hex(struct bytes *out, const char *digits)
{
	for (; *digits; digits += 2) {
		char pair[] = {digits[0], digits[1], '\0'};

		bytes_put_u8(out, (uint8_t)strtoul(pair, NULL, 16));
	}
}

static void put_frame(struct bytes *out, const char *prefix, const char *digits)
{
	struct bytes frame = {.data = NULL};

	bytes_append_text(&frame, prefix);
	put_hex(&frame, digits);
	pyframe_put(out, bytes_slice(&frame));
	bytes_release(&frame);
}

/* Passes on what each side sends, the given number of bytes at a time, until neither has anything to send. */
static void converse(struct side *listener, struct side *client, size_t piece)
{
	while (listener->in.size || client->in.size) {
		struct side *sides[] = {client, listener};

		for (size_t i = 0; i < 2; i++) {
			struct bytes part = {.data = NULL}, all = sides[i]->in;
			struct side *other = sides[!i];

			sides[i]->in = part;
			for (size_t at = 0; at < all.size; at += piece) {
				bytes_append(&sides[i]->in, all.data + at,
					     all.size - at < piece ? all.size - at : piece);
				pyauth_feed(&sides[i]->auth, &sides[i]->in, &other->in, 1);
			}
			bytes_release(&all);
			if (sides[i]->in.size && !other->in.size)
				return;
		}
	}
}

/* Has two sides shake hands; checks both verdicts. */
static void check_pair(enum pyauth_policy listener, enum pyauth_policy client, const char *keys[2],
		       enum pyauth_verdict expected)
{
	for (size_t piece = 1; piece <= 100; piece += 33) {
		struct side a, b;
		struct bytes first = {.data = NULL}, none = {.data = NULL};

		side_begin(&a, PYAUTH_LISTENER, listener, keys[0], &first);
		side_begin(&b, PYAUTH_CLIENT, client, keys[1], &none);
		check_int(none.size, 0);
		b.in = first;
		converse(&a, &b, piece);
		check_int(a.auth.verdict, expected);
		check_int(b.auth.verdict, expected);
		check((a.auth.reason == NULL) == (expected == PYAUTH_PASSED));
		side_release(&a);
		side_release(&b);
	}
}

/* ChallengeResponseTest, K18. */
static void test_vectors(void)
{
	static const struct {
		const char *name, *key, *message, *code;
	} table[] = {
		{"md5", KEY, MESSAGE, "f08c5aa7ef61fc426b5b135fd8a223ae"},
		{"md5", KEY, "{md5}" MESSAGE, "2b30be753d06dcff0a1db3c97c96e7eb"},
		{"sha256", KEY, "{sha256}" MESSAGE, "0ed2bf5258efb96604b831848a9212d31f7468b3fc6fc61af1ebe84f08349e47"},
		{"sha384", KEY, "{sha384}" MESSAGE,
		 "6e1f8271304a4881208ccb08e87056add2ffad158e27907b7be42cc522d1a72702ceb7c5aa4ad6f504146d7d5d988f53"},
		{"sha3_256", KEY, "{sha3_256}" MESSAGE,
		 "ea3b8daca21f2fd35aff21a61dec99d454a95c90d61c86ef8729852ba59c5ded"},
		{"sha3_384", KEY, "{sha3_384}" MESSAGE,
		 "2a30bd714bec3961f46fa88b0c3dfa7352f1231125f2461af11d5e16af11095586c2ce42134b519d4cd47497f02656e8"},
		/* RFC 4231, case 2, and RFC 2202, case 2. */
		{"sha256", "Jefe", "what do ya want for nothing?",
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"md5", "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
	};

	for (size_t i = 0; i < countof(table); i++) {
		const struct pymac *mac = pymac_find(slice_of(table[i].name));
		struct slice key = slice_of(table[i].key), message = slice_of(table[i].message);
		struct bytes expected = {.data = NULL};
		char code[PYMAC_SIZE_MAX];

		put_hex(&expected, table[i].code);
		check(mac != NULL);
		check_slice(span(code, pymac_compute(mac, key, message, code)), bytes_slice(&expected));
		check_int(pymac_size(mac), expected.size);
		check(pymac_verify(mac, key, message, bytes_slice(&expected)));
		for (size_t at = 0; at < expected.size; at++) {
			expected.data[at] ^= 1;
			check(!pymac_verify(mac, key, message, bytes_slice(&expected)));
			expected.data[at] ^= 1;
		}
		check(!pymac_verify(mac, key, message, span(expected.data, expected.size - 1)));
		bytes_release(&expected);
	}
	check(!pymac_find(slice_of("sha1")) && !pymac_find(slice_of("")) && !pymac_find(slice_of("SHA256")));
}

/* A key that is longer than a block of the digest. */
static void test_long_key(void)
{
	char key[200], code[PYMAC_SIZE_MAX];
	struct bytes expected = {.data = NULL}, message = {.data = NULL};

	fill_nonce();
	memset(key, 'k', sizeof key);
	bytes_append_text(&message, "{sha256}");
	bytes_append(&message, nonce, sizeof nonce);
	put_hex(&expected,
		"964a6c7fe35ddf78f8096eb0547c0b3f070f743d3945acea80ac9251e3c8393b"
		"a4bdc777c1af99bf66aaf189ea9882c2");
	check_slice(span(code, pymac_compute(pymac_find(slice_of("sha3_384")), span(key, sizeof key),
					     bytes_slice(&message), code)),
		    bytes_slice(&expected));
	bytes_release(&expected);
	bytes_release(&message);
}

/* K16: to the byte, as listener. */
static void test_golden_listener(void)
{
	struct side side;
	struct bytes out = {.data = NULL}, expected = {.data = NULL};

	side_begin(&side, PYAUTH_LISTENER, PYAUTH_BOTH, KEY, &out);
	check_int(out.size, 63);
	check_slice(span(out.data, 23), span("\0\0\0\x3b#CHALLENGE#{sha256}", 23));
	check_slice(span(out.data + 23, 40), span(nonce, sizeof nonce));
	bytes_clear(&out);
	put_frame(&side.in, "{sha256}", "8d546a07722430e6e36d9a1e16a2b23c30b7f555678dc9d50321e882a89160fc");
	check_int(side.in.size, 4 + 40);
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_UNDECIDED);
	check_slice(bytes_slice(&out), span("\0\0\0\x09#WELCOME#", 13));
	bytes_clear(&out);
	/* What comes after the handshake is left. */
	put_frame(&side.in, "#CHALLENGE#{sha384}" MESSAGE, "");
	put_frame(&side.in, "#WELCOME#", "");
	bytes_append_text(&side.in, "the rest");
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_PASSED);
	put_frame(&expected, "{sha384}",
		  "6e1f8271304a4881208ccb08e87056add2ffad158e27907b7be42cc522d1a72702ceb7c5aa4ad6f504146d7d5d988f53");
	check_slice(bytes_slice(&out), bytes_slice(&expected));
	check_slice(bytes_slice(&side.in), slice_of("the rest"));
	check_int(pyauth_feed(&side.auth, &side.in, &out, 20 * NSEC_PER_SEC), PYAUTH_PASSED);
	check_slice(bytes_slice(&side.in), slice_of("the rest"));
	bytes_release(&out);
	bytes_release(&expected);
	side_release(&side);
}

/* The same as client of a legacy listener, which answers a modern challenge with MD5. */
static void test_golden_client(void)
{
	struct side side;
	struct bytes out = {.data = NULL}, expected = {.data = NULL};

	side_begin(&side, PYAUTH_CLIENT, PYAUTH_BOTH, KEY, &out);
	put_frame(&side.in, "#CHALLENGE#" MESSAGE, "");
	check_int(side.in.size, 4 + 31);
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_UNDECIDED);
	put_frame(&expected, "", "f08c5aa7ef61fc426b5b135fd8a223ae");
	check_int(expected.size, 4 + 16);
	check_slice(bytes_slice(&out), bytes_slice(&expected));
	bytes_clear(&out);
	put_frame(&side.in, "#WELCOME#", "");
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_UNDECIDED);
	check_int(out.size, 63);
	bytes_clear(&out);
	put_frame(&side.in, "", "3dd4e9882f920c33ae4c8c27e52d30c6");
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_PASSED);
	check_slice(bytes_slice(&out), span("\0\0\0\x09#WELCOME#", 13));
	bytes_release(&out);
	bytes_release(&expected);
	side_release(&side);
}

/* The legacy challenge, and both answers to it; the one without a name only to this. */
static void test_legacy_challenge(void)
{
	static const char *const answers[] = {
		"264a416e6bf8fbca704dd80d6acd61c2",
		"9a349796b51eefd3030f8392f8f09c3101d6b990ae295d14a25046e998f7cc3a",
	};

	for (size_t i = 0; i < countof(answers); i++) {
		struct side side;
		struct bytes out = {.data = NULL};

		side_begin(&side, PYAUTH_LISTENER, PYAUTH_LEGACY, KEY, &out);
		check_slice(span(out.data, 15), span("\0\0\0\x1f#CHALLENGE#", 15));
		check_int(out.size, 4 + 11 + 20);
		bytes_clear(&out);
		put_frame(&side.in, "", answers[i]);
		check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_UNDECIDED);
		check_slice(bytes_slice(&out), span("\0\0\0\x09#WELCOME#", 13));
		bytes_release(&out);
		side_release(&side);
	}
}

/* K15, OtherTest, TestListenerClient: both roles, all forms, equal, different and empty keys. */
static void test_pairs(void)
{
	const char *same[] = {KEY, KEY}, *empty[] = {"", ""}, *wrong[] = {KEY, "supadupasecretkez"},
		   *half[] = {KEY, ""};

	for (enum pyauth_policy a = PYAUTH_BOTH; a <= PYAUTH_LEGACY; a++) {
		for (enum pyauth_policy b = PYAUTH_BOTH; b <= PYAUTH_LEGACY; b++) {
			bool apart = (a == PYAUTH_MODERN && b == PYAUTH_LEGACY) ||
				     (a == PYAUTH_LEGACY && b == PYAUTH_MODERN);

			if (apart)
				continue;
			check_pair(a, b, same, PYAUTH_PASSED);
			check_pair(a, b, empty, PYAUTH_PASSED);
		}
	}
	for (size_t i = 0; i < 2; i++) {
		struct side a, b;
		struct bytes first = {.data = NULL}, none = {.data = NULL};
		const char **keys = i ? half : wrong;

		side_begin(&a, PYAUTH_LISTENER, PYAUTH_BOTH, keys[0], &first);
		side_begin(&b, PYAUTH_CLIENT, PYAUTH_BOTH, keys[1], &none);
		b.in = first;
		converse(&a, &b, 1000);
		check_str(a.auth.reason, "the digest received was wrong");
		check_str(b.auth.reason, "the digest sent was rejected");
		side_release(&a);
		side_release(&b);
	}
}

/* Feeds a frame to a new side; checks why it fails, and whether it says so to the peer. */
static void check_refused(enum pyauth_role role, enum pyauth_policy policy, struct slice frame, const char *reason)
{
	struct side side;
	struct bytes out = {.data = NULL};

	side_begin(&side, role, policy, KEY, &out);
	bytes_clear(&out);
	pyframe_put(&side.in, frame);
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_FAILED);
	check_str(side.auth.reason, reason);
	if (role == PYAUTH_LISTENER && frame.size <= PYAUTH_FRAME_MAX)
		check_slice(bytes_slice(&out), span("\0\0\0\x09#FAILURE#", 13));
	else
		check_int(out.size, 0);
	/* It remains so, whatever comes. */
	bytes_clear(&out);
	put_frame(&side.in, "#WELCOME#", "");
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_FAILED);
	check_int(out.size, 0);
	bytes_release(&out);
	side_release(&side);
}

/* K19: AuthenticationError in all its ways. */
static void test_refused(void)
{
	static const char zeroes[300];
	const char *nameless = "the answer names no digest that is allowed",
		   *length = "the digest received has a wrong length",
		   *no_challenge = "protocol error, a challenge was expected",
		   *no_digest = "the challenge names no digest that is allowed";

	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, span(zeroes, 257), "a frame is too long");
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, span(zeroes, 256), nameless);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, span(zeroes, 0), nameless);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, span(zeroes, 16), "the digest received was wrong");
	check_refused(PYAUTH_LISTENER, PYAUTH_MODERN, span(zeroes, 16), "the peer has MD5 only, which is not allowed");
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, span(zeroes, 32), nameless);
	check_refused(PYAUTH_LISTENER, PYAUTH_LEGACY, span(zeroes, 32), "the digest received was wrong");
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("{sha256}"), length);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("{sha256}0123456789abcdef0123456789abcdef0"), length);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("{sha256}0123456789abcdef0123456789abcdef"),
		      "the digest received was wrong");
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("{sha1}0123456789abcdef0123456789ab"), nameless);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("{}"), nameless);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("{sha256"), nameless);
	check_refused(PYAUTH_LISTENER, PYAUTH_BOTH, slice_of("[\"add\",\"done\",1]"), "the digest received was wrong");
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of("something bogus"), no_challenge);
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of(""), no_challenge);
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of("#WELCOME#"), no_challenge);
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of("#CHALLENGE#only-nineteen-bytes"),
		      "the challenge is too short");
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of("#CHALLENGE#twenty-one-bytes-long"), no_digest);
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of("#CHALLENGE#{sha1}" MESSAGE), no_digest);
	check_refused(PYAUTH_CLIENT, PYAUTH_BOTH, slice_of("#CHALLENGE#{sha3_3845}" MESSAGE), no_digest);
	check_refused(PYAUTH_CLIENT, PYAUTH_MODERN, slice_of("#CHALLENGE#" MESSAGE),
		      "the peer wants MD5, which is not allowed");
	check_refused(PYAUTH_CLIENT, PYAUTH_MODERN, slice_of("#CHALLENGE#{md5}" MESSAGE),
		      "the peer wants MD5, which is not allowed");
}

/* OtherTest.test_answer_challenge_auth_failure: bogus where a verdict should be. */
static void test_bogus_verdict(void)
{
	struct side side;
	struct bytes out = {.data = NULL};

	side_begin(&side, PYAUTH_CLIENT, PYAUTH_BOTH, KEY, &out);
	put_frame(&side.in, "#CHALLENGE#{sha256}" MESSAGE, "");
	put_frame(&side.in, "something bogus", "");
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_FAILED);
	check_str(side.auth.reason, "the digest sent was rejected");
	check_int(out.size, 4 + 40);
	bytes_release(&out);
	side_release(&side);
}

/* K20: a silent peer, one that sends a byte now and then, and one that goes away. */
static void test_time(void)
{
	struct side side;
	struct bytes out = {.data = NULL};

	side_begin(&side, PYAUTH_LISTENER, PYAUTH_BOTH, KEY, &out);
	check_int(side.auth.deadline, 10 * NSEC_PER_SEC);
	for (nsec now = 0; now < PYAUTH_TIME; now += NSEC_PER_SEC) {
		bytes_append(&side.in, now ? "{" : "\0\0\0\x28", now ? 1 : 4);
		check_int(pyauth_feed(&side.auth, &side.in, &out, now), PYAUTH_UNDECIDED);
	}
	check_int(pyauth_feed(&side.auth, &side.in, &out, PYAUTH_TIME), PYAUTH_FAILED);
	check_str(side.auth.reason, "the handshake took too long");
	side_release(&side);
	side_begin(&side, PYAUTH_LISTENER, PYAUTH_BOTH, KEY, &out);
	check_int(pyauth_end(&side.auth, span("", 0)), PYAUTH_FAILED);
	check_str(side.auth.reason, "the peer went away during the handshake");
	check_int(pyauth_end(&side.auth, span("\0\0", 2)), PYAUTH_FAILED);
	side_begin(&side, PYAUTH_CLIENT, PYAUTH_BOTH, KEY, &out);
	check_int(pyauth_end(&side.auth, span("\0\0\0\x09#WEL", 8)), PYAUTH_FAILED);
	check_str(side.auth.reason, "the connection ended in a frame");
	bytes_release(&out);
}

/* A frame of 4 GB, a pickle, and any bytes at all. */
static void test_garbage(void)
{
	struct unit_random random = unit_random();
	struct side side;
	struct bytes out = {.data = NULL};

	side_begin(&side, PYAUTH_LISTENER, PYAUTH_BOTH, KEY, &out);
	bytes_append(&side.in, "\xff\xff\xff\xff\0\0\0\x01\0\0\0\0", 12);
	check_int(pyauth_feed(&side.auth, &side.in, &out, 1), PYAUTH_FAILED);
	check_str(side.auth.reason, "a frame is too long");
	side_release(&side);
	for (size_t i = 0; i < 2000; i++) {
		char frame[64];
		size_t size = unit_below(&random, sizeof frame);

		side_begin(&side, i % 2 ? PYAUTH_LISTENER : PYAUTH_CLIENT, PYAUTH_BOTH, KEY, &out);
		unit_fill(frame, sizeof frame, unit_below(&random, UINT64_MAX));
		if (i % 3)
			pyframe_put(&side.in, span(frame, size));
		else
			bytes_append(&side.in, frame, size);
		check(pyauth_feed(&side.auth, &side.in, &out, 1) != PYAUTH_PASSED);
		side_release(&side);
	}
	bytes_release(&out);
}

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, PYAUTH_NONCE_SIZE);
}

/* K21: no challenge comes again. */
static void test_nonces(void)
{
	enum { COUNT = 10000 };
	static char drawn[COUNT][PYAUTH_NONCE_SIZE];

	for (size_t i = 0; i < COUNT; i++)
		check_int(pyauth_draw(drawn[i]), 0);
	qsort(drawn, COUNT, sizeof drawn[0], compare_nonces);
	for (size_t i = 1; i < COUNT; i++)
		check(memcmp(drawn[i - 1], drawn[i], sizeof drawn[0]) != 0);
}

const struct unit_test unit_pyauth[] = {
	{.name = "codes of messages", .run = test_vectors},
	{.name = "a long key", .run = test_long_key},
	{.name = "golden bytes of a listener", .run = test_golden_listener},
	{.name = "golden bytes of a client", .run = test_golden_client},
	{.name = "a legacy challenge", .run = test_legacy_challenge},
	{.name = "both roles with each other", .run = test_pairs},
	{.name = "what is refused", .run = test_refused},
	{.name = "no verdict", .run = test_bogus_verdict},
	{.name = "a silent peer", .run = test_time},
	{.name = "garbage", .run = test_garbage},
	{.name = "random bytes", .run = test_nonces},
	{.name = NULL},
};
