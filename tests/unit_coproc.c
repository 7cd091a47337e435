/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The protocol of persistent commands: codec/coproc and codec/coproc_lines. */
#include "unit.h"

#include "base/mem.h"
#include "codec/coproc.h"
#include "codec/coproc_lines.h"
#include "task/chunk.h"
#include "task/frame.h"

/* Checks the request for a record. */
static void check_request(struct slice record, const char *expected)
{
	const struct task task = {.index = 41, .record = record, .value_count = 1};
	struct bytes out = {.data = NULL};

	coproc_put_request(&out, &task, NULL);
	check_slice(bytes_slice(&out), slice_of(expected));
	bytes_release(&out);
}

static void test_requests(void)
{
	check_request(slice_of("a b"), "{\"seq\":42,\"args\":[\"a b\"]}\n");
	check_request(slice_of(""), "{\"seq\":42,\"args\":[\"\"]}\n");
	check_request(slice_of("\"\\\t\x01\x7f/\xc3\xa4"),
		      "{\"seq\":42,\"args\":[\"\\\"\\\\\\t\\u0001\\u007f/\xc3\xa4\"]}\n");
	check_request((struct slice){.data = "a\0b", .size = 3}, "{\"seq\":42,\"args\":[\"a\\u0000b\"]}\n");
	check_request(slice_of("\xff"), "{\"seq\":42,\"args_base64\":[\"/w==\"]}\n");
}

/* Checks the request for a task of several values, which a frame may bring. */
static void check_values(const struct task *task, const char *expected)
{
	const struct columns none = {.expression = NULL};
	struct values values = {.list = NULL};
	struct bytes out = {.data = NULL};

	values_gather(&values, task, &none, NULL, 0);
	coproc_put_request(&out, task, &values);
	check_slice(bytes_slice(&out), slice_of(expected));
	bytes_release(&out);
	values_release(&values);
}

static void test_values(void)
{
	struct task task = {.record = slice_of("one"), .value_count = 2};
	struct bytes frame = {.data = NULL};
	char two[] = "one\0two";
	size_t begun;

	task.record.data = two;
	check_values(&task, "{\"seq\":1,\"args\":[\"one\",\"two\"]}\n");
	two[4] = (char)0x80;
	check_values(&task, "{\"seq\":1,\"args_base64\":[\"b25l\",\"gHdv\"]}\n");
	begun = frame_begin(&frame, FRAME_OBJECT);
	frame_put(&frame, FIELD_WHOLE, slice_of("{\"a\":1}"));
	frame_put(&frame, FIELD_NAME, slice_of("a"));
	frame_put(&frame, FIELD_VALUE, slice_of("1"));
	frame_end(&frame, begun);
	task = (struct task){.frame = bytes_slice(&frame)};
	check_values(&task, "{\"seq\":1,\"args\":[\"{\\\"a\\\":1}\"]}\n");
	bytes_release(&frame);
}

/* A column that a record does not have. */
static void test_missing(void)
{
	struct slice list[] = {slice_of("a"), {.data = NULL}};
	const struct values values = {.list = list, .count = 2};
	const struct task task = {.index = 0};
	struct bytes out = {.data = NULL};

	coproc_put_request(&out, &task, &values);
	check_slice(bytes_slice(&out), slice_of("{\"seq\":1,\"args\":[\"a\",null]}\n"));
	bytes_release(&out);
}

static void test_answers(void)
{
	static const struct {
		const char *text;
		uint64_t index;
		int status;
		const char *output, *errors;
	} cases[] = {
		{"{\"seq\":1}", 0, 0, "", ""},
		{"{\"seq\":2,\"status\":0,\"stdout\":\"x\\n\",\"stderr\":\"e\"}", 1, 0, "x\n", "e"},
		{" { \"stderr\" : \"\\u00e4\" , \"status\" : 255 , \"seq\" : 7 } \r", 6, 255, "", "\xc3\xa4"},
		{"{\"seq\":3,\"stdout_base64\":\"/wA=\",\"stderr_base64\":\"\"}", 2, 0, "\xff", ""},
		{"{\"seq\":18446744073709551615}", UINT64_MAX - 1, 0, "", ""},
		{"{\"seq\":4,\"value\":{\"a\":[1e999,12345678901234567890123]},\"later\":null}", 3, 0, "", ""},
		{"{\"seq\":5,\"pipeline\":\"no\"}", 4, 0, "", ""},
		{"{\"s\\u0065q\":6,\"stdout\":\"seq\"}", 5, 0, "seq", ""},
	};
	struct coproc_line line = {.status = 0};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		coproc_take(&line, slice_of(cases[i].text));
		check_int(line.kind, COPROC_ANSWER);
		check_int(line.index, cases[i].index);
		check_int(line.status, cases[i].status);
		/* What is in the first of them ends with a NUL. */
		line.output.size -= i == 3;
		if (!check_slice(bytes_slice(&line.output), slice_of(cases[i].output)) ||
		    !check_slice(bytes_slice(&line.errors), slice_of(cases[i].errors)))
			printf("# in the line: %s\n", cases[i].text);
	}
	coproc_take(&line, slice_of("{\"seq\":1,\"stdout\":\"a\\u0000b\"}"));
	check(line.output.size == 3 && memcmp(line.output.data, "a\0b", 3) == 0);
	coproc_line_release(&line);
}

