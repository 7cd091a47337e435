/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state/store: random requests of atomic attempts, compared with a plain model of what they mean. */
#include "unit.h"
#include "unit_state_bench.h"

enum {
	/* The attempts are the first owners; the last is no task, and its requests count at once. */
	ATTEMPTS = BENCH_OWNERS - 1,
	OTHER = ATTEMPTS,
	NUMBERS = 2,
	MOST = 4096,
	TURNS = 4000,
};

enum what { WHAT_ADD, WHAT_MAX, WHAT_MIN, WHAT_APPEND, WHAT_PUSH };

/* What an attempt has done that waits for its end. */
struct deed {
	enum what what;
	size_t name;
	int value;
};

struct model_number {
	bool is_set;
	bool is_text;
	int value;
};

/* An item that is not gone; who has it, -1 if it is in the queue. */
struct model_item {
	int value;
	int holder;
	bool is_done;
	/* The order in which items were taken. */
	int taken;
};

struct model {
	struct model_number numbers[NUMBERS];
	int list[MOST];
	size_t list_count;
	struct model_item items[MOST];
	size_t item_count;
	struct deed deeds[ATTEMPTS][MOST];
	size_t deed_counts[ATTEMPTS];
	bool over[ATTEMPTS];
	int taken;
};

static struct model model;

/* True if an attempt has deeds of that kind that wait (a queue's: a push, or an item that is done). */
static bool model_is_kept(enum what first, enum what last, size_t name)
{
	size_t i, j;

	for (i = 0; i < ATTEMPTS; i++) {
		for (j = 0; j < model.deed_counts[i]; j++) {
			const struct deed *deed = &model.deeds[i][j];

			if (deed->what >= first && deed->what <= last && deed->name == name)
				return true;
		}
	}
	return false;
}

static void model_calculate(struct model_number *number, enum what what, int value)
{
	if (what == WHAT_ADD)
		number->value = (number->is_set ? number->value : 0) + value;
	else if (!number->is_set || (what == WHAT_MAX ? value > number->value : value < number->value))
		number->value = value;
	number->is_set = true;
}

/* Returns a number as an owner sees it. */
static struct model_number model_look(size_t owner, size_t name)
{
	struct model_number number = model.numbers[name];
	size_t i;

	for (i = 0; owner < ATTEMPTS && i < model.deed_counts[owner]; i++) {
		const struct deed *deed = &model.deeds[owner][i];

		if (deed->what <= WHAT_MIN && deed->name == name)
			model_calculate(&number, deed->what, deed->value);
	}
	return number;
}

/* Returns how many deeds of that kind an owner has. */
static size_t model_count(size_t owner, enum what what)
{
	size_t i, count = 0;

	for (i = 0; owner < ATTEMPTS && i < model.deed_counts[owner]; i++)
		count += model.deeds[owner][i].what == what;
	return count;
}

static void model_do(const struct deed *deed)
{
	if (deed->what <= WHAT_MIN)
		model_calculate(&model.numbers[deed->name], deed->what, deed->value);
	else if (deed->what == WHAT_APPEND)
		model.list[model.list_count++] = deed->value;
	else
		model.items[model.item_count++] = (struct model_item){.value = deed->value, .holder = -1};
}

/* An owner does something that counts at once, or is kept. */
static void model_act(size_t owner, enum what what, size_t name, int value)
{
	struct deed deed = {.what = what, .name = name, .value = value};

	if (owner < ATTEMPTS)
		model.deeds[owner][model.deed_counts[owner]++] = deed;
	else
		model_do(&deed);
}

static void model_remove_item(size_t i)
{
	model.item_count--;
	memmove(&model.items[i], &model.items[i + 1], (model.item_count - i) * sizeof model.items[0]);
}

/* Gives back what an owner has of the queue; what it has done, only if all. */
static void model_give_back(size_t owner, bool all)
{
	size_t i;

	for (i = 0; i < model.item_count; i++) {
		struct model_item *item = &model.items[i];

		if (item->holder == (int)owner && (all || !item->is_done))
			*item = (struct model_item){.value = item->value, .holder = -1};
	}
}

static void model_end(size_t owner, bool well)
{
	size_t i;

	for (i = model.item_count; well && i-- > 0;) {
		if (model.items[i].holder == (int)owner && model.items[i].is_done)
			model_remove_item(i);
	}
	for (i = 0; well && i < model.deed_counts[owner]; i++)
		model_do(&model.deeds[owner][i]);
	model_give_back(owner, true);
	model.deed_counts[owner] = 0;
	model.over[owner] = false;
}

/* Returns the oldest item that an owner has taken and not done, the first that nobody has for -1; -1 if none. */
static int model_find_item(int holder)
{
	int found = -1;
	size_t i;

	for (i = 0; i < model.item_count; i++) {
		const struct model_item *item = &model.items[i];

		if (item->holder != holder || item->is_done)
			continue;
		if (found < 0 || item->taken < model.items[found].taken)
			found = (int)i;
	}
	return found;
}

