/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker/persistent: splitting answers, and the search for the record that ends its command. */
#include "unit.h"

#include "base/count.h"
#include "base/mem.h"
#include "worker/protocol/answers.h"
#include "worker/persistent/halving.h"

enum {
	STREAMS = 40,
	STREAM_RECORDS = 3000,
	LONGEST = 400000,
	SEARCHES = 300,
	SEARCH_RECORDS = 5000,
	BAD_MAX = 4,
	MANY_BAD = 200,
};

/* Returns a stream of records of random lengths, most of them short, a few longer than the buffer. */
static struct bytes make_stream(struct unit_random *random, char delimiter)
{
	struct bytes stream = {.data = NULL};
	int record;

	for (record = 0; record < STREAM_RECORDS; record++) {
		size_t size = unit_below(random, 1000) ? unit_below(random, 40) : unit_below(random, LONGEST);
		char *to = bytes_reserve(&stream, size + 1);
		size_t i;

		for (i = 0; i < size; i++)
			to[i] = (char)('a' + unit_below(random, 20));
		to[size] = delimiter;
		stream.size += size + 1;
	}
	return stream;
}

/* Takes all that can be taken, and compares it with the stream. */
static void take_all(struct answers *answers, struct unit_random *random, const struct bytes *stream, size_t *at,
		     uint64_t *count)
{
	struct slice bytes;

	for (;;) {
		size_t size = 8000 + unit_below(random, 100000);
		uint64_t most = 1 + unit_below(random, 500), got = answers_take(answers, most, size, &bytes);

		if (!got && !answers_take_piece(answers, size, &bytes))
			return;
		check(got <= most && bytes.size <= size && bytes.size);
		check(*at + bytes.size <= stream->size && memcmp(stream->data + *at, bytes.data, bytes.size) == 0);
		check_int(count_bytes(bytes.data, bytes.size, answers->delimiter), got);
		check(!got || bytes.data[bytes.size - 1] == answers->delimiter);
		*at += bytes.size;
		*count += got;
	}
}

static void test_split(void)
{
	struct unit_random random = unit_random();
	struct answers answers = {.data = NULL};
	int round;

	for (round = 0; round < STREAMS; round++) {
		char delimiter = round % 2 ? '\n' : '\0';
		struct bytes stream = make_stream(&random, delimiter);
		size_t given = 0, at = 0;
		uint64_t count = 0;

		answers_begin(&answers, delimiter);
		while (given < stream.size) {
			size_t room, size = 1 + unit_below(&random, 300000);
			char *to = answers_room(&answers, &room);

			check(room > 0);
			size = size < room ? size : room;
			size = size < stream.size - given ? size : stream.size - given;
			memcpy(to, stream.data + given, size);
			answers_add(&answers, size);
			given += size;
			take_all(&answers, &random, &stream, &at, &count);
		}
		check_int(at, stream.size);
		check_int(count, STREAM_RECORDS);
		bytes_release(&stream);
	}
	answers_release(&answers);
}

static void test_split_end(void)
{
	struct answers answers = {.data = NULL};
	struct slice bytes;
	size_t room;

	answers_begin(&answers, '\n');
	answers_end(&answers);
	check_int(answers_take(&answers, 9, 100, &bytes), 0);
	memcpy(answers_room(&answers, &room), "one\ntwo", 7);
	answers_add(&answers, 7);
	check_int(answers_unfinished(&answers), 3);
	check_int(answers_take(&answers, 9, 100, &bytes), 1);
	check_int(answers_take(&answers, 9, 100, &bytes), 0);
	answers_end(&answers);
	check_int(answers_take(&answers, 9, 100, &bytes), 1);
	check_slice(bytes, slice_of("two\n"));
	answers_release(&answers);
}

/* Records of which some end their command. */
struct trial {
	bool is_bad[SEARCH_RECORDS];
	uint64_t count;
	/* The first without a result. */
	uint64_t next;
	uint64_t starts;
	uint64_t convicted;
	/* How a bad record ends its command. */
	enum halving_cause cause;
	/* True if a command that ends loses none of its answers. */
	bool keeps_answers;
};

