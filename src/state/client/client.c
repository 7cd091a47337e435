/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpmap-state: the main function of the client.
 *
 * It is a program of its own, so that it starts as fast as /bin/true: a request is one write and one read.
 */
#include "base/diag.h"
#include "base/file.h"
#include "base/mem.h"
#include "process/signals.h"
#include "state/client/arguments.h"
#include "state/client/printing.h"
#include "state/client/running.h"
#include "state/client/serve.h"
#include "state/client/talk.h"
#include "state/store/store.h"

#include <errno.h>

/* Requests that are under way at a time. */
enum { CLIENT_WINDOW = 64 };

struct client_run {
	struct arguments arguments;
	struct talk talk;
	/* "as PID" before what is owned. */
	bool names_owner;
};

/* Reports an answer. Returns the exit status. */
static int client_report(const struct client_run *run, const struct answer *answer)
{
	if (answer->status) {
		diag_error("%.*s", (int)answer->data.size, answer->data.data);
		return (int)answer->status;
	}
	if (answer->form == ANSWER_NOTHING || printing_answer(&run->arguments, answer) == 0)
		return 0;
	diag_error("standard output: %s", strerror(errno));
	return CALL_NOT;
}

/* Says for whom the request is made, where that matters: the process that has called this one, or that it has named. */
static void client_name_owner(struct client_run *run, bool is_self)
{
	const char *owner = getenv("MPMAP_STATE_OWNER");
	char *line;

	run->names_owner = run->arguments.call.request.verb->is_owned;
	if (!run->names_owner)
		return;
	line = mem_format("as %s\n", is_self ? "self" : owner && *owner ? owner : "parent");
	talk_add_line(&run->talk, line);
	free(line);
}

/* Receives the next answer into the call. Returns 0, or the exit status without a server. */
static int client_receive(struct client_run *run, struct call *call, enum wire_dialect dialect)
{
	return talk_receive(&run->talk, call, dialect) < 0 ? CALL_SERVERLESS : 0;
}

/* Sends the request, and receives its answer. Returns 0, or the exit status without a server. */
static int client_ask(struct client_run *run)
{
	struct call *call = &run->arguments.call;

	talk_add(&run->talk, &call->request);
	if (talk_send(&run->talk) < 0)
		return CALL_SERVERLESS;
	if (run->names_owner) {
		run->names_owner = false;
		if (client_receive(run, call, WIRE_LINES))
			return CALL_SERVERLESS;
		/* Its own answer would be the same, or worse. */
		if (call->answer.status)
			return 0;
	}
	return client_receive(run, call, run->talk.dialect);
}

/* Ends what was begun for a COMMAND, so that it is over when this process is. */
static void client_conclude(struct client_run *run, int status)
{
	struct call *call = &run->arguments.call;

	if (arguments_verb_is(&run->arguments, "once"))
		call->request.options = status ? OPTION_FAILED : OPTION_DONE;
	else
		call->request.verb = verb_find(slice_of("unlock"));
	call->request.options &= ~(unsigned)(OPTION_TIMEOUT | OPTION_SHARED);
	talk_add(&run->talk, &call->request);
	/* Without a server there is nothing to be released. */
	if (talk_send(&run->talk) == 0 && talk_receive(&run->talk, call, WIRE_LINES) == 0 && call->answer.status)
		diag_error("%.*s", (int)call->answer.data.size, call->answer.data.data);
}

/* Runs COMMAND, as lock and once do. Returns the exit status. */
static int client_run_command(struct client_run *run)
{
	static const int no_descriptor[2] = {-1, 0};
	const struct answer *answer = &run->arguments.call.answer;
	struct running running;
	enum value_kind kind;
	struct slice text = {.size = 0};
	struct cursor cursor;
	int status;

	client_name_owner(run, true);
	status = client_ask(run) ? RUNNING_FAILED : 0;
	if (!status && answer->status) {
		diag_error("%.*s", (int)answer->data.size, answer->data.data);
		status = answer->status == CALL_NOT ? RUNNING_TIMED_OUT : RUNNING_FAILED;
	}
	if (status)
		return status;
	cursor = answer_values(answer);
	if (answer_next(&cursor, &kind, &text) && slice_equals(text, slice_of("done")))
		return 0;
	if (running_init(&running) < 0) {
		diag_error("signals: %s", strerror(errno));
		status = RUNNING_FAILED;
	} else {
		status = running_start(&running, run->arguments.command, running_environment(), no_descriptor);
		if (!status)
			status = running_wait(&running);
	}
	client_conclude(run, status);
	return status;
}

/* Prints each change, until the server ends or the output is not read. */
static int client_watch(struct client_run *run)
{
	int status = client_ask(run);

	while (!status) {
		status = client_report(run, &run->arguments.call.answer);
		if (!status)
			status = client_receive(run, &run->arguments.call, run->talk.dialect);
	}
	return status;
}

