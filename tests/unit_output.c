/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run writes: output formats, recorders and the phases of a run's end: codec/output, run/logbook, run/ending. */
#include "unit.h"

#include "codec/json/json_value.h"
#include "codec/output.h"
#include "ipc/fd.h"
#include "run/session_private.h"
#include "run/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A piece of output of a task; NULL bytes after the last. */
struct piece {
	enum stream stream;
	const char *bytes;
};

/* Formats a task, and appends its bytes to the stream they belong to. */
static void format_task(const struct output_format *format, struct output_state *state, const struct piece *pieces,
			struct bytes out[STREAM_ERRORS + 1])
{
	const struct result result = {.index = 2, .outcome = OUTCOME_SKIPPED, .status = -1};
	enum stream stream;

	if (format->join)
		format->join(state, &out[STREAM_OUTPUT]);
	if (format->begin)
		format->begin(state, &result, NULL, 1u << STREAM_OUTPUT, &out[STREAM_OUTPUT]);
	for (; pieces->bytes; pieces++)
		format->data(state, "t\t", pieces->stream, slice_of(pieces->bytes),
			     &out[format->is_whole ? STREAM_OUTPUT : pieces->stream]);
	for (stream = STREAM_OUTPUT; stream <= (format->is_whole ? STREAM_OUTPUT : STREAM_ERRORS); stream++)
		format->end(state, stream, &out[stream]);
}

static void test_lines(void)
{
	static const struct {
		const char *name;
		bool is_shared;
		struct piece pieces[6];
		const char *output;
		const char *errors;
	} cases[] = {
		{"whole lines", false, {{STREAM_OUTPUT, "a\nb\n"}}, "t\ta\nt\tb\n", ""},
		{"a last line without an end", false, {{STREAM_OUTPUT, "a\nb"}}, "t\ta\nt\tb\n", ""},
		{"a line in pieces", false, {{STREAM_OUTPUT, "a"}, {STREAM_OUTPUT, "b\n"}}, "t\tab\n", ""},
		{"two files", false, {{STREAM_OUTPUT, "a"}, {STREAM_ERRORS, "x"}}, "t\ta\n", "t\tx\n"},
		{"one file", true, {{STREAM_OUTPUT, "a"}, {STREAM_ERRORS, "x\n"}}, "t\ta", "\nt\tx\n"},
		{"an empty line", false, {{STREAM_ERRORS, "\n"}}, "", "t\t\n"},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct output_state state = {.is_shared = cases[i].is_shared};
		struct bytes out[STREAM_ERRORS + 1] = {{.data = NULL}};

		format_task(&output_lines, &state, cases[i].pieces, out);
		if (!check_slice(bytes_slice(&out[STREAM_OUTPUT]), slice_of(cases[i].output)) ||
		    !check_slice(bytes_slice(&out[STREAM_ERRORS]), slice_of(cases[i].errors)))
			printf("# in the case: %s\n", cases[i].name);
		bytes_release(&out[STREAM_OUTPUT]);
		bytes_release(&out[STREAM_ERRORS]);
	}
}

static void test_json(void)
{
	static const struct piece pieces[] = {
		{STREAM_OUTPUT, "a\"\n"}, {STREAM_OUTPUT, "b"}, {STREAM_ERRORS, "\xff"}, {.bytes = NULL}};
	struct output_state state = {.worker_prefix = "Fork"};
	struct bytes out[STREAM_ERRORS + 1] = {{.data = NULL}};
	struct slice text;
	size_t i;

	output_json.open(&state, &out[STREAM_OUTPUT]);
	for (i = 0; i < 2; i++)
		format_task(&output_json, &state, pieces, out);
	output_json.close(&state, &out[STREAM_OUTPUT]);
	text = bytes_slice(&out[STREAM_OUTPUT]);
	check(text.size > 2 && memcmp(text.data, "[\n{\"seq\":3,", 11) == 0);
	bytes_append(&out[STREAM_OUTPUT], "", 1);
	check(strstr(out[STREAM_OUTPUT].data, ",\"stdout\":\"a\\\"\\nb\",\"stderr_base64\":\"/w==\"},\n{\"seq\":3,"));
	check(strstr(out[STREAM_OUTPUT].data, "\"/w==\"}\n]\n"));
	check_int(out[STREAM_ERRORS].size, 0);
	bytes_release(&out[STREAM_OUTPUT]);
}