/* Checks the answer to a request: the value, "" for none, NULL for a failure. */
static void expect(struct bench *bench, size_t owner, const char *line, const char *expected)
{
	const char *answer = bench_ask(bench, owner, line);
	bool holds;

	if (!expected)
		holds = check(answer[0] == '!');
	else if (!*expected)
		holds = check_str(answer, "=");
	else
		holds = check(answer[0] == '=') && check_str(answer[1] ? answer + 2 : "", expected);
	if (!holds)
		fprintf(stderr, "# owner %zu: %s: %s\n", owner, line, answer);
}

static void expect_number(struct bench *bench, size_t owner, const char *line, int expected)
{
	char text[32];

	snprintf(text, sizeof text, "%d", expected);
	expect(bench, owner, line, text);
}

static void step_number(struct bench *bench, size_t owner, struct unit_random *random)
{
	static const char *const verbs[] = {"add", "max", "min"};
	size_t name = unit_below(random, NUMBERS), what = unit_below(random, 4);
	int value = (int)unit_below(random, 41) - 20;
	char line[64];

	if (what == 3) {
		struct model_number number = model_look(owner, name);

		snprintf(line, sizeof line, "get n%zu", name);
		if (number.is_set && !number.is_text)
			expect_number(bench, owner, line, number.value);
		else
			expect(bench, owner, line, number.is_text ? "text" : NULL);
		return;
	}
	snprintf(line, sizeof line, "%s n%zu %d", verbs[what], name, value);
	if (model.numbers[name].is_text) {
		expect(bench, owner, line, NULL);
		return;
	}
	model_act(owner, (enum what)what, name, value);
	expect_number(bench, owner, line, model_look(owner, name).value);
}

/* Sets or deletes a number, which is up to the other alone. */
static void step_set(struct bench *bench, struct unit_random *random)
{
	size_t name = unit_below(random, NUMBERS), what = unit_below(random, 3);
	bool is_kept = model_is_kept(WHAT_ADD, WHAT_MIN, name);
	struct model_number *number = &model.numbers[name];
	int value = (int)unit_below(random, 41) - 20;
	char line[64];

	if (what == 0) {
		snprintf(line, sizeof line, "set n%zu %d", name, value);
		expect(bench, OTHER, line, "");
		*number = (struct model_number){.is_set = true, .value = value};
	} else if (what == 1) {
		snprintf(line, sizeof line, "set n%zu text", name);
		expect(bench, OTHER, line, is_kept ? NULL : "");
		if (!is_kept)
			*number = (struct model_number){.is_set = true, .is_text = true};
	} else {
		snprintf(line, sizeof line, "del n%zu", name);
		expect(bench, OTHER, line, is_kept || !number->is_set ? NULL : "");
		if (!is_kept)
			*number = (struct model_number){.is_set = false};
	}
}

/* Reads the list at an index. */
static void step_at(struct bench *bench, size_t owner, struct unit_random *random)
{
	size_t length = model.list_count + model_count(owner, WHAT_APPEND), i, passed = model.list_count;
	size_t index = unit_below(random, length + 2);
	char line[64];

	snprintf(line, sizeof line, "at l %zu", index);
	if (index >= length) {
		expect(bench, owner, line, NULL);
	} else if (index < model.list_count) {
		expect_number(bench, owner, line, model.list[index]);
	} else {
		for (i = 0;; i++) {
			const struct deed *deed = &model.deeds[owner][i];

			if (deed->what == WHAT_APPEND && passed++ == index) {
				expect_number(bench, owner, line, deed->value);
				return;
			}
		}
	}
}

static void step_list(struct bench *bench, size_t owner, struct unit_random *random)
{
	int value = (int)unit_below(random, 1000);
	bool is_kept = model_is_kept(WHAT_APPEND, WHAT_APPEND, 0);
	char line[64];

	switch (unit_below(random, owner == OTHER ? 4 : 3)) {
	case 0:
		snprintf(line, sizeof line, "append l %d", value);
		model_act(owner, WHAT_APPEND, 0, value);
		expect_number(bench, owner, line, (int)(model.list_count + model_count(owner, WHAT_APPEND)));
		break;
	case 1:
		step_at(bench, owner, random);
		break;
	case 2:
		expect_number(bench, owner, "len l", (int)(model.list_count + model_count(owner, WHAT_APPEND)));
		break;
	default:
		expect(bench, owner, "del l", is_kept || !model.list_count ? NULL : "");
		model.list_count = is_kept ? model.list_count : 0;
		break;
	}
}

