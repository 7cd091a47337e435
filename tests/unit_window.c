/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * order/ against a model: workers that claim chunks and produce at random, and a sink without room at random. Whatever
 * the limits, the output of each task is complete, in order and within the limits, and the run ends.
 */
#include "unit.h"

#include "base/mem.h"
#include "order/order.h"

#include <signal.h>
#include <sys/resource.h>

enum { TASKS = 250, PIECES_MAX = 5, PIECE_MAX = 20000, WORKERS = 5, CHUNK_MAX = 4, STUCK = 1000 };

/* A piece of a task's output, a part of what unit_fill yields for the task. */
struct piece {
	size_t begin;
	size_t size;
	enum stream stream;
};

struct plan {
	struct piece pieces[PIECES_MAX];
	size_t count;
	size_t total;
	char *data;
	/* Pieces put in, and bytes passed on. */
	size_t put;
	size_t bytes_out;
	bool claimed;
	bool finished;
};

/* A worker with a chunk; idle if next is end. */
struct hand {
	uint64_t next;
	uint64_t end;
};

struct model {
	struct order_sink sink;
	struct order order;
	struct plan plans[TASKS];
	struct hand hands[WORKERS];
	struct unit_random random;
	/* Bytes that the sink has room for. */
	int64_t room;
	/* The task of which a part was received, and the number of tasks received. */
	uint64_t open;
	uint64_t results;
	bool unordered;
};

static bool has_room(struct order_sink *sink)
{
	return container_of(sink, struct model, sink)->room > 0;
}

/* Checks that no output of another task comes in between and that, in the order of the input, the task is the next. */
static void check_turn(struct model *model, uint64_t index)
{
	check(index < TASKS && (model->open == ORDER_NONE || model->open == index));
	if (!model->unordered)
		check_int(index, model->results);
}

static void take_data(struct order_sink *sink, uint64_t index, const char *label UNUSED, enum stream stream,
		      struct slice bytes)
{
	struct model *model = container_of(sink, struct model, sink);
	struct plan *plan = &model->plans[index];
	size_t i;

	check_turn(model, index);
	model->open = index;
	model->room -= (int64_t)bytes.size;
	if (!check(bytes.size && plan->bytes_out + bytes.size <= plan->total))
		return;
	check(memcmp(bytes.data, plan->data + plan->bytes_out, bytes.size) == 0);
	for (i = 0; i < plan->count; i++) {
		const struct piece *piece = &plan->pieces[i];

		if (plan->bytes_out >= piece->begin && plan->bytes_out < piece->begin + piece->size)
			check(piece->stream == stream && plan->bytes_out + bytes.size <= piece->begin + piece->size);
	}
	plan->bytes_out += bytes.size;
}

static void take_result(struct order_sink *sink, const struct result *result)
{
	struct model *model = container_of(sink, struct model, sink);
	struct plan *plan = &model->plans[result->index];

	check_turn(model, result->index);
	check_int(plan->bytes_out, plan->total);
	check(plan->finished);
	check_int(result->status, result->index % 256);
	model->open = ORDER_NONE;
	model->results++;
	model->room--;
}

static void make_plan(struct plan *plan, struct unit_random *random, uint64_t seed)
{
	size_t i;

	*plan = (struct plan){.count = unit_below(random, PIECES_MAX + 1)};
	for (i = 0; i < plan->count; i++) {
		size_t most = unit_below(random, 6) ? 300 : PIECE_MAX;

		plan->pieces[i] = (struct piece){
			.begin = plan->total,
			.size = 1 + unit_below(random, most),
			.stream = unit_below(random, 3) ? STREAM_OUTPUT : STREAM_ERRORS,
		};
		plan->total += plan->pieces[i].size;
	}
	plan->data = mem_new(plan->total, 1);
	unit_fill(plan->data, plan->total, seed);
}