/* What is one value and what is not; nesting is as deep as it likes. */
static void test_value_is(void)
{
	static const char *const good[] = {
		"0",
		"-0",
		"10.01e+20",
		"1E400",
		"123456789012345678901",
		"true",
		"false",
		"null",
		"\"\"",
		"\"\\u00e9\\n\\\"\"",
		"\"\303\251\x7f\"",
		"[]",
		"{}",
		" [ ] ",
		"\t{\r\n}",
		"[1,\"\",[],{}]",
		"{\"a\":{\"b\":[null]},\"a\" : 1}",
		"[[[{\"\":[]}]]]",
		"\"\\ud800\"",
	};
	static const char *const bad[] = {
		"",
		" ",
		"01",
		"-",
		"+1",
		"1.",
		".5",
		"1e",
		"1e+",
		"0x1",
		"nul",
		"True",
		"NaN",
		"Infinity",
		"nullx",
		"1 2",
		"1,",
		"[",
		"]",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[}",
		"{]",
		"{",
		"{,}",
		"{1:2}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\":1 \"b\":2}",
		"[\"a\":1]",
		"\"",
		"\"a",
		"'a'",
		"\"\n\"",
		"\"\x1f\"",
		"\"\\x\"",
		"\"\\u12g4\"",
		"\"\\u12\"",
		"\"\\",
		"\"\xff\"",
		"[]]",
		"\xef\xbb\xbf"
		"1",
	};
	struct bytes deep = {.data = NULL};
	size_t i;

	for (i = 0; i < countof(good); i++) {
		if (!check(json_value_is(slice_of(good[i]))))
			printf("# in the case: %s\n", good[i]);
	}
	for (i = 0; i < countof(bad); i++) {
		if (!check(!json_value_is(slice_of(bad[i]))))
			printf("# in the case: %s\n", bad[i]);
	}
	check(!json_value_is((struct slice){.data = "1\0", .size = 2}));
	check(!json_value_is((struct slice){.data = "\"\0\"", .size = 3}));
	for (i = 0; i < 200000; i++)
		bytes_append(&deep, i < 100000 ? "[" : "]", 1);
	check(json_value_is(bytes_slice(&deep)));
	check(!json_value_is((struct slice){.data = deep.data, .size = deep.size - 1}));
	bytes_release(&deep);
}

static void test_value_lines(void)
{
	char text[] = "{\r\n \"a\\n\":\n1}\n";

	json_value_join_lines(text, strlen(text));
	check_str(text, "{   \"a\\n\": 1} ");
	check(json_value_is(slice_of(text)));
}

/* A value is the last member, as it came, however many pieces it came in; but not if a part of it is lost. */
static void test_value_member(void)
{
	static const struct piece pieces[] = {
		{STREAM_OUTPUT, "a"}, {STREAM_VALUE, "{\"k\": "}, {STREAM_VALUE, "1.10}"}, {.bytes = NULL}};
	static const struct piece only[] = {{STREAM_VALUE, "null"}, {.bytes = NULL}};
	static const struct piece none[] = {{.bytes = NULL}};
	struct output_state state = {.worker_prefix = "Fork"};
	struct bytes out[STREAM_ERRORS + 1] = {{.data = NULL}};
	struct bytes *text = &out[STREAM_OUTPUT];

	format_task(&output_json_lines, &state, pieces, out);
	check(strstr(bytes_text(text), ",\"stdout\":\"a\",\"stderr_base64\":\"\",\"value\":{\"k\": 1.10}}\n"));
	bytes_clear(text);
	format_task(&output_json_lines, &state, only, out);
	check(strstr(bytes_text(text), ",\"stdout\":\"\",\"stderr_base64\":\"\",\"value\":null}\n"));
	bytes_clear(text);
	format_task(&output_json_lines, &state, none, out);
	check(strstr(bytes_text(text), ",\"stderr_base64\":\"\"}\n"));
	bytes_clear(text);
	state.is_lost = true;
	format_task(&output_json_lines, &state, pieces, out);
	check(strstr(bytes_text(text), ",\"stderr_base64\":\"\",\"output_lost\":true}\n"));
	bytes_release(text);
	output_release(&state);
}

