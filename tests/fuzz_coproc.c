/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/coproc and codec/coproc_lines: a stream in pieces must yield the lines of the whole, each line is an
 * answer, a hello or malformed, and the request for any record is JSON that brings the record's bytes.
 *
 * The input is that of fuzz_pieces: its own byte has no meaning, its limit is that of a line.
 */
#include "fuzz.h"

#include "base/base64.h"
#include "base/mem.h"
#include "codec/coproc.h"
#include "codec/coproc_lines.h"
#include "codec/json/element.h"

/* Checks that a request is one line of JSON with these bytes as its argument. */
static void check_request(struct slice record)
{
	const struct task task = {.index = 6, .record = record, .value_count = 1};
	struct bytes out = {.data = NULL}, decoded = {.data = NULL};
	struct json_problem problem = {.offset = 0};
	struct element element;
	const json_t *words;
	struct slice word;

	coproc_put_request(&out, &task, NULL);
	hold(out.data[out.size - 1] == '\n' && !memchr(out.data, '\n', out.size - 1));
	hold(element_parse(&element, (struct slice){.data = out.data, .size = out.size - 1}, &problem) == 0);
	words = json_object_get(element.value, "args");
	if (!words)
		words = json_object_get(element.value, "args_base64");
	hold(json_array_size(words) == 1 && json_object_size(element.value) == 2);
	word = (struct slice){.data = json_string_value(json_array_get(words, 0)),
			      .size = json_string_length(json_array_get(words, 0))};
	if (!json_object_get(element.value, "args")) {
		hold(base64_decode(word, &decoded) == 0);
		word = bytes_slice(&decoded);
	}
	hold(slice_equals(word, record));
	json_decref(element.value);
	bytes_release(&out);
	bytes_release(&decoded);
}

/* Checks what a line is taken for. */
static void check_line(struct coproc_line *line, struct slice text)
{
	/* Of exactly its size, so that a sanitizer sees reads beyond it. */
	char *copy = text.size ? mem_copy(text.data, text.size) : NULL;
	size_t i;

	coproc_take(line, (struct slice){.data = copy, .size = text.size});
	free(copy);
	switch (line->kind) {
	case COPROC_ANSWER:
		hold(line->status >= 0 && line->status <= 255 && line->index < UINT64_MAX);
		break;
	case COPROC_HELLO:
		hold(line->pipeline >= 1 && line->pipeline <= COPROC_PIPELINE_MAX);
		break;
	case COPROC_MALFORMED:
	default:
		hold(line->kind == COPROC_MALFORMED && line->reason.size && line->reason.size < 2048);
		for (i = 0; i < line->reason.size; i++)
			hold((unsigned char)line->reason.data[i] >= ' ');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct coproc_lines lines = {.limit = 0};
	enum coproc_lines_event event = COPROC_LINES_MORE;
	struct coproc_line taken = {.status = 0};
	struct fuzz_pieces pieces;
	size_t come = 0, at = 0;
	struct slice line;

	if (!fuzz_pieces_begin(&pieces, data, size))
		return 0;
	lines.limit = pieces.limit;
	check_request(pieces.text);
	while (come < pieces.text.size && event != COPROC_LINES_LONG) {
		size_t now = fuzz_pieces_next(&pieces, pieces.text.size - come);

		memcpy(coproc_lines_reserve(&lines, now), pieces.text.data + come, now);
		coproc_lines_add(&lines, now);
		come += now;
		while ((event = coproc_lines_next(&lines, &line)) == COPROC_LINES_LINE) {
			hold(line.size <= lines.limit && !memcmp(line.data, pieces.text.data + at, line.size));
			hold(pieces.text.data[at + line.size] == '\n' && !memchr(line.data, '\n', line.size));
			at += line.size + 1;
			check_line(&taken, line);
		}
	}
	line = coproc_lines_rest(&lines);
	hold(at + line.size == come && (event == COPROC_LINES_LONG) == (line.size > lines.limit));
	coproc_lines_reset(&lines);
	coproc_line_release(&taken);
	return 0;
}