/* Runs a command on the next records: it answers those before a bad one, or loses some of these answers. */
static enum halving_verdict run_command(struct halving *halving, struct trial *trial, struct unit_random *random)
{
	uint64_t left = trial->count - trial->next, probe = halving_probe(halving), fed = probe < left ? probe : left;
	uint64_t good = 0, answered;

	trial->starts++;
	while (good < fed && !trial->is_bad[trial->next + good])
		good++;
	answered = good == fed || trial->keeps_answers ? good : unit_below(random, good + 1);
	if (answered) {
		halving_answered(halving, answered);
		trial->next += answered;
	}
	return good == fed ? HALVING_AGAIN : halving_ended(halving, fed - answered, trial->cause);
}

/* Searches until all records have a result. */
static void search(struct trial *trial, struct unit_random *random)
{
	struct halving halving = {.state = HALVING_STREAM};

	while (trial->next < trial->count) {
		if (run_command(&halving, trial, random) == HALVING_AGAIN)
			continue;
		check(trial->is_bad[trial->next]);
		trial->next++;
		trial->convicted++;
		halving_settled(&halving);
	}
}

/* Returns the number of halvings of a range. */
static uint64_t logarithm(uint64_t count)
{
	uint64_t halvings = 0;

	for (; count > 1; count = (count + 1) / 2)
		halvings++;
	return halvings;
}

/* Makes a trial of random records, of which at most wanted are bad. Returns how many are. */
static uint64_t make_trial(struct trial *trial, struct unit_random *random, uint64_t wanted)
{
	uint64_t bad = 0;

	*trial = (struct trial){.count = 1 + unit_below(random, SEARCH_RECORDS)};
	for (; wanted; wanted--) {
		bool *is_bad = &trial->is_bad[unit_below(random, trial->count)];

		bad += !*is_bad;
		*is_bad = true;
	}
	return bad;
}

static void test_search(void)
{
	struct unit_random random = unit_random();
	static struct trial trial;
	int round;

	for (round = 0; round < SEARCHES; round++) {
		uint64_t bad = make_trial(&trial, &random, unit_below(&random, BAD_MAX + 1));

		search(&trial, &random);
		check_int(trial.convicted, bad);
		check(trial.starts <= 1 + bad * (2 * logarithm(trial.count) + 2));
	}
}

/* A command that writes out its buffer when it exits takes two starts for each bad record, however many there are. */
static void test_search_first(void)
{
	struct unit_random random = unit_random();
	static struct trial trial;
	int round;

	for (round = 0; round < SEARCHES; round++) {
		uint64_t bad = make_trial(&trial, &random, 1 + unit_below(&random, MANY_BAD));

		trial.keeps_answers = true;
		search(&trial, &random);
		check_int(trial.convicted, bad);
		check(trial.starts <= 2 + 2 * bad);
	}
}

static void test_kills(void)
{
	struct halving halving = {.state = HALVING_STREAM};
	int kill;

	/* Struck again after each answer, it never counts. */
	for (kill = 0; kill < 20; kill++) {
		check(halving_ended(&halving, 100, HALVING_KILLED) == HALVING_AGAIN);
		check(halving_probe(&halving) == UINT64_MAX);
		halving_answered(&halving, 1);
	}
	/* From the third in a row on, a range is halved. */
	for (kill = 0; kill < 2; kill++)
		check(halving_ended(&halving, 8, HALVING_KILLED) == HALVING_AGAIN);
	check(halving_probe(&halving) == UINT64_MAX);
	check(halving_ended(&halving, 8, HALVING_KILLED) == HALVING_AGAIN);
	check_int(halving_probe(&halving), 4);
	check(halving_ended(&halving, 4, HALVING_KILLED) == HALVING_AGAIN);
	check_int(halving_probe(&halving), 2);
	check(halving_ended(&halving, 2, HALVING_KILLED) == HALVING_AGAIN);
	/* Alone, its own third convicts it. */
	check(halving_is_alone(&halving));
	check(halving_ended(&halving, 1, HALVING_KILLED) == HALVING_AGAIN);
	check(halving_ended(&halving, 1, HALVING_KILLED) == HALVING_AGAIN);
	check(halving_ended(&halving, 1, HALVING_KILLED) == HALVING_CONVICTED);
}

