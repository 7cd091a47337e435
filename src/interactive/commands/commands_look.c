/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands that show something: jobs, out, errors, show, stats, state, history, help. */
#include "interactive/commands/commands.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/quote.h"
#include "interactive/views/canvas.h"
#include "interactive/views/guide.h"
#include "interactive/views/views.h"
#include "run/companion/state_server.h"

#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

/* Returns a canvas for the console's terminal, which appends to text. */
static struct canvas canvas_for(const struct console *console, struct bytes *text)
{
	struct canvas canvas = {.out = text, .is_utf8 = console->is_terminal && MB_CUR_MAX > 1};
	size_t rows;

	screen_size(&console->screen, &canvas.width, &rows);
	return canvas;
}

/* Shows a text and releases it. Returns -1 with the error. */
static int look_show_text(struct console *console, struct bytes *text, struct error *error)
{
	struct answer answer;

	console_answer(console, &answer);
	answer_put(&answer, bytes_slice(text));
	bytes_release(text);
	return console_show(console, &answer, error);
}

int command_jobs(struct console *console, const struct entered *entered UNUSED, struct error *error)
{
	struct bytes text = {.data = NULL};
	struct canvas canvas = canvas_for(console, &text);

	view_runs(&canvas, &console->runs);
	return look_show_text(console, &text, error);
}

int command_stats(struct console *console, const struct entered *entered, struct error *error)
{
	struct bytes text = {.data = NULL};
	struct canvas canvas = canvas_for(console, &text);
	struct selection selection = {.run = NULL};

	if (entered_id(entered) && selection_parse(&console->runs, entered_id(entered), &selection, error) < 0)
		return -1;
	view_stats(&canvas, &console->runs, selection.run);
	return look_show_text(console, &text, error);
}

/* Calls see for each selected run. Returns -1 with the error of the first call that fails. */
static int for_each_run(struct console *console, const struct selection *selection, void *context,
			int (*see)(void *context, struct run *run, struct error *error), struct error *error)
{
	struct run *run;

	if (selection->run)
		return see(context, selection->run, error);
	for (run = runs_next(&console->runs, NULL); run; run = runs_next(&console->runs, run)) {
		if (see(context, run, error) < 0)
			return -1;
	}
	return 0;
}

/* Selected runs or tasks that are shown. */
struct showing {
	struct canvas canvas;
	const struct selection *selection;
	/* True if a run or task has been shown. */
	bool begun;
};

static void separate(struct showing *showing)
{
	if (showing->begun)
		bytes_append_text(showing->canvas.out, "\n");
	showing->begun = true;
}

static int show_run(void *context, struct run *run, struct error *error UNUSED)
{
	struct showing *showing = context;
	const struct selection *selection = showing->selection;
	uint64_t index;

	if (!selection->failed) {
		separate(showing);
		if (selection->index == ARCHIVE_NONE)
			view_run(&showing->canvas, run);
		else
			view_task(&showing->canvas, run, selection->index);
		return 0;
	}
	for (index = selection_next(selection, run, 0); index != ARCHIVE_NONE;
	     index = selection_next(selection, run, index + 1)) {
		separate(showing);
		view_task(&showing->canvas, run, index);
	}
	if (!showing->begun)
		bytes_append_format(showing->canvas.out, "nothing failed in run %" PRIu64 "\n", run->number);
	return 0;
}

int command_show(struct console *console, const struct entered *entered, struct error *error)
{
	struct bytes text = {.data = NULL};
	struct selection selection;
	struct showing showing = {.canvas = canvas_for(console, &text), .selection = &selection};

	if (selection_parse(&console->runs, entered_id(entered), &selection, error) < 0)
		return -1;
	if (for_each_run(console, &selection, &showing, show_run, error) < 0) {
		bytes_release(&text);
		return -1;
	}
	return look_show_text(console, &text, error);
}

/* Output of tasks that is read into an answer. */
struct reading {
	struct answer answer;
	const struct selection *selection;
	/* A mask of the streams to be read. */
	unsigned streams;
	/* The text before each line, NULL if none. */
	char *tag;
	/* True if the last line has begun and not ended. */
	bool within_line;
	struct chain_reading chain;
};

static void look_take(void *context, enum stream stream UNUSED, struct slice bytes)
{
	struct reading *reading = context;

	if (reading->chain.missing) {
		diag_note("the first %" PRIu64 " bytes are not kept any more", reading->chain.missing);
		reading->chain.missing = 0;
	}
	while (bytes.size) {
		const char *end = reading->tag ? memchr(bytes.data, '\n', bytes.size) : NULL;
		size_t size = end ? (size_t)(end - bytes.data) + 1 : bytes.size;

		if (reading->tag && !reading->within_line)
			answer_put(&reading->answer, slice_of(reading->tag));
		answer_put(&reading->answer, (struct slice){.data = bytes.data, .size = size});
		reading->within_line = bytes.data[size - 1] != '\n';
		bytes.data += size;
		bytes.size -= size;
	}
}