static void step_pop(struct bench *bench, size_t owner, bool acknowledges)
{
	const char *line = acknowledges ? "pop --ack --timeout 0 q" : "pop --timeout 0 q";
	int i = model_find_item(-1);

	if (i < 0) {
		expect(bench, owner, line, NULL);
		return;
	}
	expect_number(bench, owner, line, model.items[i].value);
	if (acknowledges) {
		model.items[i].holder = (int)owner;
		model.items[i].taken = ++model.taken;
	} else {
		model_remove_item((size_t)i);
	}
}

static void step_done(struct bench *bench, size_t owner, bool is_done)
{
	int i = model_find_item((int)owner);

	expect(bench, owner, is_done ? "done q" : "back q", i < 0 ? NULL : "");
	if (i < 0)
		return;
	if (!is_done)
		model.items[i] = (struct model_item){.value = model.items[i].value, .holder = -1};
	else if (owner == OTHER)
		model_remove_item((size_t)i);
	else
		model.items[i].is_done = true;
}

/* Asks how many items there are, and whether all are done. */
static void step_join(struct bench *bench, size_t owner)
{
	size_t i, present = 0, held = 0;

	for (i = 0; i < model.item_count; i++) {
		const struct model_item *item = &model.items[i];

		present += item->holder < 0;
		held += item->holder >= 0 && !(item->is_done && item->holder == (int)owner);
	}
	expect_number(bench, owner, "len q", (int)(present + model_count(owner, WHAT_PUSH)));
	expect(bench, owner, "join --timeout 0 q", present || held ? NULL : "");
}

static void step_queue(struct bench *bench, size_t owner, struct unit_random *random)
{
	int value = (int)unit_below(random, 1000);
	char line[64];

	switch (unit_below(random, 6)) {
	case 0:
		snprintf(line, sizeof line, "push q %d", value);
		expect(bench, owner, line, "");
		model_act(owner, WHAT_PUSH, 0, value);
		break;
	case 1:
	case 2:
		step_pop(bench, owner, owner < ATTEMPTS || unit_below(random, 2));
		break;
	case 3:
		step_done(bench, owner, true);
		break;
	case 4:
		step_done(bench, owner, false);
		break;
	default:
		step_join(bench, owner);
		break;
	}
}

/* Ends an attempt, now or once it has been over for a while. */
static void step_end(struct bench *bench, size_t owner, struct unit_random *random)
{
	bool well = unit_below(random, 2);

	if (!model.over[owner] && unit_below(random, 2)) {
		store_attempt_over(bench->store, bench->owners[owner]);
		model_give_back(owner, false);
		model.over[owner] = true;
		return;
	}
	bench_end_attempt(bench, owner, well);
	model_end(owner, well);
	bench_begin_attempt(bench, owner, "another");
}

static void step(struct bench *bench, struct unit_random *random)
{
	size_t owner = unit_below(random, BENCH_OWNERS);

	if (owner != OTHER && (model.over[owner] || unit_below(random, 10) == 0)) {
		step_end(bench, owner, random);
		return;
	}
	switch (unit_below(random, owner == OTHER ? 4 : 3)) {
	case 0:
		step_number(bench, owner, random);
		break;
	case 1:
		step_list(bench, owner, random);
		break;
	case 2:
		step_queue(bench, owner, random);
		break;
	default:
		step_set(bench, random);
		break;
	}
}

/* Ends all, takes everything out, and checks that nothing is left. */
static void finish(struct bench *bench)
{
	size_t i;
	char line[64];

	for (i = 0; i < ATTEMPTS; i++) {
		bench_end_attempt(bench, i, i % 2);
		model_end(i, i % 2);
	}
	while (model_find_item(OTHER) >= 0)
		step_done(bench, OTHER, false);
	while (model.item_count)
		step_pop(bench, OTHER, false);
	for (i = 0; i < model.list_count; i++) {
		snprintf(line, sizeof line, "at l %zu", i);
		expect_number(bench, OTHER, line, model.list[i]);
	}
	expect(bench, OTHER, "del l", model.list_count ? "" : NULL);
	for (i = 0; i < NUMBERS; i++) {
		snprintf(line, sizeof line, "del n%zu", i);
		expect(bench, OTHER, line, model.numbers[i].is_set ? "" : NULL);
	}
	check_int(bench->store->objects.count, 0);
	check_int(bench->store->memory, 0);
}

static void test_model(void)
{
	struct unit_random random = unit_random();
	struct bench bench;
	size_t round, turn, i;

	for (round = 0; round < 5 && !unit_failures; round++) {
		memset(&model, 0, sizeof model);
		bench_begin(&bench);
		for (i = 0; i < ATTEMPTS; i++)
			bench_begin_attempt(&bench, i, "an attempt");
		for (turn = 0; turn < TURNS && !unit_failures; turn++)
			step(&bench, &random);
		if (!unit_failures)
			finish(&bench);
		bench_end(&bench);
	}
}

const struct unit_test unit_state_model[] = {
	{.name = "what attempts add, compared with a model", .run = test_model},
	{.name = NULL},
};