static void test_broken(void)
{
	struct halving halving = {.state = HALVING_STREAM};

	check(halving_ended(&halving, 1000, HALVING_ENDED) == HALVING_AGAIN);
	check(halving_is_alone(&halving));
	check(halving_ended(&halving, 1, HALVING_ENDED) == HALVING_CONVICTED);
	halving_settled(&halving);
	check(halving_is_alone(&halving));
	check(halving_ended(&halving, 1, HALVING_ENDED) == HALVING_CONVICTED);
	halving_settled(&halving);
	check(halving_ended(&halving, 1, HALVING_ENDED) == HALVING_BROKEN);
}

static void test_broken_beginning(void)
{
	struct halving halving = {.state = HALVING_STREAM};

	/* The first two are bad, the third is answered: the command is not broken. */
	check(halving_ended(&halving, 3, HALVING_ENDED) == HALVING_AGAIN);
	check(halving_ended(&halving, 1, HALVING_ENDED) == HALVING_CONVICTED);
	halving_settled(&halving);
	check(halving_ended(&halving, 1, HALVING_ENDED) == HALVING_CONVICTED);
	halving_settled(&halving);
	halving_answered(&halving, 1);
	check(halving_probe(&halving) == UINT64_MAX);
	/* From now on there is no trial. */
	check(halving_ended(&halving, 10, HALVING_ENDED) == HALVING_AGAIN);
	check(halving_is_alone(&halving));
	halving_answered(&halving, 1);
	check_int(halving_probe(&halving), 4);
}

/* A record that is known to be the cause is convicted at once, but not by SIGKILL. */
static void test_accused(void)
{
	struct halving halving = {.state = HALVING_STREAM};
	int time;

	halving_answered(&halving, 1);
	halving_accuse(&halving, HALVING_ENDED);
	check(halving_ended(&halving, 1, HALVING_ENDED) == HALVING_CONVICTED);
	halving_settled(&halving);
	check(halving_probe(&halving) == UINT64_MAX);
	for (time = 0; time < 3; time++) {
		halving_accuse(&halving, HALVING_KILLED);
		check(halving_ended(&halving, 1, HALVING_KILLED) == (time < 2 ? HALVING_AGAIN : HALVING_CONVICTED));
		check(halving_is_alone(&halving));
	}
	halving_settled(&halving);
	check(halving_probe(&halving) == UINT64_MAX);
	/* Three in a row, and none was ever answered. */
	halving = (struct halving){.state = HALVING_STREAM};
	for (time = 0; time < 3; time++) {
		halving_accuse(&halving, HALVING_ENDED);
		check(halving_ended(&halving, 1, HALVING_ENDED) == (time < 2 ? HALVING_CONVICTED : HALVING_BROKEN));
		halving_settled(&halving);
	}
}

static void test_time(void)
{
	struct halving halving = {.state = HALVING_STREAM};

	/* Commands that are too slow are not broken. */
	check(halving_ended(&halving, 9, HALVING_TIMED_OUT) == HALVING_AGAIN);
	check(halving_is_alone(&halving));
	halving_answered(&halving, 1);
	check_int(halving_probe(&halving), 4);
	check(halving_ended(&halving, 2, HALVING_TIMED_OUT) == HALVING_AGAIN);
	check(halving_ended(&halving, 1, HALVING_TIMED_OUT) == HALVING_CONVICTED);
	halving_settled(&halving);
	check(halving_probe(&halving) == UINT64_MAX);
}

const struct unit_test unit_persistent[] = {
	{.name = "answers are split", .run = test_split},
	{.name = "the last answer", .run = test_split_end},
	{.name = "bad records are found by halves", .run = test_search},
	{.name = "the first suspect is tried first", .run = test_search_first},
	{.name = "kills prove nothing at once", .run = test_kills},
	{.name = "a broken command", .run = test_broken},
	{.name = "a command whose first records are bad", .run = test_broken_beginning},
	{.name = "a record that is known to be the cause", .run = test_accused},
	{.name = "commands that are too slow", .run = test_time},
	{.name = NULL},
};