/* Puts in the next piece of a task, or its result. Returns false if the window does not accept it. */
static bool produce(struct model *model, struct hand *hand)
{
	struct plan *plan = &model->plans[hand->next];
	uint64_t index = hand->next;

	if (!order_accepts(&model->order, index))
		return false;
	if (plan->put < plan->count) {
		const struct piece *piece = &plan->pieces[plan->put++];
		struct slice bytes = {.data = plan->data + piece->begin, .size = piece->size};

		return check_int(order_put(&model->order, index, 1, piece->stream, bytes), 0);
	}
	plan->finished = true;
	hand->next++;
	return check_int(order_finish(&model->order, &(struct result){.index = index, .status = (int)index % 256}), 0);
}

/* True if the gate lets a task begin. */
static bool may_begin(const struct model *model, uint64_t index)
{
	return !order_is_full(&model->order) || index <= order_head(&model->order);
}

/* Claims the lowest tasks that are not claimed for an idle worker. Returns false if all are claimed. */
static bool claim(struct model *model, struct hand *hand)
{
	uint64_t first = 0, count = 1 + unit_below(&model->random, CHUNK_MAX);

	while (first < TASKS && model->plans[first].claimed)
		first++;
	if (first == TASKS || !may_begin(model, first))
		return false;
	*hand = (struct hand){.next = first, .end = first};
	while (hand->end < TASKS && hand->end < first + count && !model->plans[hand->end].claimed)
		model->plans[hand->end++].claimed = true;
	return true;
}

/* Lets one worker do one step. Returns false if it can do none. */
static bool work(struct model *model, struct hand *hand)
{
	struct plan *plan = &model->plans[hand->next < TASKS ? hand->next : 0];

	if (hand->next == hand->end)
		return claim(model, hand);
	/* The task may not begin now: the rest of the chunk is returned. */
	if (plan->put == 0 && !may_begin(model, hand->next)) {
		while (hand->end > hand->next)
			model->plans[--hand->end].claimed = false;
		return false;
	}
	return produce(model, hand);
}

static void check_limits(const struct model *model)
{
	const struct order *order = &model->order;

	check(order->held.data <= order->options.memory + PIECE_MAX);
	check(spill_used(&order->held.spill) <= order->options.disk);
	check(order->peak >= order->held.data);
	if (model->room > 0 && order_head(order) < TASKS && !order_is_finished(order, order_head(order)))
		check(order_accepts(order, order_head(order)));
}

/* Changes the sink's room; with room, held output is passed on. */
static void change_room(struct model *model, bool enough)
{
	model->room = enough                          ? INT64_MAX / 2
		      : unit_below(&model->random, 2) ? 0
						      : (int64_t)unit_below(&model->random, 5000);
	if (model->room > 0)
		order_pump(&model->order);
}

static void run(struct model *model)
{
	int idle = 0, hand;

	while (model->results < TASKS && !unit_failures) {
		bool moved = work(model, &model->hands[unit_below(&model->random, WORKERS)]);

		if (unit_below(&model->random, 10) == 0)
			change_room(model, false);
		check_limits(model);
		idle = moved ? 0 : idle + 1;
		if (idle < STUCK)
			continue;
		/* With room in the sink some worker must be able to continue. */
		change_room(model, true);
		for (hand = 0; hand < WORKERS && !moved; hand++)
			moved = work(model, &model->hands[hand]);
		check(moved || model->results == TASKS);
	}
}

/* Number of plays in which the disk refused output. */
static unsigned refusals;

static void play(uint64_t memory, uint64_t disk, bool unordered, uint64_t seed)
{
	struct model *model = mem_new(1, sizeof *model);
	struct order_options options = {
		.memory = memory,
		.disk = disk,
		.directory = unit_directory(),
		.kind = unordered ? ORDER_COMPLETION : ORDER_INPUT,
	};
	uint64_t i;

	*model = (struct model){
		.sink = {.has_room = has_room, .data = take_data, .result = take_result},
		.open = ORDER_NONE,
		.unordered = unordered,
		.random = unit_random(),
		.room = 1000,
	};
	model->random.state += seed;
	for (i = 0; i < TASKS; i++)
		make_plan(&model->plans[i], &model->random, i);
	order_init(&model->order, &options, &model->sink);
	run(model);
	check_int(model->results, TASKS);
	check_int(order_head(&model->order), TASKS);
	check_int(model->order.held.data, 0);
	check_int(spill_used(&model->order.held.spill), 0);
	check_int(model->order.complete, 0);
	check(model->order.held.overhead < 3000);
	check(!model->order.held.loss.text);
	refusals += model->order.held.refusal.text != NULL;
	if (unit_failures)
		printf("# with memory %ju, disk %ju, %s, seed + %ju\n", (uintmax_t)memory, (uintmax_t)disk,
		       unordered ? "unordered" : "ordered", (uintmax_t)seed);
	order_release(&model->order);
	for (i = 0; i < TASKS; i++)
		free(model->plans[i].data);
	free(model);
}