/* Receives the answers to so many pushes. Returns the exit status. */
static int client_take_pushed(struct client_run *run, size_t count)
{
	int status = 0;

	for (; count; count--) {
		if (client_receive(run, &run->arguments.call, run->talk.dialect))
			return CALL_SERVERLESS;
		if (!status)
			status = client_report(run, &run->arguments.call.answer);
	}
	return status;
}

/* Pushes each line of what was read from standard input as an item. Returns the exit status. */
static int client_push_lines(struct client_run *run, struct slice input)
{
	struct request *request = &run->arguments.call.request;
	char end = run->arguments.format == FORMAT_NUL ? '\0' : '\n';
	int status = 0;

	while (!status && input.size) {
		size_t count = 0;

		for (; count < CLIENT_WINDOW && input.size; count++) {
			const char *newline = memchr(input.data, end, input.size);
			size_t size = newline ? (size_t)(newline - input.data) : input.size;

			request->operands[1].text = (struct slice){.data = input.data, .size = size};
			talk_add(&run->talk, request);
			input.data += size + (newline ? 1 : 0);
			input.size -= size + (newline ? 1 : 0);
		}
		status = talk_send(&run->talk) < 0 ? CALL_SERVERLESS : client_take_pushed(run, count);
	}
	return status;
}

/* Pushes standard input: whole, or by lines with "-". Returns the exit status. */
static int client_push_input(struct client_run *run, bool by_lines)
{
	struct request *request = &run->arguments.call.request;
	struct bytes input = {.data = NULL};
	int status;

	if (file_read_all(STDIN_FILENO, &input, by_lines ? SIZE_MAX : VALUE_MAX_SIZE) < 0) {
		diag_error("standard input: %s",
			   errno == EFBIG ? "longer than 1 MiB, as no item may be" : strerror(errno));
		status = errno == EFBIG ? CALL_USAGE : CALL_NOT;
	} else {
		if (!by_lines)
			call_add_operand(&run->arguments.call, bytes_slice(&input), VALUE_WORD);
		status = by_lines ? client_push_lines(run, bytes_slice(&input)) : client_ask(run);
		if (!status && !by_lines)
			status = client_report(run, &run->arguments.call.answer);
	}
	request->count = 0;
	bytes_release(&input);
	return status;
}

/* Makes the request of the command line. Returns the exit status. */
static int client_request(struct client_run *run)
{
	const struct request *request = &run->arguments.call.request;
	bool pushes = arguments_verb_is(&run->arguments, "push");
	int status;

	if (run->arguments.command)
		return client_run_command(run);
	client_name_owner(run, false);
	if (arguments_verb_is(&run->arguments, "watch"))
		return client_watch(run);
	if (pushes && request->count == 1)
		return client_push_input(run, false);
	if (pushes && slice_equals(request->operands[1].text, slice_of("-")))
		return client_push_input(run, true);
	status = client_ask(run);
	return status ? status : client_report(run, &run->arguments.call.answer);
}

/* Connects and makes the request. Returns the exit status. */
static int client_connect(struct client_run *run)
{
	struct arguments *arguments = &run->arguments;
	const char *socket = arguments->socket ? arguments->socket : getenv("MPMAP_STATE");
	bool json = arguments->format == FORMAT_JSON && !arguments->command;
	int status;

	if (talk_begin(&run->talk, socket, json ? WIRE_JSON : WIRE_LINES) < 0)
		return arguments->command ? RUNNING_FAILED : CALL_SERVERLESS;
	status = client_request(run);
	talk_end(&run->talk);
	return status;
}

int main(int argc, char **argv)
{
	struct client_run run = {.names_owner = false};
	struct error error = {.number = 0};
	int status;

	(void)argc;
	signals_init();
	diag_set_program("mpmap-state");
	if (arguments_read(&run.arguments, argv, &error) < 0) {
		diag_error("%s", error_text(&error));
		error_release(&error);
		status = run.arguments.command ? RUNNING_FAILED : CALL_USAGE;
	} else if (run.arguments.mode == ARGUMENTS_HELP || run.arguments.mode == ARGUMENTS_VERSION) {
		status = run.arguments.mode == ARGUMENTS_HELP ? printing_help() : printing_version();
	} else if (run.arguments.mode == ARGUMENTS_SERVE) {
		const char *folder = getenv("XDG_RUNTIME_DIR");

		status = serve_run(&run.arguments, folder && *folder ? folder : getenv("TMPDIR"));
	} else {
		status = client_connect(&run);
	}
	call_discard(&run.arguments.call);
	return status < 0 ? CALL_NOT : status;
}
