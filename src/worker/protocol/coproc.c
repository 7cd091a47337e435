/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The executors of commands that speak the protocol of mpmap-coproc(7): a line of JSON for each record, and one for
 * each answer, in the same order. With "coproc" over standard input and output, with "coproc-fd" over descriptor 3.
 */
#include "ipc/fd.h"
#include "codec/coproc.h"
#include "codec/coproc_lines.h"
#include "worker/executor.h"
#include "worker/persistent/reckoning.h"
#include "worker/persistent/service.h"
#include "worker/protocol/prints.h"

#include <errno.h>
#include <inttypes.h>

enum {
	/* Reads in a row, so that other descriptors get their turn. */
	ROUNDS_MAX = 16,
	/* Bytes that are read at a time. */
	PIECE_SIZE = 65536,
	/* Bytes of requests that are made before they are written. */
	REQUESTS_SIZE = 65536,
};

struct coproc {
	/* Requests, of which the first written bytes have been written. */
	struct bytes requests;
	size_t written;
	struct coproc_lines lines;
	struct coproc_line line;
	/* Why a line was refused. */
	struct bytes why;
	/* Requests without an answer, and how many the command takes at a time. */
	uint64_t in_work;
	uint64_t pipeline;
	/* True once the command has written a line. */
	bool has_spoken;
	/* The values of a record. */
	struct values values;
};

static struct coproc *coproc_of(const struct serving *serving)
{
	return serving->own;
}

static void begin_coproc(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);

	coproc_lines_reset(&coproc->lines);
	bytes_clear(&coproc->requests);
	coproc->written = 0;
	coproc->in_work = 0;
	/* A command that was kept from another run has introduced itself. */
	coproc->pipeline = serving->command.pipeline ? serving->command.pipeline : 1;
	coproc->has_spoken = serving->command.pipeline;
}

static bool has_requests(const struct coproc *coproc)
{
	return coproc->written < coproc->requests.size;
}

static bool coproc_has_unfed(const struct serving *serving)
{
	if (serving->command.input < 0)
		return false;
	/* A worker that leaves begins no more records. */
	return has_requests(coproc_of(serving)) || (!serving->is_leaving && hand_unfed(&serving->hand).size);
}

static bool coproc_is_full(const struct serving *serving)
{
	const struct coproc *coproc = coproc_of(serving);

	return !has_requests(coproc) && coproc->in_work >= coproc->pipeline;
}

/* Makes the request for the next record. False if there is none. */
static bool put_request(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);
	const struct template *template = &serving->place->template;
	bool was_begun = serving->hand.is_begun;
	struct task task;

	if (!hand_take(&serving->hand, &task))
		return false;
	if (!task.is_line)
		values_gather(&coproc->values, &task, &template->columns, template->options.widths,
			      template->options.width_count);
	coproc_put_request(&coproc->requests, &task, task.is_line ? NULL : &coproc->values);
	coproc->in_work++;
	if (!was_begun) {
		serving_note_oldest(serving);
		serving_show(serving);
	}
	return true;
}

/* Makes as many requests as the command takes. True if there are any to be written. */
static bool put_requests(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);

	if (!has_requests(coproc)) {
		bytes_clear(&coproc->requests);
		coproc->written = 0;
	}
	while (!serving->is_leaving && coproc->in_work < coproc->pipeline &&
	       coproc->requests.size - coproc->written < REQUESTS_SIZE && put_request(serving))
		;
	return has_requests(coproc);
}

static void feed_coproc(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);

	while (serving->command.input >= 0 && put_requests(serving)) {
		ssize_t written = fd_write(serving->command.input, coproc->requests.data + coproc->written,
					   coproc->requests.size - coproc->written);

		if (written < 0 && errno == EAGAIN)
			return;
		if (written < 0) {
			/* It reads no more: what it answers to what it has got remains to be seen. */
			standing_close_input(&serving->command);
			return;
		}
		coproc->written += (size_t)written;
	}
}

/* Ends a command whose line was refused. */
static void note_malformed(struct serving *serving)
{
	struct bytes *why = &coproc_of(serving)->why;

	bytes_clear(why);
	bytes_append_text(why, "malformed answer: ");
	bytes_append(why, coproc_of(serving)->line.reason.data, coproc_of(serving)->line.reason.size);
	serving->flaw = SERVING_MALFORMED;
	serving->reason = bytes_text(why);
}

static void refuse_line(struct serving *serving, struct slice text, const char *problem)
{
	coproc_refuse(&coproc_of(serving)->line, text, problem);
	note_malformed(serving);
}

/* Commits an answer of status 0 in one packet. False if it is more than that. */
static bool commit_at_once(struct serving *serving, const struct coproc_line *line)
{
	if (line->status || line->errors.size || serving->has_output ||
	    line->output.size > serving_answers_max(serving))
		return false;
	serving_commit_answers(serving, 1, bytes_slice(&line->output));
	return true;
}