static void play_all(bool unordered)
{
	static const uint64_t memories[] = {0, 1, 1000, 30000, 1000000}, disks[] = {0, 1000, 65536, 140000, 1000000};
	uint64_t seed = 0;
	size_t memory, disk;

	for (memory = 0; memory < countof(memories); memory++) {
		for (disk = 0; disk < countof(disks) && !unit_failures; disk++) {
			play(memories[memory], disks[disk], unordered, ++seed);
			play(memories[memory], disks[disk], unordered, ++seed);
		}
	}
}

static void test_ordered(void)
{
	play_all(false);
}

static void test_unordered(void)
{
	play_all(true);
}

/* Sets the size of the largest file, bytes. A write across it is short, the next fails with EFBIG. */
static void limit_files(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* The disk takes less than its limit, or nothing at all: no output is lost, and the run ends. */
static void test_refused(void)
{
	static const uint64_t memories[] = {0, 1000, 30000}, files[] = {0, 1000, 66000, 131072, 200000};
	uint64_t seed = 0;
	size_t memory, file;

	signal(SIGXFSZ, SIG_IGN);
	for (memory = 0; memory < countof(memories); memory++) {
		for (file = 0; file < countof(files) && !unit_failures; file++) {
			limit_files(files[file]);
			play(memories[memory], 1000000, false, ++seed);
			play(memories[memory], 1000000, true, ++seed);
			limit_files(RLIM_INFINITY);
		}
	}
	check(refusals > 10);
}

enum { MILLION = 1000000 };

/* A sink that only counts. */
struct counter {
	struct order_sink sink;
	uint64_t results;
};

static bool has_always_room(struct order_sink *sink UNUSED)
{
	return true;
}

static void count_result(struct order_sink *sink, const struct result *result UNUSED)
{
	container_of(sink, struct counter, sink)->results++;
}

static void begin_counting(struct order *order, struct counter *counter, struct order_options options)
{
	*counter = (struct counter){.sink = {.has_room = has_always_room, .result = count_result}};
	options.directory = unit_directory();
	order_init(order, &options, &counter->sink);
}

static void finish(struct order *order, uint64_t index)
{
	check_int(order_finish(order, &(struct result){.index = index}), 0);
}

/* A million empty results after a slow head: memory is bounded, and all are passed on. */
static void test_million(void)
{
	struct order order;
	struct counter counter;
	uint64_t index = 0, next, longest = 0;

	begin_counting(&order, &counter, (struct order_options){.memory = 1 << 20});
	while (index < MILLION) {
		for (next = index + 1; next < MILLION && order_accepts(&order, next); next++)
			finish(&order, next);
		longest = next - index > longest ? next - index : longest;
		check(order.held.overhead < (1 << 18) + 5000);
		check(next == MILLION || order_is_full(&order));
		finish(&order, index);
		index = order_head(&order);
		if (!check_int(index, next))
			break;
		check(!order_is_full(&order));
	}
	check_int(counter.results, MILLION);
	check(longest > 1000);
	check(order.peak < (1 << 18) + 5000);
	order_release(&order);
}

/* In the order of completion a slow head takes little memory, which is freed at the end. */
static void test_million_unordered(void)
{
	struct order order;
	struct counter counter;
	uint64_t index;

	begin_counting(&order, &counter, (struct order_options){.memory = 1 << 20, .kind = ORDER_COMPLETION});
	for (index = 1; index < MILLION; index++) {
		if (!check(order_accepts(&order, index)))
			break;
		finish(&order, index);
	}
	check_int(counter.results, MILLION - 1);
	check(order.peak < 1 << 18);
	finish(&order, 0);
	check_int(order_head(&order), MILLION);
	check(order.held.overhead < 3000);
	order_release(&order);
}

/* So little memory that a slow head fills the window: after its end all memory is freed. */
static void test_recovery(void)
{
	struct order order;
	struct counter counter;
	uint64_t index;

	begin_counting(&order, &counter, (struct order_options){.memory = 1000, .kind = ORDER_COMPLETION});
	for (index = 1; order_accepts(&order, index); index++) {
		if (!check(index < 10 * MILLION))
			break;
		finish(&order, index);
	}
	check(order_is_full(&order));
	finish(&order, 0);
	check_int(order_head(&order), index);
	check(!order_is_full(&order));
	check(order_accepts(&order, index + 5));
	finish(&order, index + 5);
	check_int(counter.results, index + 1);
	order_release(&order);
}

/*
 * A model of the phases of an entry: facts of a task as booleans, which decide which events are refused.
 */
struct facts {
	bool begun_attempt;
	bool committed;
	bool provisional;
	bool finished;
	bool begun;
	bool gone;
};

static const struct facts phase_facts[ENTRY_PHASES] = {
	[ENTRY_RUNNING] = {.begun_attempt = true},
	[ENTRY_COMMITTED] = {.begun_attempt = true, .committed = true},
	[ENTRY_PROVISIONAL] = {.begun_attempt = true, .provisional = true},
	[ENTRY_FINISHED] = {.finished = true},
	[ENTRY_BEGUN] = {.finished = true, .begun = true},
	[ENTRY_GONE] = {.gone = true},
};

/* Applies an event to the facts. Returns false if it is refused. */
static bool apply_event(struct facts *facts, enum entry_event event)
{
	bool open = !facts->finished && !facts->gone;
	bool produces = open && facts->begun_attempt && !facts->provisional;

	switch (event) {
	case ENTRY_PUT:
		return produces;
	case ENTRY_ATTEMPT:
		if (!open || produces)
			return false;
		*facts = phase_facts[ENTRY_RUNNING];
		return true;
	case ENTRY_COMMIT:
		facts->committed |= produces;
		return produces;
	case ENTRY_RETRY:
		if (!produces || facts->committed)
			return false;
		facts->provisional = true;
		return true;
	case ENTRY_CONFIRM:
	case ENTRY_FINISH:
		if (!open || (event == ENTRY_CONFIRM && !facts->provisional))
			return false;
		*facts = phase_facts[ENTRY_FINISHED];
		return true;
	case ENTRY_BEGIN:
		if (!facts->finished || facts->begun)
			return false;
		facts->begun = true;
		return true;
	case ENTRY_LEAVE:
		if (!facts->finished)
			return false;
		*facts = phase_facts[ENTRY_GONE];
		return true;
	case ENTRY_EVENTS:
	default:
		return false;
	}
}

static void test_phases(void)
{
	enum entry_phase phase;
	enum entry_event event;

	for (phase = 0; phase < ENTRY_PHASES; phase++) {
		for (event = 0; event < ENTRY_EVENTS; event++) {
			struct facts facts = phase_facts[phase];
			struct entry entry = {.phase = phase};
			bool taken = apply_event(&facts, event);

			check_int(entry_next(phase, event) != ENTRY_REFUSED, taken);
			check_int(entry_move(&entry, event), taken);
			if (taken)
				check(memcmp(&phase_facts[entry.phase], &facts, sizeof facts) == 0);
			else
				check_int(entry.phase, phase);
			check_int(entry_is_open(&entry), !facts.finished && !facts.gone);
			check_int(entry_is_finished(&entry), facts.finished);
		}
	}
	check(!entry_is_open(NULL));
}

const struct unit_test unit_window[] = {
	{"the phases of an entry", .run = test_phases},
	{"in the order of the input, whatever the limits", .run = test_ordered},
	{"in the order of completion, whatever the limits", .run = test_unordered},
	{"with a disk that takes less than its limit", .run = test_refused},
	{"a million results in the order of the input", .run = test_million},
	{"a million results in the order of completion", .run = test_million_unordered},
	{"memory after a slow head", .run = test_recovery},
	{.name = NULL},
};
