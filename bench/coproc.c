/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A coprocess that answers at once, and the loop that mpmap --coproc is measured against: the same JSON, nothing else.
 *
 * coproc <REQUESTS      answers each request with its first argument as its output, as many at a time as are read
 * coproc loop <LIST     starts itself on a socket, sends it each line of LIST, writes out the outputs
 *
 * The loop makes and reads its JSON with jansson, in one process; it has no order to keep, checks nothing but numbers,
 * and always reads and writes as much as there is.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 256 * 1024, PIPELINE = 1024 };

/* Bytes that are read from one descriptor line by line, or written to one. */
struct buffer {
	char *data;
	size_t begin;
	size_t end;
	size_t room;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "coproc: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void make_room(struct buffer *buffer, size_t size)
{
	if (buffer->begin == buffer->end)
		buffer->begin = buffer->end = 0;
	if (buffer->begin && buffer->room - buffer->end < size) {
		memmove(buffer->data, buffer->data + buffer->begin, buffer->end - buffer->begin);
		buffer->end -= buffer->begin;
		buffer->begin = 0;
	}
	if (buffer->room - buffer->end < size) {
		buffer->room = (buffer->end + size) * 2;
		buffer->data = realloc(buffer->data, buffer->room);
		if (!buffer->data)
			die("memory");
	}
}

static void append(struct buffer *buffer, const char *data, size_t size)
{
	make_room(buffer, size);
	memcpy(buffer->data + buffer->end, data, size);
	buffer->end += size;
}

/* Reads once. False at the end of the input. */
static bool fill(struct buffer *buffer, int fd)
{
	ssize_t got;

	make_room(buffer, ROOM);
	got = read(fd, buffer->data + buffer->end, buffer->room - buffer->end);
	if (got < 0 && errno != EAGAIN)
		die("read");
	if (got > 0)
		buffer->end += (size_t)got;
	return got != 0;
}

/* Writes once. */
static void drain(struct buffer *buffer, int fd)
{
	ssize_t put = write(fd, buffer->data + buffer->begin, buffer->end - buffer->begin);

	if (put < 0 && errno != EAGAIN)
		die("write");
	if (put > 0)
		buffer->begin += (size_t)put;
}

static void drain_all(struct buffer *buffer, int fd)
{
	while (buffer->begin < buffer->end)
		drain(buffer, fd);
}

/* Takes a line, with a NUL in place of its newline; NULL if there is no whole one. */
static char *take_line(struct buffer *buffer, size_t *size)
{
	char *line = buffer->data + buffer->begin;
	char *end = buffer->end > buffer->begin ? memchr(line, '\n', buffer->end - buffer->begin) : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	*size = (size_t)(end - line);
	buffer->begin += *size + 1;
	return line;
}

/* Appends the answer to a request, whose first argument is taken as it is written there. */
static void answer(struct buffer *out, char *request)
{
	static const char sign[] = "\"args\":[\"";
	char *argument = strstr(request, sign), *end;
	char head[64];

	if (!argument)
		die(request);
	argument += sizeof sign - 1;
	for (end = argument; *end && *end != '"'; end++)
		end += *end == '\\';
	append(out, head, (size_t)snprintf(head, sizeof head, "{\"seq\":%s,\"stdout\":\"", strtok(request + 7, ",}")));
	append(out, argument, (size_t)(end - argument));
	append(out, "\\n\"}\n", 5);
}

static int serve(int from, int to)
{
	struct buffer in = {0}, out = {0};
	char *line;
	size_t size;
	char head[64];

	append(&out, head, (size_t)snprintf(head, sizeof head, "{\"mpmap\":1,\"pipeline\":%d}\n", PIPELINE));
	drain_all(&out, to);
	while (fill(&in, from)) {
		while ((line = take_line(&in, &size)))
			answer(&out, line);
		drain_all(&out, to);
	}
	return 0;
}

/* Appends the request for a record. */
static void request(struct buffer *out, json_int_t seq, const char *line, size_t size)
{
	json_t *object = json_pack("{s:I, s:[s%]}", "seq", seq, "args", line, size);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (!text)
		die("request");
	append(out, text, strlen(text));
	append(out, "\n", 1);
	free(text);
	json_decref(object);
}

/* Appends the output that an answer holds. True if it is the answer of that number. */
static bool receive(struct buffer *out, json_int_t seq, const char *line, size_t size)
{
	json_t *object = json_loadb(line, size, 0, NULL);
	json_t *text = json_object_get(object, "stdout");
	bool is_it = json_integer_value(json_object_get(object, "seq")) == seq;

	if (is_it && text)
		append(out, json_string_value(text), json_string_length(text));
	json_decref(object);
	return is_it;
}

static int loop(int channel)
{
	struct buffer list = {0}, requests = {0}, answers = {0}, out = {0};
	json_int_t sent = 0, received = 0;
	bool ended = false;
	size_t size;
	char *line;

	fcntl(channel, F_SETFL, O_NONBLOCK);
	while (!ended || received < sent) {
		struct pollfd wait = {.fd = channel, .events = POLLIN};

		while (sent - received < PIPELINE) {
			line = take_line(&list, &size);
			if (line)
				request(&requests, ++sent, line, size);
			else if (ended || !fill(&list, STDIN_FILENO))
				break;
		}
		ended = ended || sent - received < PIPELINE;
		if (requests.begin < requests.end)
			wait.events |= POLLOUT;
		if (poll(&wait, 1, -1) < 0)
			die("poll");
		if (wait.revents & POLLOUT)
			drain(&requests, channel);
		if (wait.revents & POLLIN && !fill(&answers, channel))
			die("the end of answers");
		while ((line = take_line(&answers, &size)))
			received += receive(&out, received + 1, line, size);
		if (out.end - out.begin > ROOM)
			drain_all(&out, STDOUT_FILENO);
	}
	drain_all(&out, STDOUT_FILENO);
	return 0;
}

int main(int argc, char **argv)
{
	int ends[2];

	if (argc < 2)
		return serve(STDIN_FILENO, STDOUT_FILENO);
	if (strcmp(argv[1], "loop") != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		die(argv[1]);
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		close(ends[0]);
		return serve(ends[1], ends[1]);
	default:
		close(ends[1]);
		return loop(ends[0]);
	}
}
