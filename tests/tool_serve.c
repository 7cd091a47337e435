/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the outside tests that stay for many records, and what such a command can do wrong. */

#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A server: its rules, and its state. */
static struct server {
	int delimiter;
	bool flushes;
	bool speaks_first;
	/* The record, from 1, at which it kills itself; 0: none. */
	uint64_t last;
	uint64_t pipeline;
	uint64_t served;
	/* The number that the record in work has in the protocol. */
	unsigned long long seq;
	FILE *in;
	FILE *out;
} server;

/* What is done when a record comes whose text a rule names; returns how many answers it gets. */
struct deed {
	const char *name;
	int (*act)(const char *text);
};

static int act_crash(const char *text)
{
	(void)text;
	return run_crash(0, NULL);
}

static int act_kill(const char *text)
{
	(void)text;
	raise(SIGKILL);
	return 0;
}

static int act_fail(const char *text)
{
	fprintf(stderr, "cannot do %s\n", text);
	_exit(3);
}

/* Fails unless the folder "once" is there, which it makes. */
static int act_fail_once(const char *text)
{
	return mkdir("once", 0755) == 0 ? act_fail(text) : 1;
}

/* Fails nine times in all, which the file "tries" counts. */
static int act_try(const char *text)
{
	struct stat info;
	int fd = open("tries", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || fstat(fd, &info) != 0)
		fail("tries: %s", strerror(errno));
	if (info.st_size >= 9)
		return 1;
	write_all(fd, "x", 1);
	return act_fail(text);
}

static int act_hang(const char *text)
{
	(void)text;
	wait_for_ever();
}

/* Writes what it has, then waits until the file "gate" is there. */
static int act_wait(const char *text)
{
	static char gate[] = "gate";
	char *words[] = {gate};

	(void)text;
	fflush(server.out);
	write_pid("waits", getpid());
	run_hold(1, words);
	return 1;
}

static int act_end(const char *text)
{
	(void)text;
	exit(0);
}

static int act_close(const char *text)
{
	(void)text;
	fflush(server.out);
	close(fileno(server.in));
	wait_for_ever();
}

static int act_say(const char *text)
{
	fprintf(stderr, "about %s\n", text);
	return 1;
}

static int act_print(const char *text)
{
	printf("out %s\n", text);
	fflush(stdout);
	return act_say(text);
}

static int act_none(const char *text)
{
	(void)text;
	return 0;
}

static int act_twice(const char *text)
{
	(void)text;
	return 2;
}

static int act_wrong(const char *text)
{
	(void)text;
	server.seq += 7;
	return 1;
}

static int act_garbage(const char *text)
{
	fprintf(server.out, "no JSON for %s\n", text);
	return 0;
}

/* Half an answer, then the end. */
static int act_half(const char *text)
{
	(void)text;
	fprintf(server.out, "{\"seq\":%llu,\"std", server.seq);
	exit(0);
}

static int act_giant(const char *text)
{
	static char block[BLOCK];

	(void)text;
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 4096; i++)
		fwrite(block, 1, sizeof block, server.out);
	return 0;
}

static int act_status(const char *text)
{
	fprintf(server.out, "{\"seq\":%llu,\"status\":4,\"stdout\":\"o %s\\n\",\"stderr\":\"e %s\\n\"}\n", server.seq,
		text, text);
	return 0;
}

static const struct deed deeds[] = {
	{"crash", act_crash},   {"kill", act_kill},       {"fail", act_fail},   {"once", act_fail_once},
	{"try", act_try},       {"hang", act_hang},       {"wait", act_wait},   {"end", act_end},
	{"close", act_close},   {"say", act_say},         {"print", act_print}, {"none", act_none},
	{"twice", act_twice},   {"wrong", act_wrong},     {"half", act_half},   {"giant", act_giant},
	{"status", act_status}, {"garbage", act_garbage},
};

static struct rule {
	const struct deed *deed;
	const char *text;
} rules[64];
static size_t rule_count;