/*
 * Reads the output of one task. Of several tasks, those that are unfinished or dropped are skipped; a single one is an
 * error.
 */
static int read_task(struct reading *reading, struct run *run, uint64_t index, struct error *error)
{
	bool is_one = reading->selection->index != ARCHIVE_NONE;
	int got;

	reading->chain = (struct chain_reading){.streams = reading->streams, .take = look_take, .context = reading};
	if (!is_one && reading->streams == 1u << STREAM_ERRORS)
		reading->tag = mem_format("[%" PRIu64 ".%" PRIu64 "] ", run->number, index + 1);
	got = archive_read(run->kept, index, &reading->chain, error);
	if (reading->within_line && reading->tag)
		answer_put(&reading->answer, slice_of("\n"));
	reading->within_line = false;
	free(reading->tag);
	reading->tag = NULL;
	if (got == 0 || is_one)
		return got;
	error_release(error);
	return 0;
}

static int look_read_run(void *context, struct run *run, struct error *error)
{
	struct reading *reading = context;
	const struct selection *selection = reading->selection;
	uint64_t index;

	if (selection->index != ARCHIVE_NONE)
		return read_task(reading, run, selection->index, error);
	for (index = selection_next(selection, run, 0); index != ARCHIVE_NONE;
	     index = selection_next(selection, run, index + 1)) {
		if (read_task(reading, run, index, error) < 0)
			return -1;
	}
	return 0;
}

static int read_out(struct console *console, const struct entered *entered, enum stream stream, struct error *error)
{
	struct selection selection;
	struct reading reading = {.selection = &selection, .streams = 1u << stream};

	if (selection_parse(&console->runs, entered_id(entered), &selection, error) < 0)
		return -1;
	console_answer(console, &reading.answer);
	if (for_each_run(console, &selection, &reading, look_read_run, error) < 0) {
		answer_release(&reading.answer);
		return -1;
	}
	return console_show(console, &reading.answer, error);
}

int command_out(struct console *console, const struct entered *entered, struct error *error)
{
	return read_out(console, entered, STREAM_OUTPUT, error);
}

int command_errors(struct console *console, const struct entered *entered, struct error *error)
{
	return read_out(console, entered, STREAM_ERRORS, error);
}

static void take_history(void *context, size_t number, const char *text)
{
	bytes_append_format(context, "%5zu  %s\n", number, text);
}

int command_history(struct console *console, const struct entered *entered UNUSED, struct error *error)
{
	struct bytes text = {.data = NULL};

	if (console->is_terminal)
		line_history(&console->line, take_history, &text);
	return look_show_text(console, &text, error);
}

int command_help(struct console *console, const struct entered *entered, struct error *error)
{
	struct bytes text = {.data = NULL};
	const char *name = entered->words.count > 1 ? entered->words.words[1] : NULL;

	/* map --help. */
	if (name && *name == '-')
		name = entered->words.words[0];
	if (!name) {
		guide_tutorial(&text);
	} else if (guide_find(name)) {
		guide_command(name, &text);
	} else {
		bytes_release(&text);
		return error_set(error, "there is no command '%s' (help lists all)", name);
	}
	return look_show_text(console, &text, error);
}

/* Appends the path of mpmap-state, which is in the folder of this program. */
static void append_state_program(struct bytes *out)
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
	char *slash;

	program[size < 0 ? 0 : size] = '\0';
	slash = strrchr(program, '/');
	if (slash)
		quote_shell(out, (struct slice){.data = program, .size = (size_t)(slash + 1 - program)});
	bytes_append_text(out, "mpmap-state");
}

int command_state(struct console *console, const struct entered *entered, struct error *error)
{
	struct bytes script = {.data = NULL};
	size_t i;
	int called;

	if (!state_server_path())
		return error_set(error, "state: no run has had a state yet (map --state COMMAND...)");
	bytes_append_text(&script, "MPMAP_STATE=");
	quote_shell(&script, slice_of(state_server_path()));
	bytes_append_text(&script, " exec ");
	append_state_program(&script);
	for (i = 1; i < entered->words.count; i++) {
		bytes_append_text(&script, " ");
		quote_shell(&script, slice_of(entered->words.words[i]));
	}
	called = console_call(console, bytes_text(&script), error);
	bytes_release(&script);
	return called;
}