static void test_hello(void)
{
	struct coproc_line line = {.status = 0};

	coproc_take(&line, slice_of("{\"mpmap\":1,\"pipeline\":64,\"seq\":\"none\"}"));
	check_int(line.kind, COPROC_HELLO);
	check_int(line.pipeline, 64);
	coproc_take(&line, slice_of("{\"name\":\"x\",\"mpmap\":1}"));
	check_int(line.kind, COPROC_HELLO);
	check_int(line.pipeline, 1);
	coproc_take(&line, slice_of("{\"pipeline\":65536,\"mpmap\":1}"));
	check_int(line.pipeline, COPROC_PIPELINE_MAX);
	coproc_line_release(&line);
}

static void test_malformed(void)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "the line is empty"},
		{" \r", "the line is empty"},
		{"[1]", "this is not a JSON object: [1]"},
		{"7", "this is not a JSON object: 7"},
		{"{\"seq\":1} x", "there is more here than one value: {\"seq\":1} x"},
		{"{}", "there is no \"seq\" in it: {}"},
		{"{\"seq\":0}", "\"seq\" is not the number of a request: {\"seq\":0}"},
		{"{\"seq\":-1}", "\"seq\" is not the number of a request: {\"seq\":-1}"},
		{"{\"seq\":1.0}", "\"seq\" is not the number of a request: {\"seq\":1.0}"},
		{"{\"seq\":\"1\"}", "\"seq\" is not the number of a request: {\"seq\":\"1\"}"},
		{"{\"seq\":18446744073709551616}",
		 "\"seq\" is not the number of a request: {\"seq\":18446744073709551616}"},
		{"{\"seq\":1,\"status\":256}",
		 "\"status\" is not an integer from 0 to 255: {\"seq\":1,\"status\":256}"},
		{"{\"seq\":1,\"status\":null}",
		 "\"status\" is not an integer from 0 to 255: {\"seq\":1,\"status\":null}"},
		{"{\"seq\":1,\"stdout\":1}", "\"stdout\" is not a string: {\"seq\":1,\"stdout\":1}"},
		{"{\"seq\":1,\"stdout_base64\":\"x\"}",
		 "\"stdout_base64\" is not a string of base64: {\"seq\":1,\"stdout_base64\":\"x\"}"},
		{"{\"seq\":1,\"stderr_base64\":[]}",
		 "\"stderr_base64\" is not a string of base64: {\"seq\":1,\"stderr_base64\":[]}"},
		{"{\"seq\":1,\"stderr\":\"\",\"stderr_base64\":\"\"}",
		 "\"stderr_base64\" is there in base64, too: {\"seq\":1,\"stderr\":\"\",\"stderr_base64\":\"\"}"},
		{"{\"mpmap\":2}", "\"mpmap\" is not 1, the version of the protocol that mpmap speaks: {\"mpmap\":2}"},
		{"{\"mpmap\":1,\"pipeline\":0}",
		 "\"pipeline\" is not an integer from 1 to 65536: {\"mpmap\":1,\"pipeline\":0}"},
		{"{\"mpmap\":1,\"pipeline\":65537}",
		 "\"pipeline\" is not an integer from 1 to 65536: {\"mpmap\":1,\"pipeline\":65537}"},
		{"{\"seq\":1,\"seq\":1}", "duplicate object key near '\"seq\"': {\"seq\":1,\"seq\":1}"},
		{"{\"seq\":01}", "this is no number in JSON: {\"seq\":01}"},
	};
	struct coproc_line line = {.status = 0};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		coproc_take(&line, slice_of(cases[i].text));
		if (!check_int(line.kind, COPROC_MALFORMED) ||
		    !check_slice(bytes_slice(&line.reason), slice_of(cases[i].reason)))
			printf("# in the line: %s\n", cases[i].text);
	}
	coproc_line_release(&line);
}