static void add_rule(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		if (strlen(deeds[i].name) == length && strncmp(deeds[i].name, word, length) == 0 &&
		    rule_count < sizeof rules / sizeof rules[0]) {
			rules[rule_count++] = (struct rule){&deeds[i], word + length + 1};
			return;
		}
	fail("no such rule, or too many: %s", word);
}

static void note_start(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

static void read_rule(const char *word)
{
	size_t length = strcspn(word, "=");
	const char *value = word + length + (word[length] == '=');

	if (strcmp(word, "null") == 0)
		server.delimiter = '\0';
	else if (strcmp(word, "flush") == 0)
		server.flushes = true;
	else if (strcmp(word, "first") == 0)
		server.speaks_first = true;
	else if (strncmp(word, "starts=", 7) == 0)
		note_start(value);
	else if (strncmp(word, "last=", 5) == 0)
		server.last = number(value);
	else if (strncmp(word, "pipeline=", 9) == 0)
		server.pipeline = number(value);
	else if (strncmp(word, "hold=", 5) == 0)
		setvbuf(server.out, NULL, _IOFBF, (size_t)number(value));
	else
		add_rule(word, length);
}

/* Returns how many answers the record gets, once all has been done about it. */
static int obey(const char *text)
{
	int answers = 1;

	if (++server.served == server.last)
		raise(SIGKILL);
	for (size_t i = 0; i < rule_count; i++)
		if (strcmp(rules[i].text, text) == 0)
			answers = rules[i].deed->act(text);
	return answers;
}

/* Answers each record with itself and an exclamation mark. */
int run_filter(int argc, char **argv)
{
	char *record = NULL;
	size_t room = 0;

	server = (struct server){.delimiter = '\n', .in = stdin, .out = stdout};
	for (int i = 0; i < argc; i++)
		read_rule(argv[i]);
	if (server.speaks_first) {
		printf("first%c", server.delimiter);
		fflush(stdout);
	}
	for (ssize_t n; (n = getdelim(&record, &room, server.delimiter, stdin)) > 0;) {
		size_t size = (size_t)n - (record[n - 1] == server.delimiter);

		record[size] = '\0';
		for (int answers = obey(record); answers > 0; answers--) {
			fwrite(record, 1, size, stdout);
			putchar('!');
			putchar(server.delimiter);
		}
		if (server.flushes)
			fflush(stdout);
	}
	free(record);
	return 0;
}

/* Cuts out the only value of a request, which is plain text. */
static char *value_of(char *request)
{
	static char nothing[] = "";
	char *text = strstr(request, "\"args\":[\"");

	if (text == NULL)
		return nothing;
	text += strlen("\"args\":[\"");
	text[strcspn(text, "\"")] = '\0';
	return text;
}

/* Speaks the protocol of --coproc, on the descriptor that MPMAP_COPROC_FD names, if there is one. */
int run_coproc(int argc, char **argv)
{
	const char *fd = getenv("MPMAP_COPROC_FD");
	char *request = NULL;
	size_t room = 0;

	server = (struct server){.delimiter = '\n', .in = stdin, .out = stdout};
	if (fd != NULL) {
		server.in = fdopen((int)number(fd), "r");
		server.out = fdopen(dup((int)number(fd)), "w");
	}
	if (server.in == NULL || server.out == NULL)
		fail("no descriptor %s: %s", fd, strerror(errno));
	for (int i = 0; i < argc; i++)
		read_rule(argv[i]);
	if (server.pipeline > 0)
		fprintf(server.out, "{\"mpmap\":1,\"pipeline\":%llu}\n", (unsigned long long)server.pipeline);
	if (server.speaks_first)
		fputs("{\"seq\":1,\"stdout\":\"first\"}\n", server.out);
	fflush(server.out);
	while (getline(&request, &room, server.in) > 0) {
		char *text;

		if (sscanf(request, "{\"seq\":%llu", &server.seq) != 1)
			fail("not a request: %.100s", request);
		text = value_of(request);
		for (int answers = obey(text); answers > 0; answers--)
			fprintf(server.out, "{\"seq\":%llu,\"stdout\":\"%s!\\n\"}\n", server.seq, text);
		fflush(server.out);
	}
	free(request);
	return 0;
}