/* Plain text is passed through, without a copy. */
static void test_text(void)
{
	check(!output_text.data && !output_text.end && !output_text.begin && !output_text.open && !output_text.close);
	check(output_find("text") == &output_text && output_find("jsonl") == &output_json_lines);
	check(!output_find("lines") && !output_find(""));
}

/* A recorder that counts its calls. */
struct counting {
	struct recorder recorder;
	size_t put, counted, written, flushed, closed;
	/* True if count fails. */
	bool fails;
};

static int counting_put(struct recorder *recorder, const struct recorder_piece *piece, struct error *error UNUSED)
{
	container_of(recorder, struct counting, recorder)->put += piece->bytes.size;
	return 0;
}

static int counting_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error)
{
	struct counting *counting = container_of(recorder, struct counting, recorder);

	counting->counted++;
	check_int(entry->result->index, 7);
	check_int(entry->command.size + entry->shown.size + entry->object.size, 0);
	return counting->fails ? error_set(error, "the recorder fails") : 0;
}

static int counting_written(struct recorder *recorder, const struct result *result, struct error *error UNUSED)
{
	container_of(recorder, struct counting, recorder)->written++;
	check_int(result->index, 7);
	return 0;
}

static int counting_flush(struct recorder *recorder, struct error *error UNUSED)
{
	container_of(recorder, struct counting, recorder)->flushed++;
	return 0;
}

static void counting_close(struct recorder *recorder)
{
	container_of(recorder, struct counting, recorder)->closed++;
}

static void test_recorders(void)
{
	static const struct recorder_kind all = {
		.put = counting_put,
		.count = counting_count,
		.written = counting_written,
		.flush = counting_flush,
		.close = counting_close,
	};
	static const struct recorder_kind least = {.count = counting_count};
	const struct result result = {.index = 7, .outcome = OUTCOME_OK};
	const struct result skipped = {.index = 8, .outcome = OUTCOME_SKIPPED};
	const struct output_header header = {.index = 7, .attempt = 1, .stream = STREAM_OUTPUT};
	struct counting first = {.recorder.kind = &all}, second = first, owner = {.recorder.kind = &least};
	struct recorder *recorders[] = {&owner.recorder, &first.recorder, &second.recorder};
	struct session session = {.logbook = {.recorders = recorders, .count = countof(recorders)}};

	check(logbook_wants_written(&session));

	logbook_put(&session, &header, slice_of("abc"));
	logbook_count(&session, &result, NULL);
	logbook_count(&session, &skipped, NULL);
	logbook_written(&session, &result);
	logbook_flush(&session);
	check_int(first.put, 3);
	check_int(first.counted, 1);
	check_int(first.written, 1);
	check_int(first.flushed, 1);
	check_int(owner.counted, 1);
	/* A recorder that fails ends the run. The others are flushed; all but the owner's are closed. */
	session.ending.phase = ENDING_DRAINING;
	first.fails = true;
	logbook_count(&session, &result, NULL);
	check_int(session.ending.failure, EXIT_TROUBLE);
	check_int(first.closed, 1);
	check_int(first.flushed, 1);
	/* The recorder after it has the entry as well. */
	check_int(second.counted, 2);
	check_int(second.flushed, 2);
	check_int(second.closed, 1);
	check_int(session.logbook.count, 1);
	check(!logbook_wants_written(&session));
	logbook_count(&session, &result, NULL);
	check_int(first.counted, 2);
	check_int(owner.counted, 3);
}

/* A session whose one recorder notes the order of its calls: "count ", "written ". */
struct noting {
	struct session session;
	struct session_options options;
	struct recorder recorder;
	struct outlet_screen screen;
	struct bytes calls;
};

static int noting_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error UNUSED)
{
	bytes_append_format(&container_of(recorder, struct noting, recorder)->calls, "count %d ",
			    (int)entry->result->index);
	return 0;
}

static int noting_written(struct recorder *recorder, const struct result *result, struct error *error UNUSED)
{
	bytes_append_format(&container_of(recorder, struct noting, recorder)->calls, "written %d ", (int)result->index);
	return 0;
}

static bool noting_has_room(struct outlet_screen *screen UNUSED)
{
	return true;
}

static void noting_put(struct outlet_screen *screen UNUSED, uint64_t index UNUSED, enum stream stream UNUSED,
		       struct slice bytes UNUSED)
{
}