/* What is quoted cannot act on a terminal, is short, and does not end within a character. */
static void test_quoted(void)
{
	struct coproc_line line = {.status = 0};
	char text[300], expected[300];

	coproc_take(&line, slice_of("[\x1b]0;x\xff"));
	check_int(line.kind, COPROC_MALFORMED);
	check(strstr(bytes_text(&line.reason), ": [\\x1b]0;x\\xff"));
	memset(text, 'x', sizeof text);
	memcpy(text + 199, "\xc3\xa4", 2);
	coproc_refuse(&line, (struct slice){.data = text, .size = sizeof text}, "no");
	snprintf(expected, sizeof expected, "no: %.199s...", text);
	check_slice(bytes_slice(&line.reason), slice_of(expected));
	coproc_refuse(&line, (struct slice){.data = text, .size = 5}, "no");
	check_slice(bytes_slice(&line.reason), slice_of("no: xxxxx"));
	coproc_line_release(&line);
}

/* Puts the events of a text that comes in pieces: lines as "[line]", one too long as "<size>", the rest as "+rest". */
static void lines_in_pieces(struct slice text, size_t piece, size_t limit, struct bytes *out)
{
	struct coproc_lines lines = {.limit = limit};
	enum coproc_lines_event event = COPROC_LINES_MORE;
	struct slice line;
	size_t at;

	for (at = 0; at < text.size && event != COPROC_LINES_LONG; at += piece) {
		size_t now = text.size - at < piece ? text.size - at : piece;

		memcpy(coproc_lines_reserve(&lines, piece), text.data + at, now);
		coproc_lines_add(&lines, now);
		while ((event = coproc_lines_next(&lines, &line)) == COPROC_LINES_LINE)
			bytes_append_format(out, "[%.*s]", (int)line.size, line.data);
	}
	if (event == COPROC_LINES_LONG)
		bytes_append_text(out, "<>");
	line = coproc_lines_rest(&lines);
	if (event != COPROC_LINES_LONG && line.size)
		bytes_append_format(out, "+%.*s", (int)line.size, line.data);
	coproc_lines_reset(&lines);
	check_int(coproc_lines_next(&lines, &line), COPROC_LINES_MORE);
	check_int(line.size, 0);
}

static void test_lines_of_stream(void)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"", ""},
		{"a\n\nbc\nd", "[a][][bc]+d"},
		{"abcdefgh\n", "[abcdefgh]"},
		{"x\nabcdefghi\n", "[x]<>"},
		{"abcdefghi", "<>"},
	};
	size_t i, piece;

	for (i = 0; i < countof(cases); i++) {
		for (piece = 1; piece < 16; piece++) {
			struct bytes out = {.data = NULL};

			lines_in_pieces(slice_of(cases[i].text), piece, 8, &out);
			if (!check_slice(bytes_slice(&out), slice_of(cases[i].expected)))
				printf("# in pieces of %zu: %s\n", piece, cases[i].text);
			bytes_release(&out);
		}
	}
}

/* Memory that a long line took is freed once it has been taken, and a line without end takes no more than the limit. */
static void test_memory_of_lines(void)
{
	enum { PIECE = 65536, SIZE = 4 << 20 };
	struct coproc_lines lines = {.limit = SIZE};
	struct slice line;
	size_t sent;

	for (sent = 0; sent < SIZE; sent += PIECE) {
		memset(coproc_lines_reserve(&lines, PIECE), 'x', PIECE);
		coproc_lines_add(&lines, PIECE);
		check_int(coproc_lines_next(&lines, &line), COPROC_LINES_MORE);
	}
	*coproc_lines_reserve(&lines, PIECE) = '\n';
	coproc_lines_add(&lines, 1);
	check_int(coproc_lines_next(&lines, &line), COPROC_LINES_LINE);
	check_int(line.size, SIZE);
	coproc_lines_reserve(&lines, PIECE);
	check(lines.held.capacity <= PIECE);
	for (sent = 0; coproc_lines_next(&lines, &line) == COPROC_LINES_MORE; sent += PIECE) {
		memset(coproc_lines_reserve(&lines, PIECE), 'x', PIECE);
		coproc_lines_add(&lines, PIECE);
	}
	check_int(sent, SIZE + PIECE);
	check(lines.held.capacity <= 3 * (size_t)SIZE);
	coproc_lines_reset(&lines);
}

const struct unit_test unit_coproc[] = {
	{"requests for records", .run = test_requests},
	{"requests for several values", .run = test_values},
	{"a missing column is null", .run = test_missing},
	{"answers", .run = test_answers},
	{"a hello", .run = test_hello},
	{"malformed lines", .run = test_malformed},
	{"what is quoted of a line", .run = test_quoted},
	{"lines of a stream", .run = test_lines_of_stream},
	{"memory for lines", .run = test_memory_of_lines},
	{.name = NULL},
};
