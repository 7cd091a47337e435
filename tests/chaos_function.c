/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The adapter of chaos runs: it speaks the block protocol (mpmap-coproc(7)). */

#define _GNU_SOURCE
#include "chaos.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUESTS = 3, ANSWERS = 4, MARK = 5 };

/* The adapter: its log and style, and what is answered with the next message. */
struct adapter {
	int log;
	bool large, quick;
	uint64_t first, count;
	char *text;
	size_t size;
};

/* Answers what has been called. */
static void answer(struct adapter *adapter)
{
	char header[100];

	if (adapter->count == 0)
		return;
	snprintf(header, sizeof header, "ok %" PRIu64 " %" PRIu64 " %zu\n", adapter->first, adapter->count,
		 adapter->size);
	write_all(ANSWERS, header, strlen(header));
	write_all(ANSWERS, adapter->text, adapter->size);
	adapter->first += adapter->count;
	adapter->count = 0;
	adapter->size = 0;
}

/* Answers a record with a result, a part of which comes before. */
static void answer_alone(struct adapter *adapter, const char *text, size_t size)
{
	char header[100];
	size_t half = size / 2;

	answer(adapter);
	snprintf(header, sizeof header, "output %" PRIu64 " 1 %zu\n", adapter->first, half);
	write_all(ANSWERS, header, strlen(header));
	write_all(ANSWERS, text, half);
	snprintf(header, sizeof header, "result %" PRIu64 " 0 %zu 0 -\n", adapter->first, size - half);
	write_all(ANSWERS, header, strlen(header));
	write_all(ANSWERS, text + half, size - half);
	adapter->first++;
}

/* Does for a record what the task does. */
static void call(struct adapter *adapter, uint64_t seq, const char *line)
{
	uint64_t record = number(line);
	size_t size;
	char *text = text_of(record, false, adapter->large, &size);

	if (pwrite(MARK, &seq, sizeof seq, 0) != sizeof seq || dprintf(adapter->log, "%" PRIu64 "\n", record) < 0)
		fail("mark or log: %s", strerror(errno));
	if (!adapter->quick)
		take_time(record);
	if (record % 97 == 0) {
		answer_alone(adapter, text, size);
	} else {
		adapter->text = realloc(adapter->text, adapter->size + size);
		if (adapter->text == NULL)
			fail("out of memory");
		memcpy(adapter->text + adapter->size, text, size);
		adapter->size += size;
		adapter->count++;
	}
	if (!adapter->quick || adapter->size > BLOCK)
		answer(adapter);
	free(text);
}

/* Calls the function for the lines of a block. */
static void work(struct adapter *adapter, uint64_t first, char *lines, size_t size)
{
	char *end = lines + size;
	uint64_t seq = first;

	adapter->first = first;
	for (char *line = lines; line < end; seq++) {
		char *newline = memchr(line, '\n', (size_t)(end - line));

		if (newline == NULL)
			fail("a line without an end");
		*newline = '\0';
		call(adapter, seq, line);
		line = newline + 1;
	}
	answer(adapter);
}

int run_function(const char *style)
{
	struct adapter adapter = {
		.log = open_log(),
		.large = strchr(style, 'l') != NULL,
		.quick = strchr(style, 'q') != NULL,
	};
	FILE *requests = fdopen(REQUESTS, "r");
	char header[300];

	if (requests == NULL)
		fail("requests: %s", strerror(errno));
	write_all(ANSWERS, "hello 1 mark\n", strlen("hello 1 mark\n"));
	while (fgets(header, sizeof header, requests) != NULL) {
		uint64_t first = 0;
		size_t size = 0;
		char *body;

		if (sscanf(header, "begin %zu", &size) != 1 &&
		    sscanf(header, "lines %" SCNu64 " %*u %*u %zu", &first, &size) != 2)
			fail("bad message: %s", header);
		body = malloc(size + 1);
		if (body == NULL || fread(body, 1, size, requests) != size)
			fail("no message");
		if (first > 0)
			work(&adapter, first, body, size);
		free(body);
	}
	free(adapter.text);
	close(adapter.log);
	return 0;
}