static void noting_ended(struct outlet_screen *screen UNUSED, uint64_t index UNUSED)
{
}

/* The output that is shown. */
static struct bytes on_screen;

static void keep_shown(struct outlet_screen *screen UNUSED, uint64_t index UNUSED, enum stream stream,
		       struct slice bytes)
{
	check_int(stream, STREAM_OUTPUT);
	bytes_append(&on_screen, bytes.data, bytes.size);
}

static bool noting_finished(struct outlet *outlet UNUSED, const struct result *result UNUSED)
{
	return true;
}

static void noting_settled(struct outlet *outlet, const struct result *result)
{
	logbook_written(container_of(outlet, struct session, outlet), result);
}

/* A result is recorded before its output is reported as written, although it is finished, and shown, before that. */
static void test_count_first(void)
{
	static const struct recorder_kind kind = {.count = noting_count, .written = noting_written};
	struct order_options order = {.memory = 1 << 20, .kind = ORDER_INPUT, .attempts = 1};
	const struct outlet_options shown = {.format = &output_text, .worker_prefix = "Fork", .output = -1};
	struct noting noting = {
		.recorder.kind = &kind,
		.screen = {.has_room = noting_has_room, .put = noting_put, .ended = noting_ended},
	};
	struct recorder *recorders[] = {&noting.recorder};
	struct session *session = &noting.session;
	uint64_t index;

	session->options = &noting.options;
	session->logbook = (struct logbook){.recorders = recorders, .count = 1};
	session->outlet =
		(struct outlet){.finished = noting_finished, .settled = noting_settled, .screen = &noting.screen};
	outlet_open(&session->outlet, NULL, &shown);
	order_init(&session->order, &order, &session->outlet.sink);
	for (index = 0; index < 2; index++) {
		struct result result = {.index = index, .attempt = 1, .outcome = OUTCOME_OK};

		check_int(verdict_finish(session, &result, NULL), 0);
	}
	check_slice(bytes_slice(&noting.calls), slice_of("count 0 count 1 "));
	outlet_flush(&session->outlet);
	check_slice(bytes_slice(&noting.calls), slice_of("count 0 count 1 written 0 written 1 "));
	order_release(&session->order);
	outlet_close(&session->outlet);
	bytes_release(&noting.calls);
}

static int noting_put_piece(struct recorder *recorder, const struct recorder_piece *piece, struct error *error UNUSED)
{
	bytes_append_format(&container_of(recorder, struct noting, recorder)->calls, "put %d ", (int)piece->stream);
	return 0;
}

/* A value goes into the output alone: recorders get what a task wrote. */
static void test_value_way(void)
{
	static const struct recorder_kind kind = {.put = noting_put_piece, .count = noting_count};
	struct order_options order = {.memory = 1 << 20, .whole = true};
	const struct outlet_options options = {.format = &output_json_lines, .worker_prefix = "Fork", .output = -1};
	struct noting noting = {
		.recorder.kind = &kind,
		.screen = {.has_room = noting_has_room, .put = keep_shown, .ended = noting_ended},
	};
	struct recorder *recorders[] = {&noting.recorder};
	struct session *session = &noting.session;
	struct output_header header = {.index = 0, .attempt = 1, .stream = STREAM_VALUE};
	struct result result = {.index = 0, .attempt = 1, .outcome = OUTCOME_OK};

	session->options = &noting.options;
	session->tally.submitted = 1;
	session->logbook = (struct logbook){.recorders = recorders, .count = 1};
	session->outlet =
		(struct outlet){.finished = noting_finished, .settled = noting_settled, .screen = &noting.screen};
	session->pool_owner = verdict_owner;
	outlet_open(&session->outlet, NULL, &options);
	order_init(&session->order, &order, &session->outlet.sink);
	/* A worker sends values only if it is to. */
	check_int(verdict_owner.on_output(&session->pool_owner, &header, 1, slice_of("[1.10]")), -1);
	session->briefing.flags = BRIEFING_VALUES;
	check_int(verdict_owner.on_output(&session->pool_owner, &header, 1, slice_of("[1.10]")), 0);
	header.stream = STREAM_ERRORS;
	check_int(verdict_owner.on_output(&session->pool_owner, &header, 1, slice_of("e")), 0);
	check_int(verdict_finish(session, &result, NULL), 0);
	check_slice(bytes_slice(&noting.calls), slice_of("put 2 count 0 "));
	check(strstr(bytes_text(&on_screen), ",\"stdout\":\"\",\"stderr\":\"e\",\"value\":[1.10]}\n"));
	order_release(&session->order);
	outlet_close(&session->outlet);
	bytes_release(&noting.calls);
	bytes_release(&on_screen);
}