/* Commits the answer to the oldest record. */
static void commit_answer(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);
	const struct coproc_line *line = &coproc->line;
	struct result result;

	coproc->in_work--;
	if (!commit_at_once(serving, line)) {
		serving_commit_output(serving, STREAM_OUTPUT, bytes_slice(&line->output));
		serving_commit_output(serving, STREAM_ERRORS, bytes_slice(&line->errors));
		result = reckoning_result(serving, line->status ? OUTCOME_FAILED : OUTCOME_OK);
		result.status = line->status;
		reckoning_commit(serving, &result);
		halving_answered(&serving->halving, 1);
		serving_note_judgement(serving, result.outcome);
	}
}

/* Takes a line of the command. */
static void take_answer_line(struct serving *serving, struct slice text)
{
	struct coproc *coproc = coproc_of(serving);
	const struct coproc_line *line = &coproc->line;
	bool is_first = !coproc->has_spoken;
	char problem[128];

	coproc->has_spoken = true;
	coproc_take(&coproc->line, text);
	if (line->kind == COPROC_MALFORMED) {
		note_malformed(serving);
	} else if (line->kind == COPROC_HELLO && is_first) {
		coproc->pipeline = serving->command.pipeline = line->pipeline;
	} else if (line->kind == COPROC_HELLO) {
		refuse_line(serving, text, "a hello after the first line");
	} else if (!coproc->in_work) {
		refuse_line(serving, text, "an answer without a request");
	} else if (line->index != hand_first(&serving->hand)) {
		snprintf(problem, sizeof problem, "\"seq\" is not %" PRIu64 ", that of the oldest request",
			 hand_first(&serving->hand) + 1);
		refuse_line(serving, text, problem);
	} else {
		commit_answer(serving);
	}
}

/* Takes the lines that have come. */
static void take_answer_lines(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);
	struct slice text;

	while (!serving->flaw && !serving->parent_gone) {
		switch (coproc_lines_next(&coproc->lines, &text)) {
		case COPROC_LINES_LINE:
			take_answer_line(serving, text);
			break;
		case COPROC_LINES_LONG:
			refuse_line(serving, text, "the line is longer than 64 MiB");
			break;
		case COPROC_LINES_MORE:
		default:
			return;
		}
	}
}

static void collect_coproc(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);
	ssize_t got = PIECE_SIZE;
	int rounds;

	for (rounds = 0; got == PIECE_SIZE && rounds < ROUNDS_MAX && !serving->flaw && !serving->parent_gone;
	     rounds++) {
		got = fd_read(serving->command.output, coproc_lines_reserve(&coproc->lines, PIECE_SIZE), PIECE_SIZE);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			fd_close(&serving->command.output);
		if (got <= 0)
			break;
		coproc_lines_add(&coproc->lines, (size_t)got);
		prints_take(serving);
		take_answer_lines(serving);
	}
	/* The next record need not wait until the descriptor is found to be writable. */
	if (!serving->flaw && !serving->parent_gone)
		feed_coproc(serving);
}

static void finish_coproc(struct serving *serving)
{
	struct slice rest = coproc_lines_rest(&coproc_of(serving)->lines);

	prints_take(serving);
	/* Of a command that failed, a last line without its newline may be a part of one. */
	if (rest.size && !serving->command.end.status && !serving->command.end.signal)
		take_answer_line(serving, rest);
}

static void release_coproc(struct serving *serving)
{
	struct coproc *coproc = coproc_of(serving);

	bytes_release(&coproc->requests);
	coproc_lines_reset(&coproc->lines);
	coproc_line_release(&coproc->line);
	bytes_release(&coproc->why);
	values_release(&coproc->values);
	free(coproc);
}

static const struct protocol coproc_protocol = {
	.answers_each = true,
	.begin = begin_coproc,
	.has_unfed = coproc_has_unfed,
	.is_full = coproc_is_full,
	.feed = feed_coproc,
	.collect = collect_coproc,
	.take_prints = prints_take,
	.finish = finish_coproc,
	.release = release_coproc,
};

static int open_coproc(struct workplace *place, void **state, enum standing_wiring wiring)
{
	struct serving *serving = serving_open(place, &coproc_protocol, sizeof(struct coproc));

	*state = serving;
	if (!serving)
		return -1;
	serving->wiring = wiring;
	coproc_of(serving)->lines.limit = COPROC_LINE_MAX;
	return 0;
}

static int open_stdio(struct workplace *place, void **state)
{
	return open_coproc(place, state, STANDING_PIPES);
}

static int open_socket(struct workplace *place, void **state)
{
	return open_coproc(place, state, STANDING_SOCKET);
}

const struct executor executor_coproc = {
	.name = "coproc",
	.option = "coproc",
	.runs_tasks = true,
	.persists = true,
	.answers_each = true,
	.open = open_stdio,
	.serve = service_serve,
	.close = serving_close,
};

const struct executor executor_coproc_fd = {
	.name = "coproc-fd",
	.option = "coproc",
	.runs_tasks = true,
	.persists = true,
	.answers_each = true,
	.open = open_socket,
	.serve = service_serve,
	.close = serving_close,
};