enum {
	/* Bytes that the pipe holds. */
	PIPE_SIZE = 4096,
	/* Bytes of output of a task. */
	TASK_SIZE = 1000,
	/* Tasks whose output fits the pipe. */
	TASKS_THAT_FIT = PIPE_SIZE / TASK_SIZE,
};

/* An outlet to a pipe that is read only by drain_pipe, and the tasks that it has settled. */
struct tap {
	struct loop loop;
	struct outlet outlet;
	int read_end;
	/* The descriptor 1 of before. */
	int output;
	/* Settled tasks; their indexes must be 0, 1, 2 ... */
	uint64_t settled;
	/* The number of wrong indexes and of results with views. */
	size_t wrong;
	/* The error of the writer, 0 if none. */
	int error;
};

static bool tap_finished(struct outlet *outlet UNUSED, const struct result *result)
{
	return result->outcome != OUTCOME_SKIPPED;
}

static void tap_settled(struct outlet *outlet, const struct result *result)
{
	struct tap *tap = container_of(outlet, struct tap, outlet);

	tap->wrong += result->index != tap->settled || result->reason || result->line;
	tap->settled++;
}

static void tap_failed(struct outlet *outlet, int number)
{
	container_of(outlet, struct tap, outlet)->error = number;
}

/* Replaces standard output by the pipe. */
static void tap_open(struct tap *tap)
{
	const struct outlet_options options = {
		.format = &output_text, .worker_prefix = "Fork", .output = STDOUT_FILENO};
	int ends[2] = {-1, -1};

	*tap = (struct tap){.outlet = {.failed = tap_failed, .finished = tap_finished, .settled = tap_settled}};
	check_int(pipe2(ends, O_CLOEXEC), 0);
	check_int(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
	tap->read_end = ends[0];
	check_int(loop_init(&tap->loop), 0);
	fflush(stdout);
	tap->output = dup(STDOUT_FILENO);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	outlet_open(&tap->outlet, &tap->loop, &options);
}

/* Restores standard output: checks are printed there. */
static void tap_close(struct tap *tap)
{
	outlet_close(&tap->outlet);
	dup2(tap->output, STDOUT_FILENO);
	close(tap->output);
	close(tap->read_end);
	loop_release(&tap->loop);
	check_int(tap->wrong, 0);
}

/* Puts the output and the result of a task. */
static void put_task(struct tap *tap, uint64_t index, size_t size, enum outcome outcome)
{
	static const char output[TASK_SIZE];
	struct order_sink *sink = &tap->outlet.sink;
	const struct result result = {.index = index, .outcome = outcome, .reason = "reason", .line = "line"};

	if (size)
		sink->data(sink, index, NULL, STREAM_OUTPUT, (struct slice){.data = output, .size = size});
	sink->result(sink, &result);
}

/* Reads what the pipe holds and lets the outlet write more. */
static void drain_pipe(struct tap *tap)
{
	char buffer[PIPE_SIZE];

	fd_read(tap->read_end, buffer, sizeof buffer);
	loop_step(&tap->loop, clock_now() + NSEC_PER_SEC);
	outlet_flush(&tap->outlet);
}

/* Tasks are settled when the pipe has taken their output, and no earlier. */
static void test_settled(void)
{
	struct tap tap;
	uint64_t i, before, then, after;

	tap_open(&tap);
	for (i = 0; i < 3 * (uint64_t)TASKS_THAT_FIT; i++)
		put_task(&tap, i, TASK_SIZE, OUTCOME_FAILED);
	/* Neither a task without output nor a skipped one overtakes them; the latter is never settled. */
	put_task(&tap, i, 0, OUTCOME_OK);
	put_task(&tap, i + 1, TASK_SIZE, OUTCOME_SKIPPED);
	before = tap.settled;
	outlet_flush(&tap.outlet);
	then = tap.settled;
	while (!outlet_is_idle(&tap.outlet))
		drain_pipe(&tap);
	after = tap.settled;
	tap_close(&tap);
	check_int(before, 0);
	check_int(then, TASKS_THAT_FIT);
	check_int(after, 3 * TASKS_THAT_FIT + 1);
}

/* Tasks whose output is lost are not settled. */
static void test_lost(void)
{
	struct tap tap;
	uint64_t i, settled;

	tap_open(&tap);
	for (i = 0; i < 2 * (uint64_t)TASKS_THAT_FIT; i++)
		put_task(&tap, i, TASK_SIZE, OUTCOME_OK);
	outlet_flush(&tap.outlet);
	close(tap.read_end);
	tap.read_end = -1;
	while (!tap.error)
		loop_step(&tap.loop, clock_now() + NSEC_PER_SEC);
	put_task(&tap, i, 0, OUTCOME_OK);
	outlet_flush(&tap.outlet);
	settled = tap.settled;
	i = tap.outlet.unsettled_count;
	tap_close(&tap);
	check_int(tap.error, EPIPE);
	check_int(settled, TASKS_THAT_FIT);
	check_int(i, 0);
}

/* While a reader sleeps, silent tasks are stopped before there are too many to remember. */
static void test_behind(void)
{
	struct tap tap;
	uint64_t i, early;
	bool behind[3];

	tap_open(&tap);
	for (i = 0; i < OUTLET_UNSETTLED_MOST; i++)
		put_task(&tap, i, 0, OUTCOME_OK);
	behind[0] = outlet_is_behind(&tap.outlet);
	/* However many there are: none is settled before it is recorded. */
	early = tap.settled;
	outlet_flush(&tap.outlet);
	for (; !outlet_is_behind(&tap.outlet) && i < 3 * OUTLET_UNSETTLED_MOST; i++) {
		put_task(&tap, i, i < OUTLET_UNSETTLED_MOST + 2 * TASKS_THAT_FIT ? TASK_SIZE : 0, OUTCOME_OK);
		outlet_flush(&tap.outlet);
	}
	behind[1] = outlet_is_behind(&tap.outlet);
	while (!outlet_is_idle(&tap.outlet))
		drain_pipe(&tap);
	behind[2] = outlet_is_behind(&tap.outlet);
	tap_close(&tap);
	check_int(early, 0);
	check(!behind[0] && behind[1] && !behind[2]);
	check_int(i, 2 * OUTLET_UNSETTLED_MOST + TASKS_THAT_FIT);
	check_int(tap.settled, i);
}

static void test_phases(void)
{
	struct session session = {.ending.phase = ENDING_RUNNING};

	check(ending_permits(&session)->submits && ending_permits(&session)->begins);
	check(!ending_is_aborted(&session) && ending_is_settled(&session));
	session.tally.submitted = 1;
	check(!ending_is_settled(&session) && !ending_is_over(&session));
	session.ending.phase = ENDING_DRAINING;
	check(!ending_permits(&session)->submits && ending_permits(&session)->skips && !ending_is_settled(&session));
	session.ending.phase = ENDING_ABORTING;
	check(ending_permits(&session)->skips && ending_is_settled(&session) && ending_is_over(&session));
	/* After a failure of the run itself nothing is skipped: output ends where it is whole. */
	ending_note_trouble(&session);
	check_int(session.ending.phase, ENDING_FAILED);
	check(!ending_permits(&session)->skips && ending_is_aborted(&session) && ending_is_over(&session));
}

const struct unit_test unit_output[] = {
	{"lines of two streams", .run = test_lines},
	{"result objects", .run = test_json},
	{"what is a value of JSON", .run = test_value_is},
	{"a value is put on one line", .run = test_value_lines},
	{"a value in a result object", .run = test_value_member},
	{"a value goes into the output alone", .run = test_value_way},
	{"text is written as it is", .run = test_text},
	{"recorders are called for each event", .run = test_recorders},
	{"a result is recorded before its output is reported as written", .run = test_count_first},
	{"a task is settled once its output has been written", .run = test_settled},
	{"a task whose output is lost is not settled", .run = test_lost},
	{"no task is begun while too many are unsettled", .run = test_behind},
	{"the phases of a run's end", .run = test_phases},
	{.name = NULL},
};
